"""The fit of all pixels, compiled: pixels side by side in tiles whose sums stay in cache, in double precision.

A tile is worked on by one thread from beginning to end and pixels never meet, so the answer depends neither on the
number of threads nor on where the tiles begin. A plain reference stands in the tests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, compiled_lanes, spread
from sentinel_watch.detectors.equations import Equations, equations, fill
from sentinel_watch.detectors.lanes import LANES, TOGETHER, Floats, add_products, factorise, substitute

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TUKEY", "Fit", "History", "Tile", "empty_tile", "equate", "fit_tiles", "hold", "residuals", "stage"]

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
    """What a thread works on, a tile of pixels; Q = groups of TOGETHER looks."""

    counts: NDArray[np.float32]
    """(Q * TOGETHER, L) 1 where the look counts, being clear and known in every band, else 0."""
    levelled: NDArray[np.float32]
    """(Q * TOGETHER, B, L) reflectance, nought where the look does not count."""
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

    One a thread, reused for all its tiles: what one tile leaves in it the next must overwrite. Rows beyond the last look stay nought.
    """
    groups, sums, _ = by.waves.shape
    looks = groups * TOGETHER
    counts, levelled = np.zeros((looks, LANES), np.float32), np.zeros((looks, bands, LANES), np.float32)
    weight, rows = np.zeros((looks, LANES)), np.zeros((TOGETHER, LANES))
    return Tile(
        counts, levelled, weight, rows, np.zeros((sums, LANES)), np.zeros((by.near.size, LANES)), np.zeros((bands, TOGETHER, LANES))
    )


@compiled
def stage(history: History, group: int, first: int, tile: Tile) -> None:
    """Bring a group of looks of the tile that begins at pixel `first` into its room: levelled, and weighing 1 where they count.

    Each value is read from memory once, however often it is asked for later. Levelled is (value - offset) * factor. Lanes beyond the last
    pixel weigh nothing, and no kernel needs to know how many pixels the last tile has.
    """
    looks, bands, pixels = history.values.shape
    last = min(first + LANES, pixels)
    for t in range(group * TOGETHER, min((group + 1) * TOGETHER, looks)):
        clear, counts = history.clear[t, first:last], tile.counts[t]
        counts[clear.size :] = 0
        for lane in range(clear.size):
            counts[lane] = np.float32(1) if clear[lane] else np.float32(0)
        for b in range(bands):
            _see(history.values[t, b, first:last], counts)
        for b in range(bands):
            _level(history.values[t, b, first:last], history.offset[t, b], history.factor[t, b], counts, tile.levelled[t, b])
        for lane in range(LANES):
            tile.weight[t, lane] = counts[lane]


@compiled
def _see(values: NDArray[np.float32], counts: NDArray[np.float32]) -> None:
    """Write 0 to `counts` (L,) where a band's `values` (n,) are not known; n is at most L."""
    for lane in range(values.size):
        counts[lane] = counts[lane] if np.isfinite(values[lane]) else np.float32(0)


