"""When each pixel first lay in a confirmed region: the one form in which every method's answer is scored."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import label

from sentinel_watch.domain.change import PixelStatus
from sentinel_watch.domain.grid import Block
from sentinel_watch.domain.look import day_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.contracts import Detector

__all__ = ["LEAST_PX", "Watched", "alarms_from_days", "regions", "watch"]

LEAST_PX = 5
LEAST_EVIDENCE = 2.0
EIGHT = np.ones((3, 3))


@dataclass(frozen=True, slots=True)
class Watched:
    """What a method said over the monitored time."""

    first_day: NDArray[np.int32]
    """(y, x) first day on which the pixel lay in a confirmed region, days since 1970-01-01; 0 = never."""
    fit_s: float = 0.0
    update_s: float = 0.0
    note: str = ""


def regions(candidate: NDArray[np.bool_], seed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the (y, x) pixels of 8-connected `candidate` regions of at least LEAST_PX pixels that hold a `seed`."""
    patches, count = label(candidate, EIGHT)
    size = np.bincount(patches.ravel(), minlength=count + 1)
    seeded = np.bincount(patches.ravel(), (seed & candidate).ravel(), count + 1) > 0
    keep = (size >= LEAST_PX) & seeded
    keep[0] = False
    return np.asarray(keep[patches])


def watch(detectors: Sequence[Detector], cube: xr.Dataset, grid: GeoBox, monitor_day: int) -> Watched:
    """Return when the first of `detectors` whose history suffices, fed the cube scene by scene, confirmed what."""
    days = day_number(cube["time"])
    history = cube.isel(time=np.flatnonzero(days < monitor_day))
    shortages = [detector.shortage(history) for detector in detectors]
    first = np.zeros(cube["mask"].shape[1:], np.int32)
    if all(shortages):
        return Watched(first, note=shortages[-1])
    detector = detectors[shortages.index("")]
    begun = time.perf_counter()
    baseline = detector.fit(history)
    fitted = time.perf_counter()
    state, block = detector.start(baseline), Block(0, 0, 0, 0, grid)
    for at in np.flatnonzero(days >= monitor_day):
        state = detector.update(baseline, state, cube.isel(time=at))
        changed = detector.report(baseline, state, block)
        candidate, seed = (np.zeros(first.shape, bool) for _ in range(2))
        candidate[changed.rows, changed.cols] = changed.evidence >= LEAST_EVIDENCE
        seed[changed.rows, changed.cols] = changed.status == PixelStatus.CONFIRMED
        # A confirmed pixel is part of its region whatever its evidence has sunk to since.
        first[regions(candidate | seed, seed) & (first == 0)] = days[at]
    note = type(detector).__name__ if shortages[0] else ""
    return Watched(first, fitted - begun, time.perf_counter() - fitted, note)


def alarms_from_days(detected: NDArray[np.int32], days: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return first days in a region, for a method that gives each pixel one day of detection (0 = never)."""
    first = np.zeros(detected.shape, np.int32)
    for day in np.unique(days):
        hit = (detected > 0) & (detected <= day)
        first[regions(hit, hit) & (first == 0)] = day
    return first
