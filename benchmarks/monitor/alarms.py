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
from sentinel_watch.errors import NotNormalisableError
from sentinel_watch.pipeline.definition import load_pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.contracts import Detector
    from sentinel_watch.domain.change import ChangeMap

__all__ = ["EIGHT", "LEAST_PX", "Watched", "alarms_from_days", "mark_confirmed", "watch"]

RULE = load_pipeline("mine").segmentation
"""When changed pixels make a region and confirm it, as in every shipped pipeline."""
LEAST_PX = RULE.min_area_px
EIGHT = np.ones((3, 3))


@dataclass(frozen=True, slots=True)
class Watched:
    """What a method said over the monitored time."""

    first_day: NDArray[np.int32]
    """(y, x) first day on which the pixel lay in a confirmed region, days since 1970-01-01; 0 = never."""
    fit_s: float = 0.0
    update_s: float = 0.0
    note: str = ""


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
        try:
            state = detector.update(baseline, state, cube.isel(time=at))
        except NotNormalisableError:
            # a run rejects such a scene, and goes on
            continue
        mark_confirmed(first, int(days[at]), detector.report(baseline, state, block), grid)
    note = type(detector).__name__ if shortages[0] else ""
    return Watched(first, fitted - begun, time.perf_counter() - fitted, note)


def mark_confirmed(first: NDArray[np.int32], day: int, changed: ChangeMap, grid: GeoBox) -> None:
    """Set `first` (y, x) to `day` where a pixel lies in a confirmed region of `changed` and never did before."""
    bands = [str(number) for number in range(changed.expected.shape[1])]
    for region in RULE.regions([changed], np.ones(first.shape, np.bool_), grid, bands):
        if region.status is PixelStatus.CONFIRMED:
            known = first[region.rows, region.cols]
            first[region.rows, region.cols] = np.where(known == 0, day, known)


def alarms_from_days(detected: NDArray[np.int32], days: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return first days in a region, for a method that gives each pixel one day of detection (0 = never).

    Its pixels are confirmed or not, so that as many of them make a region as confirm one of ours.
    """
    first = np.zeros(detected.shape, np.int32)
    for day in np.unique(days):
        patches, count = label((detected > 0) & (detected <= day), EIGHT)
        large = np.bincount(patches.ravel(), minlength=count + 1) >= max(LEAST_PX, RULE.min_evidence_px)
        first[large[patches] & (patches > 0) & (first == 0)] = day
    return first
