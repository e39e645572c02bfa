"""Whether an AOI is of a size that can be watched.

The limits are of the grid and the sensor, not of the law: one UTM zone at most, one pixel at least.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pyproj import Geod

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

__all__ = ["MAX_AREA_KM2", "area_km2", "check_extent"]

MAX_AREA_KM2 = 10_000.0
MAX_WIDTH_DEG = 6.0
"""One UTM zone: wider, and the AOI's grid is distorted at its edges."""
MIN_AREA_M2 = 100.0
"""One pixel of 10 m."""


def area_km2(geometry: Polygon | MultiPolygon) -> float:
    """Return the geodesic area of `geometry` (WGS84, degrees) in square kilometres.

    On the ellipsoid, after Karney 2013 (doi:10.1007/s00190-012-0578-z), since degrees shrink towards the poles.
    """
    # the sign tells the direction of the rings
    area_m2, _ = Geod(ellps="WGS84").geometry_area_perimeter(geometry)
    return abs(area_m2) / 1e6


def check_extent(geometry: Polygon | MultiPolygon, where: str, max_area_km2: float = MAX_AREA_KM2) -> None:
    """Raise InputError where `geometry` (WGS84) is larger than the limit, wider than a UTM zone or below one pixel.

    `where` names the file for the error. Width is that of the bounds in degrees of longitude, whichever zones they fall in.
    """
    area = area_km2(geometry)
    west, _, east, _ = geometry.bounds
    if area > max_area_km2:
        found, allowed = f"{area:,.0f} km²", f"at most {max_area_km2:,.0f} km²"
        raise InputError("the AOI is too large", where=where, found=found, allowed=allowed, next_step="cut it into several sites")
    if east - west > MAX_WIDTH_DEG:
        found, allowed = f"{east - west:.1f} degrees of longitude", f"at most {MAX_WIDTH_DEG:g}, one UTM zone"
        raise InputError("the AOI is too wide", where=where, found=found, allowed=allowed, next_step="cut it into several sites")
    if area * 1e6 < MIN_AREA_M2:
        found, allowed = f"{area * 1e6:.3g} m²", f"at least {MIN_AREA_M2:g} m², one pixel of 10 m"
        raise InputError("the AOI is too small to be seen", where=where, found=found, allowed=allowed)
