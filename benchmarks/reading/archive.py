"""A small archive of COGs, and a server that waits before each answer, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["AREAS", "BANDS", "SCENES", "serving", "write_archive"]

SCENES = 8
BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
SIDE_PX = 2048
BLOCK_PX = 512
CRS = "EPSG:32634"
AREAS = {
    "four blocks": GeoBox((256, 256), Affine(10, 0, 509_000.0, 0, -10, 4_991_000.0), CRS),
    "one block": GeoBox((256, 256), Affine(10, 0, 511_500.0, 0, -10, 4_988_500.0), CRS),
}
"""Blocks of an AOI, by how many of a file's blocks they lie on: the most that is usual, and the least."""


def write_archive(folder: Path) -> None:
    """Write SCENES x BANDS files of SIDE_PX x SIDE_PX pixels, textured about as Sentinel-2's are; those that are there stay."""
    rng = np.random.default_rng(1)
    place = {"crs": CRS, "transform": Affine(10, 0, 500_000.0, 0, -10, 5_000_000.0)}
    options = {"compress": "deflate", "predictor": 2, "blocksize": BLOCK_PX, "overviews": "NONE", "nodata": 0}
    for scene in range(SCENES):
        for band in BANDS:
            path = folder / f"s{scene}" / f"{band}.tif"
            if path.exists():
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            dn = (rng.normal(1500, 120, (SIDE_PX, SIDE_PX)) + 200 * scene).astype(np.uint16)
            with rasterio.open(path, "w", driver="COG", dtype="uint16", count=1, height=SIDE_PX, width=SIDE_PX, **place, **options) as file:
                file.write(dn, 1)


@contextmanager
def serving(folder: Path, delay_ms: float) -> Iterator[str]:
    """Serve `folder` while the block runs, each answer after `delay_ms`; yields the URL."""
    command = [sys.executable, "-m", "benchmarks.reading.server", str(folder), str(delay_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()
