"""A made-up quarry on disk: seasonal ground with noise, clouds and useless scenes, and one pit that is dug on a known day.

The pit lies across the edge of two blocks of 64 pixels. Nothing else ever changes, so every other alert is false.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from catalogs import ORIGIN, UTM, Layer, Shot, write_catalog
from rasterio.features import rasterize
from rasterio.warp import transform_bounds, transform_geom
from shapely.geometry import box, mapping, shape

from sentinel_watch.domain.scene import SCL
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.register import read_site
from sentinel_watch.shipped import shipped

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.alert import Alert

__all__ = [
    "BANDS",
    "DUG",
    "MONITOR_FROM",
    "MUD",
    "PIT",
    "ROCK",
    "SHAPE",
    "PlantedSite",
    "days",
    "digest_of",
    "name_of",
    "pit_share",
    "plant_site",
    "shots",
]

SHAPE = (44, 100)
PIT = slice(18, 26), slice(60, 70)
"""Rows and columns of the pit, 0.8 ha; the AOI's grid begins 4 pixels from the scene's corner."""
EDGE_PX = 4
FIRST = datetime(2019, 1, 3, 9, 30, tzinfo=UTC)
MONITOR_FROM = datetime(2021, 1, 1, tzinfo=UTC)
DUG = datetime(2021, 4, 15, tzinfo=UTC)
BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
GRASS = np.array([0.04, 0.07, 0.06, 0.32, 0.20, 0.11])
SOIL = np.array([0.09, 0.13, 0.17, 0.24, 0.30, 0.26])
MUD = np.array([0.05, 0.07, 0.09, 0.14, 0.20, 0.17])
"""Dark ground, which nobody takes for a cloud even when it is seen but once."""
ROCK = np.array([0.24, 0.29, 0.33, 0.37, 0.43, 0.38])
CLOUDS = {5: 1.0, 9: 0.4, 17: 0.3, 23: 1.0, 31: 0.5, 38: 0.3, 44: 1.0, 49: 0.4, 54: 0.3}
"""Number of the scene -> share of its columns under cloud."""
EMPTY = 47
"""Number of the scene that holds no data."""
SEASON = np.array([0.1, 0.1, 0.15, -0.2, 0.1, 0.15])
"""How far each band swings over the year, relative; greenest at midsummer."""


@dataclass(frozen=True)
class PlantedSite:
    """Where the made-up quarry lies on disk."""

    folder: Path

    @property
    def catalog(self) -> Path:
        """Return the catalogue's file."""
        return self.folder / "catalog" / "catalog.json"

    @property
    def aoi(self) -> Path:
        """Return the AOI's file."""
        return self.folder / "quarry.geojson"

    @property
    def pipeline(self) -> Path:
        """Return the pipeline's file: that of mines with small blocks and no margin, so that there are two blocks."""
        return self.folder / "pipeline.toml"

    def request(self, name: str = "run", **changes: object) -> RunRequest:
        """Return a run of the site, from within its folder, into `<folder>/<name>`, with the given fields changed."""
        fields: dict[str, object] = {
            "site": read_site(self.aoi), "source": "catalog/catalog.json", "pipeline": load_pipeline(str(self.pipeline)),
            "out": self.folder / name, "workspace": self.folder / name / "workspace", "monitor_from": MONITOR_FROM,
        }  # fmt: skip
        return RunRequest(**{**fields, **changes})

    def copy(self, folder: Path) -> PlantedSite:
        """Return a copy of catalogue, AOI and pipeline in another folder."""
        shutil.copytree(self.folder / "catalog", folder / "catalog")
        for path in (self.aoi, self.pipeline):
            shutil.copy(path, folder)
        return PlantedSite(folder)

    def asset(self, number: int, band: str = "B04") -> Path:
        """Return the file of one band of scene `number`."""
        return self.folder / "catalog" / name_of(number) / f"{band.lower()}.tif"


def days(count: int = 60, step_days: float = 18) -> list[datetime]:
    """Return the days of the scenes."""
    return [FIRST + timedelta(days=step_days * number) for number in range(count)]


