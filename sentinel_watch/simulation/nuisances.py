"""What happens to scenes without anything having happened on the ground, injected from a day on.

Each nuisance is a frozen configuration with one verb, `apply`; what it adds is not marked in the mask, as the real one
would not be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from pydantic import Field
from scipy.ndimage import gaussian_filter, shift

from sentinel_watch.domain.look import MaskReason, day_number
from sentinel_watch.registry import Part
from sentinel_watch.simulation.season import fit_season
from sentinel_watch.simulation.spectra import prototype

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["NUISANCES", "Alternation", "DryYear", "Haze", "Nuisance", "Offset", "Phenology", "SensorGain", "Shift", "Snow"]


class Nuisance(Protocol):
    """Something that disturbs scenes and is no event; the same generator gives the same disturbance."""

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:
        """Return a copy of `cube`, disturbed from `from_day` (days since 1970-01-01) on.

        `cube` holds `reflectance` (time, band, y, x) and `mask` (time, y, x); no date before that day is disturbed.
        """


def _with(cube: xr.Dataset, seen: NDArray[np.float32]) -> xr.Dataset:
    """Return a copy of `cube` whose reflectance is `seen` (time, band, y, x), as float32."""
    return cube.assign(reflectance=(cube["reflectance"].dims, seen.astype(np.float32)))


def _late(cube: xr.Dataset, from_day: int) -> NDArray[np.intp]:
    """Return (n,) the positions of the dates from `from_day` on."""
    return np.flatnonzero(day_number(cube["time"]) >= from_day)


def _drawn(late: NDArray[np.intp], share: float, rng: np.random.Generator) -> NDArray[np.intp]:
    """Return `share` of the positions, drawn at random, none twice, in order of time."""
    return np.sort(rng.choice(late, size=round(share * len(late)), replace=False))


def _field(shape: tuple[int, ...], scale_px: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth random (y, x) field that runs from 0 to 1."""
    rough = gaussian_filter(rng.standard_normal(shape), scale_px, mode="reflect")
    return np.asarray((rough - rough.min()) / max(float(np.ptp(rough)), 1e-9))


class Offset(Part):
    """A radiometric offset that nobody declared, on the later part of the monitored dates."""

    amount: float = Field(default=0.1, ge=-0.2, le=0.2)
    """Reflectance."""
    share: float = Field(default=0.5, ge=0, le=1)
    """Share of the monitored dates, the last ones."""

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:  # noqa: ARG002 - the interface
        """Return the cube with `amount` added to all bands of the last dates; nothing is drawn."""
        late = _late(cube, from_day)
        seen = cube["reflectance"].values.copy()
        seen[late[len(late) - round(self.share * len(late)) :]] += self.amount
        return _with(cube, seen)


class Haze(Part):
    """Thin haze and cloud shadow that the mask missed, in smooth fields over part of the dates."""

    share: float = Field(default=0.25, ge=0, le=1)
    """Share of the monitored dates; a third of them are shadowed instead of hazy."""
    opacity: float = Field(default=0.35, ge=0, le=1)
    """Opacity of the thickest haze; thin everywhere else."""
    darkening: float = Field(default=0.5, ge=0, le=1)
    """Loss of light in the deepest shadow."""

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:
        """Return the cube with the drawn dates mixed with haze or darkened."""
        seen = cube["reflectance"].values.copy()
        veil = prototype("haze", list(cube["band"].values))[:, None, None] + 0.15
        for count, at in enumerate(_drawn(_late(cube, from_day), self.share, rng)):
            field = _field(seen.shape[2:], 12, rng)
            strength = rng.uniform(0.3, 1)
            # a cloud's shadow has an edge, haze has none
            if count % 3 == 2:
                seen[at] *= 1 - self.darkening * strength * (field > 0.6)
            else:
                seen[at] += self.opacity * strength * field * (veil - seen[at])
        return _with(cube, seen)


class Snow(Part):
    """Snow that the mask missed, patchy, on winter dates."""

    share: float = Field(default=0.5, ge=0, le=1)
    """Share of the monitored winter dates."""
    months: tuple[int, ...] = (12, 1, 2)
    """Calendar months of winter."""

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:
        """Return the cube with patches of snow on the drawn dates, up to 90 % of a pixel."""
        late = _late(cube, from_day)
        winter = late[np.isin(cube["time"].dt.month.values[late], self.months)]
        seen = cube["reflectance"].values.copy()
        white = prototype("snow", list(cube["band"].values))[:, None, None]
        for at in _drawn(winter, self.share, rng):
            cover = np.clip(2 * _field(seen.shape[2:], 8, rng) - 0.6, 0, 0.9)
            seen[at] += cover * (white - seen[at])
        return _with(cube, seen)


