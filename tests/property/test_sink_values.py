"""Any text, number and outline survives the export."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import numpy as np
import pyarrow.parquet as pq
import pyogrio.raw
import pytest
import shapely
from alert_examples import FORMULAS, alerts, words
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_watch.sinks.columns import DAYS, column_kinds, feature_schema
from sentinel_watch.sinks.csv_file import CsvSink, guard, unguard
from sentinel_watch.sinks.flatgeobuf import FlatGeobufSink
from sentinel_watch.sinks.geojson_file import GeoJsonSink
from sentinel_watch.sinks.geopackage import GeoPackageSink
from sentinel_watch.sinks.geoparquet import GeoParquetSink

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.contracts import Sink
    from sentinel_watch.domain.alert import Alert

SCHEMA = jsonschema.Draft202012Validator(feature_schema())
some_alerts = st.lists(alerts(), max_size=2)


@settings(max_examples=15, deadline=None)
@given(some_alerts)
def test_geojson_holds_every_value_and_the_rules_of_the_rfc(given_alerts: list[Alert]) -> None:
    """Properties come back with their values and types, ids are set, rings are right-handed, there is no `crs`, the schema holds."""
    with tempfile.TemporaryDirectory() as folder:
        collection = json.loads(GeoJsonSink().write(given_alerts, Path(folder)).read_bytes())
    assert collection["type"] == "FeatureCollection"
    assert "crs" not in collection
    assert [f["id"] for f in collection["features"]] == [alert.alert_id for alert in given_alerts]
    for alert, feature in zip(given_alerts, collection["features"], strict=True):
        SCHEMA.validate(feature)
        assert feature["properties"] == dict(alert.properties())
        assert list(feature["properties"]) == list(column_kinds())
        outline = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert all(part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors) for part in outline.geoms)
        assert shapely.hausdorff_distance(outline, alert.geometry) < 1e-7


@settings(max_examples=15, deadline=None)
@given(some_alerts)
def test_csv_holds_every_value(given_alerts: list[Alert]) -> None:
    """Cells read back as the text of the values; no text cell can start a formula."""
    with tempfile.TemporaryDirectory() as folder:
        text = CsvSink().write(given_alerts, Path(folder)).read_bytes().decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    assert header == list(column_kinds())
    for alert, row in zip(given_alerts, rows, strict=True):
        for (name, kind), cell in zip(column_kinds().items(), row, strict=True):
            value = getattr(alert, name)
            assert _csv_value(cell, kind) == ("" if value is None and kind == "string" else value)


@pytest.mark.parametrize("sink", [GeoPackageSink(), FlatGeobufSink()], ids=["gpkg", "fgb"])
@settings(max_examples=15, deadline=None)
@given(given_alerts=some_alerts)
def test_layers_hold_every_value(sink: Sink, given_alerts: list[Alert]) -> None:
    """Columns, nulls and outlines read back as they were; days are dates."""
    with tempfile.TemporaryDirectory() as folder:
        meta, _, outlines, columns = pyogrio.raw.read(sink.write(given_alerts, Path(folder)), layer="alerts")
    assert list(meta["fields"]) == list(column_kinds())
    found = [(shapely.from_wkb(wkb), [_plain(value, name) for name, value in zip(meta["fields"], row, strict=True)])
             for wkb, *row in zip(outlines, *columns, strict=True)]  # fmt: skip
    _hold_the_same(found, given_alerts)


@settings(max_examples=15, deadline=None)
@given(some_alerts)
def test_geoparquet_holds_every_value(given_alerts: list[Alert]) -> None:
    """Columns, nulls and outlines read back as they were; days are dates."""
    with tempfile.TemporaryDirectory() as folder:
        table = pq.read_table(GeoParquetSink().write(given_alerts, Path(folder)))
    assert json.loads(table.schema.metadata[b"geo"])["primary_column"] == "geometry"
    assert [name for name in table.column_names if name != "geometry"] == list(column_kinds())
    found = [
        (shapely.from_wkb(row.pop("geometry")), [str(value) if name in DAYS and value else value for name, value in row.items()])
        for row in table.to_pylist()
    ]
    _hold_the_same(found, given_alerts)


def _hold_the_same(found: list[tuple[BaseGeometry, list[object]]], given_alerts: list[Alert]) -> None:
    """Compare outlines and columns with the alerts', in whatever order, since an index has one of its own."""
    left = list(found)
    for alert in given_alerts:
        wanted = [getattr(alert, name) for name in column_kinds()]
        row = next(row for row in left if row[1] == wanted and row[0].equals(alert.geometry))
        left.remove(row)
    assert left == []


@given(words)
def test_the_guard_against_formulas_can_be_taken_off(text: str) -> None:
    """Every text is guarded into one that starts no formula, and comes back."""
    assert unguard(guard(text)) == text
    assert not guard(text).startswith(tuple("=+-@\t\r\n"))


def test_formulas_are_guarded() -> None:
    """Known attacks begin with an apostrophe, and ordinary text is left alone."""
    assert all(guard(text) == f"'{text}" for text in FORMULAS)
    assert guard("'s-Hertogenbosch = Den Bosch") == "'s-Hertogenbosch = Den Bosch"


def _csv_value(cell: str, kind: str) -> object:
    if kind == "string":
        return unguard(cell)
    if cell == "":
        return None
    return {"integer": int, "number": float, "boolean": {"true": True, "false": False}.get}[kind](cell)


def _plain(value: object, name: str) -> object:
    if (
        value is None
        or (isinstance(value, (float, np.floating)) and np.isnan(value))
        or (isinstance(value, np.datetime64) and np.isnat(value))
    ):
        return None
    if name in DAYS:
        return str(np.datetime64(value, "D"))
    return value.item() if isinstance(value, np.generic) else value
