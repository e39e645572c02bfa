"""Same season, earlier year: for a history too short for a seasonal model, but a year old at least."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from sentinel_watch.detectors.comparison import Comparison, median_look
from sentinel_watch.detectors.harmonics import YEAR_DAYS
from sentinel_watch.domain.look import day_number

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.change import Arrays

__all__ = ["SameSeason"]


class SameSeason(Comparison):
    """Compares each look with the median of the looks of an earlier year at about the same day of the year."""

    # one earlier year tells the season, but not what differs from year to year
    confidence_limit: ClassVar[float] = 0.7

    most_looks: int = Field(60, ge=1, le=60)
    """Looks of the history that are kept, the latest ones."""
    window_days: int = Field(45, ge=5, le=90)
    """How far from the same day of an earlier year a look may be."""

    def shortage(self, history: xr.Dataset) -> str:
        """Return why `history` does not suffice, in plain words; empty where it does.

        Judged by the day after the last look, on which monitoring begins at the earliest.

        In months that no earlier year covers the detector judges nothing; that is no shortage.
        """
        days = day_number(history["time"])
        if days.size and self._same_season(days, int(days.max()) + 1).any():
            return ""
        return f"no look of an earlier year lies within {self.window_days} days of the day after the last look of the history"

    def _reference(self, baseline: Arrays, day: int) -> NDArray[np.float32]:
        """Return the (B, P) median of the earlier years' looks near `day`'s day of the year; NaN where none saw the pixel clear."""
        return median_look(baseline["looks"][self._same_season(baseline["days"], day)])

    def _same_season(self, days: NDArray[np.int32], day: int) -> NDArray[np.bool_]:
        """Return True for the days that lie near the anniversary of `day`, whole years earlier.

        `days` (R,) and `day` are since 1970-01-01. One whole year back at least: a look of last month would make an event its own normal.
        """
        years = (day - days) / YEAR_DAYS
        whole = np.round(years)
        return (whole >= 1) & (np.abs(years - whole) * YEAR_DAYS <= self.window_days)
