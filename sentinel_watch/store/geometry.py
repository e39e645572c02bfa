"""Geometry as portable columns: WKB and a bounding box.

WKB names no CRS: which one it is follows from the table (events: the AOI's UTM grid; alerts: WGS84).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["geometry_columns"]


def geometry_columns(geometry: BaseGeometry) -> dict[str, object]:
    """Return the columns `geometry` (little-endian WKB), `min_x`, `min_y`, `max_x` and `max_y`, in the geometry's units.

    `geometry` must not be empty, for then there is no box.
    """
    box = dict(zip(("min_x", "min_y", "max_x", "max_y"), geometry.bounds, strict=True))
    # The byte order is fixed: the machine's own would make two workspaces differ that hold the same
    return {"geometry": shapely.to_wkb(geometry, byte_order=1), **box}
