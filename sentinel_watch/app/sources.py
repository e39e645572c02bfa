"""The verbs about sources: list, check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from shapely.geometry import box

from sentinel_watch.app.tables import console
from sentinel_watch.sources import NAMED, open_source
from sentinel_watch.sources.api_check import Check
from sentinel_watch.sources.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentinel_watch.contracts import Source

__all__ = ["check_source", "list_sources"]

CREDENTIALS = ("token_env", "s3_key_env", "s3_secret_env", "client_id_env", "client_secret_env")
"""Options that name environment variables with credentials."""
STYLE = {"ok": "green", "warning": "yellow", "broken": "bold red"}


def list_sources() -> None:
    """Print the names that `--source` knows, where each leads, and which environment variables it needs.

    Configured sources and built-in ones, by name; nothing is asked.
    """
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    # an address is of use only as a whole
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    table.add_row(NAMED[0], "a real series that is shipped with the program")
    settings = load_settings()
    for name in settings.names():
        options = settings.source(name) or {}
        needs = [str(options[key]) for key in CREDENTIALS if options.get(key)]
        table.add_row(name, str(options.get("url") or options.get("path") or ""), f"needs {', '.join(needs)}" if needs else "")
    console().print(table, highlight=False)


def check_source(src: str) -> int:
    """Print whether the source can be used, and return the exit code: 3 where it cannot, else 0.

    Raises InputError where `src` names no source, SourceError where a catalogue on disk cannot be read.

    Of a catalogue on disk all entries are read, of an API or a Sentinel Hub one; the latter costs about 0.01
    processing units.
    """
    source = open_source(src)
    check = getattr(source, "check", None)
    # all of them before the table is drawn, whose columns need the longest
    checks = list(check() if check else _check_catalog(source))
    _print(checks)
    broken = [check.what for check in checks if check.state == "broken"]
    console().print(f"A run would not work: {', '.join(broken)}." if broken else "The source can be used.", highlight=False)
    return 3 if broken else 0


def _check_catalog(source: Source) -> Iterable[Check]:
    """Return how many scenes a catalogue has, of what period, and which bands; broken where it has none."""
    scenes = source.search(box(-180, -90, 180, 90), None, None)
    if not scenes:
        return [Check("scenes", "broken", "none")]
    bands = sorted({band for scene in scenes for band in scene.assets})
    period = f"{scenes[0].time:%Y-%m-%d} to {scenes[-1].time:%Y-%m-%d}"
    return [Check("scenes", "ok", f"{len(scenes)}, {period}"), Check("bands", "ok", ", ".join(bands))]


def _print(checks: Iterable[Check]) -> None:
    """Print one line for each Check: what, state, detail."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in checks:
        table.add_row(check.what, Text(check.state, STYLE[check.state]), check.detail)
    console().print(table, highlight=False)
