"""A pixel's own seasonal model, to plant differences against: it needs to be plausible, not sharp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.look import day_number, usable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["SeasonalModel", "fit_season", "harmonics"]

YEAR_DAYS = 365.2425


def harmonics(days: NDArray[np.int32], order: int) -> NDArray[np.float64]:
    """Return the (time, 1 + 2 order) design matrix of a yearly Fourier series without trend.

    `days` (time,) since 1970-01-01. Columns: the mean, then cosine and sine of one wave a year, of two, up to `order`.
    """
    angle = 2 * np.pi * np.asarray(days, float) / YEAR_DAYS
    waves = [wave(k * angle) for k in range(1, order + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones_like(angle), *waves], axis=1)


@dataclass(frozen=True, slots=True)
class SeasonalModel:
    """Harmonic coefficients of every pixel and band; all zero where a pixel had no usable look."""

    coefficients: NDArray[np.float64]
    """(term, band, y, x), reflectance."""
    order: int

    def at(self, days: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return the (time, band, y, x) reflectance of `days` since 1970-01-01, not below zero."""
        seen = np.tensordot(harmonics(days, self.order), self.coefficients, axes=1)
        return np.maximum(seen, 0.0).astype(np.float32)


def fit_season(cube: xr.Dataset, order: int = 2, ridge: float = 1.0, steps: int = 3) -> SeasonalModel:
    """Return the robust seasonal model of every pixel of `cube` (time, band, y, x), from its usable looks.

    Ridge on the waves keeps short histories tame; the weights (Huber on the residual's worst band, shared by the
    bands) keep the clouds that the mask missed from bending it.
    """
    seen, clear = _flat(cube)
    design = harmonics(day_number(cube["time"]), order)
    weights = clear.astype(float)
    coefficients = _solve(design, seen, weights, ridge)
    for _ in range(steps - 1):
        # the worst band, for a cloud may hide in some of them
        residual = np.abs(seen - np.einsum("tk,kbp->tbp", design, coefficients)).max(axis=1)
        residual[~clear] = np.nan
        limit = 2.0 * np.nanmedian(np.where(clear.any(axis=0), residual, 0), axis=0)
        weights = clear * np.minimum(1, limit / np.fmax(residual, 1e-6), where=clear, out=np.zeros_like(residual))
        coefficients = _solve(design, seen, weights, ridge)
    shape = cube["reflectance"].shape
    return SeasonalModel(coefficients.reshape(-1, shape[1], *shape[2:]), order)


def _flat(cube: xr.Dataset) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return (time, band, pixel) reflectance, 0 where not usable, and (time, pixel) True where usable in every band."""
    seen = cube["reflectance"].values
    seen = seen.reshape(*seen.shape[:2], -1).astype(float)
    clear = usable(cube["mask"].values).reshape(seen.shape[0], -1) & np.isfinite(seen).all(axis=1)
    return np.where(clear[:, None], seen, 0.0), clear


def _solve(design: NDArray[np.float64], seen: NDArray[np.float64], weights: NDArray[np.float64], ridge: float) -> NDArray[np.float64]:
    """Return (term, band, pixel) coefficients of the weighted ridge regression; the mean is not shrunk."""
    # a trace on the mean too: a pixel without a usable look would have no solution
    penalty = np.diag([1e-6, *[ridge] * (design.shape[1] - 1)])
    outer = np.einsum("tk,tl->tkl", design, design).reshape(len(design), -1)
    normal = (weights.T @ outer).reshape(-1, *penalty.shape) + penalty
    right = np.einsum("tk,tp,tbp->pkb", design, weights, seen, optimize=True)
    return np.linalg.solve(normal, right).transpose(1, 2, 0)
