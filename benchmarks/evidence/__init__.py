"""What an evidence bundle costs."""
