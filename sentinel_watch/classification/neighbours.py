"""Sums over the 3 x 3 pixels around each pixel, of pictures in which some are not known.

Pictures are lines of n = rows x columns pixels: sums run over the whole line at once, and are then put right along the cuts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from sentinel_watch.classification.counting import UNKNOWN, bin_of
from sentinel_watch.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Cuts", "boxes", "deviations", "means"]

Floats: TypeAlias = "NDArray[np.float32]"
Bins: TypeAlias = "NDArray[np.uint8]"

_UNKNOWN = UNKNOWN


class Cuts(NamedTuple):
    """Lines that no pixel sees across: the edges of a window, or those of its tiles."""

    rows: NDArray[np.int64]
    cols: NDArray[np.int64]
    """First row or column of each tile, and the end of the last."""


@compiled
def boxes(picture: Floats, cuts: Cuts, across: Floats, total: Floats) -> None:
    """Fill `total` (n,) with the sums over the 3 x 3 pixels around each, fewer at `cuts`; no pixel may be NaN.

    Rows first and then columns: four sums a pixel in place of eight. `across` (n,) is scratch.
    """
    height, width = cuts.rows[-1], cuts.cols[-1]
    _three(picture, 1, across)
    for tile in range(cuts.cols.size - 1):
        _ends(picture, across, (cuts.cols[tile], cuts.cols[tile + 1] - 1), 1, range(0, height * width, width))
    _three(across, width, total)
    for tile in range(cuts.rows.size - 1):
        _ends(across, total, (cuts.rows[tile] * width, (cuts.rows[tile + 1] - 1) * width), width, range(width))


@compiled
def _three(line: Floats, apart: int, out: Floats) -> None:
    """Fill `out` with the sum of each pixel, the one `apart` before it and the one `apart` after it, where there are both."""
    here, before, after, sums = line[apart:], line, line[2 * apart :], out[apart:]
    for k in range(line.size - 2 * apart):
        sums[k] = here[k] + before[k] + after[k]


@compiled
def _ends(picture: Floats, sums: Floats, ends: tuple[int, int], apart: int, lines: range) -> None:
    """Put right the sums at both `ends` of a tile, whose pixels lie `apart`, in all `lines`."""
    first, last = ends
    if first == last:
        for line in lines:
            sums[line + first] = picture[line + first]
    elif first < last:
        for line in lines:
            begin, end = line + first, line + last
            sums[begin] = picture[begin] + picture[begin + apart]
            sums[end] = picture[end] + picture[end - apart]


@compiled
def _fill(picture: Floats, filled: Floats, known: Floats) -> bool:
    """Fill `filled` with the picture, 0 for NaN, and `known` with 1, 0 for NaN; return whether all is known.

    So that sums need no question at each pixel: unknown ones add nought, to the values as to the count.
    """
    missing = 0
    for k in range(picture.size):
        filled[k] = picture[k] if picture[k] == picture[k] else 0
    for k in range(picture.size):
        known[k] = picture[k] == picture[k]
        missing += picture[k] != picture[k]
    return missing == 0


@compiled
def means(picture: Floats, cuts: Cuts, reach: Floats, span: tuple[float, float], room: Floats, out: Bins) -> None:
    """Fill `out` (n,) with the bins, in the range `span`, of the mean of the known pixels in 3 x 3; one that is not known stays so.

    A shift by one pixel moves an edge, and its change less where neighbours are averaged. `reach` (n,) is how many pixels each sees
    where all are known, `room` (5, n) scratch.
    """
    filled, known, across, total, count = room[0], room[1], room[2], room[3], room[4]
    whole, (low, high) = _fill(picture, filled, known), span
    boxes(filled, cuts, across, total)
    if whole:
        count = reach
    else:
        boxes(known, cuts, across, count)
    scale = _UNKNOWN / (high - low)
    for k in range(out.size):
        out[k] = bin_of(total[k] / count[k], low, scale)
    if not whole:
        for k in range(out.size):
            out[k] = out[k] if known[k] > 0 else _UNKNOWN


@compiled
def deviations(picture: Floats, cuts: Cuts, most: float, room: Floats, out: Bins) -> None:
    """Fill `out` (n,) with the bins, from nought to `most`, of the standard deviation in 3 x 3 pixels; unknown where one of them is.

    From sums of squares, which lose digits where the mean is far above the deviation: never below nought for that reason. Without
    meaning at the cuts. `room` (5, n) is scratch.
    """
    filled, known, across, total, squares = room[0], room[1], room[2], room[3], room[4]
    whole, scale = _fill(picture, filled, known), _UNKNOWN / most
    boxes(filled, cuts, across, total)
    for k in range(out.size):
        filled[k] *= filled[k]
    boxes(filled, cuts, across, squares)
    for k in range(out.size):
        mean = np.float64(total[k]) / 9
        out[k] = bin_of(np.float32(np.sqrt(max(np.float64(squares[k]) / 9 - mean * mean, 0.0))), 0.0, scale)
    if not whole:
        boxes(known, cuts, across, total)
        for k in range(out.size):
            # all nine must be known: fewer would make every edge of a mask look rough
            out[k] = out[k] if total[k] > 8.5 else _UNKNOWN
