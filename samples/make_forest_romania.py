"""Make the sample catalogue `samples/forest_romania` from the cubes in the PyPI wheel nrt 0.2.0 (EUPL-1.2).

Run `python samples/make_forest_romania.py [WHEEL]` with the project installed, and `h5netcdf` beside it (xarray's
reader of the wheel's netCDF files; nothing else needs it). Without WHEEL the wheel is fetched with pip.
The pixels are re-encoded without loss: the wheel's uint16 DN as uint16, its SCL classes (0-11) as uint8.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pystac
import rasterio
import xarray as xr
from rasterio.transform import Affine, array_bounds
from rasterio.warp import transform, transform_bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLES = Path(__file__).resolve().parent
WHEEL = "nrt==0.2.0"
CRS = "EPSG:3035"
CUBES = {"10m": {"B2": "B02", "B3": "B03", "B4": "B04", "B8": "B08", "SCL": "SCL"}, "20m": {"B8A": "B8A", "B11": "B11"}}
"""Resolution -> name in the wheel -> name of the band."""
ASSETS = {
    "B02": ("blue", "blue"), "B03": ("green", "green"), "B04": ("red", "red"), "B08": ("nir", "nir"),
    "B8A": ("nir08", "nir08"), "B11": ("swir16", "swir16"), "SCL": ("scl", None),
}  # fmt: skip
"""Band -> asset key and common name, as the public Sentinel-2 catalogues write them."""
EXTENSIONS = [
    "https://stac-extensions.github.io/eo/v1.1.0/schema.json",
    "https://stac-extensions.github.io/projection/v2.0.0/schema.json",
    "https://stac-extensions.github.io/raster/v1.1.0/schema.json",
]
OVERPASS = "T09:20:00+00:00"
"""Nominal: the wheel gives the day only, and Sentinel-2 passes there at about 09:20 or 09:30 UTC."""
BASELINE = "02.00"
"""Nominal: the wheel names none; every date is from before 04.00, and no pixel carries that baseline's offset."""
CLOUDY = (3, 8, 9, 10)
DESCRIPTION = (
    "Sentinel-2 L2A of a forest with progressive clear-cuts in Romania, 140 dates from 2015 to 2021. "
    "Contains modified Copernicus Sentinel data 2015-2021. Re-encoded from the Python package nrt 0.2.0 "
    "(European Union, Joint Research Centre; EUPL-1.2)."
)


def fetch_wheel(folder: Path) -> Path:
    """Download the wheel into `folder` with pip and return its path."""
    subprocess.run([sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), WHEEL], check=True)
    return next(folder.glob("nrt-*.whl"))


def load_bands(wheel: zipfile.ZipFile) -> dict[str, xr.DataArray]:
    """Return band -> (time, y, x) cube of the wheel's raw numbers."""
    bands: dict[str, xr.DataArray] = {}
    for resolution, names in CUBES.items():
        data = wheel.read(f"nrt/data/sentinel2_cube_subset_romania_{resolution}.nc")
        cube = xr.load_dataset(io.BytesIO(data), engine="h5netcdf", mask_and_scale=False)
        bands |= {band: cube[name] for name, band in names.items()}
    return bands


def pixel_transform(cube: xr.DataArray) -> Affine:
    """Return the transform of `cube` from the coordinates of its pixel centres, metres."""
    step_x, step_y = float(cube.x[1] - cube.x[0]), float(cube.y[1] - cube.y[0])
    return Affine(step_x, 0.0, float(cube.x[0]) - step_x / 2, 0.0, step_y, float(cube.y[0]) - step_y / 2)


