"""The seasonal monitor: what is normal here at this time of year, and has a pixel been off it long enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from sentinel_watch.detectors.evidence import Anomalies, Rules, advance, change_map, fresh_state, is_old
from sentinel_watch.detectors.harmonics import YEAR_DAYS, design, fit_harmonics, orders, penalties, predict
from sentinel_watch.detectors.normalise import correct, scene_correction
from sentinel_watch.detectors.signs import bright_as_cloud
from sentinel_watch.detectors.stack import Stack, stack_of, view_of
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.grid import Block

__all__ = ["Seasonal"]

_SAMPLE_PX = 10_000


class Seasonal(Part):
    """Seasonal model per pixel over all bands together, scenes normalised, evidence added up over looks."""

    confidence_limit: ClassVar[float] = 0.95

    least_looks: int = Field(10, ge=4, le=200)
    """Clear looks that the median pixel's history must hold."""
    least_days: int = Field(300, ge=90, le=3650)
    """Days from the first to the last look of the history."""
    top_order: int = Field(3, ge=0, le=3)
    """Harmonics of the year at most, where the history is long enough."""
    ridge: float = Field(1.0, ge=0, le=100)
    """Penalty on the harmonics, in looks."""
    noise_floor: float = Field(0.008, gt=0, le=0.1)
    """Reflectance below which no difference counts as one."""
    quiet_below: float = Field(1.3, ge=0.5, le=5)
    """Distance, in units of a pixel's own usual largest one, from which on a look counts as anomalous."""

    def shortage(self, history: xr.Dataset) -> str:
        """Return why `history` does not suffice, in plain words; empty where it does."""
        stack = stack_of(history)
        looks = int(np.median(stack.clear.sum(axis=0))) if stack.clear.size else 0
        days = int(np.ptp(stack.days)) if stack.days.size else 0
        if looks >= self.least_looks and days >= self.least_days:
            return ""
        return f"the history holds {looks} clear looks over {days} days; {self.least_looks} over {self.least_days} days are needed"

    def fit(self, history: xr.Dataset) -> Arrays:
        """Return the baseline of a block's history cube, `reflectance` (time, band, y, x) and `mask` (time, y, x)."""
        stack = stack_of(history)
        stack = _level(stack, self._model(stack))
        coefficients = self._model(stack)
        whiten, usual = _noise(stack, coefficients, self.noise_floor)
        return {
            "coefficients": coefficients,
            "whiten": whiten,
            "usual": usual,
            "bands": np.array(stack.bands),
            "shape": np.array(stack.shape),
        }

    def start(self, baseline: Arrays) -> Arrays:
        """Return the state before the first monitored look."""
        return fresh_state(baseline["usual"].size, baseline["bands"].size)

    def expect(self, baseline: Arrays, time: np.datetime64) -> NDArray[np.float32]:
        """Return the (band, y, x) reflectance that is normal at `time`; NaN where nothing is known."""
        return self._expected(baseline, int(np.asarray(time, "datetime64[D]").astype(int))).reshape(-1, *baseline["shape"])

    def update(self, baseline: Arrays, state: Arrays, look: xr.Dataset) -> Arrays:
        """Return the state after `look`; one that the state already holds, or an older one, changes nothing."""
        view = view_of(look, tuple(str(band) for band in baseline["bands"]))
        if is_old(state, view):
            return state
        expected = self._expected(baseline, view.day)
        seen = view.seen & np.isfinite(baseline["usual"])
        trusted = np.flatnonzero(seen & ~view.suspect)[:: max(1, seen.sum() // _SAMPLE_PX)]
        noise = np.broadcast_to(baseline["usual"][trusted] * self.noise_floor, (expected.shape[0], trusted.size))
        correction = scene_correction(view.values[:, trusted], expected[:, trusted], np.maximum(noise, self.noise_floor))
        residual = correct(view.values, correction) - expected
        distance = _length(baseline["whiten"], residual) / (baseline["usual"] * max(1.0, correction.spread))
        tracked = np.zeros(seen.size, bool)
        tracked[state["where"]] = True
        where = np.flatnonzero(seen & (tracked | (distance > self.quiet_below))).astype(np.int32)
        doubtful = view.suspect[where] | bright_as_cloud(residual[:, where], baseline["bands"])
        off = Anomalies(where, distance[where], doubtful, residual.T[where], expected.T[where])
        return advance(state, view, off, self._rules())

    def report(self, baseline: Arrays, state: Arrays, block: Block) -> ChangeMap:  # noqa: ARG002 - part of the contract
        """Return the changed pixels of the block as they stand."""
        return change_map(state, block)

    def _rules(self) -> Rules:
        return Rules(quiet_below=self.quiet_below)

    def _expected(self, baseline: Arrays, day: int) -> NDArray[np.float32]:
        coefficients = baseline["coefficients"]
        return predict(coefficients, design(np.array([day]), coefficients.shape[0] // 2)[0])

    def _model(self, stack: Stack) -> NDArray[np.float32]:
        looks = stack.clear.sum(axis=0)
        years = np.full(looks.shape, np.ptp(stack.days) / YEAR_DAYS)
        order = orders(years, looks, self.top_order)
        top = int(order.max(initial=0))
        penalty = np.ascontiguousarray(penalties(top, self.ridge)[order].T)
        noise = np.full(len(stack.bands), self.noise_floor)
        return fit_harmonics(stack.values, stack.clear, design(stack.days, top), penalty, noise)[0]


def _level(stack: Stack, coefficients: NDArray[np.float32]) -> Stack:
    """Return the stack with what each look has in common taken out."""
    basis = design(stack.days, coefficients.shape[0] // 2)
    values = np.empty_like(stack.values)
    for look, (seen, clear, row) in enumerate(zip(stack.values, stack.clear, basis, strict=True)):
        expected = predict(coefficients, row)
        chosen = np.flatnonzero(clear)[:: max(1, clear.sum() // _SAMPLE_PX)]
        noise = np.full((seen.shape[0], chosen.size), 0.015)
        values[look] = correct(seen, scene_correction(seen[:, chosen], expected[:, chosen], noise))
    return Stack(values, stack.clear, stack.days, stack.bands, stack.shape)


def _noise(stack: Stack, coefficients: NDArray[np.float32], floor: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    basis = design(stack.days, coefficients.shape[0] // 2)
    bands = len(stack.bands)
    total, count = np.zeros((bands, bands)), 0
    for look, clear, row in zip(stack.values, stack.clear, basis, strict=True):
        residual = np.clip((look - predict(coefficients, row))[:, clear], -0.05, 0.05).astype(np.float64)
        total, count = total + residual @ residual.T, count + residual.shape[1]
    covariance = total / max(count, 1) + floor**2 * np.eye(bands)
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).astype(np.float32)
    lengths = np.full(stack.clear.shape, np.nan, np.float32)
    for look, (values, clear, row) in enumerate(zip(stack.values, stack.clear, basis, strict=True)):
        lengths[look, clear] = _length(whiten, (values - predict(coefficients, row))[:, clear])
    known = stack.clear.any(axis=0)
    usual = np.full(known.size, np.nan, np.float32)
    usual[known] = np.nanquantile(lengths[:, known], 0.9, axis=0)
    return whiten, np.maximum(usual, np.nanmedian(usual)) if known.any() else usual


def _length(whiten: NDArray[np.float32], residual: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(np.square(whiten @ residual).sum(axis=0)).astype(np.float32)
