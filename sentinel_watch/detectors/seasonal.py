"""The seasonal monitor: what is normal here at this time of year, and has a pixel been off it long enough."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from pydantic import Field

from sentinel_watch.detectors.char import char_of
from sentinel_watch.detectors.evidence import advance, change_map, fresh_state, is_old
from sentinel_watch.detectors.harmonics import YEAR_DAYS, design, predict
from sentinel_watch.detectors.learning import Lesson, learn
from sentinel_watch.detectors.levelling import level
from sentinel_watch.detectors.nearest import Envelope
from sentinel_watch.detectors.notable import Limits, notable
from sentinel_watch.detectors.rules import Anomalies, Rules
from sentinel_watch.detectors.scoring import Look, score
from sentinel_watch.detectors.signs import bright_as_cloud, browner, greener, water_level
from sentinel_watch.detectors.stack import stack_of, view_of
from sentinel_watch.detectors.whitened import Model
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.detectors.char import Char
    from sentinel_watch.detectors.stack import View
    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.grid import Block

__all__ = ["Seasonal", "known"]

_PRESENT_DAYS = 183
"""A history that ended so long ago, or later, is as good as one that ended yesterday."""


class Seasonal(Part):
    """Seasonal model per pixel over all bands together, scenes normalised, evidence added up over looks."""

    # never 1: between history and watch the ground may have moved for reasons that no look shows
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
    spectra: int = Field(24, ge=4, le=100)
    """Earlier spectra of each pixel that are kept, spread over the year."""
    window_days: int = Field(60, ge=10, le=183)
    """Days of the year to each side that count as the same season."""
    drift_below: float = Field(3.0, ge=0.5, le=100)
    """The same for the running mean of deviations, which shows slow and faint changes."""
    drift_gain: float = Field(0.25, gt=0, le=1)
    """Most that a look adds by that mean alone: its looks are not independent."""
    break_step: float = Field(2.5, ge=0.5, le=100)
    """Noise scales by which the level must have moved, for good, for the history to begin there."""
    crowd_share: float = Field(0.2, gt=0, le=1)
    """Share of the quiet pixels that, when off all at once, put the whole look in doubt: haze does that, events hardly."""
    blind_growth: float = Field(0.3, ge=0, le=10)
    """Growth a year of the squared usual deviation while nobody looked, between history and monitoring: ground ages unseen."""
    browning_weight: float = Field(1.15, ge=1, le=3)
    """Factor on distances at which vegetation is thinner than usual, as after fire, felling and drought: noise is hardly ever that."""
    char_below: float = Field(3.0, ge=0.5, le=100)
    """How far a look must lie towards char to count, in units of how far it usually does: along one known direction noise is short."""
    quiet_below: float = Field(1.4, ge=0.5, le=5)
    """Distance, in units of a pixel's own usual largest one, from which on a look counts as anomalous."""

    def shortage(self, history: xr.Dataset) -> str:
        """Return why `history` does not suffice, in plain words; empty where it does.

        The median is over pixels that were clear at least once; days run from the first look to the last, clear or not.
        """
        stack = stack_of(history)
        seen = stack.clear.sum(axis=0)
        # ground that no scene reaches says nothing about the length of the history
        looks = int(np.median(seen[seen > 0])) if seen.any() else 0
        days = int(np.ptp(stack.days)) if stack.days.size else 0
        if looks >= self.least_looks and days >= self.least_days:
            return ""
        return f"the history holds {looks} clear looks over {days} days; {self.least_looks} over {self.least_days} days are needed"

    def fit(self, history: xr.Dataset) -> Arrays:
        """Return the baseline of a block's history cube, `reflectance` (time, band, y, x) and `mask` (time, y, x).

        The arrays of `learning.learn`, and `last_clear` (P,) days since 1970-01-01, `bands` (B,), `shape` (2,) rows and columns.
        Monitoring never adds to it, or a slow event would become normal.
        """
        stack = stack_of(history)
        return {
            **learn(
                stack,
                Lesson(self.top_order, self.ridge, self.noise_floor, self.spectra, self.window_days, self.least_looks, self.break_step),
            ),
            "last_clear": stack.last_clear(),
            "bands": np.array(stack.bands),
            "shape": np.array(stack.shape),
        }

    def start(self, baseline: Arrays) -> Arrays:
        """Return the state before the first monitored look.

        Beside the state that all detectors have: `drift` (B, P), the running mean of whitened deviations, and `blind_days` (1,), which the
        first look sets.
        """
        pixels, bands = baseline["kinds"].size, baseline["bands"].size
        drift, blind_days = np.zeros((bands, pixels), np.float32), np.zeros(1, np.int32)
        return {**fresh_state(baseline["last_clear"], bands), "drift": drift, "blind_days": blind_days}

    def expect(self, baseline: Arrays, time: np.datetime64) -> NDArray[np.float32]:
        """Return the (band, y, x) reflectance that is normal at `time`; NaN where nothing is known.

        The model's expectation alone: the pixel's own earlier spectra, which `update` asks too, are many answers and not one.
        """
        return predict(baseline["coefficients"], self._row(baseline, int(np.asarray(time, "datetime64[D]").astype(int)))).reshape(
            -1, *baseline["shape"]
        )

    def update(self, baseline: Arrays, state: Arrays, look: xr.Dataset) -> Arrays:
        """Return the state after `look`; one that the state already holds, or an older one, changes nothing.

        Raises NotNormalisableError where haze or a shift cannot be taken out, and leaves `state` as it was; KeyError where the look lacks a
        band of the baseline. Where too many pixels turn off at once, each of them is in doubt and the running means stay.
        """
        view = view_of(look, tuple(str(band) for band in baseline["bands"]))
        if is_old(state, view):
            return state
        row = self._row(baseline, view.day)
        look_level = level(view, baseline, row)
        # scoring moves it in place, and whoever holds the old state must find it as it was
        drift = state["drift"].copy()
        blind_days = _blind_days(baseline, state, view)
        usual = _aged(baseline["usual"], self.blind_growth * blind_days[0] / YEAR_DAYS)
        distances = score(Look(look_level.values, row, view.day, usual, look_level.spread, look_level.seen), *known(baseline), drift)
        where, distance, slow, count, of = notable(distances, look_level.seen, state["where"], self._limits())
        crowd = count > self.crowd_share * max(1, of)
        expected = predict(baseline["coefficients"][..., where], row)
        residual = look_level.values[:, where] - expected
        doubtful = crowd | view.suspect[where] | bright_as_cloud(residual, baseline["bands"])
        lasting = np.where(water_level(residual, baseline["bands"]), baseline["lasting"][where], np.int16(0))
        off = Anomalies(where, distance, slow, doubtful, residual.T.copy(), expected.T.copy(), lasting)
        seen = replace(view, seen=look_level.seen)
        # haze over the whole block must leave no trace in the running means
        before = {**state, "drift": state["drift"] if crowd else drift, "blind_days": blind_days}
        return advance(before, seen, self._weighed(off, baseline), self._rules())

    def report(self, baseline: Arrays, state: Arrays, block: Block) -> ChangeMap:  # noqa: ARG002 - part of the contract
        """Return the changed pixels of the block as they stand.

        Rows and columns are those of the AOI's grid. Nothing is computed anew: a report can be asked for at any time.
        """
        return change_map(state, block)

    def _weighed(self, off: Anomalies, baseline: Arrays) -> Anomalies:
        """Return `off` with what speaks for thinner vegetation raised, and what is denser vegetation called quiet.

        A greener look is held at the quiet limit, so that it adds no evidence; `greener` and `browner` never hold for one pixel together.
        """
        green, brown = (sign(off.residual.T, off.expected.T, baseline["bands"]) for sign in (greener, browner))
        weight = np.where(brown, np.float32(self.browning_weight), np.float32(1))
        distance = np.where(green, np.minimum(off.distance, np.float32(self.quiet_below)), off.distance * weight)
        return off._replace(distance=distance, drift=np.where(green, np.float32(0), off.drift * weight))

    def _limits(self) -> Limits:
        """Return from where on a pixel is off."""
        return Limits(*map(np.float32, (self.quiet_below, self.drift_below, self.char_below, self.browning_weight)))

    def _rules(self) -> Rules:
        """Return the rules with this part's limits; what is no option here is as `Rules` has it."""
        return Rules(quiet_below=self.quiet_below, drift_below=self.drift_below, drift_gain=self.drift_gain)

    def _row(self, baseline: Arrays, day: int) -> NDArray[np.float64]:
        """Return the (K,) harmonics of `day` (since 1970-01-01), as many as the baseline's coefficients have."""
        row: NDArray[np.float64] = design(np.array([day], np.int32), baseline["coefficients"].shape[0] // 2)[0]
        return row


def _aged(usual: NDArray[np.float32], growth: float) -> NDArray[np.float32]:
    """Return the `usual` (3, P) lengths after nobody looked for so long that the square of a look's grew by the share `growth`.

    Unseen ground ages as a random walk does: its level is off by a variance that grows with time. In the running mean, where the noise of
    single looks averages out, the level stays, so that the same variance is added to both; towards char it grows by its own share.
    """
    if growth == 0:
        return usual
    squared = np.square(usual[:2])
    level = np.sqrt(squared + np.float32(growth) * squared[0])
    # a factor, since a length may be infinite where char tells nothing
    return np.vstack([level, usual[2:] * np.sqrt(np.float32(1 + growth))])


def _blind_days(baseline: Arrays, state: Arrays, view: View) -> NDArray[np.int32]:
    """Return (1,) the days beyond half a year from the last look of the history to the first monitored one.

    Later looks keep what the first one set: while looks come, nobody is blind. The history's last look is the latest of any pixel.
    """
    if state["instant"][0] > np.iinfo(np.int64).min:
        return state["blind_days"]
    return np.array([max(0, view.day - int(baseline["last_clear"].max(initial=0)) - _PRESENT_DAYS)], np.int32)


def known(baseline: Arrays) -> tuple[Model, Envelope, Char]:
    """Return model, envelope and char as the kernels take them, from the saved arrays; nothing is copied."""
    model = Model(baseline["coefficients"], baseline["whiten"], baseline["kinds"])
    envelope = Envelope(baseline["spectra"], baseline["spectra_days"], baseline["window"])
    return model, envelope, char_of([str(band) for band in baseline["bands"]])
