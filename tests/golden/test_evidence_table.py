"""The evidence table of a made-up event, number by number."""

from __future__ import annotations

from pathlib import Path

from evidence_cases import Place, inputs

from sentinel_watch.evidence.series import all_series
from sentinel_watch.evidence.table import series_csv

GOLDEN = Path(__file__).parent / "evidence" / "series.csv"


def test_the_table_is_as_it_was():
    """The table's columns and numbers stay as they are until somebody means to change them."""
    made = inputs(Place())
    table = series_csv(made.samples, all_series(made.samples, made.normal, made.index, made.indices))
    assert table == GOLDEN.read_text()
