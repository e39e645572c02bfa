"""Digital numbers to reflectance, and whether the offset looks right."""

from __future__ import annotations

from sentinel_watch.radiometry.offset import offset_doubt
from sentinel_watch.radiometry.reflectance import to_reflectance

__all__ = ["offset_doubt", "to_reflectance"]
