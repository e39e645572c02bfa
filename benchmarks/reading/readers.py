"""Ways to read the same grid of all scenes; each returns (scene, band, y, x) digital numbers, 0 = no data.

Threads and connections are kept from round to round, as they are from scene to scene of a run.
"""

from __future__ import annotations

import asyncio
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio.windows import from_bounds

from benchmarks.reading.archive import BANDS, SCENES
from sentinel_watch.domain.scene import Asset, Scene
from sentinel_watch.sources import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray
    from obstore.store import HTTPStore
    from odc.geo.geobox import GeoBox

    from sentinel_watch.sources.stac_api import StacApi

    Pixels = NDArray[np.uint16]
    Reader = Callable[[str, GeoBox], Pixels]

__all__ = ["DISK_READERS", "READERS", "with_cache"]

WORKERS = 8
"""Scenes under way at once, as in a run."""
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def _href(url: str, scene: int, band: str) -> str:
    return f"{url}/s{scene}/{band}.tif"


def _all(read: Callable[[int], Pixels]) -> Pixels:
    return np.stack(list(_threads(WORKERS).map(read, range(SCENES))))


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(count)


@cache
def _source(url: str, chips: Path | None) -> StacApi:
    source: StacApi = SOURCES.build({"part": "stac_api", "url": url, "allow_private": True, "cache": chips})
    return source


def checked(url: str, grid: GeoBox, chips: Path | None = None) -> Pixels:
    """Read as this program does: checked byte ranges, then GDAL in memory."""
    source = _source(url.rpartition("/")[0], chips)

    def read(number: int) -> Pixels:
        assets = {band: Asset(_href(url, number, band)) for band in BANDS}
        scene = Scene(f"s{number}", FIRST + timedelta(days=number), "", "", "", assets)
        return np.stack([np.nan_to_num(values).astype(np.uint16) for values in source.read(scene, BANDS, grid).values()])

    return _all(read)


def with_cache(chips: Path) -> Reader:
    """Return the program's reader with a chip cache in `chips`, which finds there what an earlier round has read."""
    return lambda url, grid: checked(f"{url.rpartition('/')[0]}/kept", grid, chips)


def local_files(folder: str, grid: GeoBox) -> Pixels:
    """Read files as this program does."""
    source = SOURCES.build({"part": "catalog", "path": f"{folder}/catalog.json"})

    def read(number: int) -> Pixels:
        assets = {band: Asset(_href(folder, number, band)) for band in BANDS}
        scene = Scene(f"s{number}", FIRST + timedelta(days=number), "", "", "", assets)
        return np.stack([np.nan_to_num(values).astype(np.uint16) for values in source.read(scene, BANDS, grid).values()])

    return _all(read)


def plain_files(folder: str, grid: GeoBox) -> Pixels:
    """Read files with rasterio, one thread a scene."""

    def read_band(path: str) -> Pixels:
        with rasterio.open(path) as file:
            values: Pixels = file.read(1, window=from_bounds(*grid.boundingbox.bbox, transform=file.transform))
            return values

    return _all(lambda number: np.stack([read_band(_href(folder, number, band)) for band in BANDS]))


def plain_rasterio(url: str, grid: GeoBox) -> Pixels:
    """Read by GDAL's own remote reads, one thread a scene."""

    def read_band(href: str) -> Pixels:
        with rasterio.open(f"/vsicurl/{href}") as file:
            values: Pixels = file.read(1, window=from_bounds(*grid.boundingbox.bbox, transform=file.transform))
            return values

    options = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/"}

    def read(number: int) -> Pixels:
        with rasterio.Env(**options):
            return np.stack([read_band(_href(url, number, band)) for band in BANDS])

    return _all(read)


def whole_files(url: str, grid: GeoBox) -> Pixels:
    """Fetch each file whole, and read it in memory."""

    def read_band(href: str) -> Pixels:
        with urllib.request.urlopen(href) as answer, rasterio.MemoryFile(answer.read()) as memory, memory.open() as file:
            values: Pixels = file.read(1, window=from_bounds(*grid.boundingbox.bbox, transform=file.transform))
            return values

    return _all(lambda number: np.stack([read_band(_href(url, number, band)) for band in BANDS]))


