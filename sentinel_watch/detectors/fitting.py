"""The fit of all pixels, compiled: pixels side by side in tiles that stay in cache, sums in double precision.

A tile is worked on by one thread from beginning to end and pixels never meet, so the answer depends neither on the
number of threads nor on where the tiles begin. A plain reference stands in the tests.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import prange
from numpy.typing import NDArray

from sentinel_watch.detectors.compiled import compiled, compiled_parallel

__all__ = ["LANES", "TUKEY", "Fit", "Floats", "History", "fit_tiles"]

LANES = 256
"""Pixels in a tile."""

_TOGETHER = 4
"""Looks that are summed in one go."""

TUKEY = 4.685
"""Residuals beyond so many noise scales weigh nothing (95 % efficiency under normal noise)."""

Floats = NDArray[np.float64]


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
    """How to fit; K terms."""

    basis: Floats
    """(T, K) harmonics at the looks."""
    penalty: Floats
    """(P, K) ridge."""
    precision: Floats
    """(B,) 1 / reflectance: what brings the bands to one scale of noise."""
    steps: int
    """Reweighted fits after the first."""


@compiled
def _stage(history: History, first: int, staged: NDArray[np.float32], seen: Floats) -> None:
    """Copy a tile's looks, levelled, to `staged` (T, B, L), nought where not clear, and `seen` (T, L)."""
    looks, bands, lanes = staged.shape
    for t in range(looks):
        # Slices from nought on: an index that might be negative keeps the compiler from working on lanes side by side.
        clear, counts = history.clear[t, first : first + lanes], seen[t]
        for lane in range(lanes):
            counts[lane] = 1.0 if clear[lane] else 0.0
        for b in range(bands):
            offset, factor = history.offset[t, b], history.factor[t, b]
            values, out = history.values[t, b, first : first + lanes], staged[t, b]
            for lane in range(lanes):
                out[lane] = (values[lane] - offset) * factor if clear[lane] else np.float32(0)


@compiled
def _accumulate(staged: NDArray[np.float32], weight: Floats, basis: Floats, normal: Floats, right: Floats) -> None:
    """Write the normal equations: `normal` (K * (K + 1) / 2, L), `right` (B, K, L)."""
    looks, bands, lanes = staged.shape
    normal[:] = 0
    right[:] = 0
    weighted = np.empty((_TOGETHER, lanes))
    for first in range(0, looks, _TOGETHER):
        last = min(first + _TOGETHER, looks)
        for t in range(first, last):
            weighted[t - first] = weight[t]
        _add_products(weighted, basis[first:last], normal)
        for b in range(bands):
            for t in range(first, last):
                for lane in range(lanes):
                    weighted[t - first, lane] = weight[t, lane] * staged[t, b, lane]
            _add_terms(weighted, basis[first:last], right[b])


@compiled
def _add_products(weighted: Floats, basis: Floats, normal: Floats) -> None:
    """Add the products of terms of a few looks, times their weights (n, L), to `normal`."""
    entry = 0
    products = np.empty(_TOGETHER)
    for i in range(basis.shape[1]):
        for j in range(i + 1):
            for t in range(len(basis)):
                products[t] = basis[t, i] * basis[t, j]
            _add_lanes(normal[entry], products, weighted, len(basis))
            entry += 1


@compiled
def _add_terms(weighted: Floats, basis: Floats, right: Floats) -> None:
    """Add the terms of a few looks times their weighted values (n, L) to `right` (K, L)."""
    terms = np.empty(_TOGETHER)
    for i in range(basis.shape[1]):
        terms[: len(basis)] = basis[:, i]
        _add_lanes(right[i], terms, weighted, len(basis))


@compiled
def _add_lanes(total: Floats, factors: Floats, rows: Floats, count: int) -> None:
    """Add the sum of `factors` (n,) * `rows` (n, L) to `total` (L,); a full set in one go, so that sums stay in registers."""
    if count < _TOGETHER:
        for t in range(count):
            for lane in range(total.size):
                total[lane] += factors[t] * rows[t, lane]
        return
    one, two, three, four = factors[0], factors[1], factors[2], factors[3]
    for lane in range(total.size):
        total[lane] += one * rows[0, lane] + two * rows[1, lane] + three * rows[2, lane] + four * rows[3, lane]


