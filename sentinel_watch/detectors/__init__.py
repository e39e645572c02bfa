"""What is normal, and what is off: detectors learn a block's history and follow it look by look.

A pipeline names detectors in its order of preference, and the first whose `shortage` is empty learns the block: `seasonal` for years
of history, `same_season` for one year, `before_after` for a few looks. What the last two confirm is never held to be as sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.registry import Registry

if TYPE_CHECKING:
    from sentinel_watch.contracts import Detector

__all__ = ["DETECTORS"]

DETECTORS: Registry[Detector] = Registry(
    "detector",
    {
        "before_after": "sentinel_watch.detectors.before_after:BeforeAfter",
        "same_season": "sentinel_watch.detectors.same_season:SameSeason",
        "seasonal": "sentinel_watch.detectors.seasonal:Seasonal",
    },
)
