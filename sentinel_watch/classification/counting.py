"""Quantiles from counts in bins: one pass over the pixels where sorting costs ten, and counts of parts add up to those of the whole.

A bin is 1/200 of a picture's range. Pixels that are not known have a bin of their own, so that no loop asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sentinel_watch.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SLOTS", "UNKNOWN", "bin_of", "binned", "count", "quantiles"]

Floats: TypeAlias = "NDArray[np.float32]"
Bins: TypeAlias = "NDArray[np.uint8]"
Counts: TypeAlias = "NDArray[np.uint16]"

UNKNOWN = 200
"""The bin of what is not known; those before it are the range."""
SLOTS = 256
"""Places of a row of counts: as many as a byte has values."""
_UNKNOWN, _LAST = UNKNOWN, float(UNKNOWN - 1)


@compiled
def bin_of(value: np.float32, low: float, scale: float) -> np.uint8:
    """Return the bin of `value`, `scale` bins to the unit from `low` on.

    Values beyond the range count in the first or last bin, so that a glint moves no quantile by more than its rank.
    """
    place = min(max(float((value - low) * scale), 0.0), _LAST)
    return np.uint8(np.int32(place)) if value == value else np.uint8(_UNKNOWN)  # noqa: PLR0124 - false for NaN alone


@compiled
def binned(values: Floats, span: tuple[float, float], out: Bins) -> None:
    """Fill `out` (n,) with the bins of `values` (n,) in the range `span`."""
    low, scale = span[0], _UNKNOWN / (span[1] - span[0])
    for k in range(out.size):
        out[k] = bin_of(values[k], low, scale)


@compiled
def count(pictures: Bins, counts: Counts) -> None:
    """Add the pixels of `pictures` (picture, y, x) to `counts` (picture, SLOTS).

    Pixel by pixel through all pictures, since the next value in a bin waits for the count of the last to be written.
    """
    for y in range(pictures.shape[1]):
        for x in range(pictures.shape[2]):
            for k in range(pictures.shape[0]):
                counts[k, pictures[k, y, x]] += 1


@compiled
def quantiles(counts: Counts, n: int, span: tuple[float, float], levels: tuple[float, ...], out: Floats) -> None:
    """Fill `out` with the quantiles of `n` pixels in `counts` (SLOTS,) of the range `span`, to a 200th of it; leave it if none is known.

    Within a bin values are taken to be spread evenly. `levels` must ascend, since the bins are gone through once.
    """
    total, scale = n - np.int64(counts[_UNKNOWN]), _UNKNOWN / (span[1] - span[0])
    below, place = np.int64(0), np.int64(0)
    for number in range(len(levels)):
        wanted = levels[number] * total
        # whole numbers compare faster
        needed = np.int64(np.ceil(wanted))
        while place < _UNKNOWN - 1 and below + counts[place] < needed:
            below += counts[place]
            place += 1
        if total:
            out[number] = span[0] + (place + (wanted - below) / max(int(counts[place]), 1)) / scale