def odc_stac_as_it_comes(url: str, grid: GeoBox) -> Pixels:
    """Read with odc-stac at its defaults: one band after the other."""
    return _odc_stac(url, grid, lambda load: load())


def odc_stac_dask_as_it_comes(url: str, grid: GeoBox) -> Pixels:
    """Read with odc-stac in chunks of dask at its defaults: as many threads as the machine has processors."""
    return _odc_stac(url, grid, lambda load: load(chunks={}).compute())


def odc_stac(url: str, grid: GeoBox) -> Pixels:
    """Read with a pool of odc-stac, 16 bands at once; it ends each pool, also one that is given to it."""
    return _odc_stac(url, grid, lambda load: load(pool=16))


def odc_stac_dask(url: str, grid: GeoBox, threads: int = 16) -> Pixels:
    """Read with odc-stac in chunks of dask, on 16 threads or as many as are given."""
    return _odc_stac(url, grid, lambda load: load(chunks={}).compute(scheduler="threads", num_workers=threads))


def _odc_stac(url: str, grid: GeoBox, run: Callable[[Callable[..., Any]], Any]) -> Pixels:
    import odc.stac  # noqa: PLC0415 - a peer that need not be installed
    import pystac  # noqa: PLC0415

    bounds = list(grid.extent.to_crs("EPSG:4326").boundingbox.bbox)
    items = []
    for number in range(SCENES):
        geometry = grid.extent.to_crs("EPSG:4326").json
        item = pystac.Item(f"s{number}", geometry, bounds, FIRST + timedelta(days=number), {})
        for band in BANDS:
            fields = {"raster:bands": [{"data_type": "uint16", "nodata": 0}]}
            item.add_asset(
                band, pystac.Asset(_href(url, number, band), media_type=pystac.MediaType.COG, roles=["data"], extra_fields=fields)
            )
        items.append(item)
    cube = run(partial(odc.stac.load, items, bands=list(BANDS), geobox=grid))
    return np.stack([cube[band].to_numpy() for band in BANDS], axis=1)


def async_geotiff(url: str, grid: GeoBox) -> Pixels:
    """Read with async-geotiff over obstore, all files at once."""
    from async_geotiff import GeoTIFF, Window  # noqa: PLC0415 - a peer that need not be installed

    base, _, folder = url.rpartition("/")
    store = _store(base)

    async def read_band(number: int, band: str) -> Pixels:
        file = await GeoTIFF.open(f"{folder}/s{number}/{band}.tif", store=store)
        col, row = (round(value) for value in ~file.transform * (grid.boundingbox.left, grid.boundingbox.top))
        part = await file.read(window=Window(col_off=col, row_off=row, width=grid.shape[1], height=grid.shape[0]))
        values: Pixels = np.asarray(part.data).reshape(grid.shape)
        return values

    async def read() -> list[Pixels]:
        return await asyncio.gather(*(read_band(number, band) for number in range(SCENES) for band in BANDS))

    return np.stack(asyncio.run(read())).reshape(SCENES, len(BANDS), *grid.shape)


@cache
def _store(url: str) -> HTTPStore:
    from obstore.store import HTTPStore  # noqa: PLC0415 - a peer that need not be installed

    return HTTPStore.from_url(url, client_options={"allow_http": True})


READERS: dict[str, Reader] = {
    "sentinel-watch": checked,
    "rasterio /vsicurl": plain_rasterio,
    "whole files": whole_files,
    "odc-stac, as it comes": odc_stac_as_it_comes,
    "odc-stac, dask as it comes": odc_stac_dask_as_it_comes,
    "odc-stac, pool": odc_stac,
    "odc-stac, dask": odc_stac_dask,
    "odc-stac, dask, 32 threads": partial(odc_stac_dask, threads=32),
    "async-geotiff": async_geotiff,
}

DISK_READERS: dict[str, Reader] = {
    "sentinel-watch": local_files,
    "rasterio": plain_files,
    "odc-stac, as it comes": odc_stac_as_it_comes,
    "odc-stac, dask as it comes": odc_stac_dask_as_it_comes,
    "odc-stac, pool": odc_stac,
    "odc-stac, dask": odc_stac_dask,
}
