"""What is not usable, and why."""
