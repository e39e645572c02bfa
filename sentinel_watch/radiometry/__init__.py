"""Digital numbers to reflectance, and whether the offset looks right.

Nothing is clipped, smoothed or corrected for haze here: what follows sees what the sensor and Sen2Cor delivered.
"""

from __future__ import annotations

from sentinel_watch.radiometry.offset import offset_doubt, put_right
from sentinel_watch.radiometry.reflectance import to_reflectance

__all__ = ["offset_doubt", "put_right", "to_reflectance"]
