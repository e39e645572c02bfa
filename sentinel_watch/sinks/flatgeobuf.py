"""FlatGeobuf: one file that a web map can read in parts, by its spatial index."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyogrio.raw

from sentinel_watch.registry import Part
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.sinks.table import columns_of, outlines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["FlatGeobufSink"]


class FlatGeobufSink(Part):
    """`alerts.fgb`, layer `alerts`, multipolygons in WGS84; in the order of the index and not of urgency, for which there is `priority`."""

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes."""
        path = folder / "alerts.fgb"
        columns = columns_of(alerts)
        outlines = outlines_of(alerts)
        with replacing(path) as partial:
            pyogrio.raw.write(
                str(partial),
                outlines,
                field_data=[values for values, _ in columns.values()],
                fields=list(columns),
                field_mask=[missing for _, missing in columns.values()],
                layer="alerts",
                driver="FlatGeobuf",
                geometry_type="MultiPolygon",
                crs="EPSG:4326",
            )
        return path
