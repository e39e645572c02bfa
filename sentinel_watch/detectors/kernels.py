"""The loops that must be fast, compiled: pixels side by side in tiles that stay in cache, sums in double precision.

A tile is worked on by one thread from beginning to end and pixels never meet, so the answer depends neither on the
number of threads nor on where the tiles begin. `tests/unit` holds a plain reference of each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit, prange

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_tiles"]

LANES = 256
"""Pixels in a tile."""

TUKEY = 4.685
"""Residuals beyond so many noise scales weigh nothing (95 % efficiency under normal noise)."""


@njit(cache=True)
def _accumulate(values, weight, basis, normal, right) -> None:  # type: ignore[no-untyped-def]
    """Add one pass over the looks to the normal equations: `normal` (K * (K + 1) / 2, L), `right` (B, K, L)."""
    looks, bands, lanes = values.shape
    terms = basis.shape[1]
    normal[:] = 0
    right[:] = 0
    for t in range(looks):
        entry = 0
        for i in range(terms):
            for j in range(i + 1):
                product = basis[t, i] * basis[t, j]
                for lane in range(lanes):
                    normal[entry, lane] += product * weight[t, lane]
                entry += 1
        for b in range(bands):
            for i in range(terms):
                for lane in range(lanes):
                    right[b, i, lane] += basis[t, i] * weight[t, lane] * values[t, b, lane]


@njit(cache=True)
def _solve(normal, penalty, right) -> None:  # type: ignore[no-untyped-def]
    """Solve the ridged normal equations of all lanes at once by Cholesky's method; `right` becomes the solution."""
    terms, lanes = penalty.shape
    bands = right.shape[0]
    for i in range(terms):
        for j in range(i + 1):
            at = i * (i + 1) // 2 + j
            for lane in range(lanes):
                total = normal[at, lane]
                if i == j:
                    total += penalty[i, lane]
                for k in range(j):
                    total -= normal[i * (i + 1) // 2 + k, lane] * normal[j * (j + 1) // 2 + k, lane]
                normal[at, lane] = np.sqrt(total) if i == j else total / normal[j * (j + 1) // 2 + j, lane]
    for b in range(bands):
        for i in range(terms):
            for k in range(i):
                for lane in range(lanes):
                    right[b, i, lane] -= normal[i * (i + 1) // 2 + k, lane] * right[b, k, lane]
            for lane in range(lanes):
                right[b, i, lane] /= normal[i * (i + 1) // 2 + i, lane]
        for i in range(terms - 1, -1, -1):
            for k in range(i + 1, terms):
                for lane in range(lanes):
                    right[b, i, lane] -= normal[k * (k + 1) // 2 + i, lane] * right[b, k, lane]
            for lane in range(lanes):
                right[b, i, lane] /= normal[i * (i + 1) // 2 + i, lane]


@njit(cache=True)
def _misfit(values, basis, solution, precision, misfit) -> None:  # type: ignore[no-untyped-def]
    """Write the mean squared residual over the bands, in units of noise, to `misfit` (T, L)."""
    looks, bands, lanes = values.shape
    residual = np.empty(lanes)
    for t in range(looks):
        misfit[t] = 0
        for b in range(bands):
            for lane in range(lanes):
                residual[lane] = values[t, b, lane]
            for i in range(basis.shape[1]):
                for lane in range(lanes):
                    residual[lane] -= basis[t, i] * solution[b, i, lane]
            for lane in range(lanes):
                misfit[t, lane] += (residual[lane] * precision[b]) ** 2 / bands


@njit(cache=True)
def _reweight(misfit, clear, weight, scale) -> None:  # type: ignore[no-untyped-def]
    """Set Tukey's weights from `misfit` (T, L), and `scale` (L,) to the noise that the present weights leave."""
    looks, lanes = misfit.shape
    total, mass = np.zeros(lanes), np.full(lanes, 1e-9)
    for t in range(looks):
        for lane in range(lanes):
            total[lane] += weight[t, lane] * misfit[t, lane]
            mass[lane] += weight[t, lane]
    for lane in range(lanes):
        total[lane] = max(total[lane] / mass[lane], 1e-6)
        scale[lane] = np.sqrt(total[lane])
    for t in range(looks):
        for lane in range(lanes):
            inside = max(0.0, 1 - misfit[t, lane] / (total[lane] * TUKEY**2))
            weight[t, lane] = clear[t, lane] * inside**2


@njit(parallel=True, cache=True)
def fit_tiles(values, clear, basis, penalty, precision, steps, coefficients, scale) -> None:  # type: ignore[no-untyped-def]
    """Fit all pixels: see `harmonics.fit_harmonics`; `coefficients` (K, B, P) and `scale` (P,) are written to."""
    looks, bands, pixels = values.shape
    terms = basis.shape[1]
    for tile in prange((pixels + LANES - 1) // LANES):
        first = tile * LANES
        lanes = min(LANES, pixels - first)
        seen = np.zeros((looks, lanes))
        staged = np.zeros((looks, bands, lanes), np.float32)
        for t in range(looks):
            for lane in range(lanes):
                seen[t, lane] = clear[t, first + lane]
                for b in range(bands):
                    if clear[t, first + lane]:
                        staged[t, b, lane] = values[t, b, first + lane]
        weight, misfit, noise = seen.copy(), np.empty((looks, lanes)), np.empty(lanes)
        normal, right = np.empty((terms * (terms + 1) // 2, lanes)), np.empty((bands, terms, lanes))
        ridge = penalty[:, first : first + lanes].copy()
        _accumulate(staged, weight, basis, normal, right)
        _solve(normal, ridge, right)
        for step in range(steps + 1):
            _misfit(staged, basis, right, precision, misfit)
            _reweight(misfit, seen, weight, noise)
            if step < steps:
                _accumulate(staged, weight, basis, normal, right)
                _solve(normal, ridge, right)
        for lane in range(lanes):
            if seen[:, lane].sum() > 0:
                scale[first + lane] = noise[lane]
                for b in range(bands):
                    for i in range(terms):
                        coefficients[i, b, first + lane] = right[b, i, lane]
