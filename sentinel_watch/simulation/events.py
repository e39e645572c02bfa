"""Events planted as X' = X + f (E - M(t)): the surface changes, the scene's own noise, clouds and masks stay.

X is what the scene shows, E the new surface, M(t) the pixel's own seasonal model, all reflectance; f is the share of the pixel
that has changed, 0-1. Where an event makes sense and how many there are is for `scenario`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from sentinel_watch.domain.look import day_number
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.simulation.season import SeasonalModel

__all__ = ["KINDS", "EventPlan", "Planted", "plant", "stressed"]

Kind = Literal["abrupt", "gradual", "burn", "stress", "turbidity"]
KINDS: tuple[Kind, ...] = ("abrupt", "gradual", "burn", "stress", "turbidity")
RED_EDGE = ("B06", "B07", "B08", "B8A", "B09")
SWIR = ("B11", "B12")


class EventPlan(Part):
    """What kind of event, how big and how strong; the days of one kind are not looked at for another."""

    kind: Kind
    start_day: int
    """First day on which the event can be seen, days since 1970-01-01."""
    n_pixels: int = Field(default=60, ge=1, le=10_000)
    fraction: float = Field(default=1.0, gt=0, le=1)
    """Share of each pixel that the new surface covers, f."""
    gain: float = Field(default=1.0, gt=0.2, le=3)
    """Brightness of the new surface against its prototype."""
    texture: float = Field(default=0.07, ge=0, le=0.5)
    """Standard deviation of the new surface's brightness between pixels, relative."""
    growth_days: int = Field(default=180, ge=1)
    """`gradual`: days from the core to the last pixel."""
    decay_days: int = Field(default=400, ge=1)
    """`burn`: days until the char has gone."""
    ramp_days: int = Field(default=120, ge=1)
    """`stress`: days until the loss is complete."""
    ndvi_loss: float = Field(default=0.3, gt=0, le=1)
    """`stress`: relative loss of NDVI."""


@dataclass(frozen=True, slots=True)
class Planted:
    """The truth about one planted event; always simulated. Its arrays are of one length and in one order."""

    plan: EventPlan
    spectrum: str
    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    """(n,) pixels, core first."""
    onset: NDArray[np.int32]
    """(n,) first day on which the pixel is changed, days since 1970-01-01."""
    contrast: float
    """Root mean square over bands, pixels and dates since the onset of the planted difference, reflectance."""


def plant(
    cube: xr.Dataset, model: SeasonalModel, plan: EventPlan, where: NDArray[np.intp], target: tuple[str, NDArray[np.float32]], seed: int
) -> tuple[xr.Dataset, Planted]:
    """Return a copy of `cube` with one event at `where` (n, 2; core first), and the truth.

    `model` is the seasonal model of the cube; `target` names the new surface and gives its (band,) reflectance, which
    `stress` does not use. Masks stay, reflectance does not fall below 0, and the same `seed` gives the same event.
    """
    rng = np.random.default_rng(seed)
    rows, cols = where[:, 0], where[:, 1]
    days = day_number(cube["time"])
    onset = _onset(plan, len(where))
    share = _share(plan, days[:, None] - onset[None])
    normal = model.at(days)[:, :, rows, cols]
    surface = _surface(plan, normal, target[1], rng, list(cube["band"].values))
    difference = share[:, None] * (surface - normal)
    seen = cube["reflectance"].values.copy()
    # the noise of a bright surface stays on what may now be a dark one
    seen[:, :, rows, cols] = np.maximum(seen[:, :, rows, cols] + difference, 0.0)
    contrast = float(np.sqrt(np.mean(difference[days >= plan.start_day] ** 2))) if (days >= plan.start_day).any() else 0.0
    name = "vegetation" if plan.kind == "stress" else target[0]
    return cube.assign(reflectance=(cube["reflectance"].dims, seen)), Planted(plan, name, rows, cols, onset, contrast)


def stressed(normal: NDArray[np.float32], bands: Sequence[str], ndvi_loss: float) -> NDArray[np.float32]:
    """Return vegetation (time, band, pixel) whose NDVI is lower by `ndvi_loss`, relative: red up, near infrared down.

    Red plus near infrared stays the same; the other bands of the plateau follow B08, and the short-wave infrared, where
    water absorbs, rises by a third of the loss. Raises KeyError where `bands` lack B04 or B08.
    """
    at = {band: i for i, band in enumerate(bands)}
    red, nir = normal[:, at["B04"]], normal[:, at["B08"]]
    lost = ndvi_loss * np.maximum(nir - red, 0) / 2
    ratio = np.divide(nir - lost, nir, where=nir > 1e-3, out=np.ones_like(nir))
    after = normal.copy()
    after[:, at["B04"]] = red + lost
    for band, index in at.items():
        after[:, index] *= ratio if band in RED_EDGE else 1.0 + ndvi_loss / 3 if band in SWIR else 1.0
    return after


def _onset(plan: EventPlan, n: int) -> NDArray[np.int32]:
    """Return (n,) the day on which each pixel changes: the first for all, but for `gradual`, which grows evenly from the core."""
    grown = plan.growth_days * np.arange(n) / max(n - 1, 1) if plan.kind == "gradual" else np.zeros(n)
    return (plan.start_day + grown).astype(np.int32)


def _share(plan: EventPlan, age: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return (time, pixel) the share of the new surface, 0 to `fraction`, by days since the pixel's onset; 0 before it."""
    by_age = np.ones(age.shape)
    if plan.kind == "burn":
        by_age = 1 - age / plan.decay_days
    elif plan.kind == "stress":
        by_age = (age + 1) / plan.ramp_days
    return np.where(age >= 0, plan.fraction * np.clip(by_age, 0, 1), 0).astype(np.float32)


def _surface(
    plan: EventPlan, normal: NDArray[np.float32], spectrum: NDArray[np.float32], rng: np.random.Generator, bands: Sequence[str]
) -> NDArray[np.float32]:
    """Return the reflectance of the new surface: (time, band, pixel) of stressed plants, else (1, band, pixel), for all dates alike."""
    if plan.kind == "stress":
        return stressed(normal, bands, plan.ndvi_loss)
    texture = plan.gain * (1 + plan.texture * rng.standard_normal(normal.shape[2]))
    # a draw far from the mean must not make a pixel black, nor brighter than anything on Earth
    return np.asarray(spectrum[None, :, None] * np.clip(texture, 0.3, 3)[None, None], np.float32)
