"""Where imagery comes from: the registry of sources, and what `--source` may be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.registry import Registry
from sentinel_watch.sources.copies import newest_copies

if TYPE_CHECKING:
    from sentinel_watch.contracts import Source

__all__ = ["NAMED", "SOURCES", "newest_copies", "open_source"]

SOURCES: Registry[Source] = Registry(
    "source",
    {"catalog": "sentinel_watch.sources.catalog:StacCatalog", "sample": "sentinel_watch.sources.catalog:Sample"},
)

NAMED = ("sample",)
"""Sources that their name alone describes."""


def open_source(src: str) -> Source:
    """Return the source that `src` names: `sample`, or the path of a STAC catalogue on disk (its file or its folder).

    Raises InputError where it is neither, SourceError where the file is there and is no catalogue.
    """
    if src in NAMED:
        return SOURCES.build({"part": src})
    path = _catalog_file(src)
    if path is None:
        raise InputError(
            f"there is no source {src!r}",
            found=src,
            allowed=f"{did_you_mean(src, NAMED)} or the path of a STAC catalogue (…/catalog.json)",
            next_step="check the path, or use --source sample",
        )
    return SOURCES.build({"part": "catalog", "path": path})


def _catalog_file(src: str) -> Path | None:
    """Return the catalogue file at `src`; None where there is none."""
    try:
        path = Path(src).resolve()
        path = path / "catalog.json" if path.is_dir() else path
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
