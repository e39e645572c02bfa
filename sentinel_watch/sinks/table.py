"""The alerts as columns of one type each, for the formats of GIS: days as dates, unknown values as such."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from sentinel_watch.sinks.columns import DAYS, column_kinds, multipolygon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sentinel_watch.domain.alert import Alert

__all__ = ["columns_of", "outlines_of"]

_DTYPES = {"string": "object", "integer": "int64", "number": "float64", "boolean": "bool"}


def columns_of(alerts: Sequence[Alert]) -> dict[str, tuple[NDArray[Any], NDArray[np.bool_]]]:
    """Return column -> its values, and True where one is missing; the values there are fillers that nobody reads.

    Days are datetime64[D], texts objects, the others int64, float64 or bool, whatever the alerts hold.
    """
    return {name: _column(alerts, name, kind) for name, kind in column_kinds().items()}


def outlines_of(alerts: Sequence[Alert]) -> NDArray[np.object_]:
    """Return the outlines as little-endian WKB of multipolygons in WGS84."""
    wkb: NDArray[np.object_] = shapely.to_wkb(np.array([multipolygon(alert) for alert in alerts], object), byte_order=1)
    return wkb


def _column(alerts: Sequence[Alert], name: str, kind: str) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return the values of a column, and True where one is missing."""
    values = [getattr(alert, name) for alert in alerts]
    missing = np.array([value is None for value in values], bool)
    if name in DAYS:
        return np.array([value or "NaT" for value in values], "datetime64[D]"), missing
    empty = "" if kind == "string" else 0
    # text ends at a NUL for most readers: what follows would be lost in silence
    known = [empty if v is None else v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in values]
    return np.array(known, _DTYPES[kind]), missing