def name_of(number: int) -> str:
    """Return the id of scene `number`."""
    return f"quarry_{number:04d}"


def shots(times: Iterable[datetime], useless: bool = True, floor: NDArray[np.float64] = ROCK) -> list[Shot]:
    """Return the scenes of the given days; `useless` = with clouds and an empty one, `floor` = what the pit shows."""
    clouds, empty = (CLOUDS, EMPTY) if useless else ({}, -1)
    return [_shot(number, _ground(time, floor), time, clouds.get(number, 0.0), number == empty) for number, time in enumerate(times)]


def plant_site(folder: Path, scenes: Iterable[Shot] | None = None) -> PlantedSite:
    """Write catalogue, AOI and pipeline into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    site = PlantedSite(folder)
    write_catalog(folder / "catalog", list(scenes or shots(days())))
    easting, northing = ORIGIN
    rows, cols = (side - 2 * EDGE_PX for side in SHAPE)
    left, top = easting + 10 * EDGE_PX, northing - 10 * EDGE_PX
    # half a pixel smaller all round, so that the way to degrees and back adds no row
    bounds = transform_bounds(UTM, "EPSG:4326", left + 5, top - 10 * rows + 5, left + 10 * cols - 5, top - 5)
    properties = {"site_id": "quarry", "name": "Quarry", "site_type": "mine"}
    feature = {"type": "Feature", "properties": properties, "geometry": mapping(box(*bounds))}
    site.aoi.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    mine = shipped("pipelines", "mine.toml").read_text()
    site.pipeline.write_text(mine.replace("block_px = 256", "block_px = 64").replace("margin_m = 100", "margin_m = 0"))
    return site


def pit_share(alert: Alert | Mapping[str, object]) -> tuple[float, float]:
    """Return the share of the pit that an alert's outline covers, and the share of the outline that lies in the pit."""
    found, truth = _mask(alert["geometry"] if isinstance(alert, dict) else alert.geometry), np.zeros(SHAPE, bool)
    truth[PIT] = True
    return float((found & truth).sum() / truth.sum()), float((found & truth).sum() / max(found.sum(), 1))


def digest_of(folder: Path, pattern: str = "**/*") -> dict[str, bytes]:
    """Return path -> bytes of the files below `folder`, the workspace left out."""
    files = (path for path in sorted(folder.glob(pattern)) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "workspace" not in path.relative_to(folder).parts}


def _mask(outline: BaseGeometry | Mapping[str, object]) -> NDArray[np.bool_]:
    geometry = outline if isinstance(outline, dict) else mapping(outline)
    metres = shape(transform_geom("EPSG:4326", UTM, geometry))
    grid = Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])
    return rasterize([(metres, 1)], SHAPE, transform=grid, fill=0, dtype="uint8").astype(bool)


def _shot(number: int, ground: NDArray[np.float64], time: datetime, cloud_share: float, empty: bool) -> Shot:
    rng = np.random.default_rng(number)
    seen = ground * rng.normal(1, 0.01) + rng.normal(0, 0.004, (*SHAPE, len(BANDS)))
    classes = np.full(SHAPE, 4, np.uint8)
    if cloud_share:
        seen[:, : round(SHAPE[1] * cloud_share)] += 0.4
        classes[:, : round(SHAPE[1] * cloud_share)] = 9
    numbers = np.clip(np.round(seen * 10_000), 1, 20_000).astype(np.uint16)
    if empty:
        numbers[:], classes[:] = 0, 0
    layers = {band: Layer(numbers[..., index]) for index, band in enumerate(BANDS)}
    return Shot(name_of(number), time, {**layers, SCL: Layer(classes)})


def _ground(time: datetime, floor: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (y, x, band) reflectance of a day without noise: grass in the east, soil in the west, the pit once it is dug."""
    summer = np.cos(2 * np.pi * (time.timetuple().tm_yday - 182) / 365.25)
    seen = np.empty((*SHAPE, len(BANDS)))
    seen[:, :50], seen[:, 50:] = SOIL, GRASS * (1 - SEASON * summer)
    if time >= DUG:
        seen[PIT] = floor
    return seen
