"""What to do for a site, and one run of it."""
