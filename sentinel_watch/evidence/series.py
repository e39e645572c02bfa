"""An event's mean of each band and index over time, and what the baseline expected.

An index is computed for each pixel and then averaged: the index of the mean spectrum would be another number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import xarray as xr

from sentinel_watch.evidence.samples import CLEAR, SUSPECT, Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Index", "Series", "all_series", "instants", "strongest"]

Index: TypeAlias = "Callable[[str, xr.DataArray], xr.DataArray]"
"""Name, reflectance (time, band, y, x) -> index (time, y, x)."""

CURVE_POINTS = 120
"""Points of the expected curve: smooth over six years, and cheap for the baseline."""

MIN_HISTORY = 8
"""Clear looks needed before a usual spread is claimed."""


@dataclass(frozen=True, slots=True)
class Series:
    """One band or index of one event; t = the scenes of the samples, c = the points of the curve."""

    name: str
    observed: NDArray[np.float64]
    """(t,) mean over the event's usable pixels; NaN = none."""
    expected: NDArray[np.float64]
    """(t,) mean that the baseline expected, over the same pixels (all of them where none was usable)."""
    curve_times: NDArray[np.datetime64]
    """(c,) evenly spaced instants from the first to the last scene."""
    curve: NDArray[np.float64]
    """(c,) mean that the baseline expected, over all pixels; NaN = nothing is known."""
    spread: float
    """Robust standard deviation of observed - expected at the history's clear looks; NaN where there are too few."""


def instants(samples: Samples) -> NDArray[np.datetime64]:
    """Return the (t + c,) instants at which the series say what is normal: those of the scenes, then those of the curve.

    Samples of the same ledger have the same instants. `samples` must hold a scene.
    """
    times = np.array([scene.time for scene in samples.scenes], "datetime64[s]")
    curve_times = times[0] + np.linspace(0, 1, CURVE_POINTS) * (times[-1] - times[0])
    return np.concatenate([times, curve_times.astype("datetime64[s]")])


def all_series(samples: Samples, normal: NDArray[np.float32] | None, index: Index, names: Sequence[str]) -> Mapping[str, Series]:
    """Return the series of every band and of the indices `names`, by name; empty where no scene was read.

    `normal` (t + c, band, n) is the baseline's reflectance of the event's pixels at the `instants`; None leaves `expected` and
    `curve` NaN. `index` computes an index of a cube; its bands must be among those of `samples`.
    """
    if not samples.bands or not len(samples.y):
        return {}
    times, count = instants(samples), len(samples.scenes)
    observed = _observed(samples)
    expected = np.full((len(times), *observed.shape[1:]), np.nan, np.float32) if normal is None else normal.copy()
    gone = np.isnan(observed)
    # The same pixels on both sides: a half-hidden event must not differ from its baseline for that alone.
    expected[:count][gone & ~gone.all(axis=(1, 2), keepdims=True)] = np.nan
    values = {name: (_means(observed, samples, index, name), _means(expected, samples, index, name)) for name in (*samples.bands, *names)}
    return {name: _series(name, samples, times[count:], pair) for name, pair in values.items()}


def strongest(series: Mapping[str, Series], names: Sequence[str], samples: Samples, onset: np.datetime64) -> list[Series]:
    """Return the series called `names`, those that moved most since the onset (in units of their spread) first.

    Moved is the median of observed - expected over the looks since, in either direction. Series that were never observed are
    left out; where the spread is not known, the order of `names` stands.

    `onset` is an instant, UTC. A series whose spread is not known counts as not having moved.
    """
    since = [scene.time >= onset and scene.state in (CLEAR, SUSPECT) for scene in samples.scenes]
    known = [series[name] for name in names if name in series and np.isfinite(series[name].observed).any()]
    return sorted(known, key=lambda one: -_shift(one, np.array(since, bool)))


def _shift(series: Series, since: NDArray[np.bool_]) -> float:
    """Return how many spreads the series moved where `since` (t,) is True; 0 where that is not known.

    Of the median, so that one missed cloud does not decide.
    """
    moved = (series.observed - series.expected)[since]
    moved = moved[np.isfinite(moved)]
    return abs(float(np.median(moved))) / series.spread if len(moved) and series.spread > 0 else 0.0


def _observed(samples: Samples) -> NDArray[np.float32]:
    """Return (t, band, n) reflectance of the event's pixels, NaN = not usable or never read.

    Scenes that were never read are NaN throughout, so that the rows are those of the ledger.
    """
    nothing = np.full((len(samples.bands), len(samples.y)), np.nan, np.float32)
    return np.stack([nothing if scene.reflectance is None else scene.reflectance for scene in samples.scenes])


def _means(values: NDArray[np.float32], samples: Samples, index: Index, name: str) -> NDArray[np.float64]:
    """Return the mean of a band or index over the pixels, (times,), out of (times, band, n) reflectance.

    `name` is a band of the samples, or an index that `index` knows.
    """
    if name in samples.bands:
        return _finite_mean(values[:, samples.bands.index(name)])
    # the indices take cubes: each pixel is a row of an image one pixel wide
    cube = xr.DataArray(values[..., None], dims=("time", "band", "y", "x"), coords={"band": list(samples.bands)})
    # Dark water divides by next to nothing; such pixels come out infinite and are left out of the mean.
    with np.errstate(all="ignore"):
        return _finite_mean(np.asarray(index(name, cube))[..., 0])


def _finite_mean(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean over the last axis of what is finite; NaN where nothing is.

    Sums in float64: float32 would lose digits over thousands of pixels.
    """
    known = np.isfinite(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0).sum(axis=-1, dtype=np.float64)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _series(
    name: str, samples: Samples, curve_times: NDArray[np.datetime64], means: tuple[NDArray[np.float64], NDArray[np.float64]]
) -> Series:
    """Return the series out of observed (t,) and expected (t + c,) means.

    The spread is of the history's clear looks alone, since later ones may hold the event.
    """
    observed, expected = means
    count = len(observed)
    usual = np.array([scene.role == "history" and scene.state == CLEAR for scene in samples.scenes], bool)
    residual = (observed - expected[:count])[usual]
    return Series(name, observed, expected[:count], curve_times, expected[count:], _robust_deviation(residual[np.isfinite(residual)]))


def _robust_deviation(residual: NDArray[np.float64]) -> float:
    """Return the robust standard deviation; NaN below MIN_HISTORY values."""
    if len(residual) < MIN_HISTORY:
        return float("nan")
    # Median absolute deviation, scaled to a normal distribution's standard deviation: missed clouds do not widen it.
    return 1.4826 * float(np.median(np.abs(residual - np.median(residual))))
