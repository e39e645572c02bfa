"""Changed pixels become regions."""
