"""Measuring windows: one pass over the pixels of each, compiled, so that a block's thousands of regions take seconds.

Quantiles come from counts in bins, which costs one pass where sorting costs ten; a bin is 1/200 of an index's range.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sentinel_watch.classification.measures import FEATURES, INDICES, LEVELS, TEXTURED, TILES, WHOLE
from sentinel_watch.classification.neighbours import deviation, smooth
from sentinel_watch.compiled import compiled, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["measure"]

Floats: TypeAlias = "NDArray[np.float32]"

_BINS = 200
_DARKEST = np.float32(1e-3)
_NUMBER = {index.name: position for position, index in enumerate(INDICES)}
_NDVI, _BSI, _MNDWI = _NUMBER["ndvi"], _NUMBER["bsi"], _NUMBER["mndwi"]
_TEXTURED = tuple(_NUMBER[name] for name in TEXTURED)
# plain numbers, since compiled code cannot read the list of indices
_LOW = tuple(float(index.low) for index in INDICES)
_HIGH = tuple(float(index.high) for index in INDICES)
_N = len(INDICES)
_LEVELS = LEVELS
# of a larger window every so-manieth pixel tells about the same quantiles
_MOST_SIDE = 96
_MIXED = 3
_N_COVERS = 4
_WHOLE = len(WHOLE)
_TILES = TILES


def measure(before: Floats, after: Floats, boxes: NDArray[np.int32]) -> Floats:
    """Return (n, len(FEATURES)) features of the windows `boxes` (n, 4): first row, first column, rows, columns.

    `before` and `after` (6, y, x) are reflectance in the order of BANDS, NaN where a pixel is masked or a band missing. A window
    that is longer than 96 pixels is sampled at every second, third … pixel. What no pixel tells is NaN.
    """
    out = np.full((len(boxes), len(FEATURES)), np.nan, np.float32)
    was, now, windows = np.ascontiguousarray(before), np.ascontiguousarray(after), np.asarray(boxes, np.int32)
    spread(lambda *share: _measure_all(was, now, windows, out, share))
    return out


@compiled
def _measure_all(before: Floats, after: Floats, boxes: NDArray[np.int32], out: Floats, share: tuple[int, int]) -> None:
    """Fill the rows of `out` from their own windows, of one thread's `share`: every so-manieth, from its own on.

    Columns are filled in the order of FEATURES: of the whole, then of its tiles. Each window is one thread's, so that threads do not
    show in the result.
    """
    for n in range(share[0], boxes.shape[0], share[1]):
        top, left, height, width = boxes[n]
        step = 1 + (max(height, width) - 1) // _MOST_SIDE
        was = _picture(before[:, top : top + height : step, left : left + width : step])
        now = _picture(after[:, top : top + height : step, left : left + width : step])
        _measure_one(was, now, out[n, :_WHOLE])
        _pool(was, now, out[n, _WHOLE:])


@compiled
def _measure_one(was: Floats, now: Floats, out: Floats) -> None:
    """Fill `out` (len(WHOLE),) from the indices before and after, (index, y, x)."""
    room = np.empty((4, *was.shape[1:]), np.float32)
    _spread(was, now, room, out)
    # the spreads come first: three sets of quantiles an index
    at = _covers(was, now, out, _N * 3 * len(_LEVELS))
    at = _texture(was, now, room, out, at)
    out[at] = _coherence(was[_NDVI])
    out[at + 1] = _coherence(now[_NDVI])
    _displacement(was[_NDVI], now[_NDVI], out[at + 2 :])


@compiled
def _pool(was: Floats, now: Floats, out: Floats) -> None:
    """Fill `out` (2 len(WHOLE),) with the most and the least that a tile has of each feature; unknown where no tile knows it.

    Tiles differ by a pixel where the window cannot be cut evenly, and are empty where it has fewer pixels than tiles.
    """
    _, height, width = was.shape
    for number in range(_TILES * _TILES):
        row, col = number // _TILES, number % _TILES
        top, bottom = height * row // _TILES, height * (row + 1) // _TILES
        left, right = width * col // _TILES, width * (col + 1) // _TILES
        if top == bottom or left == right:
            continue
        tile = np.full(_WHOLE, np.nan, np.float32)
        _measure_one(was[:, top:bottom, left:right].copy(), now[:, top:bottom, left:right].copy(), tile)
        for k in range(_WHOLE):
            # a comparison with NaN is false, so that the first that is known stays until a better one comes
            if not (tile[k] <= out[k] or np.isnan(tile[k])):
                out[k] = tile[k]
            if not (tile[k] >= out[_WHOLE + k] or np.isnan(tile[k])):
                out[_WHOLE + k] = tile[k]


@compiled
def _ratio(plus: np.float32, minus: np.float32) -> np.float32:
    """Return the normalised difference.

    Both are at least 0.001, so that the sum is not nought; NaN where either is.
    """
    return (plus - minus) / (plus + minus)


@compiled
def _visible(blue: np.float32, green: np.float32, red: np.float32) -> float:
    """Return the mean of those that are known.

    NaN where none is. Features with a band missing stay comparable that way, if a little shifted.
    """
    total, count = np.float64(0), 0
    for value in (blue, green, red):
        if value == value:  # noqa: PLR0124 - false for NaN alone
            total += value
            count += 1
    return total / count if count else np.nan


@compiled
def _lit(value: np.float32) -> np.float32:
    """Return `value`, or the darkest that counts; NaN stays NaN, since it is not less than anything."""
    return _DARKEST if value < _DARKEST else value


@compiled
def _picture(pixels: Floats) -> Floats:
    """Return (index, y, x) of `pixels` (6, y, x).

    The index axis is in the order of INDICES: numbers here are places there. A pixel that is NaN in a band is NaN in what needs it.
    """
    _, height, width = pixels.shape
    seen = np.empty((_N, height, width), np.float32)
    for y in range(height):
        for x in range(width):
            b, g, r = _lit(pixels[0, y, x]), _lit(pixels[1, y, x]), _lit(pixels[2, y, x])
            n, s, t = _lit(pixels[3, y, x]), _lit(pixels[4, y, x]), _lit(pixels[5, y, x])
            seen[0, y, x] = _ratio(n, r)
            seen[1, y, x] = _ratio(s + r, n + b)
            seen[2, y, x] = _ratio(n, t)
            seen[3, y, x] = _ratio(n, s)
            seen[4, y, x] = _ratio(g if g == g else r, s)  # noqa: PLR0124 - false for NaN alone
            seen[5, y, x] = _ratio(r, g)
            seen[6, y, x] = _ratio(r, b)
            seen[7, y, x] = _ratio(s, t)
            seen[8, y, x] = _visible(b, g, r)
            seen[9, y, x] = n
            seen[10, y, x] = s
    return seen


@compiled
def _count(values: Floats, low: float, scale: float, counts: NDArray[np.int32]) -> int:
    """Count the known of `values` (n,) into `counts` (2, bin), and return how many there are.

    Two rows of counts by turns, since the next value in a bin waits for the count of the last to be written. Values beyond the
    range count in the first or last bin, so that a glint moves no quantile by more than its rank.
    """
    total = 0
    for n in range(values.size):
        value = values[n]
        if value == value:  # noqa: PLR0124 - false for NaN alone
            counts[n & 1, min(max(int((value - low) * scale), 0), _BINS - 1)] += 1
            total += 1
    return total


@compiled
def _quantiles(values: Floats, low: float, high: float, levels: tuple[float, ...], out: Floats) -> None:
    """Fill `out` with the quantiles of the known of `values` (n,), to a 200th of the range; leave it where none is known.

    Within a bin values are taken to be spread evenly. `levels` must ascend, since the bins are gone through once.
    """
    counts, scale = np.zeros((2, _BINS), np.int32), _BINS / (high - low)
    total = _count(values, low, scale, counts)
    below, place = 0, 0
    for number in range(len(levels)):
        wanted = levels[number] * total
        while place < _BINS - 1 and below + counts[0, place] + counts[1, place] < wanted:
            below += counts[0, place] + counts[1, place]
            place += 1
        if total:
            inside = counts[0, place] + counts[1, place]
            out[number] = low + (place + (wanted - below) / max(inside, 1)) / scale


@compiled
def _spread(was: Floats, now: Floats, room: Floats, out: Floats) -> None:
    """Fill the first columns: the quantiles of every index before, after and of its change.

    Of changes the range is centred at nought and as long as that of the index, so a change by more than half of
    that counts as half of it.
    """
    size = len(_LEVELS)
    change = np.empty_like(was[0])
    for k in range(_N):
        at = 3 * size * k
        _quantiles(was[k].ravel(), _LOW[k], _HIGH[k], _LEVELS, out[at : at + size])
        _quantiles(now[k].ravel(), _LOW[k], _HIGH[k], _LEVELS, out[at + size : at + 2 * size])
        for y in range(was.shape[1]):
            for x in range(was.shape[2]):
                change[y, x] = now[k, y, x] - was[k, y, x]
        # smoothed, so that a shift of a pixel is not told as change
        smooth(change, room)
        reach = _HIGH[k] - _LOW[k]
        _quantiles(change.ravel(), -reach / 2, reach / 2, _LEVELS, out[at + 2 * size : at + 3 * size])


@compiled
def _cover(ndvi: float, bsi: float, mndwi: float) -> int:
    """Return the number of the pixel's cover in COVERS.

    The number is the place in COVERS. NDVI must be known; where another index is NaN its question is answered with no.
    """
    if ndvi > 0.5:
        return 0
    # the same limits as of Cover.cover_type, so that rule and model mean the same by water
    if mndwi > 0 and ndvi < 0.3:
        return 2
    return 1 if bsi > 0 else _MIXED


@compiled
def _moves(was: Floats, now: Floats) -> NDArray[np.float64]:
    """Return (cover before, cover after) the share of the pixels that are known both times; NaN where there are none.

    Shares sum to 1. Only NDVI is asked whether a pixel is known.
    """
    moves = np.zeros((_N_COVERS, _N_COVERS))
    for y in range(was.shape[1]):
        for x in range(was.shape[2]):
            if not (np.isnan(was[_NDVI, y, x]) or np.isnan(now[_NDVI, y, x])):
                before = _cover(was[_NDVI, y, x], was[_BSI, y, x], was[_MNDWI, y, x])
                moves[before, _cover(now[_NDVI, y, x], now[_BSI, y, x], now[_MNDWI, y, x])] += 1
    total = moves.sum()
    return moves / total if total > 0 else np.full((_N_COVERS, _N_COVERS), np.nan)


@compiled
def _covers(was: Floats, now: Floats, out: Floats, at: int) -> int:
    """Fill the shares of covers and of moves between them, from column `at`; return the next free column.

    `out` gets shares before, shares after, then moves from each cover to each other one, row by row.
    """
    moves = _moves(was, now)
    place = at + 2 * _N_COVERS
    for a in range(_N_COVERS):
        out[at + a] = moves[a].sum()
        out[at + _N_COVERS + a] = moves[:, a].sum()
        for b in range(_N_COVERS):
            if a != b:
                out[place] = moves[a, b]
                place += 1
    return place


@compiled
def _texture(was: Floats, now: Floats, room: Floats, out: Floats, at: int) -> int:
    """Fill two quantiles of the local deviation before and after and their change, from column `at`; return the next free column.

    Up to 0.25 is resolved: an index rarely differs by more among neighbours. Three pairs of columns an index.
    """
    height, width = was.shape[1:]
    rough = np.empty((max(height - 2, 0), max(width - 2, 0)), np.float32)
    for k in _TEXTURED:
        deviation(was[k], room, rough)
        _quantiles(rough.ravel(), 0.0, 0.25, (0.5, 0.9), out[at : at + 2])
        deviation(now[k], room, rough)
        _quantiles(rough.ravel(), 0.0, 0.25, (0.5, 0.9), out[at + 2 : at + 4])
        out[at + 4 : at + 6] = out[at + 2 : at + 4] - out[at : at + 2]
        at += 6
    return at


@compiled
def _coherence(picture: Floats) -> float:
    """Return how much the gradients lie along one line, 0-1; NaN where there are none.

    From the structure tensor (Bigün and Granlund, 1987), the difference of its eigenvalues over their sum: 1 where all edges are
    parallel, as on roads and dams, 0 where they go all ways. Pixels at the edge have no gradient.
    """
    xx, yy, xy = 0.0, 0.0, 0.0
    for y in range(1, picture.shape[0] - 1):
        for x in range(1, picture.shape[1] - 1):
            dy, dx = picture[y + 1, x] - picture[y - 1, x], picture[y, x + 1] - picture[y, x - 1]
            # false where one of the four neighbours is NaN
            if dx * dy == dx * dy:
                xx += dx * dx
                yy += dy * dy
                xy += dx * dy
    return np.hypot(xx - yy, 2 * xy) / (xx + yy) if xx + yy > 0 else np.nan


@compiled
def _displacement(was: Floats, now: Floats, out: Floats) -> None:
    """Fill the length of the shift that explains the change best, pixels, and the share of the change that it explains.

    One step of Lucas and Kanade (1981), so right for a pixel or so; lengths are cut at 3. Left NaN where the window has no structure.
    """
    xx, yy, xy, xt, yt, tt = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for y in range(1, was.shape[0] - 1):
        for x in range(1, was.shape[1] - 1):
            dy, dx = (was[y + 1, x] - was[y - 1, x]) / 2, (was[y, x + 1] - was[y, x - 1]) / 2
            dt = now[y, x] - was[y, x]
            if dx * dy * dt == dx * dy * dt:
                xx, yy, xy = xx + dx * dx, yy + dy * dy, xy + dx * dy
                xt, yt, tt = xt + dx * dt, yt + dy * dt, tt + dt * dt
    area = xx * yy - xy * xy
    # edges of one direction alone cannot tell a shift along them
    if area > 1e-9 and tt > 0:
        u, v = (xt * yy - yt * xy) / area, (yt * xx - xt * xy) / area
        out[0] = min(np.hypot(u, v), 3.0)
        out[1] = min(max((u * xt + v * yt) / tt, 0.0), 1.0)
