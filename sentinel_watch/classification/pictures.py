"""What each pixel of a window shows: indices and covers, picture by picture, each a flat loop that a processor runs on many pixels.

Pictures are lines of n = rows x columns pixels here, NaN where a pixel is not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sentinel_watch.classification.counting import UNKNOWN
from sentinel_watch.classification.measures import COVERS, INDICES
from sentinel_watch.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["NDVI", "N_COVERS", "indices", "light", "moves"]

Floats: TypeAlias = "NDArray[np.float32]"
Bins: TypeAlias = "NDArray[np.uint8]"

_DARKEST = np.float32(1e-3)
_NUMBER = {index.name: position for position, index in enumerate(INDICES)}
NDVI, _BSI, _MNDWI = _NUMBER["ndvi"], _NUMBER["bsi"], _NUMBER["mndwi"]
N_COVERS = len(COVERS)
_N, _COVERS, _UNKNOWN = len(INDICES), N_COVERS, UNKNOWN
_VEGETATION, _BARE, _WATER, _MIXED = (COVERS.index(name) for name in ("vegetation", "bare", "water", "mixed"))


@compiled
def indices(bands: Floats, seen: Floats) -> None:
    """Fill `seen` (index, n) from `bands` (6, n) as of `light`.

    The index axis is in the order of INDICES: numbers here are places there. A pixel that is NaN in a band is NaN in what needs it.
    """
    # one by one, since numba knows less of lines that it unpacks, and loops over them one pixel at a time
    b, g, r, n, s, t = bands[0], bands[1], bands[2], bands[3], bands[4], bands[5]
    _contrast(n, r, seen[0])
    _bareness(s, r, n, b, seen[1])
    _contrast(n, t, seen[2])
    _contrast(n, s, seen[3])
    # a line that is filled later, as room
    _either(g, r, seen[5])
    _contrast(seen[5], s, seen[4])
    _contrast(r, g, seen[5])
    _contrast(r, b, seen[6])
    _contrast(s, t, seen[7])
    _visible(b, g, r, seen[8])
    seen[9] = n
    seen[10] = s


@compiled
def light(pixels: Floats, out: Floats) -> None:
    """Fill `out` (6, n) with `pixels` (6, y, x), 0.001 where it is darker: a reflectance of nought makes a ratio anything."""
    bands, height, width = pixels.shape
    for band in range(bands):
        for y in range(height):
            _lit(pixels[band, y], out[band, y * width : (y + 1) * width])


@compiled
def _lit(line: Floats, out: Floats) -> None:
    """Fill `out` with `line`, or the darkest that counts."""
    for x in range(out.size):
        # NaN stays NaN, since it is not less than anything
        out[x] = _DARKEST if line[x] < _DARKEST else line[x]


@compiled
def _contrast(plus: Floats, minus: Floats, out: Floats) -> None:
    """Fill `out` with the normalised difference; both are at least 0.001, so that the sum is not nought."""
    for k in range(out.size):
        out[k] = (plus[k] - minus[k]) / (plus[k] + minus[k])


@compiled
def _bareness(s: Floats, r: Floats, n: Floats, b: Floats, out: Floats) -> None:
    """Fill `out` with BSI, the normalised difference of two sums."""
    for k in range(out.size):
        plus, minus = s[k] + r[k], n[k] + b[k]
        out[k] = (plus - minus) / (plus + minus)


@compiled
def _either(first: Floats, second: Floats, out: Floats) -> None:
    """Fill `out` with `first`, and with `second` where that is not known."""
    for k in range(out.size):
        out[k] = first[k] if first[k] == first[k] else second[k]


@compiled
def _visible(blue: Floats, green: Floats, red: Floats, out: Floats) -> None:
    """Fill `out` with the mean of those that are known, NaN where none is.

    Features with a band missing stay comparable that way, if a little shifted.
    """
    for k in range(out.size):
        b, g, r = blue[k], green[k], red[k]
        # 0 for NaN, to the sum as to the count
        total = np.float64(b if b == b else 0) + (g if g == g else 0) + (r if r == r else 0)  # noqa: PLR0124
        out[k] = total / np.float64((b == b) + (g == g) + (r == r))  # noqa: PLR0124


@compiled
def moves(was: Floats, now: Floats, out: Bins) -> None:
    """Fill `out` (n,) with cover before times four plus cover after, UNKNOWN where NDVI is not known both times."""
    before, after = np.empty(out.size, np.uint8), np.empty(out.size, np.uint8)
    _covers(was[NDVI], was[_BSI], was[_MNDWI], before)
    _covers(now[NDVI], now[_BSI], now[_MNDWI], after)
    for k in range(out.size):
        known = (before[k] < _COVERS) & (after[k] < _COVERS)
        out[k] = before[k] * _COVERS + after[k] if known else _UNKNOWN


@compiled
def _covers(ndvi: Floats, bsi: Floats, mndwi: Floats, out: Bins) -> None:
    """Fill `out` with the places in COVERS; where another index than NDVI is NaN its question is answered with no."""
    for k in range(out.size):
        # the same limits as of Cover.cover_type, so that rule and model mean the same by water
        wet = (mndwi[k] > 0) & (ndvi[k] < 0.3)
        ground = _WATER if wet else _BARE if bsi[k] > 0 else _MIXED
        cover = _VEGETATION if ndvi[k] > 0.5 else ground
        out[k] = cover if ndvi[k] == ndvi[k] else _UNKNOWN