@compiled
def _level(values: NDArray[np.float32], offset: float, factor: float, counts: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Write a look's levelled `values` (n,) to `out` (L,), nought where it does not count; n is at most L."""
    out[values.size :] = 0
    for lane in range(values.size):
        # chosen and not multiplied: nought times NaN is NaN
        out[lane] = (values[lane] - offset) * factor if counts[lane] > 0 else np.float32(0)


@compiled_lanes
def _weigh(weight: Floats, levelled: NDArray[np.float32], row: Floats) -> None:
    """Write `weight` times `levelled` to `row`, (L,) each."""
    for lane in range(LANES):
        row[lane] = weight[lane] * levelled[lane]


@compiled
def equate(fit: Fit, first: int, by: Equations, tile: Tile) -> None:
    """Leave the Cholesky factor of the ridged normal equations, which `tile.sums` stand for, in `tile.normal`.

    The ridge is that of each pixel's own order, so that terms which its history cannot carry are held at nought. The mean's penalty,
    small as it is, keeps the first pivot above nought where no look counts.
    """
    fill(tile.normal, tile.sums, by)
    order = fit.order[first : first + LANES]
    for i in range(fit.basis.shape[1]):
        corner = tile.normal[i * (i + 1) // 2 + i]
        for lane in range(LANES):
            # lanes beyond the last pixel borrow an order, since they are computed all the same
            corner[lane] += fit.penalty[order[lane] if lane < order.size else 0, i]
    factorise(tile.normal)


@compiled
def _add_group(group: int, by: Equations, tile: Tile) -> None:
    """Add a group of staged looks, under their weights, to `tile.sums` and to the right-hand sides."""
    terms, looks = (len(tile.sums) + 1) // 2, slice(group * TOGETHER, (group + 1) * TOGETHER)
    weight, levelled = tile.weight[looks], tile.levelled[looks]
    add_products(tile.sums, by.waves[group], weight)
    for b in range(len(tile.right)):
        for t in range(TOGETHER):
            _weigh(weight[t], levelled[t, b], tile.rows[t])
        add_products(tile.right[b, :terms], by.waves[group], tile.rows)


@compiled
def hold(coefficients: NDArray[np.float32], first: int, tile: Tile) -> None:
    """Put known `coefficients` (K, B, P) of the tile that begins at pixel `first` in the place of its solution.

    Lanes beyond the last pixel keep what was there.
    """
    terms, bands, _ = coefficients.shape
    for k in range(terms):
        for b in range(bands):
            known = coefficients[k, b, first : first + LANES]
            for lane in range(known.size):
                tile.right[b, k, lane] = known[lane]


@compiled
def residuals(group: int, band: int, by: Equations, tile: Tile, left: Floats) -> None:
    """Write what a group of staged looks leaves of the coefficients in `tile.right` to `left` (TOGETHER, L), in one band.

    Where a look does not count it is the expectation with its sign turned, which may not be read without the weight.
    """
    for t in range(TOGETHER):
        left[t] = tile.levelled[group * TOGETHER + t, band]
    add_products(left, by.minus[group], tile.right[band])


@compiled_lanes
def _add_squares(misfit: Floats, levelled: NDArray[np.float32], minus: Floats, right: Floats, scale: float) -> None:
    """Add the squares of what a look leaves of the solution, times `scale`, to `misfit` (L,).

    `levelled` (L,) are the look's values, `minus` (TOGETHER,) its terms, `right` (TOGETHER, L) the solution, all of one band. What is
    left is as `residuals` has it, to the last bit, but never written.
    """
    # written out, since only so all terms stay in registers
    a, b, c, d, e, f, g, h = minus[0], minus[1], minus[2], minus[3], minus[4], minus[5], minus[6], minus[7]
    p, q, r, s, t, u, v, w = right[0], right[1], right[2], right[3], right[4], right[5], right[6], right[7]
    for lane in range(LANES):
        left = levelled[lane] + a * p[lane] + b * q[lane] + c * r[lane] + d * s[lane]
        left = left + e * t[lane] + f * u[lane] + g * v[lane] + h * w[lane]
        misfit[lane] += left * left * scale


@compiled_lanes
def _settle(weight: Floats, misfit: Floats, counts: NDArray[np.float32], scale: Floats) -> None:
    """Add a look's weighted misfit and its weight to `scale` (2, L), and put the misfit in the weight's place.

    Where the look does not count (`counts` 0) the misfit becomes infinite, which any later weight turns into 0.
    """
    for lane in range(LANES):
        scale[0, lane] += weight[lane] * misfit[lane]
        scale[1, lane] += weight[lane]
        weight[lane] = misfit[lane] if counts[lane] > 0 else np.inf


@compiled
def _misfit(looks: int, fit: Fit, by: Equations, tile: Tile) -> Floats:
    """Put the misfits of `looks`, squared residuals in units of noise, in the weights' place, and return their weighted mean (L,).

    Of all bands together, so that a cloud seen in one is out in all. The mean is by the weights of the fit just made: looks that it cast
    out do not widen the scale by which the next casts out.
    """
    bands, misfit, scale = len(tile.right), np.zeros((TOGETHER, LANES)), np.zeros((2, LANES))
    for group in range(len(by.minus)):
        begin = group * TOGETHER
        misfit[:] = 0
        for b in range(bands):
            for t in range(TOGETHER):
                _add_squares(misfit[t], tile.levelled[begin + t, b], by.minus[group, t], tile.right[b], fit.precision[b] ** 2 / bands)
        for t in range(begin, min(begin + TOGETHER, looks)):
            _settle(tile.weight[t], misfit[t - begin], tile.counts[t], scale)
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
    looks, bands, _ = history.values.shape
    for step in range(fit.steps + 1):
        if step:
            _reweight(tile.weight[:looks], _misfit(looks, fit, by, tile))
        tile.sums[:] = 0
        tile.right[:] = 0
        for group in range(len(by.waves)):
            if step == 0:
                stage(history, group, first, tile)
            _add_group(group, by, tile)
        equate(fit, first, by, tile)
        for b in range(bands):
            substitute(tile.normal, tile.right[b, : fit.basis.shape[1]])


@compiled
def _fit_tiles(history: History, fit: Fit, by: Equations, coefficients: NDArray[np.float32], share: tuple[int, int]) -> None:
    """Write what `fit_tiles` describes to `coefficients` (K, B, P), of one thread's `share`: every so-manieth tile, from its own on."""
    _, bands, pixels = history.values.shape
    (thread, threads), tile = share, empty_tile(bands, by)
    for first in range(thread * LANES, pixels, threads * LANES):
        _fit_tile(history, first, fit, by, tile)
        for i in range(fit.basis.shape[1]):
            for b in range(bands):
                out = coefficients[i, b, first : first + LANES]
                for lane in range(out.size):
                    out[lane] = tile.right[b, i, lane]


def fit_tiles(history: History, fit: Fit) -> NDArray[np.float32]:
    """Return coefficients (K, B, P) float32 of all pixels: see `harmonics.fit_harmonics`; a look with NaN in a band does not count.

    K = 2 N + 1 terms in the order of `harmonics.design`. A pixel without a look gets numbers that mean nothing.
    """
    by, coefficients = equations(fit.basis), np.empty((fit.basis.shape[1], *history.values.shape[1:]), np.float32)
    spread(lambda *share: _fit_tiles(history, fit, by, coefficients, share))
    return coefficients
