"""Geometry as portable columns: WKB and a bounding box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapely

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

__all__ = ["geometry_columns"]


def geometry_columns(geometry: BaseGeometry) -> dict[str, object]:
    """Return the columns `geometry` (little-endian WKB), `min_x`, `min_y`, `max_x` and `max_y`, in the geometry's units."""
    box = dict(zip(("min_x", "min_y", "max_x", "max_y"), geometry.bounds, strict=True))
    return {"geometry": shapely.to_wkb(geometry, byte_order=1), **box}
