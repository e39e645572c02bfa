"""What `--source` may be: `sample`, a configured name, the URL of a STAC API, or the path of a catalogue on disk."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.sources.settings import load_settings
from sentinel_watch.sources.transfer import shown

if TYPE_CHECKING:
    from sentinel_watch.sources.settings import Settings

__all__ = ["NAMED", "OFFLINE_VARIABLE", "describe"]

NAMED = ("sample",)
"""Sources that their name alone describes."""

FETCHING = ("stac_api", "sentinel_hub")
"""Parts that are asked over the network."""

OFFLINE_VARIABLE = "SENTINEL_WATCH_OFFLINE"
"""Environment variable: `1` = use only what the cache holds."""


def describe(src: str, cache: Path | None) -> dict[str, Any]:
    """Return the options of the source that `src` names, its part's name under `part`; raise InputError where it names none.

    `cache` is the folder in which a remote source keeps what it fetched.
    """
    if src in NAMED:
        return {"part": src}
    settings = load_settings()
    options = settings.source(src) or _by_url(src, settings)
    if options is not None:
        return _equipped(options, settings, cache)
    path = _catalog_file(src)
    if path is None:
        found = shown(src) if "://" in src else src
        known = did_you_mean(src, (*NAMED, *settings.names()))
        raise InputError(
            f"there is no source {found!r}",
            found=found,
            allowed=f"{known}; the URL of a STAC API; the path of a STAC catalogue (…/catalog.json)",
            next_step="check name or path, or use --source sample",
        )
    return {"part": "catalog", "path": path}


def _by_url(src: str, settings: Settings) -> dict[str, Any] | None:
    """Return the options for the API at the URL `src`, those of a configured source where one has it; None for no URL."""
    if not src.startswith(("http://", "https://")):
        return None
    for options in filter(None, map(settings.source, settings.names())):
        if str(options.get("url", "")).rstrip("/") == src.rstrip("/"):
            return options
    return {"url": src}


def _equipped(options: dict[str, Any], settings: Settings, cache: Path | None) -> dict[str, Any]:
    """Return `options` with what the whole configuration says for sources that fetch."""
    options = {"part": "stac_api", **options}
    if options["part"] not in FETCHING:
        return options
    offline = settings.offline or os.environ.get(OFFLINE_VARIABLE) == "1"
    return {"cache": cache, "cache_gb": settings.cache_gb, **options, "offline": offline or options.get("offline", False)}


def _catalog_file(src: str) -> Path | None:
    """Return the catalogue file at `src`; None where there is none."""
    try:
        path = Path(src).resolve()
        path = path / "catalog.json" if path.is_dir() else path
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
