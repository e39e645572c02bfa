"""What a pixel usually deviates by, compiled: each look of its history against a model and spectra that do without it.

Leaving a look out is done in closed form: a look's residual over 1 - its leverage is what a fit without it would leave.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes, spread
from sentinel_watch.detectors.char import Char, char_lanes
from sentinel_watch.detectors.equations import Equations, equations
from sentinel_watch.detectors.fitting import Fit, History, Tile, empty_tile, equate, hold, residuals, stage
from sentinel_watch.detectors.lanes import LANES, TOGETHER, Floats, add_products, multiply, subtract_product
from sentinel_watch.detectors.nearest import Envelope, second_nearest
from sentinel_watch.detectors.scoring import drag
from sentinel_watch.detectors.whitened import Model, kinds_of, part_of, triangles_of, whiten_lanes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Known", "usual_distances"]

_LEAST_REST = 0.1
"""A look that the model leans on more than that leaves too little of its residual to tell."""


class Known(NamedTuple):
    """What a history taught, whose looks were on `days` (T,), since 1970-01-01."""

    model: Model
    envelope: Envelope
    char: Char
    days: NDArray[np.int32]


class _Room(NamedTuple):
    """Room for a tile; lanes last, but where a lane's looks are searched."""

    left: Floats
    """(TOGETHER, B, L) residuals of a few looks."""
    white: Floats
    """(B, L)."""
    mean: Floats
    """(B, L) running mean of whitened residuals."""
    half: Floats
    """(K, L)."""
    rest: Floats
    """(L,) the share of the residual that leaving out leaves."""
    length: Floats
    """(T, L) squared distances of the looks from the model, -1 where they do not count."""
    moved: Floats
    """(T, L) squared lengths of the running mean, -1 where the look does not count."""
    towards: Floats
    """(T, L) how far the looks lie towards char, -1 where they do not count."""
    expected: Floats
    """(B, L) reflectance."""
    scratch: Floats
    """(B, L)."""
    triangles: NDArray[np.float32]
    """(B * (B + 1) / 2, L) whitenings in one part of the year."""
    columns: Floats
    """(L, T) one of the three, turned."""
    largest: Floats
    """(T,) the largest so far, ascending."""
    spectrum: Floats
    """(B,) one that is asked about."""
    search: Floats
    """(2 + B, M)."""


