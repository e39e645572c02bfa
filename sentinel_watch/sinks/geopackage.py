"""GeoPackage with its style inside, and beside it for programs that only read a `.qml`."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from importlib.resources import files
from typing import TYPE_CHECKING

import pyogrio
import pyogrio.raw

from sentinel_watch.registry import Part
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.sinks.table import columns_of, outlines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["LAYER", "GeoPackageSink"]

LAYER = "alerts"

# The table that QGIS and GDAL look for styles in, as they make it; its time is the alerts' own, not the clock's.
_STYLE_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256),
  f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT,
  owner TEXT(30), ui TEXT(30), update_time DATETIME
);
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change)
SELECT 'layer_styles', 'attributes', 'layer_styles', '', last_change FROM gpkg_contents;
"""

_STYLE_ROW = """
INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD,
                          useAsDefault, description, owner, ui, update_time)
SELECT '', '', table_name, 'geom', 'alerts', ?, '', 1, 'Severity as colour, status as fill', '', '', last_change
FROM gpkg_contents WHERE table_name = ?
"""


class GeoPackageSink(Part):
    """`alerts.gpkg`, version 1.2 for older programs, layer `alerts`, multipolygons in WGS84; and the style `alerts.qml`.

    An export, not a store: it is written anew each time, and what somebody edits in it is lost with the next run. QGIS takes the
    style from the table `layer_styles`.
    """

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes."""
        style = (files("sentinel_watch.sinks") / "alerts.qml").read_bytes()
        with replacing(folder / "alerts.qml") as partial:
            partial.write_bytes(style)
        path = folder / "alerts.gpkg"
        with replacing(path) as partial:
            with _current_date(max((alert.last_observed for alert in alerts), default="1970-01-01")):
                _write_layer(alerts, partial)
            _write_style(partial, style.decode())
        return path


def _write_layer(alerts: Sequence[Alert], path: Path) -> None:
    """Write the layer with its columns; days are of type DATE, unknown values null."""
    columns = columns_of(alerts)
    pyogrio.raw.write(
        str(path),
        outlines_of(alerts),
        field_data=[values for values, _ in columns.values()],
        fields=list(columns),
        field_mask=[missing for _, missing in columns.values()],
        layer=LAYER,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs="EPSG:4326",
        dataset_options={"VERSION": "1.2"},
        layer_options={"GEOMETRY_NAME": "geom", "DESCRIPTION": "Alerts, as they now stand"},
    )


def _write_style(path: Path, style: str) -> None:
    """Put the style into the file as its default, where QGIS looks for it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(_STYLE_TABLE)
        connection.execute(_STYLE_ROW, (style, LAYER))


@contextmanager
def _current_date(day: str) -> Iterator[None]:
    """Let GDAL take `day` for today: the file holds the time of its last change, and must not differ from run to run."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{day}T00:00:00.000Z"})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