def write_cog(path: Path, dn: NDArray[Any], grid: Affine) -> None:
    """Write `dn` (y, x) as a single-band COG; blocks of 128 waste the least on these small rasters."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "COG", "count": 1, "dtype": dn.dtype, "crs": CRS, "transform": grid, "nodata": 0}
    packing = {"compress": "deflate", "level": 12, "predictor": 2 if dn.dtype == np.uint16 else 1, "blocksize": 128, "overviews": "NONE"}
    with rasterio.open(path, "w", width=dn.shape[1], height=dn.shape[0], **profile, **packing) as file:
        file.write(dn, 1)


def make_asset(band: str, dn: NDArray[Any], grid: Affine) -> pystac.Asset:
    """Return the catalogue's entry of one band's file."""
    key, common = ASSETS[band]
    raster: dict[str, Any] = {"data_type": str(dn.dtype), "nodata": 0}
    fields: dict[str, Any] = {"proj:shape": list(dn.shape), "proj:transform": list(grid)[:6], "raster:bands": [raster]}
    if common is not None:
        raster |= {"scale": 0.0001, "offset": 0.0}
        fields["eo:bands"] = [{"name": band, "common_name": common}]
    return pystac.Asset(f"./{key}.tif", media_type=pystac.MediaType.COG, roles=["data"], extra_fields=fields)


def make_item(day: str, bands: dict[str, xr.DataArray], folder: Path) -> pystac.Item:
    """Write the files of one date and return its STAC item."""
    item_id = f"S2_forest_romania_{day.replace('-', '')}_L2A"
    scl = bands["SCL"].values
    cloud_percent = round(100 * float(np.isin(scl, CLOUDY).mean()), 2)
    west, south, east, north = transform_bounds(CRS, "EPSG:4326", *array_bounds(*scl.shape, pixel_transform(bands["SCL"])))
    item = pystac.Item(
        item_id,
        {"type": "Polygon", "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]]},
        [west, south, east, north],
        datetime.fromisoformat(day + OVERPASS).astimezone(UTC),
        {"platform": "sentinel-2", "proj:code": CRS, "s2:processing_baseline": BASELINE, "eo:cloud_cover": cloud_percent},
        stac_extensions=EXTENSIONS,
    )
    for band, cube in bands.items():
        dn = cube.values.astype(np.uint8 if band == "SCL" else np.uint16)
        write_cog(folder / item_id / f"{ASSETS[band][0]}.tif", dn, pixel_transform(cube))
        item.add_asset(ASSETS[band][0], make_asset(band, dn, pixel_transform(cube)))
    return item


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write compact JSON: 140 items are read at every start."""
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")


def write_catalog(bands: dict[str, xr.DataArray], out: Path) -> None:
    """Write one item for each date, and the catalogue that lists them."""
    catalog = pystac.Catalog("forest_romania", DESCRIPTION, title="Forest with progressive clear-cuts, Romania")
    catalog.add_link(pystac.Link("license", "./LICENSE", "text/plain"))
    catalog.add_link(pystac.Link("about", "./README.md", "text/markdown"))
    for index, day in enumerate(np.datetime_as_string(bands["SCL"].time.values, "D")):
        item = make_item(str(day), {band: cube[index] for band, cube in bands.items()}, out / "items")
        href = f"items/{item.id}/{item.id}.json"
        catalog.add_link(pystac.Link("item", f"./{href}", "application/geo+json"))
        links = [{"rel": rel, "href": "../../catalog.json", "type": "application/json"} for rel in ("root", "parent")]
        write_json(out / href, {**item.to_dict(include_self_link=False, transform_hrefs=False), "links": links})
    root = {"rel": "root", "href": "./catalog.json", "type": "application/json"}
    links = [root, *(link.to_dict(transform_href=False) for link in catalog.links if link.rel != "root")]
    write_json(out / "catalog.json", {**catalog.to_dict(include_self_link=False, transform_hrefs=False), "links": links})


def write_aoi(cube: xr.DataArray, path: Path, inset_m: float = 20.0) -> None:
    """Write the AOI: the data's own rectangle less `inset_m` on each side, so that every pixel of it was seen."""
    west, south, east, north = array_bounds(*cube.shape[1:], pixel_transform(cube))
    west, south, east, north = west + inset_m, south + inset_m, east - inset_m, north - inset_m
    lons, lats = transform(CRS, "EPSG:4326", [west, east, east, west, west], [south, south, north, north, south])
    ring = [[round(lon, 7), round(lat, 7)] for lon, lat in zip(lons, lats, strict=True)]
    properties = {"site_id": "forest_romania", "name": "Forest in Romania", "site_type": "protected_area", "country": "ROU"}
    feature = {"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}, indent=1) + "\n", encoding="utf-8")


def main() -> None:
    """Write catalogue, licence and AOI."""
    out = SAMPLES / "forest_romania"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[1]) if len(sys.argv) > 1 else fetch_wheel(Path(folder))
        with zipfile.ZipFile(path) as wheel:
            bands = load_bands(wheel)
            (out / "LICENSE").write_bytes(wheel.read("nrt-0.2.0.dist-info/LICENSE"))
    write_catalog(bands, out)
    write_aoi(bands["SCL"], SAMPLES.parent / "aoi" / "forest_romania.geojson")


if __name__ == "__main__":
    main()
