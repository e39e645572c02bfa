"""What the command line prints for people to read.

For programs there are the exports and `run.json`; these tables may change from version to version.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from sentinel_watch.domain.certainty import in_percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentinel_watch.domain.alert import Alert

__all__ = ["alert_table", "console", "fact_table"]

PIPE_WIDTH = 160
"""Columns where standard output is no terminal, so that a log or a pipe gets whole lines."""


def console() -> Console:
    """Return the console on standard output, for results; text is printed as it is, since names come from files.

    As wide as the terminal, or PIPE_WIDTH where there is none.

    Colours only on a terminal. Make it anew for each use: tests and callers may have replaced standard output.
    """
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH, markup=False, emoji=False)


def alert_table(alerts: Sequence[Alert], width: int = PIPE_WIDTH, remarks: Sequence[str] = ()) -> Table:
    """Return the table of `alerts` in their order: what an inspector needs to choose where to look first.

    A table of less than 100 characters of `width`, 130 with remarks, has no place in it: cut coordinates are worse than none. "sure" is the
    confidence in the class, not that something changed. `remarks`, one an alert where any are given, make a column of their own where
    one of them says something.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("pri-\nority", justify="right")
    table.add_column("alert", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("suspected", overflow="fold")
    table.add_column("sure", justify="right")
    table.add_column("area\nha", justify="right")
    table.add_column("since", no_wrap=True)
    remarked = any(remarks)
    places = width >= (130 if remarked else 100)
    if places:
        table.add_column("latitude, longitude", no_wrap=True)
    # a site without permits would fill a column with nothing
    permits = any(alert.outside_permit_pct is not None for alert in alerts)
    if permits:
        table.add_column("outside permit", justify="right")
    if remarked:
        table.add_column("case", overflow="fold")
    for number, alert in enumerate(alerts):
        last = [remarks[number]] if remarked else []
        table.add_row(*_cells(alert), *([_place(alert)] if places else []), *([_outside(alert)] if permits else []), *last)
    return table


def fact_table(facts: Mapping[str, str]) -> Table:
    """Return a table of two columns: what, and its value. Long values are broken into lines, never cut.

    Names are in bold on a terminal; a value may have several lines.
    """
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, value in facts.items():
        table.add_row(what, value)
    return table


def _cells(alert: Alert) -> tuple[str, ...]:
    """Return the columns that every table of alerts has.

    Priority 0-100, confidence in percent, area in hectares, day of first detection.
    """
    # how surely nothing is known is no figure to act on
    known = alert.event_class != "unknown_change"
    return (
        f"{alert.priority:.0f}",
        alert.alert_id,
        alert.status,
        alert.event_class.replace("_", " "),
        in_percent(alert.class_confidence) if known else "-",
        f"{alert.area_ha:.2f}",
        alert.first_detected,
    )


def _place(alert: Alert) -> str:
    """Return latitude and longitude, degrees with 5 decimals (about a metre), in the order that map searches take."""
    return f"{alert.centroid_lat:.5f}, {alert.centroid_lon:.5f}"


def _outside(alert: Alert) -> str:
    """Return the share outside the permits in percent, or that there is no permit to judge by."""
    return "no permit" if alert.outside_permit_pct is None else f"{alert.outside_permit_pct:.0f}%"
