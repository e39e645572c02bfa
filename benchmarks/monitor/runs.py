"""The runs of the bench: one site, one seed, and either nothing, a nuisance, or planted events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.simulation.nuisances import NUISANCES
from sentinel_watch.simulation.scenario import Planting, disturb, plant_events

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from benchmarks.monitor.sites import BenchSite
    from sentinel_watch.simulation.events import Planted

__all__ = ["CLEAN", "EVENTS", "Plan", "Run", "planned_runs", "runs_of"]

CLEAN, EVENTS = "clean", "events"
KINDS = ("abrupt", "gradual", "burn", "stress", "turbidity", "abrupt")
THINNED = 0.15
"""Share of the looks that each seed but the first leaves out, so that seeds differ in their clouds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which runs to make."""

    clean_seeds: Sequence[int]
    nuisance_seeds: Sequence[int]
    event_seeds: Sequence[int]
    nuisances: Sequence[str] = tuple(NUISANCES)


@dataclass(frozen=True, slots=True)
class Run:
    """One cube to watch, with its truth."""

    name: str
    scenario: str
    """`clean`, `events`, or the nuisance's name."""
    site: BenchSite
    cube: xr.Dataset
    events: tuple[Planted, ...] = ()


def planned_runs(sites: Sequence[BenchSite], plan: Plan) -> Iterator[Run]:
    """Yield the runs of `plan` over `sites`, made one at a time."""
    for site in sites:
        for scenario, seed in runs_of(plan):
            yield _made(site, scenario, seed, first=scenario == CLEAN and seed == plan.clean_seeds[0])


def runs_of(plan: Plan) -> list[tuple[str, int]]:
    """Return scenario and seed of every run of one site."""
    clean = [(CLEAN, seed) for seed in plan.clean_seeds]
    disturbed = [(name, seed) for name in plan.nuisances for seed in plan.nuisance_seeds]
    return clean + disturbed + [(EVENTS, seed) for seed in plan.event_seeds]


def _made(site: BenchSite, scenario: str, seed: int, *, first: bool) -> Run:
    cube = site.cube if first else _thinned(site.cube, seed)
    name = f"{site.span.name}.{scenario}.{seed}"
    if scenario == CLEAN:
        return Run(name, scenario, site, cube)
    if scenario != EVENTS:
        return Run(name, scenario, site, disturb(cube, scenario, site.monitor_day, seed))
    made = plant_events(cube, _planting(site), ~site.changed, seed)
    return Run(name, scenario, site, made.cube, made.events)


def _planting(site: BenchSite) -> Planting:
    most = int(np.clip((~site.changed).sum() // 15, 20, 200))
    return Planting(kinds=KINDS, most_px=most, first_day=site.monitor_day + 15, end_day=site.end_day)


def _thinned(cube: xr.Dataset, seed: int) -> xr.Dataset:
    keep: NDArray[np.bool_] = np.random.default_rng([seed, 1]).random(cube.sizes["time"]) >= THINNED
    keep[[0, -1]] = True
    return cube.isel(time=np.flatnonzero(keep))
