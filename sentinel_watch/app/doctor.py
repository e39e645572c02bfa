"""What is installed, what is missing, and what that means for a run.

Looks at this machine only: it asks no server, so a source that is down does not show here.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from sentinel_watch.app.tables import console
from sentinel_watch.errors import InputError
from sentinel_watch.shipped import shipped
from sentinel_watch.store import is_address, open_store, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Finding", "diagnose", "findings"]

DISTRIBUTION = "sentinel-watch"
EXTRAS = {
    "postgis": "keeping a workspace in PostgreSQL",
    "geoparquet": "exports as GeoParquet",
    "fast": "unpacking imagery faster, by libdeflate",
    "sentinelhub": "reading from Sentinel Hub",
    "dossier": "the dossier of an alert, as PDF and HTML",
    "timestamp": "time stamps by an authority",
    "keyring": "credentials in a keyring",
    "test": "running the project's tests",
    "dev": "checks before each commit",
}
MISLEADING = ("GDAL_DATA", "PROJ_DATA", "PROJ_LIB", "GDAL_DRIVER_PATH")
"""Variables that send the two GDALs, which differ, to one folder of data."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    `what` names it, `detail` says what was found in words, with the next step where something is to be done.
    """

    what: str
    state: str
    """`ok`, `missing` (an option that is not there), `warning`, or `broken` (a run would not work)."""
    detail: str


def diagnose(workspace: str) -> int:
    """Print what was found, and return the exit code: 1 where a run would not work, else 0.

    `workspace` is the folder or the address that a run would use; a folder is not made.
    What is missing or odd, but not needed, leaves the code at 0.

    Colours only on a terminal. Nothing is changed but what a database needs: its tables are made.
    """
    found = list(findings(workspace))
    table = Table(box=None, pad_edge=False, show_header=False)
    # state and colour both: a colour alone says nothing in a log or to the colour-blind
    style = {"ok": "green", "missing": "yellow", "warning": "yellow", "broken": "bold red"}
    for finding in found:
        table.add_row(finding.what, Text(finding.state, style[finding.state]), finding.detail)
    broken = [finding.what for finding in found if finding.state == "broken"]
    out = console()
    out.print(table, highlight=False)
    out.print(f"A run would not work: {', '.join(broken)}." if broken else "Everything that a run needs is here.", highlight=False)
    return 1 if broken else 0


def findings(workspace: str) -> Iterator[Finding]:
    """Yield what is found, in the order in which it is shown.

    Python, packages, libraries, extras, environment, sample, workspace.
    """
    python_ok = sys.version_info >= (3, 11)
    yield Finding("Python", "ok" if python_ok else "broken", f"{platform.python_version()} on {platform.platform()}")
    yield from _packages()
    yield from _versions()
    yield from _extras()
    yield _environment()
    yield _sample()
    yield _writable(workspace)


def _packages() -> Iterator[Finding]:
    """Yield the program's version, then each package that it needs, broken where it is not installed.

    Names are those of the installed distribution's metadata, so they follow pyproject by themselves.
    """
    yield Finding(DISTRIBUTION, "ok", metadata.version(DISTRIBUTION))
    for name in _required(""):
        version = _version(name)
        yield Finding(name, "ok" if version else "broken", version or "not installed")


def _required(extra: str) -> list[str]:
    """Return the names of the packages that an extra asks for; those that are always needed for "".

    As pip reads them: requirement lines of the metadata (PEP 508), markers and versions left out.
    """
    # "rasterio<1.5,>=1.4" and "sentinelhub>=3.11; extra == 'sentinelhub'": the name is what comes first
    asked = [line for line in metadata.requires(DISTRIBUTION) or () if (re.findall(r"extra == ['\"](.+?)['\"]", line) or [""])[0] == extra]
    return [re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0] for line in asked]


def _version(name: str) -> str | None:
    """Return the installed version of a package, None where it is not installed."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _versions() -> Iterator[Finding]:
    """Yield the versions of the libraries below the packages, loaded for it."""
    # each imported for real: a library that is installed may still not load
    yield _try("GDAL of rasterio (reads imagery)", lambda: str(import_module("rasterio").__gdal_version__))
    yield _try("GDAL of pyogrio (writes vectors)", lambda: str(import_module("pyogrio").__gdal_version_string__))
    yield _try("PROJ", lambda: str(import_module("pyproj").proj_version_str))
    yield _try("threads of numba", lambda: str(import_module("numba").get_num_threads()))


def _try(what: str, look: Callable[[], str]) -> Finding:
    """Return what `look` finds, or as broken whatever it raises.

    `look` returns what is shown as the detail; it may import anything.
    """
    try:
        return Finding(what, "ok", look())
    except Exception as error:
        # anything at all: a broken library fails on import in ways of its own
        return Finding(what, "broken", f"{type(error).__name__}: {error}")


def _extras() -> Iterator[Finding]:
    """Yield each extra, missing where one of its packages is, with the command that brings it."""
    for extra, purpose in EXTRAS.items():
        absent = [name for name in _required(extra) if _version(name) is None]
        detail = f"for {purpose}; pip install '.[{extra}]'" if absent else f"for {purpose}"
        yield Finding(f"extra {extra}", "missing" if absent else "ok", detail)


def _environment() -> Finding:
    """Return a warning where variables lead rasterio's and pyogrio's GDAL to the same data folder.

    Neither GDAL nor PROJ is asked: that the variable is there is enough.
    """
    set_ = [name for name in MISLEADING if name in os.environ]
    if set_:
        return Finding("environment", "warning", f"{', '.join(set_)} set: unset, for rasterio and pyogrio carry different GDALs")
    return Finding("environment", "ok", "nothing misleads GDAL or PROJ")


def _sample() -> Finding:
    """Return which shipped samples there are, a warning where there is none.

    `ok` with their names. That they can be read is not tried here.
    """
    try:
        # sorted: the order of a folder is the file system's
        names = [path.parent.name for path in sorted(shipped("samples").glob("*/catalog.json"))]
    except InputError as error:
        return Finding("sample", "warning", error.what)
    return Finding("sample", "ok" if names else "warning", ", ".join(names) or "none: --source sample will not work")


def _writable(workspace: str) -> Finding:
    """Return whether the workspace can be written, tried with a file that is gone at once; of a database, whether it can be opened.

    The file is empty, so a full disk may not show here.
    """
    if is_address(workspace):
        return _database(workspace)
    # a folder that does not exist yet is made by the run: what counts is the nearest one that does
    place = Path(workspace)
    folder = next(parent for parent in (place, *place.absolute().parents) if parent.exists())
    try:
        with TemporaryFile(dir=folder):
            return Finding("workspace", "ok", f"{workspace} can be written")
    except OSError as error:
        return Finding("workspace", "broken", f"{workspace} cannot be written: {error.strerror}")


def _database(address: str) -> Finding:
    """Return whether the database at `address` can be opened; its tables are made, as a run would.

    The address is shown without its password. Raises nothing: what the database answers is the detail.
    """
    try:
        open_store(address).close()
    except InputError as error:
        return Finding("workspace", "broken", f"{shown(address)}: {error.what}: {error.details['found']}")
    return Finding("workspace", "ok", f"{shown(address)} can be opened")
