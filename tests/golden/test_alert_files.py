"""The exact bytes of the text exports, and the schema that they are published under."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from alert_examples import make_alert

from sentinel_watch.sinks import SINKS
from sentinel_watch.sinks.columns import SHIPPED_SCHEMA, feature_schema

GOLDEN = Path(__file__).parent / "alerts"
ALERTS = [
    make_alert(0),
    make_alert(1, explanation='=HYPERLINK("x")', suspected_violation=True, status="finished", finished_at="2023-06-01"),
]


@pytest.mark.parametrize("name", ["geojson", "csv"])
def test_the_export_has_not_changed(name: str, tmp_path: Path) -> None:
    """A change of a published file is deliberate: replace tests/golden/alerts and raise the schema version where columns change."""
    path = SINKS.build({"part": name}).write(ALERTS, tmp_path)
    assert path.read_bytes() == (GOLDEN / path.name).read_bytes()


def test_the_shipped_schema_is_that_of_the_model() -> None:
    """`alert.schema.json` says what Alert says."""
    assert json.loads(SHIPPED_SCHEMA.read_text(encoding="utf-8")) == feature_schema()