@compiled
def _room(terms: int, bands: int, looks: int, spectra: int) -> _Room:
    """Return room for a tile of pixels: one a thread, reused for all its tiles."""
    left, white, mean = np.zeros((TOGETHER, bands, LANES)), np.empty((bands, LANES)), np.zeros((bands, LANES))
    length, moved, towards = np.empty((looks, LANES)), np.empty((looks, LANES)), np.empty((looks, LANES))
    half, rest, columns, largest = np.empty((terms, LANES)), np.empty(LANES), np.empty((LANES, looks)), np.empty(looks)
    expected, scratch, triangles = (
        np.empty((bands, LANES)),
        np.empty((bands, LANES)),
        np.empty((bands * (bands + 1) // 2, LANES), np.float32),
    )
    spectrum, search = np.empty(bands), np.empty((2 + bands, spectra))
    return _Room(left, white, mean, half, rest, length, moved, towards, expected, scratch, triangles, columns, largest, spectrum, search)


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
def _most(values: Floats, share: float) -> int:
    """Return how many of the largest of `values` (T,) decide, of those that count, being nought or more; 0 without any.

    Of n looks the `share` quantile is the least of the n - ceil(share * n) + 1 largest: no more need be kept, and nothing be sorted.
    """
    count = 0
    for value in values:
        count += int(value >= 0)
    return count - max(int(np.ceil(share * count)) - 1, 0)


@compiled
def _least_of_largest(values: Floats, largest: Floats) -> float:
    """Return the least of the `largest.size` largest of `values` (T,)."""
    largest[:] = -1.0
    for value in values:
        if value > largest[0]:
            _keep(largest, value)
    return float(largest[0])


@compiled
def _least_with_spectra(pixel: int, known: Known, tile: Tile, room: _Room, most: int) -> float:
    """Return what `_least_of_largest` does, where the pixel's own spectra may bring each of its squared distances down.

    Spectra only bring a look nearer. The looks that the model puts farthest are asked first: what they leave is seldom beaten by others.
    """
    lane, largest = pixel % LANES, room.largest[:most]
    values, nearly = room.columns[lane], _least_of_largest(room.columns[lane], largest)
    largest[:] = -1.0
    for near in range(2):
        for t in range(values.size):
            if (values[t] < nearly) != (near == 1) or values[t] <= largest[0]:
                continue
            for b in range(room.spectrum.size):
                room.spectrum[b] = tile.levelled[t, b, lane]
            at = pixel, known.days[t], known.days[t]
            value = second_nearest(at, values[t], room.spectrum, (known.model, known.envelope), room.search)
            if value > largest[0]:
                _keep(largest, value)
    return float(largest[0])


@compiled
def _look_back(history: History, fit: Fit, by: Equations, known: Known, first: int, tile: Tile, room: _Room) -> None:  # noqa: PLR0913, PLR0917 - compiled
    """Run over the looks of one tile in order of time, and leave their distances and the running mean's lengths in `room`.

    The running mean is what needs the order. Looks weigh alike in the equations, while the model was fitted with Tukey's weights: a
    leverage is that of the plain ridge fit.
    """
    looks, bands, _ = history.values.shape
    tile.sums[:] = 0
    for group in range(len(by.waves)):
        stage(history, group, first, tile)
        add_products(tile.sums, by.waves[group], tile.weight[group * TOGETHER : (group + 1) * TOGETHER])
    equate(fit, first, by, tile)
    hold(known.model.coefficients, first, tile)
    room.mean[:] = 0
    kinds, part = kinds_of(known.model, first), -1
    for t in range(looks):
        group, row = t // TOGETHER, t % TOGETHER
        if row == 0:
            for b in range(bands):
                residuals(group, b, by, tile, tile.rows)
                room.left[:, b] = tile.rows
        left = room.left[row]
        _rest(tile.normal, fit.basis[t], room.half, room.rest)
        for b in range(bands):
            room.expected[b] = tile.levelled[t, b] - left[b]
            multiply(left[b], room.rest)
        if part_of(known.model, known.days[t]) != part:
            part = part_of(known.model, known.days[t])
            triangles_of(known.model.whiten[:, part], kinds, room.triangles)
        whiten_lanes(left, room.triangles, room.white, room.length[t])
        char_lanes(known.char, room.expected, room.white, room.triangles, room.scratch, room.towards[t])
        drag(room.mean, room.white, room.length[t], tile.counts[t], room.moved[t])
        _leave_out(tile.counts[t], room.length[t], room.moved[t], room.towards[t])


@compiled
def _leave_out(counts: NDArray[np.float32], length: Floats, moved: Floats, towards: Floats) -> None:
    """Write -1 to what a look says, (L,) each, where it does not count."""
    for lane in range(LANES):
        if counts[lane] == 0:
            length[lane] = moved[lane] = towards[lane] = -1.0


@compiled
def _turn(rows: Floats, columns: Floats) -> None:
    """Write `rows` (T, L) to `columns` (L, T), a few at a time, so that both stay in cache."""
    for begin in range(0, len(rows), TOGETHER):
        for lane in range(LANES):
            for t in range(begin, min(begin + TOGETHER, len(rows))):
                columns[lane, t] = rows[t, lane]


@compiled
def _usual_distances(  # noqa: PLR0913, PLR0917 - compiled
    history: History, fit: Fit, by: Equations, known: Known, share: float, usual: NDArray[np.float32], part: tuple[int, int]
) -> None:
    """Write what `usual_distances` describes to `usual`; of one thread's `part`, every so-manieth tile of pixels, from its own on."""
    looks, bands, pixels = history.values.shape
    tile, room, (thread, threads) = empty_tile(bands, by), _room(fit.basis.shape[1], bands, looks, known.envelope.day.shape[1]), part
    for first in range(thread * LANES, pixels, threads * LANES):
        lanes = min(LANES, pixels - first)
        _look_back(history, fit, by, known, first, tile, room)
        _turn(room.length, room.columns)
        for lane in range(lanes):
            most = _most(room.columns[lane], share)
            if most > 0:
                usual[0, first + lane] = np.sqrt(_least_with_spectra(first + lane, known, tile, room, most))
        _turn(room.moved, room.columns)
        for lane in range(lanes):
            most = _most(room.columns[lane], share)
            if most > 0:
                usual[1, first + lane] = np.sqrt(_least_of_largest(room.columns[lane], room.largest[:most]))
        _turn(room.towards, room.columns)
        for lane in range(lanes):
            most = _most(room.columns[lane], share)
            if most > 0:
                usual[2, first + lane] = _least_of_largest(room.columns[lane], room.largest[:most])


def usual_distances(history: History, fit: Fit, known: Known, share: float) -> NDArray[np.float32]:
    """Return (3, P) float32 what `share` of a pixel's own looks, each left out in turn, stay below; NaN without a look.

    The first row is the distance of single looks, the second the length of the running mean of residuals, the third how far looks lie
    towards char, of those at which something grew that could burn.

    `known` is what this very `history` taught; lengths are in noise scales, not squared. With a `share` of 0.9 one look in ten may be
    farther off; a pixel of fewer than ten looks gets its largest distance.
    """
    by, usual = equations(fit.basis), np.full((3, history.clear.shape[1]), np.nan, np.float32)
    spread(lambda *part: _usual_distances(history, fit, by, known, share, usual, part))
    return usual
