"""What a pixel usually deviates by, compiled: each look of its history against a model and spectra that do without it.

Leaving a look out is done in closed form: a look's residual over 1 - its leverage is what a fit without it would leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import get_num_threads, prange

from sentinel_watch.compiled import compiled, compiled_lanes, compiled_parallel
from sentinel_watch.detectors.equations import Equations, equations
from sentinel_watch.detectors.fitting import Fit, History, Tile, empty_tile, equate, see, weigh_band
from sentinel_watch.detectors.lanes import LANES, TOGETHER, Floats, add_products, multiply, subtract_product
from sentinel_watch.detectors.scoring import Envelope, Model, drag, kinds_of, nearest_length, part_of, whiten_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Known", "usual_distances"]

_LEAST_REST = 0.1
"""A look that the model leans on more than that leaves too little of its residual to tell."""


class Known(NamedTuple):
    """What a history taught, whose looks were on `days` (T,), since 1970-01-01."""

    model: Model
    envelope: Envelope
    days: NDArray[np.int32]


class _Room(NamedTuple):
    """Room for a tile; lanes last."""

    left: Floats
    """(TOGETHER, B, L) residuals of a few looks."""
    white: Floats
    """(B, L)."""
    mean: Floats
    """(B, L) running mean of whitened residuals."""
    half: Floats
    """(K, L)."""
    rows: Floats
    """(3, L) share of the residual that leaving out leaves, squared length, length of the running mean."""
    kind: NDArray[np.intp]
    """(L,)."""
    most: NDArray[np.intp]
    """(L,) how many of the largest decide."""
    largest: Floats
    """(2, L, most of all) the largest squared distances and lengths of the running mean so far, ascending."""


@compiled
def _room(history: History, known: Known, first: int, share: float) -> _Room:
    """Return room for the tile of pixels from `first` on, with a place for each of the largest distances that decide.

    Of n looks the `share` quantile is the least of the n - ceil(share * n) + 1 largest: no more need be kept, and nothing be sorted.
    """
    _looks, bands, pixels = history.values.shape
    most = np.ones(LANES, np.intp)
    for lane in range(min(LANES, pixels - first)):
        count = history.clear[:, first + lane].sum()
        most[lane] = count - max(int(np.ceil(share * count)) - 1, 0)
    # below any distance, so that the first looks fill the row
    kept = np.full((2, LANES, max(most.max(), 1)), -1.0)
    kind, half = kinds_of(known.model, first), np.empty((known.model.coefficients.shape[0], LANES))
    left, white, mean = np.zeros((TOGETHER, bands, LANES)), np.empty((bands, LANES)), np.zeros((bands, LANES))
    return _Room(left, white, mean, half, np.empty((3, LANES)), kind, most, kept)


@compiled_lanes
def _rest(factor: Floats, row: Floats, half: Floats, rest: Floats) -> None:
    """Write 1 / (1 - the leverage of a look), whose terms are `row` (K,), to `rest` (L,), by the Cholesky factor.

    A residual times that is what a fit without the look would have left (PRESS; Allen, 1974). The leverage is the squared length of the
    forward substitution of `row`. `factor` is packed as `lanes.factorise` leaves it; `half` (K, L) is scratch.
    """
    rest[:] = 1
    for i in range(row.size):
        half[i] = row[i]
        for k in range(i):
            subtract_product(half[i], factor[i * (i + 1) // 2 + k], half[k])
        multiply(half[i], factor[i * (i + 1) // 2 + i])
        subtract_product(rest, half[i], half[i])
    for lane in range(LANES):
        rest[lane] = 1 / max(rest[lane], _LEAST_REST)


@compiled
def _residuals(history: History, first: int, group: int, by: Equations, tile: Tile, left: Floats) -> None:
    """Write the residuals of a group of looks to `left` (TOGETHER, B, L).

    `tile.right` must hold the model's coefficients and `tile.weight` 1 where a look counts. Where it does not, what is written is the
    expectation with its sign turned, and rows beyond the last look hold leftovers: neither may be read without the weight.
    """
    looks, bands, _ = history.values.shape
    begin, end = group * TOGETHER, min((group + 1) * TOGETHER, looks)
    for b in range(bands):
        for t in range(begin, end):
            weigh_band(history, (t, b), first, tile.weight[t], tile.rows[t - begin])
        add_products(tile.rows, by.minus[group], tile.right[b])
        left[:, b] = tile.rows


@compiled
def _keep(largest: Floats, value: float) -> None:
    """Put `value` in its place among the `largest`, ascending, and drop the least.

    Insertion, since the row is short: with a share of 0.9 it is a tenth of the pixel's looks.
    """
    at = 0
    while at + 1 < largest.size and largest[at + 1] < value:
        largest[at] = largest[at + 1]
        at += 1
    largest[at] = value


@compiled
def _keep_largest(history: History, known: Known, t: int, first: int, counts: Floats, room: _Room) -> None:
    """Take a look of a tile into the largest distances and running means of its pixels.

    `counts` (L,) is 1 where the look counts; `room.rows` holds the squared length of its residual and the length of the running mean.
    A lane's row is full after as many looks as it keeps, and its first entry is then the quantile so far.
    """
    bands, day = len(room.mean), known.days[t]
    spectrum, scratch = np.empty(bands), np.empty(bands + known.envelope.nearest)
    for lane in range(LANES):
        if counts[lane] == 0:
            continue
        most, length, moved = room.most[lane], room.rows[1, lane], room.rows[2, lane]
        if moved > room.largest[1, lane, 0]:
            _keep(room.largest[1, lane, :most], moved)
        # Its own spectra only bring a look nearer: one that the model brings near enough need not ask them.
        least = room.largest[0, lane, 0]
        if length > least:
            for b in range(bands):
                spectrum[b] = (history.values[t, b, first + lane] - history.offset[t, b]) * history.factor[t, b]
            length = nearest_length((first + lane, day, day), length, least, spectrum, (known.model, known.envelope), scratch)
            if length > least:
                _keep(room.largest[0, lane, :most], length)


@compiled
def _calibrate(history: History, fit: Fit, by: Equations, known: Known, first: int, tile: Tile, room: _Room) -> None:  # noqa: PLR0913, PLR0917 - compiled
    """Run over the looks of one tile in order of time, so that `room.largest` holds what decides its pixels' usual distances.

    The running mean is what needs the order. The model's coefficients take the place of right-hand sides: `_residuals` reads them there.
    Looks weigh alike in the equations, while the model was fitted with Tukey's weights: a leverage is that of the plain ridge fit.
    """
    looks, bands, _ = history.values.shape
    for t in range(looks):
        see(history, t, first, tile.weight[t])
    equate(fit, first, by, tile)
    for b in range(bands):
        for k in range(fit.basis.shape[1]):
            coefficients = known.model.coefficients[k, b, first : first + LANES]
            tile.right[b, k, : coefficients.size] = coefficients
    for t in range(looks):
        if t % TOGETHER == 0:
            _residuals(history, first, t // TOGETHER, by, tile, room.left)
        left = room.left[t % TOGETHER]
        _rest(tile.normal, fit.basis[t], room.half, room.rows[0])
        for b in range(bands):
            multiply(left[b], room.rows[0])
        whiten_lanes(left, known.model.whiten[:, part_of(known.model, known.days[t])], room.kind, room.white, room.rows[1])
        drag(room.mean, room.white, room.rows[1], tile.weight[t], room.rows[2])
        _keep_largest(history, known, t, first, tile.weight[t], room)


@compiled_parallel
def _usual_distances(  # noqa: PLR0913, PLR0917 - compiled
    history: History, fit: Fit, by: Equations, model: Model, envelope: Envelope, days: NDArray[np.int32], share: float, threads: int
) -> NDArray[np.float32]:
    """Return what `usual_distances` describes; each thread takes every `threads`-th tile, with equations that all threads share."""
    _, bands, pixels = history.values.shape
    usual = np.full((2, pixels), np.nan, np.float32)
    for thread in prange(threads):
        tile, known = empty_tile(bands, by), Known(model, envelope, days)
        for first in range(thread * LANES, pixels, threads * LANES):
            room = _room(history, known, first, share)
            _calibrate(history, fit, by, known, first, tile, room)
            for lane in range(min(LANES, pixels - first)):
                # still -1 where the pixel had no clear look
                if room.largest[0, lane, 0] >= 0:
                    usual[0, first + lane], usual[1, first + lane] = np.sqrt(room.largest[0, lane, 0]), room.largest[1, lane, 0]
    return usual


def usual_distances(history: History, fit: Fit, known: Known, share: float) -> NDArray[np.float32]:
    """Return (2, P) float32 what `share` of a pixel's own looks, each left out in turn, stay below; NaN without a look.

    The first row is the distance of single looks, the second the length of the running mean of residuals.

    `known` is what this very `history` taught; lengths are in noise scales, not squared. With a `share` of 0.9 one look in ten may be
    farther off; a pixel of fewer than ten looks gets its largest distance.
    """
    return _usual_distances(history, fit, equations(fit.basis), *known, share, get_num_threads())
