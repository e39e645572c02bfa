"""CSV for spreadsheets: same columns, safe to open."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from sentinel_watch.registry import Part
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.sinks.columns import column_kinds

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["CsvSink", "guard", "unguard"]

# What Excel and LibreOffice take for the start of a formula, full-width forms included (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


class CsvSink(Part):
    """`alerts.csv`: commas, CRLF, UTF-8; an empty cell is an unknown value, truth values are `true` and `false`.

    It starts with a byte order mark: without one Excel takes the file for the machine's old code page and garbles
    every name that is not plain English; GDAL, QGIS and pandas skip the mark.
    """

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes."""
        path = folder / "alerts.csv"
        with replacing(path) as partial, partial.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(column_kinds())
            writer.writerows([_cell(value) for value in alert.properties().values()] for alert in alerts)
        return path


def guard(text: str) -> str:
    """Return `text` with an apostrophe before it where a spreadsheet would run it as a formula; `unguard` takes it away.

    `guard("=1+1")` is `'=1+1`. Text that already begins with apostrophes before a formula gets one more, so that no text is
    changed by guard and unguard together.
    """
    return f"'{text}" if text.lstrip("'").startswith(_FORMULA) else text


def unguard(text: str) -> str:
    """Return the text that `guard` was given, for programs that read the CSV."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text


def _cell(value: object) -> object:
    """Return a value as the CSV has it: text guarded, booleans in lower case, None as an empty cell."""
    if isinstance(value, str):
        return guard(value)
    return str(value).lower() if isinstance(value, bool) else value
