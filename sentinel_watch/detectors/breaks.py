"""A history that itself changed: where the level of a pixel moved for good, only what came after is normal.

The statistic is the one for a change in mean at an unknown time: the weighted distance of the means before and after,
largest over all times at which both sides hold enough looks (Hawkins, 1977).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes, spread
from sentinel_watch.detectors.equations import equations
from sentinel_watch.detectors.fitting import Tile, empty_tile, hold, residuals, stage
from sentinel_watch.detectors.lanes import LANES, TOGETHER
from sentinel_watch.detectors.whitened import Model, kinds_of, part_of, triangles_of, whiten_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.equations import Equations
    from sentinel_watch.detectors.fitting import History
    from sentinel_watch.detectors.lanes import Floats

__all__ = ["break_looks"]


class _Room(NamedTuple):
    """Room for a tile; lanes last."""

    sums: Floats
    """(T + 1, B, L) running sums of whitened residuals: what the looks before each, and at last all, come to."""
    counted: Floats
    """(T + 1, L) how many of them counted."""
    left: Floats
    """(TOGETHER, B, L) residuals of a few looks."""
    white: Floats
    """(B, L)."""
    triangles: NDArray[np.float32]
    """(B * (B + 1) / 2, L) whitenings in one part of the year."""
    rows: Floats
    """(3, L)."""


@compiled_lanes
def _add_look(room: _Room, t: int, counts: NDArray[np.float32]) -> None:
    """Add a look's whitened residual, `room.white`, to the running sums where it `counts` (L,); `room.rows[0]` is its squared length."""
    bands, shrink = len(room.white), room.rows[1]
    for lane in range(LANES):
        # One wild look must not move a mean.
        shrink[lane] = counts[lane] * min(1.0, 3 * np.sqrt(bands) / np.sqrt(max(room.rows[0, lane], 1e-12)))
        room.counted[t + 1, lane] = room.counted[t, lane] + counts[lane]
    for b in range(bands):
        for lane in range(LANES):
            room.sums[t + 1, b, lane] = room.sums[t, b, lane] + room.white[b, lane] * shrink[lane]


@compiled
def _run_up(history: History, days: NDArray[np.int32], model: Model, by: Equations, first: int, tile: Tile, room: _Room) -> None:  # noqa: PLR0913, PLR0917 - compiled
    """Leave the running sums of the tile's looks in `room`.

    A residual is the levelled look less the model's expectation, whitened as in its part of the year, so in noise scales. With the sums
    the mean over any run of looks costs one subtraction.
    """
    looks, bands, _ = history.values.shape
    kinds, part = kinds_of(model, first), -1
    hold(model.coefficients, first, tile)
    for t in range(looks):
        group, row = t // TOGETHER, t % TOGETHER
        if row == 0:
            stage(history, group, first, tile)
            for b in range(bands):
                residuals(group, b, by, tile, tile.rows)
                room.left[:, b] = tile.rows
        if part_of(model, days[t]) != part:
            part = part_of(model, days[t])
            triangles_of(model.whiten[:, part], kinds, room.triangles)
        whiten_lanes(room.left[row], room.triangles, room.white, room.rows[0])
        _add_look(room, t, tile.counts[t])


@compiled_lanes
def _split(room: _Room, t: int, counts: NDArray[np.float32], limits: tuple[int, float], best: Floats, since: NDArray[np.int64]) -> None:
    """Where a split before look `t` tells more than the `best` (L,) so far, make it the best, and write `t` to `since` (L,).

    `limits` are the least looks on either side, and the least step in noise scales.
    """
    every, before, whole, so_far = room.counted[-1], room.counted[t], room.sums[-1], room.sums[t]
    gap, (least, step) = room.rows[2], limits
    gap[:] = 0
    for b in range(len(whole)):
        for lane in range(LANES):
            difference = so_far[b, lane] / before[lane] - (whole[b, lane] - so_far[b, lane]) / (every[lane] - before[lane])
            gap[lane] += difference * difference
    for lane in range(LANES):
        # what a difference of means can tell: most in the middle, where neither mean rests on few looks
        told, after = gap[lane] * before[lane] * (every[lane] - before[lane]) / every[lane], every[lane] - before[lane]
        # size is asked beside significance: with many looks a step of no account is significant too
        better = (counts[lane] > 0) & (before[lane] >= least) & (after >= least) & (gap[lane] >= step * step) & (told > best[lane])
        best[lane] = told if better else best[lane]
        since[lane] = t if better else since[lane]


@compiled
def _break_looks(  # noqa: PLR0913, PLR0917 - compiled
    history: History,
    days: NDArray[np.int32],
    by: Equations,
    model: Model,
    limits: tuple[int, float],
    out: NDArray[np.int64],
    share: tuple[int, int],
) -> None:
    """Write what `break_looks` describes to `out`, of one thread's `share`: every so-manieth tile of pixels, from its own on."""
    looks, bands, pixels = history.values.shape
    tile, (thread, threads) = empty_tile(bands, by), share
    left, white, rows = np.empty((TOGETHER, bands, LANES)), np.empty((bands, LANES)), np.empty((3, LANES))
    triangles = np.empty((bands * (bands + 1) // 2, LANES), np.float32)
    room = _Room(np.zeros((looks + 1, bands, LANES)), np.zeros((looks + 1, LANES)), left, white, triangles, rows)
    for first in range(thread * LANES, pixels, threads * LANES):
        _run_up(history, days, model, by, first, tile, room)
        best, since = np.zeros(LANES), np.zeros(LANES, np.int64)
        for t in range(looks):
            _split(room, t, tile.counts[t], limits, best, since)
        last = min(first + LANES, pixels)
        out[first:last] = since[: last - first]


def break_looks(history: History, days: NDArray[np.int32], basis: Floats, model: Model, least: int, step: float) -> NDArray[np.int64]:
    """Return (P,) the look from which on each pixel's level is the present one; 0 = it never moved.

    A move counts where the means differ by `step` noise scales or more, with `least` looks on either side.

    Looks are on `days` (T,) since 1970-01-01, with the harmonics `basis` (T, K). `model` was fitted to the whole history, so a step on
    the ground is a step in its residuals, as far as the harmonics have not bent to it. With fewer than 2 * `least` clear looks the
    answer is 0: no split leaves enough on both sides.
    """
    by, since = equations(basis), np.zeros(history.clear.shape[1], np.int64)
    spread(lambda *share: _break_looks(history, days, by, model, (least, step), since, share))
    return since
