"""The seasonal model: harmonics of the year, as many as the history can carry, ridged and robustly fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.detectors.fitting import fit_tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.fitting import Fit, History

__all__ = ["ORDER_RULES", "YEAR_DAYS", "design", "fit_harmonics", "orders", "penalties", "predict"]

YEAR_DAYS = 365.2425

# time as well as looks: fifty looks of one summer say nothing of a winter
ORDER_RULES = ((0.7, 10), (1.6, 18), (2.8, 60))
"""Order n + 1 is allowed from (years of history, clear looks) of row n on."""

_FORBIDDEN = 1e9


def design(days: NDArray[np.int32], order: int) -> NDArray[np.float64]:
    """Return the (T, 1 + 2 * order) harmonics of the year at `days` (since 1970-01-01): 1, then cos and sin of each wave.

    Phase 0 is 1970-01-01 whatever the history, so that coefficients learnt from different years can be used with one another's days.
    """
    phase = 2 * np.pi / YEAR_DAYS * np.asarray(days, np.float64)
    waves = [wave(n * phase) for n in range(1, order + 1) for wave in (np.cos, np.sin)]
    return np.stack([np.ones_like(phase), *waves], axis=-1)


def orders(years: NDArray[np.float64], looks: NDArray[np.int64], top: int) -> NDArray[np.uint8]:
    """Return the order of each pixel's model, 0 to `top`, from its years of history and its number of clear looks.

    All are (P,). Each order needs the one below it, so both limits must hold up to it. 0, the mean alone, is what every pixel may have.
    """
    allowed = [(years >= least_years) & (looks >= least_looks) for least_years, least_looks in ORDER_RULES]
    climbed = np.cumprod(np.asarray(allowed[:top], np.uint8).reshape(-1, *years.shape), axis=0)
    return np.asarray(climbed.sum(axis=0), np.uint8)


def penalties(top: int, ridge: float) -> NDArray[np.float64]:
    """Return the (top + 1, 1 + 2 * top) penalty of each coefficient at each order; the mean is nearly free.

    Row n is for pixels of order n: higher waves are penalised so that no history outweighs it, and one kernel serves all orders.
    `ridge` is in looks: it counts as much as so many looks that say that there is no season.
    """
    wave = np.concatenate([[0], np.repeat(np.arange(1, top + 1), 2)])
    # not quite free, so that even a pixel without looks can be solved
    allowed = np.where(wave == 0, 1e-6, ridge)
    return np.where(wave <= np.arange(top + 1)[:, None], allowed, _FORBIDDEN)


def fit_harmonics(history: History, fit: Fit) -> NDArray[np.float32]:
    """Return coefficients (K, B, P) of the looks of `history`; NaN where a pixel was never seen.

    After a ridge fit, reweighted ones follow: Tukey's weights of the residual over all bands together, so that a cloud
    seen in one band is out in all.

    Iteratively reweighted least squares (Holland and Welsch, 1977), `fit.steps` times. K = 2 N + 1 terms, those beyond a pixel's own
    order next to nought.
    """
    coefficients: NDArray[np.float32] = fit_tiles(history, fit)
    # what the ridge alone made would pass for a very dark ground
    coefficients[..., ~history.clear.any(axis=0)] = np.nan
    return coefficients


def predict(coefficients: NDArray[np.float32], row: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the (B, P) reflectance that `coefficients` (K, B, P) expect where the harmonics are `row` (K,).

    Nothing holds it to 0-1: of dark water the harmonics may expect a little less than nought. NaN where the pixel was never seen.
    """
    return np.tensordot(row.astype(np.float32), coefficients, axes=1)
