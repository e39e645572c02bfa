"""Plain before and after: for a site of which next to nothing is known, down to a catalogue of two scenes.

A look in another season differs as much as many an event does. So it has to differ by more to be suspected, and only time tells
the two apart: hence the year that a confirmation takes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from sentinel_watch.detectors.comparison import Comparison, median_look
from sentinel_watch.detectors.harmonics import YEAR_DAYS

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.change import Arrays

__all__ = ["BeforeAfter"]

_SEASON_DAYS = 91
"""A quarter of a year: looks that lie further apart show different seasons."""


class BeforeAfter(Comparison):
    """Compares each look with the median of the last clear ones before monitoring began, seasons and all."""

    # the least of all detectors: a change of season passes for a change of the ground here
    confidence_limit: ClassVar[float] = 0.5

    most_looks: int = Field(3, ge=1, le=60)
    """Looks of the history that the reference is made of, the latest ones."""
    confirm_looks: int = Field(6, ge=2, le=20)
    """Anomalous looks that confirm; more than the other detectors ask for."""
    confirm_days: int = Field(365, ge=5, le=1_000)
    """Days between the first anomalous look and the confirmation: a whole year, since a new season looks like a change."""

    def shortage(self, history: xr.Dataset) -> str:
        """Return why `history` does not suffice, in plain words; empty where it does.

        One look is enough, clear or not: a pixel that none of the kept looks saw clear has no reference and is never judged.
        """
        return "" if history.sizes["time"] else "there is no look before monitoring begins"

    def _reference(self, baseline: Arrays, day: int) -> NDArray[np.float32]:  # noqa: ARG002 - the same for every day
        """Return the (B, P) median of the kept looks, the same for every day; NaN where none of them saw the pixel clear."""
        return median_look(baseline["looks"])

    def _off_season(self, baseline: Arrays, day: int) -> float:
        """Return 1 for the season of the kept looks, their median, up to 2 for a quarter of a year from it or more."""
        apart = np.mod(day - baseline["days"], YEAR_DAYS)
        return 1 + float(min(np.median(np.minimum(apart, YEAR_DAYS - apart)) / _SEASON_DAYS, 1.0))
