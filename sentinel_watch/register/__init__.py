"""The sites that are watched: reading and checking them."""

from sentinel_watch.register.reading import read_site

__all__ = ["read_site"]
