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

    Tried in this order: `sample`, a name of the configuration or a profile, an http(s) URL, a path. A name therefore
    hides a folder of the same name; write `./name` for that. Nothing is opened or asked here.
    """
    # before the configuration is read, so that the sample runs with a broken file too
    if src in NAMED:
        return {"part": src}
    settings = load_settings()
    options = settings.source(src) or _by_url(src, settings)
    if options is not None:
        return _equipped(options, settings, cache)
    path = _catalog_file(src)
    if path is None:
        # a mistyped URL may carry a password
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
    """Return the options for the API at the URL `src`, those of a configured source where one has it; None for no URL.

    A configured API keeps its token, its hosts and its limits also where somebody gives its bare URL. A slash at the
    end makes no other URL.
    """
    if not src.startswith(("http://", "https://")):
        return None
    for options in filter(None, map(settings.source, settings.names())):
        if str(options.get("url", "")).rstrip("/") == src.rstrip("/"):
            return options
    return {"url": src}


def _equipped(options: dict[str, Any], settings: Settings, cache: Path | None) -> dict[str, Any]:
    """Return `options` with what the whole configuration says for sources that fetch.

    Only parts in FETCHING have them. A source's own options go before those of the file, but `offline`, once set
    anywhere, stays: nobody who forbids the network expects one source to use it.
    """
    options = {"part": "stac_api", **options}
    if options["part"] not in FETCHING:
        return options
    offline = settings.offline or os.environ.get(OFFLINE_VARIABLE) == "1"
    shared = {"cache": cache, "cache_gb": settings.cache_gb, "proxy": settings.proxy}
    return {**shared, **options, "offline": offline or options.get("offline", False)}


def _catalog_file(src: str) -> Path | None:
    """Return the catalogue file at `src`; None where there is none.

    A folder stands for the `catalog.json` in it. ValueError: a path with a zero byte, which pathlib refuses.
    """
    try:
        path = Path(src).resolve()
        # people give the folder that they unpacked
        path = path / "catalog.json" if path.is_dir() else path
        return path if path.is_file() else None
    except (OSError, ValueError):
        return None
