"""Where imagery comes from: the registry of sources, and what `--source` may be.

A source is a Part with `search` (area, period -> scenes) and `read` (scene, bands, grid -> digital numbers). Sources
that fetch over a network may also have `plan`, `spent`, `pin` and `check`, which are looked up by name, so that a
source on disk need not carry empty ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from sentinel_watch.registry import Registry
from sentinel_watch.sources.copies import newest_copies
from sentinel_watch.sources.naming import NAMED, describe
from sentinel_watch.sources.settings import refusal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from odc.geo.geobox import GeoBox

    from sentinel_watch.contracts import Source
    from sentinel_watch.domain.scene import Scene

__all__ = ["NAMED", "SOURCES", "newest_copies", "open_source", "pin", "reading_plan", "spent_by"]

SOURCES: Registry[Source] = Registry(
    "source",
    {
        "catalog": "sentinel_watch.sources.catalog:StacCatalog",
        "sample": "sentinel_watch.sources.catalog:Sample",
        "sentinel_hub": "sentinel_watch.sources.sentinel_hub:SentinelHub",
        "stac_api": "sentinel_watch.sources.stac_api:StacApi",
    },
)


def open_source(src: str, cache: Path | None = None) -> Source:
    """Return the source that `src` names: `sample`, a configured name, the URL of a STAC API, or a STAC catalogue's path.

    A remote source keeps what it fetches in the folder `cache`, or nothing where that is left out. Raises InputError
    where `src` names nothing or its options are wrong, SourceError where a file is there and is no catalogue.
    """
    options = describe(src, cache)
    try:
        # pydantic names the keys that it refuses, but not the source that they were meant for
        return SOURCES.build(options)
    except ValidationError as error:
        part: type[Any] = SOURCES.get(options["part"])
        raise refusal(error, f"the source {src.partition('?')[0].rpartition('@')[2]!r}", part) from error


def reading_plan(source: Source, scenes: Sequence[Scene], bands: Sequence[str], grids: Sequence[GeoBox]) -> list[str]:
    """Return in plain words what reading `bands` of `scenes` on `grids` takes; nothing for a source that fetches nothing.

    One sentence at most; it is an upper bound, since the cache is left out of account. `grids` are the blocks of the
    area of interest, side by side.
    """
    # not in the contract: a source on disk would have to say that it fetches nothing
    plan = getattr(source, "plan", None)
    return [plan(scenes, bands, grids)] if plan else []


def spent_by(source: Source) -> dict[str, float]:
    """Return what fetching imagery from `source` has cost so far, by name; nothing for a source that fetches nothing.

    Keys are those of `Spending.total`: `requests`, `retries`, `bytes`, `processing_units`. Searches and tokens are
    not in it.
    """
    spent = getattr(source, "spent", None)
    return dict(spent()) if spent else {}


def pin(source: Source, scenes: Sequence[Scene]) -> None:
    """Keep what was fetched of `scenes` from ever being evicted; of a source that keeps nothing there is nothing to do.

    Called for the scenes that evidence refers to: what an alert was seen in must outlive the cache's size limit.
    """
    keep = getattr(source, "pin", None)
    if keep:
        keep(scenes)
