"""Comparing a look with few earlier ones: what the detectors for short histories have in common.

Nothing is known of a pixel's own noise, so it is taken from the pair of looks: most of the block is unchanged.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from sentinel_watch.detectors.evidence import advance, change_map, fresh_state, is_old
from sentinel_watch.detectors.normalise import scene_correction
from sentinel_watch.detectors.rules import Anomalies, Rules
from sentinel_watch.detectors.signs import bright_as_cloud, greener
from sentinel_watch.detectors.stack import stack_of, view_of
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.detectors.stack import View
    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.grid import Block

__all__ = ["Comparison"]

_USUAL = 3.5
"""Noise scales, over all bands together, that a pair of unchanged pixels hardly ever differs by."""
_SAMPLE_PX = 10_000


class Comparison(Part):
    """Base of detectors that compare a look with a reference made of the history's looks."""

    most_looks: int = Field(24, ge=1, le=60)
    """Looks of the history that are kept, the latest ones."""
    noise_floor: float = Field(0.01, gt=0, le=0.1)
    """Reflectance below which no difference counts as one."""
    quiet_below: float = Field(1.3, ge=0.5, le=5)
    """Distance, in units of what unchanged pixels hardly exceed, from which on a look counts as anomalous."""
    confirm_looks: int = Field(4, ge=2, le=20)
    """Anomalous looks that confirm; a single one is provisional at most."""
    confirm_days: int = Field(30, ge=5, le=365)
    """Days between the first anomalous look and the confirmation."""

    def fit(self, history: xr.Dataset) -> Arrays:
        """Return the baseline of a block's history cube, `reflectance` (time, band, y, x) and `mask` (time, y, x).

        Arrays: `looks` (R, B, P) reflectance, NaN where not clear; `days` (R,) and `last_clear` (P,), since 1970-01-01, 0 = never clear;
        `bands` (B,); `shape` (2,) rows and columns. A band without a value in the kept looks is left out.
        """
        stack = stack_of(history.isel(time=slice(-self.most_looks, None)))
        looks = np.where(stack.clear[:, None], stack.values, np.float32(np.nan))
        return {
            "looks": looks,
            "days": stack.days,
            "last_clear": stack.last_clear(),
            "bands": np.array(stack.bands),
            "shape": np.array(stack.shape),
        }

    def start(self, baseline: Arrays) -> Arrays:
        """Return the state before the first monitored look.

        No pixel has a track yet; the history's last clear days are taken over, so that an event seen at once still has a day before.
        """
        return fresh_state(baseline["last_clear"], baseline["bands"].size)

    def expect(self, baseline: Arrays, time: np.datetime64) -> NDArray[np.float32]:
        """Return the (band, y, x) reflectance that is normal at `time`; NaN where nothing is known.

        Without the look's own haze and light, which `update` allows for: the reference as it was seen. Only the UTC day of `time` counts.
        """
        day = int(np.asarray(time, "datetime64[D]").astype(int))
        return self._reference(baseline, day).reshape(-1, *baseline["shape"])

    def update(self, baseline: Arrays, state: Arrays, look: xr.Dataset) -> Arrays:
        """Return the state after `look`; one that the state already holds, or an older one, changes nothing.

        `look` has `reflectance` (band, y, x) and `mask` (y, x) on the block's grid; xarray raises KeyError where it lacks a band
        of the baseline.
        """
        view = view_of(look, tuple(str(band) for band in baseline["bands"]))
        if is_old(state, view):
            return state
        return advance(state, view, self._compare(baseline, state, view), self._rules())

    def report(self, baseline: Arrays, state: Arrays, block: Block) -> ChangeMap:  # noqa: ARG002 - part of the contract
        """Return the changed pixels of the block as they stand.

        Rows and columns are those of the AOI's grid: `block` says where the block lies in it.
        """
        return change_map(state, block)

    def _reference(self, baseline: Arrays, day: int) -> NDArray[np.float32]:
        """Return the (B, P) reflectance to compare a look of `day` with; NaN where there is none."""
        raise NotImplementedError

    def _rules(self) -> Rules:
        """Return the rules with this part's limits; one clearly anomalous look makes a pixel provisional.

        A catalogue of two scenes has one look to show anything by, and silence would report a new dump as no change.
        """
        return Rules(quiet_below=self.quiet_below, provisional_at=0.5, confirm_looks=self.confirm_looks, confirm_days=self.confirm_days)

    def _compare(self, baseline: Arrays, state: Arrays, view: View) -> Anomalies:
        """Return the pixels that the look finds off, and those that have a track, with their distances in units of the pair's noise.

        Denser vegetation counts as quiet. The drift is nought throughout: without a model there are no deviations to average.
        """
        reference = self._reference(baseline, view.day)
        known = np.flatnonzero(view.seen & np.isfinite(reference).all(axis=0))
        expected, seen = reference[:, known], view.values[:, known]
        expected, distance = _pair_distance(seen, expected, ~view.suspect[known], self.noise_floor)
        residual = seen - expected
        # nobody digs, dumps or burns a place greener
        distance = np.where(greener(residual, expected, baseline["bands"]), np.minimum(distance, self.quiet_below), distance)
        off = (distance > self.quiet_below) | np.isin(known, state["where"])
        doubtful = view.suspect[known] | bright_as_cloud(residual, baseline["bands"])
        return Anomalies(
            known[off].astype(np.int32), distance[off], np.zeros(off.sum(), np.float32), doubtful[off], residual.T[off], expected.T[off]
        )


