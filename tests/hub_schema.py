"""What Sentinel Hub's public reference says of a request's form, as far as this program uses it; no other key is allowed."""

from __future__ import annotations

from typing import Any

__all__ = ["CATALOG", "PROCESS", "STATISTICS"]

INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"}
RESAMPLING = {"enum": ["NEAREST", "BILINEAR", "BICUBIC"]}
BBOX = {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4}
CRS = {"type": "string", "pattern": r"^http://www\.opengis\.net/def/crs/EPSG/0/(4326|3857|32[67]\d\d)$"}
EVALSCRIPT = {"type": "string", "pattern": r"^//VERSION=3\n"}
SIDE = {"type": "integer", "minimum": 1, "maximum": 2500}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {**required, **(optional or {})}
    return {"type": "object", "properties": properties, "required": sorted(required), "additionalProperties": False}


PERIOD = _object({"from": INSTANT, "to": INSTANT})
ORDER = {"enum": ["mostRecent", "leastRecent", "leastCC"]}
FILTER = _object({}, {"timeRange": PERIOD, "maxCloudCoverage": {"type": "integer", "minimum": 0, "maximum": 100}, "mosaickingOrder": ORDER})
PROCESSING = _object({}, {"upsampling": RESAMPLING, "downsampling": RESAMPLING, "harmonizeValues": {"type": "boolean"}})
DATA = _object({"type": {"const": "sentinel-2-l2a"}}, {"dataFilter": FILTER, "processing": PROCESSING})
DATA_LIST = {"type": "array", "items": DATA, "minItems": 1, "maxItems": 1}
PLACE = _object({"crs": CRS})
POLYGON = {"type": "object", "properties": {"type": {"enum": ["Polygon", "MultiPolygon"]}}, "required": ["type", "coordinates"]}

FORMAT = _object({"type": {"enum": ["image/tiff", "image/png", "image/jpeg", "application/json"]}})
RESPONSES = {"type": "array", "items": _object({"identifier": {"type": "string"}, "format": FORMAT}), "minItems": 1}

PROCESS = _object(
    {
        "input": _object({"bounds": _object({"bbox": BBOX, "properties": PLACE}), "data": DATA_LIST}),
        "output": _object({"width": SIDE, "height": SIDE, "responses": RESPONSES}),
        "evalscript": EVALSCRIPT,
    }
)
"""Of `POST /api/v1/process`."""

STATISTICS = _object(
    {
        "input": _object({"bounds": _object({"geometry": POLYGON, "properties": PLACE}), "data": DATA_LIST}),
        "aggregation": _object(
            {
                "timeRange": PERIOD,
                "aggregationInterval": _object({"of": {"type": "string", "pattern": r"^P\d+[DWMY]$"}}),
                "evalscript": EVALSCRIPT,
                "resx": {"type": "number", "exclusiveMinimum": 0},
                "resy": {"type": "number", "exclusiveMinimum": 0},
            }
        ),
    }
)
"""Of `POST /api/v1/statistics`."""

CATALOG = _object(
    {
        "collections": {"const": ["sentinel-2-l2a"]},
        "datetime": {"type": "string", "pattern": r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\.\.)/(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\.\.)$"},
        "limit": {"type": "integer", "minimum": 1, "maximum": 100},
    },
    {
        "intersects": {"type": "object", "required": ["type", "coordinates"]},
        "bbox": BBOX,
        "next": {"type": "integer"},
        "filter": {"type": "object"},
        "filter-lang": {"const": "cql2-json"},
    },
)
"""Of `POST /api/v1/catalog/1.0.0/search`."""
