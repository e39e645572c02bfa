"""Measuring windows: one pass over the pixels of each, compiled, so that a block's thousands of regions take seconds.

Every picture of a window becomes bins once. Tiles are counted, and their counts add up to the window's; only what looks at
neighbours is counted for both, since a tile's pixels do not see beyond it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from sentinel_watch.classification.counting import SLOTS, binned, count, quantiles
from sentinel_watch.classification.gradients import coherence, displacement
from sentinel_watch.classification.measures import BANDS, COVERS, FEATURES, INDICES, LEVELS, TEXTURED, TILES, WHOLE
from sentinel_watch.classification.neighbours import Cuts, boxes, deviations, means
from sentinel_watch.classification.pictures import NDVI, indices, light, moves
from sentinel_watch.compiled import compiled, spread

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["measure"]

Floats: TypeAlias = "NDArray[np.float32]"
Bins: TypeAlias = "NDArray[np.uint8]"
Counts: TypeAlias = "NDArray[np.uint16]"

# plain numbers, since compiled code cannot read the list of indices
_SPANS = tuple((float(index.low), float(index.high)) for index in INDICES)
# as long a range, centred at nought: a change by more than half of the index's counts as half of it
_CHANGE_SPANS = tuple((-(high - low) / 2, (high - low) / 2) for low, high in _SPANS)
# local deviations are resolved up to this: an index rarely differs by more among neighbours
_ROUGHEST = 0.25
_TEXTURED = tuple([index.name for index in INDICES].index(name) for name in TEXTURED)
_BANDS, _N, _WHOLE, _TILES, _LEVELS, _COVERS, _SLOTS = len(BANDS), len(INDICES), len(WHOLE), TILES, LEVELS, len(COVERS), SLOTS
# of a larger window every so-manieth pixel tells about the same quantiles
_MOST_SIDE = 96
# places of the pictures: indices before and after, moves between covers, then changes and local deviations
_MOVES = 2 * _N
_CHANGES = _MOVES + 1
_ROUGH = _CHANGES + _N
_PICTURES = _ROUGH + 2 * len(TEXTURED)


class Room(NamedTuple):
    """What is made of one window of n pixels; made once for all windows of a size, since new memory takes as long as the work."""

    bands: Floats
    was: Floats
    now: Floats
    """(index, n)"""
    bins: Bins
    """(picture, n)"""
    parted: Bins
    """(index, n) changes as the tiles see them."""
    reach: Floats
    """(2, n) how many pixels each sees in the window, and in its tile."""
    scratch: Floats
    counts: Counts
    """(2, picture, SLOTS) of the window and of a tile."""


def measure(before: Floats, after: Floats, windows: NDArray[np.int32]) -> Floats:
    """Return (n, len(FEATURES)) features of `windows` (n, 4): first row, first column, rows, columns.

    `before` and `after` (6, y, x) are reflectance in the order of BANDS, NaN where a pixel is masked or a band missing. A window
    that is longer than 96 pixels is sampled at every second, third … pixel. What no pixel tells is NaN.
    """
    out = np.full((len(windows), len(FEATURES)), np.nan, np.float32)
    was, now, places = np.ascontiguousarray(before), np.ascontiguousarray(after), np.asarray(windows, np.int32)
    spread(lambda *share: _measure_all(was, now, places, out, share))
    return out


@compiled
def _measure_all(before: Floats, after: Floats, windows: NDArray[np.int32], out: Floats, share: tuple[int, int]) -> None:
    """Fill the rows of `out` from their own windows, of one thread's `share`: every so-manieth, from its own on.

    Columns are filled in the order of FEATURES: of the whole, then of its tiles. Each window is one thread's, so that threads do not
    show in the result.
    """
    edges, seams = _cuts(0, 0, 1), _cuts(0, 0, _TILES)
    room = _make_room(edges, seams)
    for n in range(share[0], windows.shape[0], share[1]):
        top, left, rows, cols = windows[n]
        step = 1 + (max(rows, cols) - 1) // _MOST_SIDE
        height, width = (rows + step - 1) // step, (cols + step - 1) // step
        if (height, width) != (edges.rows[-1], edges.cols[-1]):
            edges, seams = _cuts(height, width, 1), _cuts(height, width, _TILES)
            room = _make_room(edges, seams)
        light(before[:, top : top + rows : step, left : left + cols : step], room.bands)
        indices(room.bands, room.was)
        light(after[:, top : top + rows : step, left : left + cols : step], room.bands)
        indices(room.bands, room.now)
        _draw(room, edges, seams)
        _measure_one(room, seams, out[n])


@compiled
def _cuts(height: int, width: int, tiles: int) -> Cuts:
    """Return the cuts of a window into so many rows and columns of tiles.

    Tiles differ by a pixel where it cannot be cut evenly, and are empty where it has fewer pixels than tiles.
    """
    parts = np.arange(tiles + 1)
    return Cuts(height * parts // tiles, width * parts // tiles)


@compiled
def _make_room(edges: Cuts, seams: Cuts) -> Room:
    """Return room for a window with such edges and seams."""
    n = edges.rows[-1] * edges.cols[-1]
    scratch, reach, ones = np.empty((6, n), np.float32), np.empty((2, n), np.float32), np.ones(n, np.float32)
    boxes(ones, edges, scratch[0], reach[0])
    boxes(ones, seams, scratch[0], reach[1])
    bands, was, now = np.empty((_BANDS, n), np.float32), np.empty((_N, n), np.float32), np.empty((_N, n), np.float32)
    bins, parted = np.empty((_PICTURES, n), np.uint8), np.empty((_N, n), np.uint8)
    return Room(bands, was, now, bins, parted, reach, scratch, np.empty((2, _PICTURES, _SLOTS), np.uint16))


@compiled
def _draw(room: Room, edges: Cuts, seams: Cuts) -> None:
    """Fill the bins of all pictures from the indices before and after."""
    was, now, bins, change, scratch = room.was, room.now, room.bins, room.scratch[5], room.scratch[:5]
    moves(was, now, bins[_MOVES])
    for k in range(_N):
        binned(was[k], _SPANS[k], bins[k])
        binned(now[k], _SPANS[k], bins[_N + k])
        _less(now[k], was[k], change)
        # smoothed, so that a shift of a pixel is not told as change
        means(change, edges, room.reach[0], _CHANGE_SPANS[k], scratch, bins[_CHANGES + k])
        means(change, seams, room.reach[1], _CHANGE_SPANS[k], scratch, room.parted[k])
    for k in range(len(_TEXTURED)):
        deviations(was[_TEXTURED[k]], edges, _ROUGHEST, scratch, bins[_ROUGH + 2 * k])
        deviations(now[_TEXTURED[k]], edges, _ROUGHEST, scratch, bins[_ROUGH + 2 * k + 1])


@compiled
def _less(now: Floats, was: Floats, out: Floats) -> None:
    """Fill `out` with the change; a loop, since numba makes a copy of arrays that it subtracts."""
    for k in range(out.size):
        out[k] = now[k] - was[k]


@compiled
def _measure_one(room: Room, seams: Cuts, out: Floats) -> None:
    """Fill `out` (len(FEATURES),) from the pictures of a window, tile by tile and then as a whole."""
    height, width = seams.rows[-1], seams.cols[-1]
    bins, parted = room.bins.reshape(_PICTURES, height, width), room.parted.reshape(_N, height, width)
    was, now = room.was[NDVI].reshape(height, width), room.now[NDVI].reshape(height, width)
    whole, counts = room.counts[0], room.counts[1]
    _clear(whole)
    for row in range(_TILES):
        for col in range(_TILES):
            top, bottom, left, right = seams.rows[row], seams.rows[row + 1], seams.cols[col], seams.cols[col + 1]
            if top == bottom or left == right:
                continue
            _clear(counts)
            count(bins[:_CHANGES, top:bottom, left:right], counts[:_CHANGES])
            _add(counts[:_CHANGES], whole)
            count(parted[:, top:bottom, left:right], counts[_CHANGES:_ROUGH])
            count(bins[_ROUGH:, top + 1 : bottom - 1, left + 1 : right - 1], counts[_ROUGH:])
            tile = np.full(_WHOLE, np.nan, np.float32)
            _read(counts, was[top:bottom, left:right], now[top:bottom, left:right], tile)
            _pool(tile, out)
    count(bins[_CHANGES:_ROUGH], whole[_CHANGES:_ROUGH])
    count(bins[_ROUGH:, 1:-1, 1:-1], whole[_ROUGH:])
    _read(whole, was, now, out[:_WHOLE])


@compiled
def _clear(counts: Counts) -> None:
    """Set all counts to nought; by loops, here and in `_add`, since numba goes through whole arrays one number at a time."""
    for k in range(counts.shape[0]):
        for place in range(_SLOTS):
            counts[k, place] = 0


@compiled
def _add(counts: Counts, whole: Counts) -> None:
    """Add the counts of a tile to those of the window."""
    for k in range(counts.shape[0]):
        for place in range(_SLOTS):
            whole[k, place] += counts[k, place]


@compiled
def _pool(tile: Floats, out: Floats) -> None:
    """Put into `out` (len(FEATURES),) what `tile` (len(WHOLE),) has more or less of than those before it; unknown where none knows it."""
    for k in range(_WHOLE):
        # a comparison with NaN is false, so that the first that is known stays until a better one comes
        if not (tile[k] <= out[_WHOLE + k] or np.isnan(tile[k])):
            out[_WHOLE + k] = tile[k]
        if not (tile[k] >= out[2 * _WHOLE + k] or np.isnan(tile[k])):
            out[2 * _WHOLE + k] = tile[k]


@compiled
def _read(counts: Counts, was: Floats, now: Floats, out: Floats) -> None:
    """Fill `out` (len(WHOLE),) from the counts of all pictures and NDVI before and after (y, x), of the window or of a tile."""
    size, (height, width) = len(_LEVELS), was.shape
    n, inner = height * width, max(height - 2, 0) * max(width - 2, 0)
    for k in range(_N):
        at = 3 * size * k
        quantiles(counts[k], n, _SPANS[k], _LEVELS, out[at : at + size])
        quantiles(counts[_N + k], n, _SPANS[k], _LEVELS, out[at + size : at + 2 * size])
        quantiles(counts[_CHANGES + k], n, _CHANGE_SPANS[k], _LEVELS, out[at + 2 * size : at + 3 * size])
    at = _shares(counts[_MOVES], out, 3 * size * _N)
    for k in range(len(_TEXTURED)):
        quantiles(counts[_ROUGH + 2 * k], inner, (0.0, _ROUGHEST), (0.5, 0.9), out[at : at + 2])
        quantiles(counts[_ROUGH + 2 * k + 1], inner, (0.0, _ROUGHEST), (0.5, 0.9), out[at + 2 : at + 4])
        out[at + 4 : at + 6] = out[at + 2 : at + 4] - out[at : at + 2]
        at += 6
    out[at], out[at + 1] = coherence(was), coherence(now)
    displacement(was, now, out[at + 2 :])


@compiled
def _shares(counts: Counts, out: Floats, at: int) -> int:
    """Fill the shares of covers and of moves between them, from column `at`; return the next free column.

    `out` gets shares before, shares after, then moves from each cover to each other one, row by row: of the pixels that are known
    both times, NaN where there are none.
    """
    found = counts[: _COVERS * _COVERS].astype(np.float64).reshape(_COVERS, _COVERS)
    shares, place = found / found.sum(), at + 2 * _COVERS
    for a in range(_COVERS):
        out[at + a] = shares[a].sum()
        out[at + _COVERS + a] = shares[:, a].sum()
        for b in range(_COVERS):
            if a != b:
                out[place] = shares[a, b]
                place += 1
    return place
