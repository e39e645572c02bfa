"""What is counted: false events and false area, events found, how soon and how well outlined."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, label
from scipy.stats import chi2

from benchmarks.monitor.alarms import EIGHT, LEAST_PX
from sentinel_watch.domain.look import day_number, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.monitor.runs import Run
    from benchmarks.monitor.sites import BenchSite
    from sentinel_watch.simulation.events import Planted

__all__ = ["EventScore", "FalseScore", "poisson_interval", "score_event", "score_false", "wilson_interval"]

FOUND_SHARE = 0.25
"""Share of an event that must lie in confirmed regions for it to count as found."""


@dataclass(frozen=True, slots=True)
class FalseScore:
    """False alarms of one run."""

    run: str
    scenario: str
    span: str
    events: int
    area_share: float
    """Share of the scored pixels off every event that lay in a confirmed region at any time."""
    fringe_share: float
    """The part of it in regions that mostly lay on ground that really changed."""
    km2_years: float


@dataclass(frozen=True, slots=True)
class EventScore:
    """What became of one planted event."""

    run: str
    kind: str
    spectrum: str
    fraction: float
    contrast: float
    area_ha: float
    long_history: bool
    found: bool
    delay_days: float
    delay_looks: float
    """Usable looks from the start up to and including the one that found it, median over the event's pixels."""
    iou: float
    """Against all pixels of the event that had changed by the end."""


def score_false(first_day: NDArray[np.int32], run: Run) -> FalseScore:
    """Count the regions off every planted event (a border of 2 px belongs to the event) and off real changes."""
    near = np.zeros(first_day.shape, bool)
    for event in run.events:
        near[event.rows, event.cols] = True
    near = binary_dilation(near, iterations=2) if run.events else near
    site = run.site
    scored = ~site.changed
    patches, count = label(first_day > 0, EIGHT)
    off = np.bincount(patches.ravel(), (scored & ~near).ravel(), count + 1)
    on = np.bincount(patches.ravel(), near.ravel(), count + 1)
    size = np.bincount(patches.ravel(), minlength=count + 1)
    false = (off >= LEAST_PX) & (on == 0) & (off >= 0.5 * size)
    false[0] = False
    area, ground = (first_day > 0) & scored & ~near, max((scored & ~near).sum(), 1)
    fringe = area & (off < 0.5 * size)[patches]
    shares = float(area.sum() / ground), float(fringe.sum() / ground)
    return FalseScore(run.name, run.scenario, site.span.name, int(false.sum()), *shares, site.km2_years)


def score_event(first_day: NDArray[np.int32], event: Planted, run: Run) -> EventScore:
    """Score one planted event; alarms from before its start do not count for it."""
    site, cube = run.site, run.cube
    alarm = first_day[event.rows, event.cols]
    there = np.where(alarm >= event.plan.start_day, alarm, 0)
    need = max(int(np.ceil(FOUND_SHARE * len(there))), min(LEAST_PX, len(there)))
    hits = np.sort(there[there > 0])
    found = len(hits) >= need
    day = int(hits[need - 1]) if found else 0
    days = day_number(cube["time"])
    between = (days >= event.plan.start_day) & (days <= day)
    looks = usable(cube["mask"].values[between][:, event.rows, event.cols]).sum(axis=0) if found else np.array([np.nan])
    return EventScore(
        run.name, event.plan.kind, event.spectrum, event.plan.fraction, event.contrast, len(there) * site.pixel_ha, site.span.long_history,
        found, day - event.plan.start_day if found else np.nan, float(np.median(looks)), _iou(first_day, event, site) if found else np.nan,
    )  # fmt: skip


def _iou(first_day: NDArray[np.int32], event: Planted, site: BenchSite) -> float:
    truth = np.zeros(first_day.shape, bool)
    truth[event.rows[event.onset < site.end_day], event.cols[event.onset < site.end_day]] = True
    patches, _ = label(first_day > 0, EIGHT)
    touching = np.unique(patches[truth])
    outline = np.isin(patches, touching[touching > 0]) & ~(site.changed & ~truth)
    return float((outline & truth).sum() / max((outline | truth).sum(), 1))


def wilson_interval(hits: int, n: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927); (0, 1) where nothing was tried."""
    if n == 0:
        return 0.0, 1.0
    share, scale = hits / n, 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / scale
    return max(min(middle - half, share), 0.0), min(max(middle + half, share), 1.0)


def poisson_interval(events: int, exposure: float) -> tuple[float, float]:
    """Return the exact 95 % interval (Garwood, 1936) of a rate of `events` in `exposure`."""
    low = chi2.ppf(0.025, 2 * events) / 2 if events else 0.0
    return float(low / exposure), float(chi2.ppf(0.975, 2 * events + 2) / 2 / exposure)