@compiled
def _factorise(normal: Floats, penalty: Floats) -> None:
    """Replace the ridged normal equations of all lanes by their Cholesky factor; `penalty` (K, L)."""
    terms, lanes = penalty.shape
    for i in range(terms):
        for j in range(i + 1):
            at = i * (i + 1) // 2 + j
            if i == j:
                for lane in range(lanes):
                    normal[at, lane] += penalty[i, lane]
            for k in range(j):
                left, right = i * (i + 1) // 2 + k, j * (j + 1) // 2 + k
                for lane in range(lanes):
                    normal[at, lane] -= normal[left, lane] * normal[right, lane]
            corner = j * (j + 1) // 2 + j
            for lane in range(lanes):
                normal[at, lane] = np.sqrt(normal[at, lane]) if i == j else normal[at, lane] / normal[corner, lane]


@compiled
def _substitute(factor: Floats, right: Floats) -> None:
    """Turn `right` (B, K, L) into the solution, by the Cholesky factor (K * (K + 1) / 2, L), forwards and backwards."""
    for b in range(right.shape[0]):
        for i in range(right.shape[1]):
            for k in range(i):
                _subtract(right[b, i], factor[i * (i + 1) // 2 + k], right[b, k])
            _divide(right[b, i], factor[i * (i + 1) // 2 + i])
        for i in range(right.shape[1] - 1, -1, -1):
            for k in range(i + 1, right.shape[1]):
                _subtract(right[b, i], factor[k * (k + 1) // 2 + i], right[b, k])
            _divide(right[b, i], factor[i * (i + 1) // 2 + i])


@compiled
def _subtract(lanes: Floats, factor: Floats, other: Floats) -> None:
    """Take `factor` * `other` from `lanes`, (L,) each."""
    for lane in range(lanes.size):
        lanes[lane] -= factor[lane] * other[lane]


@compiled
def _divide(lanes: Floats, by: Floats) -> None:
    """Divide `lanes` by `by`, (L,) each."""
    for lane in range(lanes.size):
        lanes[lane] /= by[lane]


@compiled
def _misfit(staged: NDArray[np.float32], fit: Fit, solution: Floats, misfit: Floats) -> None:
    """Write the mean squared residual over the bands, in units of noise, to `misfit` (T, L)."""
    looks, bands, lanes = staged.shape
    residual = np.empty(lanes)
    for t in range(looks):
        misfit[t] = 0
        for b in range(bands):
            for lane in range(lanes):
                residual[lane] = staged[t, b, lane]
            for i in range(fit.basis.shape[1]):
                term = fit.basis[t, i]
                for lane in range(lanes):
                    residual[lane] -= term * solution[b, i, lane]
            scale = fit.precision[b] ** 2 / bands
            for lane in range(lanes):
                misfit[t, lane] += residual[lane] ** 2 * scale


@compiled
def _reweight(misfit: Floats, seen: Floats, weight: Floats) -> None:
    """Set Tukey's weights (T, L) from the misfit, its scale being what the present weights leave."""
    looks, lanes = misfit.shape
    total, mass = np.zeros(lanes), np.full(lanes, 1e-9)
    for t in range(looks):
        for lane in range(lanes):
            total[lane] += weight[t, lane] * misfit[t, lane]
            mass[lane] += weight[t, lane]
    for lane in range(lanes):
        total[lane] = TUKEY**2 * max(total[lane] / mass[lane], 1e-6)
    for t in range(looks):
        for lane in range(lanes):
            inside = max(0.0, 1 - misfit[t, lane] / total[lane])
            weight[t, lane] = seen[t, lane] * inside * inside


@compiled_parallel
def fit_tiles(history: History, fit: Fit) -> NDArray[np.float32]:
    """Return coefficients (K, B, P) float32 of all pixels: see `harmonics.fit_harmonics`."""
    looks, bands, pixels = history.values.shape
    terms = fit.basis.shape[1]
    coefficients = np.empty((terms, bands, pixels), np.float32)
    for tile in prange((pixels + LANES - 1) // LANES):
        first = tile * LANES
        lanes = min(LANES, pixels - first)
        staged, seen = np.empty((looks, bands, lanes), np.float32), np.empty((looks, lanes))
        normal, right = np.empty((terms * (terms + 1) // 2, lanes)), np.empty((bands, terms, lanes))
        penalty = fit.penalty[first : first + lanes].T.copy()
        _stage(history, first, staged, seen)
        weight, misfit = seen.copy(), np.empty((looks, lanes))
        for step in range(fit.steps + 1):
            if step:
                _misfit(staged, fit, right, misfit)
                _reweight(misfit, seen, weight)
            _accumulate(staged, weight, fit.basis, normal, right)
            _factorise(normal, penalty)
            _substitute(normal, right)
        for i in range(terms):
            for b in range(bands):
                for lane in range(lanes):
                    coefficients[i, b, first + lane] = right[b, i, lane]
    return coefficients
