"""The fit of all pixels, compiled: pixels side by side in tiles whose sums stay in cache, in double precision.

A tile is worked on by one thread from beginning to end and pixels never meet, so the answer depends neither on the
number of threads nor on where the tiles begin. A plain reference stands in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import get_num_threads, prange

from sentinel_watch.compiled import compiled, compiled_lanes, compiled_parallel
from sentinel_watch.detectors.equations import Equations, equations, fill
from sentinel_watch.detectors.lanes import LANES, TOGETHER, Floats, add_products, factorise, substitute

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TUKEY", "Fit", "History", "Tile", "empty_tile", "equate", "fit_tiles", "see", "weigh_band"]

TUKEY = 4.685
"""Residuals beyond so many noise scales weigh nothing (95 % efficiency under normal noise)."""


class History(NamedTuple):
    """A history's looks: T looks, B bands, P pixels; true = (values - offset) * factor."""

    values: NDArray[np.float32]
    """(T, B, P) reflectance as observed."""
    clear: NDArray[np.bool_]
    """(T, P) True = counts."""
    offset: NDArray[np.float32]
    """(T, B) reflectance."""
    factor: NDArray[np.float32]
    """(T, B)."""


class Fit(NamedTuple):
    """How to fit; N harmonics of the year, K = 2 N + 1 terms."""

    basis: Floats
    """(T, K) harmonics at the looks."""
    penalty: Floats
    """(N + 1, K) ridge of each term, by order."""
    order: NDArray[np.uint8]
    """(P,) the order that each pixel's history can carry, 0 to N."""
    precision: Floats
    """(B,) 1 / reflectance: what brings the bands to one scale of noise."""
    steps: int
    """Reweighted fits after the first."""


class Tile(NamedTuple):
    """What a thread works on; Q = groups of TOGETHER looks."""

    weight: Floats
    """(Q * TOGETHER, L) weights of the looks, nought = does not count; for a while their misfits, infinite = does not count."""
    rows: Floats
    """(TOGETHER, L) a band of a few looks."""
    sums: Floats
    """(4 N + 1, L)."""
    normal: Floats
    """(K * (K + 1) / 2, L)."""
    right: Floats
    """(B, TOGETHER, L) right-hand sides, then the solution; nought beyond the last term."""


@compiled
def empty_tile(bands: int, by: Equations) -> Tile:
    """Return room for a tile of pixels with `bands`.

    One a thread, reused for all its tiles: what one tile leaves in it the next must overwrite.
    """
    groups, sums, _ = by.waves.shape
    weight, rows = np.zeros((groups * TOGETHER, LANES)), np.zeros((TOGETHER, LANES))
    return Tile(weight, rows, np.zeros((sums, LANES)), np.zeros((by.near.size, LANES)), np.zeros((bands, TOGETHER, LANES)))


@compiled
def see(history: History, t: int, first: int, counts: Floats) -> None:
    """Write 1 where look `t` counts, being clear and known in every band, else 0; `counts` (L,) begins at pixel `first`.

    Lanes beyond the last pixel are 0 and so weigh nothing, and no kernel needs to know how many pixels the last tile has.
    """
    _, bands, pixels = history.values.shape
    last = min(first + LANES, pixels)
    clear = history.clear[t, first:last]
    counts[clear.size :] = 0
    for lane in range(clear.size):
        counts[lane] = 1.0 if clear[lane] else 0.0
    for b in range(bands):
        values = history.values[t, b, first:last]
        for lane in range(values.size):
            counts[lane] = counts[lane] if np.isfinite(values[lane]) else 0.0


@compiled
def weigh_band(history: History, look: tuple[int, int], first: int, weight: Floats, row: Floats) -> None:
    """Write a `look`'s (t, band) levelled values times `weight` (L,) to `row` (L,); nought where the weight is.

    Levelled is (value - offset) * factor, reflectance. Lanes beyond the last pixel keep what was there, which reaches no pixel.
    """
    t, band = look
    values = history.values[t, band, first : min(first + LANES, history.values.shape[2])]
    offset, factor = history.offset[t, band], history.factor[t, band]
    for lane in range(values.size):
        # chosen and not multiplied: nought times NaN is NaN
        row[lane] = weight[lane] * ((values[lane] - offset) * factor) if weight[lane] > 0 else 0.0


