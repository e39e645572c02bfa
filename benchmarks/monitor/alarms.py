"""When each pixel first lay in a confirmed region: the one form in which every method's answer is scored."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import label

from sentinel_watch.domain.change import CONFIRMING_EVIDENCE, PixelStatus
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

__all__ = ["LEAST_PX", "Watched", "alarms_from_days", "regions", "watch"]

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


def regions(worth: NDArray[np.float64], confirmed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the (y, x) pixels of the confirmed regions, of at least LEAST_PX 8-connected pixels.

    `worth` is what a pixel's evidence counts towards its region, 0 = unchanged, 1 at most; one at least must be `confirmed`.
    """
    patches, count = label(worth > 0, EIGHT)
    size, sure, total = (np.bincount(patches.ravel(), weights.ravel(), count + 1) for weights in (worth > 0, confirmed, worth))
    keep = (size >= LEAST_PX) & (sure > 0) & (total >= RULE.min_evidence_px)
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
        try:
            state = detector.update(baseline, state, cube.isel(time=at))
        except NotNormalisableError:
            # a run rejects such a scene, and goes on
            continue
        first[_confirmed(detector.report(baseline, state, block), first.shape) & (first == 0)] = days[at]
    note = type(detector).__name__ if shortages[0] else ""
    return Watched(first, fitted - begun, time.perf_counter() - fitted, note)


def _confirmed(changed: ChangeMap, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return the (y, x) pixels of the confirmed regions of a change map."""
    worth, confirmed = np.zeros(shape), np.zeros(shape, bool)
    off = changed.status != PixelStatus.FINISHED
    rows, cols, sure = changed.rows[off], changed.cols[off], changed.status[off] == PixelStatus.CONFIRMED
    # never nought, since a changed pixel is part of its region whatever its evidence has sunk to
    worth[rows, cols] = np.where(sure, 1, np.clip(changed.evidence[off] / CONFIRMING_EVIDENCE, 1e-6, 1))
    confirmed[rows, cols] = sure
    return regions(worth, confirmed)


def alarms_from_days(detected: NDArray[np.int32], days: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return first days in a region, for a method that gives each pixel one day of detection (0 = never)."""
    first = np.zeros(detected.shape, np.int32)
    for day in np.unique(days):
        hit = (detected > 0) & (detected <= day)
        first[regions(hit.astype(float), hit) & (first == 0)] = day
    return first
