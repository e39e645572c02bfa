"""GeoParquet 1.1, for analysts who load alerts into data frames and databases of columns; needs the extra `geoparquet`."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from sentinel_watch.errors import MissingExtraError
from sentinel_watch.registry import Part
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.sinks.columns import DAYS, column_kinds
from sentinel_watch.sinks.table import columns_of, outlines_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["GeoParquetSink"]


class GeoParquetSink(Part):
    """`alerts.parquet`: multipolygons in WGS84 as WKB, days as dates, most urgent first."""

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes.

        Raises MissingExtraError where pyarrow is not installed.
        """
        if find_spec("pyarrow") is None:
            raise MissingExtraError("GeoParquet needs the extra `geoparquet`", next_step="pip install -c constraints.txt '.[geoparquet]'")
        path = folder / "alerts.parquet"
        with replacing(path) as partial:
            _frame(alerts).to_parquet(partial, index=False, schema_version="1.1.0")
        return path


def _frame(alerts: Sequence[Alert]) -> Any:  # noqa: ANN401 - geopandas has no types
    """Return the alerts as a GeoDataFrame whose columns have the same types whatever the alerts hold."""
    # pandas and pyarrow take a second to import, and no other sink needs them
    import geopandas as gpd  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415

    arrow = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
    table = columns_of(alerts)
    series = {
        name: pd.arrays.ArrowExtensionArray(pa.array(table[name][0], pa.date32() if name in DAYS else arrow[kind], mask=table[name][1]))
        for name, kind in column_kinds().items()
    }
    return gpd.GeoDataFrame(series, geometry=gpd.GeoSeries.from_wkb(outlines_of(alerts), crs="EPSG:4326"))
