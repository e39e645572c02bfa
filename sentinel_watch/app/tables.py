"""What the command line prints for people to read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sentinel_watch.domain.alert import Alert

__all__ = ["alert_table", "console", "fact_table"]

PIPE_WIDTH = 160
"""Columns where standard output is no terminal, so that a log or a pipe gets whole lines."""


def console() -> Console:
    """Return the console on standard output, for results; text is printed as it is, since names come from files."""
    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH, markup=False, emoji=False)


def alert_table(alerts: Sequence[Alert]) -> Table:
    """Return the table of `alerts` in their order: what an inspector needs to choose where to look first."""
    table = Table(box=None, pad_edge=False)
    table.add_column("priority", justify="right")
    table.add_column("alert", no_wrap=True)
    table.add_column("status")
    table.add_column("suspected")
    table.add_column("sure", justify="right")
    table.add_column("area ha", justify="right")
    table.add_column("since", no_wrap=True)
    table.add_column("latitude, longitude", no_wrap=True)
    table.add_column("outside permit", justify="right")
    for alert in alerts:
        table.add_row(*_cells(alert))
    return table


def fact_table(facts: Mapping[str, str]) -> Table:
    """Return a table of two columns: what, and its value."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for what, value in facts.items():
        table.add_row(what, value)
    return table


def _cells(alert: Alert) -> tuple[str, ...]:
    outside = alert.outside_permit_pct
    return (
        f"{alert.priority:.0f}",
        alert.alert_id,
        alert.status,
        alert.event_class.replace("_", " "),
        f"{alert.class_confidence:.0%}",
        f"{alert.area_ha:.2f}",
        alert.first_detected,
        f"{alert.centroid_lat:.5f}, {alert.centroid_lon:.5f}",
        "no permit" if outside is None else f"{outside:.0f} %",
    )
