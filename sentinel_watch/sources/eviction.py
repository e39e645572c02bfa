"""Keeps the chip cache within its size: what was not used for longest goes first, but never what evidence refers to."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

from sentinel_watch.log import log

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["KEEP", "evict"]

KEEP = "KEEP"
"""A file of this name in a version's folder says that evidence refers to it."""
TARGET = 0.9
"""Share of the limit that is left full, so that not every new piece evicts."""


def evict(files: Path, max_bytes: int) -> int:
    """Delete whole versions of files under `files`, least recently used first, until they fit; return the bytes freed.

    Goes by the time of change of each version's folder, which is set at every use. More than TARGET of `max_bytes`
    may stay where evidence holds it. Other processes may read and write meanwhile: what vanishes under a reader is
    fetched again.
    """
    versions = sorted(_versions(files))
    total = sum(size for _, _, size in versions)
    if total <= max_bytes:
        return 0
    freed = 0
    for _, folder, size in versions:
        if total - freed <= max_bytes * TARGET:
            break
        # looked at last: a run may pin it between the listing and now
        if not (folder / KEEP).exists():
            shutil.rmtree(folder, ignore_errors=True)
            freed += size
    log.info("the chip cache was over its limit: %d bytes freed", freed)
    return freed


def _versions(files: Path) -> list[tuple[float, Path, int]]:
    """Return (time of last use, folder, bytes) of every version; files that vanish meanwhile are left out.

    Bytes are the sum of all files in a folder. The tuple begins with the time, so that sorting puts the longest
    unused first.
    """
    found = []
    for folder in files.glob("*/*/*"):
        with suppress(OSError):
            found.append((folder.stat().st_mtime, folder, sum(path.stat().st_size for path in folder.iterdir())))
    return found
