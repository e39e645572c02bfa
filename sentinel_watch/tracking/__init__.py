"""Regions over time become events with a life."""

from sentinel_watch.tracking.events import Sighting, track

__all__ = ["Sighting", "track"]
