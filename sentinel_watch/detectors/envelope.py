"""A pixel's own earlier spectra, a bounded number spread over the year: what was there before is not new.

The seasonal model cannot follow ploughing, ponds or late springs; a look that resembles an earlier one of the same
season (or of any season, where the pixel is erratic or the history short) is no anomaly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.compiled import compiled, spread
from sentinel_watch.detectors.harmonics import YEAR_DAYS
from sentinel_watch.detectors.lanes import LANES, TOGETHER
from sentinel_watch.detectors.nearest import STEPS_PER_REFLECTANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.fitting import History

__all__ = ["ANY_SEASON_DAYS", "kept_looks"]

# half a year to each side is the whole year
ANY_SEASON_DAYS = 183


def kept_looks(history: History, days: NDArray[np.int32], most: int) -> tuple[NDArray[np.int16], NDArray[np.int32]]:
    """Return `most` spectra (P, B, M) of each pixel, spread evenly over its clear looks in order of season, and their days (P, M).

    Days are since 1970-01-01, 0 = empty; spectra in steps of 1 / STEPS_PER_REFLECTANCE.

    M is `most`, filled up to a multiple of TOGETHER. A pixel with fewer clear looks has empty slots; one with more keeps the last of
    those that share a slot. Spectra are levelled by the history's offset and factor, and hold reflectance from -3.2 to 3.2.
    """
    by_season = np.argsort(np.mod(days, YEAR_DAYS), kind="stable")
    _, bands, pixels = history.values.shape
    room = -(-most // TOGETHER) * TOGETHER
    spectra, kept = np.zeros((pixels, bands, room), np.int16), np.zeros((pixels, room), np.int32)
    spread(lambda *share: _keep(history, days, by_season, most, (spectra, kept), share))
    return spectra, kept


@compiled
def _keep(
    history: History,
    days: NDArray[np.int32],
    by_season: NDArray[np.intp],
    most: int,
    out: tuple[NDArray[np.int16], NDArray[np.int32]],
    share: tuple[int, int],
) -> None:
    """Write what `kept_looks` describes to `out`, of one thread's `share`: every so-manieth tile of pixels, from its own on."""
    _, bands, pixels = history.values.shape
    (spectra, kept), (thread, threads) = out, share
    for first in range(thread * LANES, pixels, threads * LANES):
        last = min(first + LANES, pixels)
        count, filled, slot = np.zeros(LANES, np.int32), np.zeros(LANES, np.int32), np.zeros(LANES, np.int32)
        for look in by_season:
            for pixel in range(first, last):
                count[pixel - first] += history.clear[look, pixel]
        for look in by_season:
            for pixel in range(first, last):
                lane = pixel - first
                filled[lane] += most * history.clear[look, pixel]
                # with fewer looks than slots each look fills a slot of its own
                full = max(count[lane], most)
                if filled[lane] >= full:
                    filled[lane] -= full
                    kept[pixel, slot[lane]] = days[look]
                    for b in range(bands):
                        spectra[pixel, b, slot[lane]] = _stored(history, look, b, pixel)
                    slot[lane] += 1


@compiled
def _stored(history: History, look: int, band: int, pixel: int) -> np.int16:
    """Return a levelled value in steps; one beyond 3.2 is cut, since int16 would wrap, and a glint become a dark spectrum."""
    levelled = (history.values[look, band, pixel] - history.offset[look, band]) * history.factor[look, band]
    return np.int16(min(max(np.rint(levelled * np.float32(STEPS_PER_REFLECTANCE)), np.float32(-32_000)), np.float32(32_000)))
