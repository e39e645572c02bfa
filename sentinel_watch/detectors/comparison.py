"""Comparing a look with few earlier ones: what the detectors for short histories have in common.

Nothing is known of a pixel's own noise, so it is taken from the pair of looks, and single pixels say nothing: pieces of ground do.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from sentinel_watch.detectors.evidence import advance, change_map, fresh_state, is_old
from sentinel_watch.detectors.pair import Noise, contrast, seeded
from sentinel_watch.detectors.rules import Anomalies, Rules
from sentinel_watch.detectors.stack import stack_of, view_of
from sentinel_watch.detectors.weather import beside_cloud
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.detectors.stack import View
    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.grid import Block

__all__ = ["Comparison"]

_LEAST_SURE_PX = 3
"""Pixels that make a piece of changed ground sure; one or two are a glint, a vehicle, a defect."""


class Comparison(Part):
    """Base of detectors that compare a look with a reference made of the history's looks."""

    most_looks: int = Field(24, ge=1, le=60)
    """Looks of the history that are kept, the latest ones."""
    noise_floor: float = Field(0.01, gt=0, le=0.1)
    """Reflectance by which unchanged ground differs between two looks."""
    noise_share: float = Field(0.06, ge=0, le=0.5)
    """Share of the reflectance by which it does so, beside that."""
    quiet_below: float = Field(1.0, ge=0.5, le=5)
    """Distance, in units of what unchanged pixels hardly exceed, from which on a look counts as anomalous."""
    sure_from: float = Field(1.75, ge=0.5, le=10)
    """The same for what makes a piece of ground sure; a piece without it stays quiet."""
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

    def _off_season(self, baseline: Arrays, day: int) -> float:  # noqa: ARG002 - a reference of the same season is never off
        """Return how many times as much as in one season unchanged ground may differ on `day` from the reference; 1 for the same season."""
        return 1.0

    def _rules(self) -> Rules:
        """Return the rules with this part's limits; one clearly anomalous look makes a pixel provisional.

        A catalogue of two scenes has one look to show anything by, and silence would report a new dump as no change.
        """
        return Rules(quiet_below=self.quiet_below, provisional_at=0.0, confirm_looks=self.confirm_looks, confirm_days=self.confirm_days)

    def _compare(self, baseline: Arrays, state: Arrays, view: View) -> Anomalies:
        """Return the pixels that the look finds off, and those that have a track, with their distances in units of the pair's noise.

        What lies in no sure piece counts as quiet, unless it has a track: another season hides what is new, and ends nothing that began.
        The drift is nought throughout: without a model there are no deviations to average.
        """
        reference = self._reference(baseline, view.day)
        known = view.seen & np.isfinite(reference).all(axis=0)
        shape = (len(reference), *(int(size) for size in baseline["shape"]))
        seen, expected = (np.where(known, values, np.float32(np.nan)).reshape(shape) for values in (view.values, reference))
        season = self._off_season(baseline, view.day)
        noise = Noise(self.noise_floor, self.noise_share)
        found = contrast(seen, expected, [str(band) for band in baseline["bands"]], noise, self.sure_from * season)
        off = seeded(found, self.quiet_below * season, _LEAST_SURE_PX)
        # why the reference knows nothing of a pixel is not kept: cloud, most probably
        hidden = (view.veiled | (view.seen & ~known)).reshape(off.shape)
        doubtful = found.doubtful | beside_cloud(off & ~found.doubtful, hidden | found.doubtful, known.reshape(off.shape))
        off = off.reshape(-1)
        off[state["where"]] |= found.distance.reshape(-1)[state["where"]] > self.quiet_below
        where = np.flatnonzero(known & (off | np.isin(np.arange(known.size), state["where"])))
        distance = np.where(off, found.distance.reshape(-1), np.float32(0))[where]
        expected = found.expected.reshape(len(reference), -1)[:, where].T
        drift, lasting = np.zeros(where.size, np.float32), np.zeros(where.size, np.int16)
        residual = view.values[:, where].T - expected
        return Anomalies(where.astype(np.int32), distance, drift, doubtful.reshape(-1)[where], residual, expected, lasting)


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
