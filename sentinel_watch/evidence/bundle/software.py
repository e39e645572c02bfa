"""With what software something was computed, so that a difference years later can be explained."""

from __future__ import annotations

import platform
import re
from importlib.metadata import PackageNotFoundError, requires, version

import pyproj
import rasterio
import shapely

from sentinel_watch.shipped import code_hash

__all__ = ["software"]

PACKAGE = "sentinel-watch"


def software() -> dict[str, str]:
    """Return name -> version of this program, of what it runs on, and of every package that it depends on by itself.

    `gdal`, `geos` and `proj` are the libraries in the wheels of rasterio, shapely and pyproj; extras are left out.
    """
    named = {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in requires(PACKAGE) or () if "extra ==" not in line}
    libraries = {"gdal": rasterio.__gdal_version__, "geos": shapely.geos_version_string, "proj": pyproj.proj_version_str}
    # the last digits of a sum may differ between kinds of machines
    machine = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    found = {name: known for name in {PACKAGE, *named} if (known := _version(name))}
    return {**machine, **dict(sorted({**libraries, **found, f"{PACKAGE} code": code_hash()}.items()))}


def _version(name: str) -> str:
    """Return the installed version of a package, "" where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