@compiled
def equate(fit: Fit, first: int, by: Equations, tile: Tile) -> None:
    """Leave the Cholesky factor of the ridged normal equations, under the tile's weights, in `tile.normal`.

    The ridge is that of each pixel's own order, so that terms which its history cannot carry are held at nought. The mean's penalty,
    small as it is, keeps the first pivot above nought where no look counts.
    """
    tile.sums[:] = 0
    for group in range(len(by.waves)):
        add_products(tile.sums, by.waves[group], tile.weight[group * TOGETHER : (group + 1) * TOGETHER])
    fill(tile.normal, tile.sums, by)
    order = fit.order[first : first + LANES]
    for i in range(fit.basis.shape[1]):
        corner = tile.normal[i * (i + 1) // 2 + i]
        for lane in range(LANES):
            # lanes beyond the last pixel borrow an order, since they are computed all the same
            corner[lane] += fit.penalty[order[lane] if lane < order.size else 0, i]
    factorise(tile.normal)


@compiled
def _solve(history: History, first: int, by: Equations, tile: Tile) -> None:
    """Sum up the right-hand sides under the tile's weights, and turn them into the solution.

    The factor must be that of `equate` under the same weights. `tile.right` ends as coefficients, (B, TOGETHER, L), K of them in use.
    """
    looks, bands, _ = history.values.shape
    terms = (len(tile.sums) + 1) // 2
    tile.right[:] = 0
    for group in range(len(by.waves)):
        begin = group * TOGETHER
        for b in range(bands):
            for t in range(begin, min(begin + TOGETHER, looks)):
                weigh_band(history, (t, b), first, tile.weight[t], tile.rows[t - begin])
            add_products(tile.right[b, :terms], by.waves[group], tile.rows)
    for b in range(bands):
        substitute(tile.normal, tile.right[b, :terms])


@compiled_lanes
def _add_squares(total: Floats, row: Floats, scale: float) -> None:
    """Add the squares of `row` (L,), times `scale`, to `total` (L,)."""
    for lane in range(LANES):
        total[lane] += row[lane] * row[lane] * scale


@compiled_lanes
def _settle(weight: Floats, misfit: Floats, counts: Floats, scale: Floats) -> None:
    """Add a look's weighted misfit and its weight to `scale` (2, L), and put the misfit in the weight's place.

    Where the look does not count (`counts` 0) the misfit becomes infinite, which any later weight turns into 0.
    """
    for lane in range(LANES):
        scale[0, lane] += weight[lane] * misfit[lane]
        scale[1, lane] += weight[lane]
        weight[lane] = misfit[lane] if counts[lane] > 0 else np.inf


@compiled
def _misfit(history: History, first: int, fit: Fit, by: Equations, tile: Tile) -> Floats:
    """Put the looks' misfits, squared residuals in units of noise, in the weights' place, and return their weighted mean (L,).

    Of all bands together, so that a cloud seen in one is out in all. The mean is by the weights of the fit just made: looks that it cast
    out do not widen the scale by which the next casts out.
    """
    looks, bands, _ = history.values.shape
    counts, misfit, scale = np.zeros((TOGETHER, LANES)), np.zeros((TOGETHER, LANES)), np.zeros((2, LANES))
    for group in range(len(by.minus)):
        begin, end = group * TOGETHER, min((group + 1) * TOGETHER, looks)
        misfit[:] = 0
        for t in range(begin, end):
            see(history, t, first, counts[t - begin])
        for b in range(bands):
            for t in range(begin, end):
                weigh_band(history, (t, b), first, counts[t - begin], tile.rows[t - begin])
            add_products(tile.rows, by.minus[group], tile.right[b])
            for t in range(end - begin):
                _add_squares(misfit[t], tile.rows[t], fit.precision[b] ** 2 / bands)
        for t in range(begin, end):
            _settle(tile.weight[t], misfit[t - begin], counts[t - begin], scale)
    mean: Floats = scale[0] / (scale[1] + 1e-9)
    return mean


@compiled_lanes
def _reweight(weight: Floats, scale: Floats) -> None:
    """Turn misfits (T, L) into Tukey's weights, by their mean `scale` (L,).

    Tukey's biweight (Beaton and Tukey, 1974): (1 - u) ** 2 of the squared residual u in units of the limit's, 0 beyond it. The mean
    misfit counts as 1e-6 at least, so that a fit without error does not divide by nought.
    """
    per_limit = np.empty(LANES)
    for lane in range(LANES):
        per_limit[lane] = 1 / (TUKEY * TUKEY * max(scale[lane], 1e-6))
    for t in range(len(weight)):
        row = weight[t]
        for lane in range(LANES):
            inside = max(0.0, 1 - row[lane] * per_limit[lane])
            row[lane] = inside * inside


@compiled
def _fit_tile(history: History, first: int, fit: Fit, by: Equations, tile: Tile) -> None:
    """Fit one tile: all clear looks alike at first, then `fit.steps` times reweighted; the coefficients stay in `tile.right`."""
    looks = len(history.values)
    for t in range(looks):
        see(history, t, first, tile.weight[t])
    for step in range(fit.steps + 1):
        if step:
            _reweight(tile.weight[:looks], _misfit(history, first, fit, by, tile))
        equate(fit, first, by, tile)
        _solve(history, first, by, tile)


@compiled_parallel
def _fit_tiles(history: History, fit: Fit, by: Equations, threads: int) -> NDArray[np.float32]:
    """Return what `fit_tiles` describes; each thread takes every `threads`-th tile, with room of its own."""
    _, bands, pixels = history.values.shape
    coefficients = np.empty((fit.basis.shape[1], bands, pixels), np.float32)
    for thread in prange(threads):
        tile = empty_tile(bands, by)
        for first in range(thread * LANES, pixels, threads * LANES):
            _fit_tile(history, first, fit, by, tile)
            for i in range(fit.basis.shape[1]):
                for b in range(bands):
                    out = coefficients[i, b, first : first + LANES]
                    for lane in range(out.size):
                        out[lane] = tile.right[b, i, lane]
    return coefficients


def fit_tiles(history: History, fit: Fit) -> NDArray[np.float32]:
    """Return coefficients (K, B, P) float32 of all pixels: see `harmonics.fit_harmonics`; a look with NaN in a band does not count.

    K = 2 N + 1 terms in the order of `harmonics.design`. A pixel without a look gets numbers that mean nothing.
    """
    return _fit_tiles(history, fit, equations(fit.basis), get_num_threads())
