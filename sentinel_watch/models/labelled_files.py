"""Reading labelled pairs: every `<name>.npz` of a folder with its `<name>.csv`.

The npz holds `before` and `after` (n, 6, y, x), reflectance times 10000 in the order B02 B03 B04 B08 B11 B12, 0 or less for no
data, and nothing else is read of it; the csv has a line a pair: sample_id, category, longitude, latitude, and if known
t0_start, t1_end as YYYY-MM-DD.
"""

from __future__ import annotations

import csv
import zipfile
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.classification.training.labelled import LabelledSet
from sentinel_watch.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    Pair = tuple[NDArray[np.float32], NDArray[np.float32]]

__all__ = ["read_labelled", "write_labelled"]

NEEDED = ("sample_id", "category", "longitude", "latitude")


def read_labelled(folder: Path, labels: Sequence[str]) -> LabelledSet:
    """Return the pairs of all files in `folder`, in the order of their names.

    Raises InputError where there are none, a file is damaged or does not fit its list, or a label is none of `labels`.
    """
    stems = sorted(path.with_suffix("") for path in folder.glob("*.npz")) if folder.is_dir() else []
    if not stems:
        raise InputError("there are no labelled pairs", where=str(folder), allowed="<name>.npz with <name>.csv beside it")
    parts = [_read(stem, labels) for stem in stems]
    if len({part.before.shape[1:] for part in parts}) > 1:
        raise InputError("the pairs of the files differ in size", where=str(folder), next_step="give them one by one")
    return LabelledSet(*(np.concatenate([getattr(part, name) for part in parts]) for name in LabelledSet.__slots__))


def write_labelled(folder: Path, rows: Sequence[Mapping[str, str]], pictures: Sequence[Pair]) -> None:
    """Write `reviewed.npz` and `reviewed.csv` into `folder`; `rows` have the columns of the layout, `pictures` are (6, y, x) reflectance.

    All pictures must be of one size; there must be one at least.

    Reflectance is held between 0.0001 and 3.2, and NaN becomes 0. What was in the folder under these names is replaced.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stacks = [np.stack(part) for part in zip(*pictures, strict=True)]
    # 1 at least: 0 means no data, and the darkest water must not
    before, after = (np.nan_to_num(np.clip(np.round(stack * 1e4), 1, 32_000), nan=0).astype(np.int16) for stack in stacks)
    np.savez_compressed(folder / "reviewed.npz", before=before, after=after)
    with (folder / "reviewed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, [*NEEDED, "t0_start", "t1_end"])
        writer.writeheader()
        writer.writerows(rows)


def _read(stem: Path, labels: Sequence[str]) -> LabelledSet:
    """Return the pairs of one file.

    `stem` is the path of both files without an ending, `labels` are those of the model. Raises InputError where the two do not fit or
    a label is not the model's.
    """
    rows = _rows(stem.with_suffix(".csv"))
    before, after = _pictures(stem.with_suffix(".npz"))
    if len(rows) != len(before):
        raise InputError("the list does not fit the pictures", where=str(stem), found=f"{len(rows)} lines, {len(before)} pairs")
    found = np.array([row["category"] for row in rows])
    if strange := sorted(set(found.tolist()) - set(labels)):
        raise InputError(
            f"the model has no label {strange[0]!r}", where=str(stem), found=strange[0], allowed=did_you_mean(strange[0], labels)
        )
    lon, lat = (np.array([_degrees(row, name, stem) for row in rows]) for name in ("longitude", "latitude"))
    # years suffice: what has to be found out is whether the period gives a label away
    period = np.array([f"{(row.get('t0_start') or '')[:4]}-{(row.get('t1_end') or '')[:4]}" for row in rows])
    return LabelledSet(before, after, found, lon, lat, period, np.array([row["sample_id"] for row in rows]))


def _degrees(row: Mapping[str, str], name: str, stem: Path) -> float:
    """Return a coordinate of one line, degrees; raise InputError where it is no number."""
    try:
        return float(row[name])
    except ValueError as error:
        place = f"{stem.with_suffix('.csv')}, {row['sample_id']}"
        raise InputError(f"the {name} is no number", where=place, found=row[name], allowed="decimal degrees, WGS84") from error


def _rows(path: Path) -> list[dict[str, str]]:
    """Return the lines of a list; raise InputError where it is not there or lacks a column.

    One line alone is looked at for its columns, since csv gives all lines the head's. Columns beyond those needed are kept.
    """
    if not path.is_file():
        raise InputError("the list of the pairs is missing", where=str(path), next_step="put the csv beside the npz")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    if rows and (lacking := [name for name in NEEDED if name not in rows[0]]):
        raise InputError(f"the list has no column {lacking[0]!r}", where=str(path), allowed=", ".join(NEEDED))
    return rows


def _pictures(path: Path) -> Pair:
    """Return reflectance before and after, (n, 6, y, x), NaN = no data.

    Raises InputError where the file is damaged, lacks an array or holds arrays of another shape; whole numbers come back as float32.
    """
    try:
        # a pickled array could run code when it is read
        with np.load(path, allow_pickle=False) as file:
            before, after = (np.asarray(file[name], np.float32) for name in ("before", "after"))
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise InputError("the pictures cannot be read", where=str(path), found=str(error), allowed="arrays before and after") from error
    if before.shape != after.shape or before.ndim != 4 or before.shape[1] != 6:
        raise InputError(
            "the pictures are of another shape", where=str(path), found=f"{before.shape}, {after.shape}", allowed="(n, 6, y, x)"
        )
    return tuple(np.where(part > 0, part / np.float32(1e4), np.float32(np.nan)) for part in (before, after))  # type: ignore[return-value]
