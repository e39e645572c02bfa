"""What kind of event it probably is."""
