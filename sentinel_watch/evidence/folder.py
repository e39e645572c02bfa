"""An alert's evidence folder on disk: the only file of this stage that writes.

`SHA256SUMS` lists every file, so that `sha256sum -c SHA256SUMS` verifies a folder without this program.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sentinel_watch.errors import InputError
from sentinel_watch.evidence.before_after import before_after_png
from sentinel_watch.evidence.bundle.documents import event_document
from sentinel_watch.evidence.bundle.files import manifest_of, sha256_of
from sentinel_watch.evidence.change_map import change_map_png
from sentinel_watch.evidence.series import all_series
from sentinel_watch.evidence.table import series_csv
from sentinel_watch.evidence.time_series import time_series_png

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.evidence.inputs import EvidenceInputs

__all__ = ["MANIFEST", "manifest_hash", "whole_hash", "write_evidence", "write_file"]

MANIFEST = "SHA256SUMS"


def write_evidence(inputs: EvidenceInputs, folder: Path) -> str:
    """Write the figures, the numbers and the manifest of one alert into `folder`; return the manifest's hash.

    `before_after.png`, `change_map.png`, `time_series.png`, `series.csv`, `event.json`, `SHA256SUMS`. The same inputs give the same bytes.
    Other files in the folder stay, and are in the manifest too. OSError where the folder cannot be written.
    """
    series = all_series(inputs.samples, inputs.normal, inputs.index, inputs.indices)
    folder.mkdir(parents=True, exist_ok=True)
    write_file(folder / "before_after.png", before_after_png(inputs))
    write_file(folder / "change_map.png", change_map_png(inputs))
    write_file(folder / "time_series.png", time_series_png(inputs, series))
    write_file(folder / "series.csv", series_csv(inputs.samples, series).encode())
    document = event_document(inputs.event, str(inputs.chip.grid.crs))
    write_file(folder / "event.json", f"{json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False)}\n".encode())
    # Last, so that a folder whose writing was broken off does not verify.
    write_file(folder / MANIFEST, _manifest(folder).encode())
    return manifest_hash(folder)


def manifest_hash(folder: Path) -> str:
    """Return the SHA-256 of a folder's manifest, in hex: through the manifest it stands for every file.

    The files themselves are not read again; `whole_hash` does that. Raises InputError where the folder has no manifest.

    This is the alert's column `evidence_sha256`.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError("the evidence folder has no manifest", where=str(folder), allowed=MANIFEST, next_step="build the evidence again")
    return sha256_of(path)


def whole_hash(folder: Path) -> str | None:
    """Return the SHA-256 of a folder's manifest where every file is still as it says, else None.

    None also where a file was added or taken away, and where there is no manifest.
    """
    path = folder / MANIFEST
    return sha256_of(path) if path.is_file() and path.read_text() == _manifest(folder) else None


def write_file(path: Path, content: bytes) -> None:
    """Write a file in one step, so that a killed run leaves the old file or the new one, never half of it.

    Written beside it and renamed. Raises OSError where that cannot be done.
    """
    # in the same folder: a rename across disks would be a copy
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _manifest(folder: Path) -> str:
    """Return the manifest of the folder as it stands, in the format of `sha256sum`, by path.

    Two spaces between hash and path; unfinished files are left out.
    """
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != MANIFEST and path.suffix != ".part")
    return manifest_of(folder, (path.relative_to(folder).as_posix() for path in files))
