"""Sums over the pixels around each pixel, of pictures in which some are not known; compiled, and without a copy of anything.

`room` is scratch of (4, y, x) that whoever asks makes once for many pictures of one size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sentinel_watch.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["deviation", "smooth"]

Floats: TypeAlias = "NDArray[np.float32]"


@compiled
def _across(picture: Floats, rows: Floats) -> None:
    """Fill `rows` (y, x) with the sums over each pixel and its neighbours to the left and right.

    By loops here and in `_down`, since numba makes a copy of slices that it adds.
    """
    height, width = picture.shape
    for y in range(height):
        for x in range(width):
            rows[y, x] = picture[y, x]
        for x in range(1, width):
            rows[y, x] += picture[y, x - 1]
        for x in range(width - 1):
            rows[y, x] += picture[y, x + 1]


@compiled
def _down(rows: Floats, total: Floats) -> None:
    """Fill `total` (y, x) with the sums over each pixel of `rows` and its neighbours above and below."""
    height, width = rows.shape
    for y in range(height):
        for x in range(width):
            total[y, x] = rows[y, x]
        if y > 0:
            for x in range(width):
                total[y, x] += rows[y - 1, x]
        if y < height - 1:
            for x in range(width):
                total[y, x] += rows[y + 1, x]


@compiled
def _boxes(picture: Floats, rows: Floats, total: Floats) -> None:
    """Fill `total` (y, x) with the sums over the 3 x 3 pixels around each, fewer at the edge; no pixel may be NaN.

    Rows first and then columns: four sums a pixel in place of eight. `rows` (y, x) is scratch.
    """
    _across(picture, rows)
    _down(rows, total)


@compiled
def _known(picture: Floats, room: Floats) -> bool:
    """Fill `room[0]` with the picture, 0 for NaN, and return whether no pixel is NaN; `room[1]` gets 1 where it is known, if not.

    So that sums need no question at each pixel: unknown ones add nought, to the values as to the count.
    """
    height, width = picture.shape
    missing = 0
    for y in range(height):
        for x in range(width):
            room[0, y, x] = picture[y, x]
            missing += picture[y, x] != picture[y, x]
    if missing == 0:
        return True
    for y in range(height):
        for x in range(width):
            known = picture[y, x] == picture[y, x]
            room[0, y, x] = picture[y, x] if known else 0
            room[1, y, x] = known
    return False


@compiled
def smooth(picture: Floats, room: Floats) -> None:
    """Put the mean of the known values in 3 x 3 pixels in place of each pixel; one that is not known stays NaN.

    A shift by one pixel moves an edge, and its change less where neighbours are averaged. `room` (4, y, x) is scratch.
    """
    height, width = picture.shape
    whole = _known(picture, room)
    _boxes(room[0], room[2], room[3])
    if whole:
        for y in range(height):
            down = 3 - (y == 0) - (y == height - 1)
            picture[y, 0] = room[3, y, 0] / np.float32(down * min(2, width))
            for x in range(1, width - 1):
                picture[y, x] = room[3, y, x] / np.float32(down * 3)
            picture[y, width - 1] = room[3, y, width - 1] / np.float32(down * min(2, width))
        return
    known, count = room[1].copy(), room[0]
    _boxes(known, room[2], count)
    for y in range(height):
        for x in range(width):
            picture[y, x] = room[3, y, x] / count[y, x] if known[y, x] > 0 else np.nan


@compiled
def deviation(picture: Floats, room: Floats, out: Floats) -> None:
    """Fill `out` (y - 2, x - 2) with the standard deviation in the 3 x 3 pixels around each inner one, NaN where one of them is not known.

    From sums of squares, which lose digits where the mean is far above the deviation: never below nought for that reason.
    """
    height, width = picture.shape
    whole, total = _known(picture, room), np.empty(picture.shape, np.float32)
    _boxes(room[0], room[2], total)
    for y in range(height):
        for x in range(width):
            room[0, y, x] *= room[0, y, x]
    _boxes(room[0], room[2], room[3])
    if not whole:
        _boxes(room[1], room[2], room[0])
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            variance = room[3, y, x] / 9 - (total[y, x] / 9) ** 2
            # all nine must be known: fewer would make every edge of a mask look rough
            out[y - 1, x - 1] = np.sqrt(max(variance, 0.0)) if whole or room[0, y, x] > 8.5 else np.nan