def median_look(looks: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (B, P) median of `looks` (R, B, P), which hold NaN where a look saw nothing.

    R may be 0, and all is NaN then. The median holds while fewer than half of a pixel's looks are clouds that no mask caught.
    """
    if not looks.shape[0]:
        return np.full(looks.shape[1:], np.nan, np.float32)
    with warnings.catch_warnings():
        # numpy warns of pixels that no look saw, for which NaN is the answer
        warnings.filterwarnings("ignore", "All-NaN slice")
        return np.nanmedian(looks, axis=0).astype(np.float32)


def _pair_distance(
    seen: NDArray[np.float32], expected: NDArray[np.float32], trusted: NDArray[np.bool_], floor: float
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what an unchanged ground would have shown in the look (B, n), and how far it is from that (n,), in units of the pair's noise.

    The look's haze and light are put on what was seen before, and not taken out of the look: over another season nobody can
    tell the two apart, and what is told as seen must have been seen.

    `seen` and `expected` are (B, n) reflectance, `trusted` (n,) is True where a pixel may hold the correction, `floor` is reflectance.
    Without a trusted pixel every distance is 0. Distances above 1 hardly occur where nothing changed.
    """
    chosen = np.flatnonzero(trusted)
    # evenly spread and not drawn: the same look must give the same bytes
    chosen = chosen[:: max(1, chosen.size // _SAMPLE_PX)]
    if not chosen.size:
        return expected, np.zeros(seen.shape[1], np.float32)
    rough = np.maximum(_spread(seen[:, chosen] - expected[:, chosen]), floor)
    correction = scene_correction(seen[:, chosen], expected[:, chosen], np.repeat(rough[:, None], chosen.size, axis=1))
    expected = (expected * correction.gain[:, None] + correction.offset[:, None]).astype(np.float32)
    residual = seen - expected
    noise = np.hypot(_spread(residual[:, chosen]), floor)
    length = np.sqrt(np.square(residual / noise[:, None]).sum(axis=0))
    # a length grows with the root of the number of bands; _USUAL is that of four
    return expected, (length / (_USUAL * np.sqrt(len(seen) / 4))).astype(np.float32)


def _spread(residual: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the (B,) robust standard deviation of `residual` (B, n).

    Scaled median absolute deviation (Hampel, 1974): 1.4826 makes it the standard deviation where errors are normal. Up to half of the
    pixels may have changed without moving it far.
    """
    middle = np.median(residual, axis=1, keepdims=True)
    return np.asarray(1.4826 * np.median(np.abs(residual - middle), axis=1), np.float32)
