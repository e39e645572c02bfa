"""The verb `source quicklook`: each day's mean of an area, as a Sentinel Hub tells it, before a full run.

For a first impression of how often a place is seen and whether it is bare; nothing is stored and nothing is detected.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.table import Table

from sentinel_watch.app.tables import console
from sentinel_watch.errors import InputError
from sentinel_watch.register import read_site
from sentinel_watch.sources import open_source, spent_by

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.app.days import Period

__all__ = ["show_quick_look"]

YEAR = timedelta(days=365)


def show_quick_look(aoi: Path, src: str, period: Period) -> None:
    """Print a line for each day on which the AOI was seen: clear share, mean NDVI, mean bare soil index; and what it has cost.

    The last year, where no period is given. Raises InputError where the source has no Statistical API, SourceError where it
    does not answer.

    Days are UTC, the clear share 0-100 %, both indices -1 to 1. Costs processing units of the account, told at the
    end.
    """
    site = read_site(aoi)
    source = open_source(src)
    # only Sentinel Hubs have it, so it is not in the contract of a source
    look = getattr(source, "quick_look", None)
    if look is None:
        raise InputError("a quick look needs a Sentinel Hub", found=src, allowed="sentinelhub, cdse-sentinelhub, or one that is configured")
    end = (period.end or datetime.now(UTC)).date()
    start = period.start.date() if period.start else end - YEAR
    table = Table("day", "clear", "NDVI", "bare soil", box=None, pad_edge=False)
    for day in look(site.geometry, start, end):
        table.add_row(str(day.day), f"{day.clear_fraction:.0%}", _number(day.ndvi), _number(day.bare_soil))
    spent = spent_by(source)["processing_units"]
    console().print(table, highlight=False)
    console().print(f"\n{table.row_count} days from {start} to {end}; {spent:.2f} processing units spent", highlight=False)


def _number(value: float | None) -> str:
    """Return a mean with three decimals; empty on a day without a clear pixel."""
    return "" if value is None else f"{value:.3f}"
