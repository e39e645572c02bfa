"""The columns that every export carries, and the JSON Schema that they are published under.

All is read off `domain.alert.Alert`, so that a new field is in every export at once.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from shapely import MultiPolygon, Polygon
from shapely.geometry.polygon import orient

from sentinel_watch.domain.alert import SCHEMA_VERSION, Alert

__all__ = ["DAYS", "SHIPPED_SCHEMA", "column_kinds", "feature_schema", "multipolygon"]

DAYS = frozenset({"last_clear_before", "first_detected", "confirmed_at", "last_observed", "finished_at"})
"""Text columns that hold a day, `YYYY-MM-DD`."""

SHIPPED_SCHEMA = files("sentinel_watch.sinks") / "alert.schema.json"
"""The document that users validate against; a test holds it to `feature_schema`."""


@cache
def column_kinds() -> dict[str, str]:
    """Return column -> `string`, `integer`, `number` or `boolean`, in the order of all exports.

    The kind of what is not null: which columns may be null is in `feature_schema`.
    """
    described = Alert.model_json_schema(mode="serialization")["properties"]
    return {name: next(_kinds(column)) for name, column in described.items()}


def feature_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of an alert as a GeoJSON feature.

    Members that RFC 7946 allows beside these are not forbidden; properties that Alert does not know are.
    """
    properties = Alert.model_json_schema(mode="serialization")
    # Pydantic takes fields with a default for optional; the exports always write them
    properties["required"] = list(properties["properties"])
    position = {"type": "array", "prefixItems": [_between(-180, 180), _between(-90, 90)], "minItems": 2, "maxItems": 2}
    ring = {"type": "array", "items": position, "minItems": 4}
    geometry = {"type": {"const": "MultiPolygon"}, "coordinates": _filled(_filled(ring))}
    feature = {"type": {"const": "Feature"}, "id": {"type": "string"}, "geometry": _object(geometry), "properties": properties}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"Alert feature, schema version {SCHEMA_VERSION}"}
    return {**head, **_object(feature)}


def multipolygon(alert: Alert) -> MultiPolygon:
    """Return the alert's outline (WGS84) as a MultiPolygon with right-hand rings: one geometry type in all exports, always.

    Shells anticlockwise, holes clockwise (RFC 7946, section 3.1.6); parts that are no polygons are left out.
    """
    whole = alert.geometry
    parts = [orient(part, 1.0) for part in getattr(whole, "geoms", (whole,)) if isinstance(part, Polygon)]
    return MultiPolygon(parts)


def _kinds(column: dict[str, Any]) -> Any:  # noqa: ANN401 - a generator of words out of JSON
    """Yield the JSON types of a column, `null` left out."""
    return (option["type"] for option in column.get("anyOf", [column]) if option["type"] != "null")


def _between(low: float, high: float) -> dict[str, Any]:
    """Return the schema of a number from `low` to `high`."""
    return {"type": "number", "minimum": low, "maximum": high}


def _filled(items: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an array with one item at least."""
    return {"type": "array", "items": items, "minItems": 1}


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object that has all these members."""
    return {"type": "object", "required": list(properties), "properties": properties}
