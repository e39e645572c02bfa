"""With what software something was computed, so that a difference years later can be explained."""

from __future__ import annotations

import platform
import re
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pyproj
import rasterio
import shapely

__all__ = ["software"]

PACKAGE = "sentinel-watch"


def software() -> dict[str, str]:
    """Return name -> version of this program, of what it runs on, and of every package that it depends on by itself."""
    named = {re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in requires(PACKAGE) or () if "extra ==" not in line}
    libraries = {"gdal": rasterio.__gdal_version__, "geos": shapely.geos_version_string, "proj": pyproj.proj_version_str}
    machine = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    found = {name: known for name in {PACKAGE, *named} if (known := _version(name))}
    return {**machine, **dict(sorted({**libraries, **found, f"{PACKAGE} code": _code()}.items()))}


def _code() -> str:
    """Return the first 16 hexadecimal digits of the SHA-256 over this program's modules: it tells states of one version apart."""
    home, digest = Path(__file__).parents[2], sha256()
    for path in sorted(home.rglob("*.py")):
        digest.update(f"{path.relative_to(home).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _version(name: str) -> str:
    """Return the installed version of a package, "" where there is none."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
