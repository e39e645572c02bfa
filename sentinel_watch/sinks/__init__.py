"""Where alerts are written: files that a GIS, a spreadsheet or a web page opens without repair.

Every sink writes all alerts, with the same columns in the same order, and the same bytes for the same alerts. No sink
filters or ranks: that is triage's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.registry import Registry

if TYPE_CHECKING:
    from sentinel_watch.contracts import Sink

__all__ = ["SINKS"]

SINKS: Registry[Sink] = Registry(
    "sink",
    {
        "cap": "sentinel_watch.sinks.cap:CapSink",
        "csv": "sentinel_watch.sinks.csv_file:CsvSink",
        "flatgeobuf": "sentinel_watch.sinks.flatgeobuf:FlatGeobufSink",
        "geojson": "sentinel_watch.sinks.geojson_file:GeoJsonSink",
        "geoparquet": "sentinel_watch.sinks.geoparquet:GeoParquetSink",
        "gpkg": "sentinel_watch.sinks.geopackage:GeoPackageSink",
    },
)
