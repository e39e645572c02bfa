"""Several events planted side by side, and nuisances injected, in one cube: what the bench and the training use.

Where each kind makes sense is read off the cube itself. Everything follows from the seed; nothing is read or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from scipy.ndimage import binary_dilation

from sentinel_watch.domain.look import day_number, usable
from sentinel_watch.registry import Part
from sentinel_watch.simulation import SIMULATED
from sentinel_watch.simulation.blobs import grow_blob
from sentinel_watch.simulation.events import KINDS, EventPlan, Kind, Planted, plant
from sentinel_watch.simulation.nuisances import NUISANCES
from sentinel_watch.simulation.season import fit_season
from sentinel_watch.simulation.spectra import spectrum_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Planting", "Simulated", "disturb", "plant_events", "surfaces"]

SURFACES: Mapping[Kind, tuple[str, ...]] = {
    "abrupt": ("bare_soil_bright", "bare_soil_dark", "waste", "limestone_rubble", "red_tailings", "concrete"),
    "gradual": ("bare_soil_bright", "waste", "limestone_rubble", "red_tailings"),
    "burn": ("char",),
    "stress": ("dry_vegetation",),
    "turbidity": ("turbid_water",),
}


LEAD_DAYS: Mapping[Kind, int] = {"abrupt": 75, "gradual": 240, "burn": 150, "stress": 210, "turbidity": 75}
"""Days that a kind needs before the end, to be seen at all."""


class Planting(Part):
    """How many events of which kind, how big and when; sizes in pixels of the cube."""

    kinds: tuple[Kind, ...] = KINDS
    """One event of each entry, in this order; a kind may be repeated."""
    fractions: tuple[float, ...] = (0.4, 0.7, 1.0)
    """Shares of a pixel that the new surface covers: one is drawn per event."""
    least_px: int = Field(default=10, ge=1)
    most_px: int = Field(default=200, ge=1)
    """Sizes are drawn log-uniformly between the two."""
    first_day: int
    end_day: int
    """Events start on a day drawn uniformly from `first_day` to `end_day` less the time that their kind needs; days since 1970-01-01."""


@dataclass(frozen=True, slots=True)
class Simulated:
    """A simulated cube with its truth; events that did not fit are in neither."""

    cube: xr.Dataset
    """Carries the attribute `simulated`."""
    events: tuple[Planted, ...]

    def labels(self) -> NDArray[np.int32]:
        """Return (y, x): 1-based number of the event that owns the pixel, 0 = none."""
        owner = np.zeros(self.cube["mask"].shape[1:], np.int32)
        for number, event in enumerate(self.events, 1):
            owner[event.rows, event.cols] = number
        return owner


def surfaces(cube: xr.Dataset) -> Mapping[str, NDArray[np.bool_]]:
    """Return (y, x) masks of where a kind of event makes sense: `vegetation`, `water` and `any`, from median reflectance.

    `any` is True where three looks or more are usable, the others where moreover NDVI is above 0.45, or B11 below 0.06
    with B08 below 0.1. Raises ValueError where `cube` lacks B04, B08 or B11.
    """
    bands = list(cube["band"].values)
    clear = usable(cube["mask"].values)
    seen = np.where(clear[:, None], cube["reflectance"].values, np.nan)
    seen_often = clear.sum(axis=0) >= 3
    # zeros where nothing was seen often enough, for nanmedian warns of a pixel that has no value
    middle = np.nanmedian(np.where(seen_often, seen, 0), axis=0)
    red, nir, swir = (middle[bands.index(band)] for band in ("B04", "B08", "B11"))
    ndvi = (nir - red) / np.maximum(nir + red, 1e-3)
    return {"vegetation": (ndvi > 0.45) & seen_often, "water": (swir < 0.06) & (nir < 0.1) & seen_often, "any": seen_often}


def plant_events(
    cube: xr.Dataset,
    planting: Planting,
    free: NDArray[np.bool_],
    seed: int,
    library: Mapping[Kind, Mapping[str, NDArray[np.float32]]] | None = None,
) -> Simulated:
    """Return `cube` with events planted inside `free` (y, x), never nearer than 4 px to each other.

    An event that does not fit, in space or in time, is left out; turbidity gets a simulated pond, there from the first
    look on, where there is no water. `library` gives spectra (kind -> name -> (band,) reflectance) in
    place of the prototypes, for the kinds that it has.
    """
    rng = np.random.default_rng(seed)
    ground, model, room, events = surfaces(cube), fit_season(cube), free.copy(), []
    for kind in planting.kinds:
        plan = _draw(kind, planting, rng)
        blob = grow_blob(room & ground[_ground(kind)], plan.n_pixels, rng) if plan else None
        if plan and blob is None and kind == "turbidity":
            blob = grow_blob(room & ground["any"], plan.n_pixels, rng)
            cube = cube if blob is None else _with_pond(cube, blob, rng)
            # the pond is part of what is normal
            model = fit_season(cube)
        if plan is None or blob is None:
            continue
        target = _target(kind, cube, rng, library)
        cube, event = plant(cube, model, plan, blob, target, int(rng.integers(2**31)))
        events.append(event)
        taken = np.zeros_like(room)
        taken[event.rows, event.cols] = True
        # apart, so that two events do not become one region
        room &= ~binary_dilation(taken, iterations=4)
    return Simulated(_labelled(cube, f"{len(events)} planted events, seed {seed}"), tuple(events))


def disturb(cube: xr.Dataset, name: str, from_day: int, seed: int) -> xr.Dataset:
    """Return `cube` with the nuisance called `name` injected from `from_day` (days since 1970-01-01) on.

    The attribute `simulated` says so; the nuisance is at its default strength. Raises KeyError for a name not in NUISANCES.
    """
    disturbed = NUISANCES[name].apply(cube, from_day, np.random.default_rng(seed))
    return _labelled(disturbed, f"nuisance {name}, seed {seed}")


def _with_pond(cube: xr.Dataset, blob: NDArray[np.intp], rng: np.random.Generator) -> xr.Dataset:
    """Return `cube` with clear water at `blob` (n, 2) from its first look on; the pond is no event and has no truth."""
    first_day = int(day_number(cube["time"])[0])
    plan = EventPlan(kind="abrupt", start_day=first_day, n_pixels=len(blob))
    water = "clear_water", spectrum_of("clear_water", list(cube["band"].values))
    return plant(cube, fit_season(cube), plan, blob, water, int(rng.integers(2**31)))[0]


def _labelled(cube: xr.Dataset, what: str) -> xr.Dataset:
    """Return `cube` with `what` added to its attribute `simulated`."""
    before = cube.attrs.get(SIMULATED)
    return cube.assign_attrs({SIMULATED: f"{before}; {what}" if before else what})


def _ground(kind: Kind) -> str:
    """Return the key of `surfaces` for the ground that a kind of event is planted on."""
    return {"stress": "vegetation", "burn": "vegetation", "turbidity": "water"}.get(kind, "any")


def _draw(kind: Kind, planting: Planting, rng: np.random.Generator) -> EventPlan | None:
    """Return a plan drawn within `planting`; None where the kind needs more days than there are."""
    last_day = planting.end_day - LEAD_DAYS[kind]
    if last_day < planting.first_day:
        return None
    size = np.exp(rng.uniform(np.log(planting.least_px), np.log(planting.most_px)))
    start = rng.integers(planting.first_day, last_day + 1)
    # the strength of stress is its loss of NDVI: a share of it would be a second one
    fraction = 1.0 if kind == "stress" else rng.choice(planting.fractions)
    return EventPlan(
        kind=kind, start_day=int(start), n_pixels=round(float(size)), fraction=float(fraction), gain=float(rng.uniform(0.85, 1.15))
    )


def _target(
    kind: Kind, cube: xr.Dataset, rng: np.random.Generator, library: Mapping[Kind, Mapping[str, NDArray[np.float32]]] | None
) -> tuple[str, NDArray[np.float32]]:
    """Return name and (band,) reflectance of a surface drawn for `kind`: from `library` where it has the kind, else from ours."""
    own = (library or {}).get(kind)
    names = tuple(own or SURFACES[kind])
    name = str(rng.choice(names))
    return name, own[name] if own else spectrum_of(name, list(cube["band"].values))
