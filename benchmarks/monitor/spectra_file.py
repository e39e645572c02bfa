"""Spectra to plant from a file of the user's, in place of our prototypes."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, cast

import numpy as np

from sentinel_watch.errors import InputError
from sentinel_watch.simulation.events import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["read_spectra"]


def read_spectra(path: Path, bands: Sequence[str]) -> Mapping[Kind, Mapping[str, NDArray[np.float32]]]:
    """Return kind -> name -> (band,) reflectance from a CSV file with the columns `kind`, `name` and one a band (`B02` …).

    Raises InputError where a column is missing, a kind is unknown, or a value is no reflectance.
    """
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    missing = {"kind", "name", *bands} - set(rows[0] if rows else ())
    if missing:
        raise InputError(
            "the file of spectra lacks columns",
            where=str(path),
            found=", ".join(rows[0] if rows else ()),
            allowed=", ".join(sorted(missing)),
        )
    library: dict[Kind, dict[str, NDArray[np.float32]]] = {}
    for number, row in enumerate(rows, 2):
        if row["kind"] not in KINDS:
            raise InputError("unknown kind of event", where=f"{path}, line {number}", found=row["kind"], allowed=", ".join(KINDS))
        spectrum = np.array([_reflectance(row[band], f"{path}, line {number}, {band}") for band in bands], np.float32)
        library.setdefault(cast("Kind", row["kind"]), {})[row["name"]] = spectrum
    return library


def _reflectance(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1.5:
        raise InputError("not a reflectance", where=where, found=text, allowed="0 to 1.5")
    return value
