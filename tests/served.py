"""A small archive for tests of remote sources: four scenes of noise whose files have several blocks each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from catalogs import Layer, Shot, series, write_catalog
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from sentinel_watch.domain.scene import SCL
from sentinel_watch.sources import SOURCES

if TYPE_CHECKING:
    from pathlib import Path

    from fault_server import Archive

    from sentinel_watch.contracts import Source
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.sources.stac_api import StacApi

__all__ = ["BANDS", "GRID", "QUICK", "WORLD", "assert_same_pixels", "local", "remote", "write_noise"]

BANDS = ["B02", "B08", SCL]
GRID = GeoBox((150, 170), Affine(10, 0, 500_900.0, 0, -10, 4_998_900.0), "EPSG:32634")
"""Needs four of the nine blocks of each 10 m file."""
WORLD = box(-180, -90, 180, 90)
QUICK = {"first_wait_s": 0.005, "max_wait_s": 0.05, "timeout_s": 0.6, "tries": 12, "deadline_s": 20}


def write_noise(folder: Path, count: int = 4) -> Path:
    """Write the archive, and return the path of its catalogue; the files do not compress, so that they are large."""
    noise = np.random.default_rng(7).integers(1, 60_000, (2, 380, 380), dtype=np.uint16)
    classes = np.random.default_rng(8).integers(0, 12, (190, 190), dtype=np.uint8)
    layers = {"B02": Layer(noise[0]), "B08": Layer(noise[1]), SCL: Layer(classes, 20.0)}
    shots = series(Shot("S2", datetime(2020, 1, 1, 9, tzinfo=UTC), layers), count)
    for number, shot in enumerate(shots):
        shifted = {band: Layer(np.roll(layer.dn, 5 * number), layer.pixel_m) for band, layer in layers.items()}
        object.__setattr__(shot, "layers", shifted)
    return write_catalog(folder, shots)


def local(archive: Archive) -> Source:
    """Return the archive read from disk."""
    return SOURCES.build({"part": "catalog", "path": archive.folder / "catalog.json"})


def remote(archive: Archive, **options: object) -> StacApi:
    """Return the archive read through its server, with short waits."""
    return SOURCES.build({"part": "stac_api", "url": archive.url, "allow_private": True, "patience": QUICK, **options})


def assert_same_pixels(source: Source, scene: Scene, archive: Archive) -> None:
    """Assert that a scene's pixels are those that are read from disk."""
    twin = next(other for other in local(archive).search(WORLD, None, None) if other.scene_id == scene.scene_id)
    found, true = source.read(scene, BANDS, GRID), local(archive).read(twin, BANDS, GRID)
    assert set(found) == set(true)
    for band, values in true.items():
        np.testing.assert_array_equal(found[band], values)
