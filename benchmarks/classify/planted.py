"""A made-up block: noise before and after, and thousands of small regions of changed pixels on it."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from odc.geo.geobox import GeoBox
from shapely import box

from sentinel_watch.classification.measures import BANDS
from sentinel_watch.domain.change import ChangeMap, PixelStatus
from sentinel_watch.domain.event import Event, EventStatus
from sentinel_watch.domain.site import Site
from sentinel_watch.segmentation.pixels import select

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentinel_watch.domain.change import Region

__all__ = ["RING", "SITE", "YEAR", "Block", "by_region", "events_of", "make_block", "windows_of"]

RING = 48
"""Rows and columns of the window that a model sees around a region."""
SITE = Site("bench", "Bench", "mine", box(0, 0, 1, 1))
# dense forest, and the ground below it
FOREST, SOIL = (0.03, 0.05, 0.03, 0.35, 0.15, 0.07), (0.10, 0.14, 0.19, 0.26, 0.34, 0.30)
YEAR = {band: np.full(12, value, np.float32) for band, value in zip(BANDS, FOREST, strict=True)}
DAY = 19_000


@dataclass(frozen=True)
class Block:
    """A square block, before and after, and what changed on it."""

    before: NDArray[np.float32]
    after: NDArray[np.float32]
    """(6, side, side) reflectance."""
    change: ChangeMap
    labels: NDArray[np.int32]
    """(side, side) number of the region, 0 = none."""
    grid: GeoBox


def make_block(side: int, regions: int, rng: np.random.Generator) -> Block:
    """Return a block of `side` x `side` pixels with so many regions, rectangles of 3 to 11 pixels a side in rows and columns."""
    before = rng.uniform(0.02, 0.35, (6, side, side)).astype(np.float32)
    labels = np.zeros((side, side), np.int32)
    per_row = ceil(sqrt(regions))
    pitch = side // per_row
    for number in range(regions):
        top, left = pitch * (number // per_row), pitch * (number % per_row)
        height, width = rng.integers(3, 12, 2)
        labels[top + 2 : top + 2 + height, left + 2 : left + 2 + width] = number + 1
    grid = GeoBox(
        (side, side), GeoBox.from_bbox((5e5, 5e6, 5e5 + 10 * side, 5e6 + 10 * side), "EPSG:32634", resolution=10).affine, "EPSG:32634"
    )
    return Block(before, before * np.float32(1.1), make_change(labels, rng), labels, grid)


def make_change(labels: NDArray[np.int32], rng: np.random.Generator) -> ChangeMap:
    """Return a change map of all pixels that have a label, most of them confirmed."""
    rows, cols = np.nonzero(labels)
    n = rows.size
    onset = (DAY + rng.integers(0, 60, n)).astype(np.int32)
    columns: dict[str, NDArray[Any]] = {
        "status": rng.choice([PixelStatus.PROVISIONAL, PixelStatus.CONFIRMED], n, p=[0.2, 0.8]).astype(np.uint8),
        "evidence": rng.uniform(3, 30, n).astype(np.float32),
        "magnitude": rng.uniform(3, 30, n).astype(np.float32),
        "onset": onset,
        "confirmed": onset + 40,
        "last_clear": onset - 5,
        "last_look": np.full(n, DAY + 120, np.int32),
        "n_looks": rng.integers(3, 9, n).astype(np.uint16),
        "n_anomalous": rng.integers(3, 9, n).astype(np.uint16),
        "expected": (np.array(FOREST) + rng.normal(0, 0.005, (n, 6))).astype(np.float32),
        "observed": (np.array(SOIL) + rng.normal(0, 0.005, (n, 6))).astype(np.float32),
    }
    return ChangeMap(rows.astype(np.int32), cols.astype(np.int32), **columns)


def by_region(block: Block) -> tuple[ChangeMap, NDArray[np.int64]]:
    """Return the changed pixels sorted by region, and where each region begins and the last one ends."""
    change = block.change
    labels = block.labels[change.rows, change.cols]
    return select(change, np.argsort(labels, kind="stable")), np.concatenate([[0], np.cumsum(np.bincount(labels)[1:])])


def windows_of(regions: Sequence[Region], side: int) -> NDArray[np.int32]:
    """Return (n, 4) the windows around regions, inside the block."""
    corners = [(int(region.rows[0]) - RING // 2, int(region.cols[0]) - RING // 2) for region in regions]
    return np.concatenate([np.clip(corners, 0, side - RING), np.full((len(corners), 2), RING)], axis=1).astype(np.int32)


def events_of(regions: Sequence[Region]) -> list[Event]:
    """Return an event of each region."""
    return [Event(str(number), region, EventStatus.CONFIRMED, region.onset, region.last_observed) for number, region in enumerate(regions)]
