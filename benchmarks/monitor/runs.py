"""The runs of the bench: one site, one seed, and either nothing, a nuisance, or planted events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.monitor.spectra_file import read_spectra
from sentinel_watch.simulation.nuisances import NUISANCES
from sentinel_watch.simulation.scenario import Planting, disturb, plant_events

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import NDArray

    from benchmarks.monitor.sites import BenchSite
    from sentinel_watch.simulation.events import Planted

__all__ = ["CLEAN", "EVENTS", "SMALL", "Plan", "Run", "planned_runs", "runs_of"]

CLEAN, EVENTS, SMALL = "clean", "events", "small"
KINDS = ("abrupt", "gradual", "burn", "stress", "turbidity", "abrupt")
SMALL_PX = (3, 15)
THINNED = 0.15
"""Share of the looks that each seed but the first leaves out, so that seeds differ in their clouds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which runs to make."""

    clean_seeds: Sequence[int]
    nuisance_seeds: Sequence[int]
    event_seeds: Sequence[int]
    nuisances: Sequence[str] = tuple(NUISANCES)
    small_seeds: Sequence[int] = ()
    """Seeds of events that are too small for the table of recall: they show from which area on anything is found."""
    spectra: Path | None = None
    """A file of spectra to plant in place of the prototypes."""


@dataclass(frozen=True, slots=True)
class Run:
    """One cube to watch, with its truth."""

    name: str
    scenario: str
    """`clean`, `events`, `small`, or the nuisance's name."""
    site: BenchSite
    cube: xr.Dataset
    events: tuple[Planted, ...] = ()


def planned_runs(sites: Sequence[BenchSite], plan: Plan) -> Iterator[Run]:
    """Yield the runs of `plan` over `sites`, made one at a time."""
    for site in sites:
        for scenario, seed in runs_of(plan):
            yield _made(site, scenario, seed, plan)


def runs_of(plan: Plan) -> list[tuple[str, int]]:
    """Return scenario and seed of every run of one site."""
    clean = [(CLEAN, seed) for seed in plan.clean_seeds]
    disturbed = [(name, seed) for name in plan.nuisances for seed in plan.nuisance_seeds]
    return clean + disturbed + [(EVENTS, seed) for seed in plan.event_seeds] + [(SMALL, seed) for seed in plan.small_seeds]


def _made(site: BenchSite, scenario: str, seed: int, plan: Plan) -> Run:
    whole = scenario == CLEAN and seed == plan.clean_seeds[0]
    cube = site.cube if whole else _thinned(site.cube, seed)
    name = f"{site.span.name}.{scenario}.{seed}"
    if scenario == CLEAN:
        return Run(name, scenario, site, cube)
    if scenario not in (EVENTS, SMALL):
        return Run(name, scenario, site, disturb(cube, scenario, site.monitor_day, seed))
    library = read_spectra(plan.spectra, list(cube["band"].values)) if plan.spectra else None
    planting = _planting(site, library)
    if scenario == SMALL:
        planting = planting.model_copy(update={"least_px": SMALL_PX[0], "most_px": SMALL_PX[1]})
    made = plant_events(cube, planting, ~site.changed, seed, library)
    return Run(name, scenario, site, made.cube, made.events)


def _planting(site: BenchSite, library: Collection[str] | None) -> Planting:
    most = int(np.clip((~site.changed).sum() // 15, 20, 200))
    kinds = tuple(kind for kind in KINDS if library is None or kind in library or kind == "stress")
    return Planting(kinds=kinds, most_px=most, first_day=site.monitor_day + 15, end_day=site.end_day)


def _thinned(cube: xr.Dataset, seed: int) -> xr.Dataset:
    keep: NDArray[np.bool_] = np.random.default_rng([seed, 1]).random(cube.sizes["time"]) >= THINNED
    keep[[0, -1]] = True
    return cube.isel(time=np.flatnonzero(keep))
