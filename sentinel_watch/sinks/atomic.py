"""Files that are there whole or not at all.

A map that somebody has open while a run writes must never show half of the alerts.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["replacing"]


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield the path of a file to write; it takes the place of `path` when the block ends without an error.

    Missing folders are made. Where the block raises, `path` stays as it was and the error goes on. OSError where the folder
    cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The name keeps its ending, which GDAL looks at, and is always the same, so that a killed run leaves one file at most.
    partial = path.with_name(f".partial.{path.name}")
    partial.unlink(missing_ok=True)
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
