"""What is normal, and what is off."""
