"""GeoJSON by RFC 7946, written here: through a data frame, whole numbers and truth values lose their types beside nulls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import shapely

from sentinel_watch.registry import Part
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.sinks.columns import multipolygon

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["GeoJsonSink"]

_DECIMALS = 7


class GeoJsonSink(Part):
    """`alerts.geojson`: one feature a line, WGS84 with 7 decimals (1 cm), right-hand rings, the alert's id as the feature's.

    A line a feature, so that a diff of two runs shows which alerts changed. No `crs` member: RFC 7946 forbids it.
    """

    attribution: str = "Contains modified Copernicus Sentinel data"
    """The notice that the data's licence asks for; a member of the collection. Empty leaves it out."""

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes."""
        path = folder / "alerts.geojson"
        with replacing(path) as partial:
            partial.write_bytes(self._text(alerts).encode())
        return path

    def _text(self, alerts: Sequence[Alert]) -> str:
        """Return the whole collection as text, a line a feature, with a newline at the end."""
        notice = f'"attribution": {_json(self.attribution)},\n' if self.attribution else ""
        features = ",\n".join(_json(_feature(alert)) for alert in alerts)
        return f'{{\n"type": "FeatureCollection",\n{notice}"features": [\n{features}\n]\n}}\n'


def _feature(alert: Alert) -> dict[str, Any]:
    """Return the alert as a GeoJSON feature; nulls are written, never left out."""
    # Rounded before it is text: 0.1 + 0.2 would otherwise write 17 digits of nothing
    outline = shapely.transform(multipolygon(alert), lambda degrees: degrees.round(_DECIMALS))
    geometry = {"type": "MultiPolygon", "coordinates": shapely.geometry.mapping(outline)["coordinates"]}
    return {"type": "Feature", "id": alert.alert_id, "geometry": geometry, "properties": dict(alert.properties())}


def _json(value: object) -> str:
    """Return `value` as JSON with accents as they are; raise ValueError for NaN, which JSON does not have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