class Shift(Part):
    """Scenes that lie beside the others by a pixel or so, by a distance drawn between `least_px` and `most_px`."""

    share: float = Field(default=0.3, ge=0, le=1)
    """Share of the monitored dates."""
    least_px: float = Field(default=0.5, ge=0, le=3)
    most_px: float = Field(default=1.5, ge=0, le=3)

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:
        """Return the cube with the drawn dates moved in a random direction; masks move by whole pixels."""
        seen, mask = cube["reflectance"].values.copy(), cube["mask"].values.copy()
        for at in _drawn(_late(cube, from_day), self.share, rng):
            angle, length = rng.uniform(0, 2 * np.pi), rng.uniform(self.least_px, self.most_px)
            move = (length * np.sin(angle), length * np.cos(angle))
            for band in range(seen.shape[1]):
                seen[at, band] = shift(seen[at, band], move, order=1, mode="nearest")
            # flags are names and not amounts: they cannot be interpolated
            mask[at] = shift(mask[at], np.round(move), order=0, mode="nearest")
        # interpolation spreads a pixel without data to its neighbours
        mask |= np.where(np.isnan(seen).any(axis=1), np.uint8(MaskReason.NODATA), np.uint8(0))
        return _with(cube, seen).assign(mask=(cube["mask"].dims, mask))


class Phenology(Part):
    """A season that comes early or late; M is each pixel's own seasonal model."""

    delay_days: int = Field(default=30, ge=-90, le=90)
    """Positive = late."""

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:  # noqa: ARG002 - the interface
        """Return the cube with X + M(t - delay) - M(t) on monitored dates; nothing is drawn."""
        model, days, late = fit_season(cube), day_number(cube["time"]), _late(cube, from_day)
        seen = cube["reflectance"].values.copy()
        # only the difference of two seasons, so that each scene keeps its noise and its clouds
        seen[late] += model.at(days[late] - self.delay_days) - model.at(days[late])
        return _with(cube, np.maximum(seen, 0))


class DryYear(Part):
    """A dry year: vegetation loses part of its green, everywhere, in proportion to how green it is."""

    loss: float = Field(default=0.25, ge=0, le=1)
    """Relative loss of near infrared over red at full vegetation."""
    days: int = Field(default=365, ge=1)

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:
        """Return the cube with greener pixels browned, more or less by a smooth field of soils.

        NDVI 0 is left as it is, NDVI 1 loses most. ValueError where B04 or B08 is lacking.
        """
        days = day_number(cube["time"])
        at = np.flatnonzero((days >= from_day) & (days < from_day + self.days))
        bands = list(cube["band"].values)
        normal = fit_season(cube).at(days[at])
        red, nir = normal[:, bands.index("B04")], normal[:, bands.index("B08")]
        green = np.clip((nir - red) / np.maximum(nir + red, 0.02), 0, 1)
        weight = self.loss * green * (0.6 + 0.4 * _field(green.shape[1:], 15, rng))
        change = np.stack([weight * normal[:, i] * _dryness(band) for i, band in enumerate(bands)], axis=1)
        seen = cube["reflectance"].values.copy()
        seen[at] += change
        return _with(cube, np.maximum(seen, 0))


def _dryness(band: str) -> float:
    """Return how a band answers to full dryness, relative: the plateau falls, pigment and water absorption vanish."""
    return {"B03": 0.3, "B04": 0.9, "B05": 0.4, "B06": -0.4, "B07": -0.5, "B08": -0.5, "B8A": -0.5, "B11": 0.5, "B12": 0.8}.get(band, 0.2)


class Alternation(Part):
    """Two orbits that differ in brightness, by turns."""

    factor: float = Field(default=1.06, gt=0.5, le=2)

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:  # noqa: ARG002 - the interface
        """Return the cube with every other monitored date multiplied by `factor`; nothing is drawn."""
        seen = cube["reflectance"].values.copy()
        seen[_late(cube, from_day)[::2]] *= self.factor
        return _with(cube, seen)


class SensorGain(Part):
    """Another sensor takes over, whose bands are calibrated a little differently; one gain a band, the same on all dates."""

    spread: float = Field(default=0.03, ge=0, le=0.2)
    """Standard deviation of the bands' gains."""

    def apply(self, cube: xr.Dataset, from_day: int, rng: np.random.Generator) -> xr.Dataset:
        """Return the cube with each band of the monitored dates multiplied by its drawn gain."""
        seen = cube["reflectance"].values.copy()
        gain = rng.normal(1.0, self.spread, size=(seen.shape[1], 1, 1))
        seen[_late(cube, from_day)] *= gain
        return _with(cube, seen)


NUISANCES: dict[str, Nuisance] = {
    "offset": Offset(),
    "haze": Haze(),
    "snow": Snow(),
    "shift": Shift(),
    "late_season": Phenology(delay_days=30),
    "early_season": Phenology(delay_days=-30),
    "dry_year": DryYear(),
    "alternation": Alternation(),
    "sensor_gain": SensorGain(),
}
"""The nuisances of the bench, at their default strength."""
