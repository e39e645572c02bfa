"""A pixel's own earlier spectra, a bounded number spread over the year: what was there before is not new.

The seasonal model cannot follow ploughing, ponds or late springs; a look that resembles an earlier one of the same
season (or of any season, where the pixel is erratic or the history short) is no anomaly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.detectors.harmonics import YEAR_DAYS
from sentinel_watch.detectors.scoring import STEPS_PER_REFLECTANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.fitting import History

__all__ = ["ANY_SEASON_DAYS", "kept_looks"]

# half a year to each side is the whole year
ANY_SEASON_DAYS = 183


def kept_looks(history: History, days: NDArray[np.int32], most: int) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    """Return `most` spectra (P, M, B) of each pixel, spread evenly over its clear looks in order of season, and their days (P, M).

    Days are since 1970-01-01, 0 = empty; spectra in steps of 1 / STEPS_PER_REFLECTANCE.

    M = `most`. A pixel with fewer clear looks has empty slots; one with more keeps the last of those that share a slot. Spectra are
    levelled by the history's offset and factor, and hold reflectance from -3.2 to 3.2.
    """
    by_season = np.argsort(np.mod(days, YEAR_DAYS), kind="stable")
    _, bands, pixels = history.values.shape
    spectra, kept = np.zeros((pixels, most, bands), np.int16), np.zeros((pixels, most), np.int32)
    # with fewer looks than slots each look gets a slot of its own
    count, rank = np.maximum(history.clear.sum(axis=0), most), np.zeros(pixels, np.intp)
    for look in by_season:
        here = np.flatnonzero(history.clear[look])
        slot = rank[here] * most // count[here]
        rank[here] += 1
        levelled = (history.values[look][:, here] - history.offset[look][:, None]) * history.factor[look][:, None]
        # int16 would wrap, and a glint become a dark spectrum
        spectra[here, slot] = np.clip(np.round(levelled.T * STEPS_PER_REFLECTANCE), -32_000, 32_000)
        kept[here, slot] = days[look]
    return spectra, kept
