"""Where alerts are written."""
