"""Real series as cubes on their native grid, to plant into; decoded once, then kept in a cache folder."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import rasterio
import xarray as xr
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from scipy.ndimage import binary_dilation

from sentinel_watch.domain.look import MaskReason, make_look, stack_looks
from sentinel_watch.simulation.spectra import CENTRE_NM

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["load_case"]

SCL_REASON = {
    0: MaskReason.NODATA,
    1: MaskReason.DEFECT,
    3: MaskReason.SHADOW,
    8: MaskReason.CLOUD,
    9: MaskReason.CLOUD,
    11: MaskReason.SNOW,
}
LEAST_CLEAR = 0.1


def load_case(name: str, cases: Path, cache: Path) -> tuple[xr.Dataset, GeoBox]:
    """Return the cube (time, band, y, x) of a case and its grid; scenes that are less than a tenth clear are left out."""
    catalogue = cases / name
    cached = cache / f"{name}.npz"
    grid = _grid(catalogue)
    if not cached.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _save(_read(catalogue, grid), cached)
    with np.load(cached) as kept:
        coords = {"time": kept["time"], "band": kept["band"].astype(str), "scene_id": ("time", kept["scene_id"].astype(str))}
        arrays = {"reflectance": (("time", "band", "y", "x"), kept["reflectance"]), "mask": (("time", "y", "x"), kept["mask"])}
        return xr.Dataset(arrays, coords=coords), grid


def _save(cube: xr.Dataset, path: Path) -> None:
    partial = path.with_suffix(".partial.npz")
    np.savez(partial, **{key: np.asarray(cube[key].values) for key in ("reflectance", "mask", "time")},
             band=cube["band"].values.astype(str), scene_id=cube["scene_id"].values.astype(str))  # fmt: skip
    partial.replace(path)


def _grid(catalogue: Path) -> GeoBox:
    item = next(catalogue.glob("items/*"))
    with rasterio.open(item / "red.tif") as red:
        return GeoBox(red.shape, red.transform, str(red.crs))


def _read(catalogue: Path, grid: GeoBox) -> xr.Dataset:
    looks = [_look(folder, grid.shape) for folder in sorted(catalogue.glob("items/*"))]
    clear = [look for look in looks if float((look["mask"] == 0).mean()) >= LEAST_CLEAR]
    return stack_looks(sorted(clear, key=lambda look: look["time"].values))


def _look(folder: Path, shape: tuple[int, int]) -> xr.Dataset:
    item = json.loads((folder / f"{folder.name}.json").read_text())
    seen, scl = {}, np.zeros(shape, np.uint8)
    for asset in item["assets"].values():
        path = folder / asset["href"]
        if path.stem == "scl":
            scl = _decode(path, shape, Resampling.nearest)
        else:
            stored = asset["raster:bands"][0]
            dn = _decode(path, shape, Resampling.bilinear).astype(np.float32)
            seen[asset["eo:bands"][0]["name"]] = np.where(dn == stored["nodata"], np.nan, dn * stored["scale"] + stored["offset"])
    bands = [band for band in CENTRE_NM if band in seen]
    reflectance = np.stack([seen[band] for band in bands]).astype(np.float32)
    time = datetime.fromisoformat(item["properties"]["datetime"].replace("Z", "+00:00"))
    return make_look(item["id"], time, bands, reflectance, _mask(reflectance, scl))


def _decode(path: Path, shape: tuple[int, int], how: Resampling) -> np.ndarray:
    with rasterio.open(path, driver="GTiff") as file:
        return file.read(1, out_shape=shape, resampling=how)


def _mask(reflectance: np.ndarray, scl: np.ndarray) -> np.ndarray:
    mask = np.where(np.isnan(reflectance).any(axis=0), int(MaskReason.NODATA), 0).astype(np.uint8)
    for number, reason in SCL_REASON.items():
        hit = scl == number
        mask |= np.where(binary_dilation(hit, np.ones((3, 3))) if number in (3, 8, 9) else hit, int(reason), 0).astype(np.uint8)
    return mask
