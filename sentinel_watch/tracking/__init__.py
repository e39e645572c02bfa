"""Regions over time become events with a life.

Time only: a scene's regions go in, events with stable ids come out. What is worth an alert is decided in alerting.
"""

from sentinel_watch.tracking.events import Sighting, track

__all__ = ["Sighting", "track"]
