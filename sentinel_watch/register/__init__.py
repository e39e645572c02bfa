"""The sites that are watched: reading and checking them."""
