"""What backs an alert: figures, series, hashes."""
