"""Swapped axes that the range of degrees cannot show: the AOI lies outside the country that it says it is in.

In Türkiye or Pakistan both coordinates of a site lie below 90, and either order is a place on Earth. A coarse box of the
country tells them apart; it does not decide borders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from shapely import MultiPolygon, Polygon

__all__ = ["check_country"]

BOUNDS = {
    "AFG": (60, 29, 75, 39),
    "AZE": (44, 38, 51, 42),
    "IRN": (44, 24, 64, 40),
    "KAZ": (46, 40, 88, 56),
    "KGZ": (69, 39, 81, 44),
    "PAK": (60, 23, 78, 38),
    "TJK": (67, 36, 76, 42),
    "TKM": (52, 35, 67, 43),
    "TUR": (25, 35, 45, 43),
    "UZB": (55, 37, 74, 46),
}
"""West, south, east, north of the ECO region's countries, rounded outwards to whole degrees, at-sea zones left out."""


def check_country(geometry: Polygon | MultiPolygon, country: str, where: str) -> None:
    """Raise InputError where `geometry` (WGS84) lies outside `country` (ISO alpha-3) and inside it with axes swapped.

    `where` names the file for the error. Countries that are not in the table are not checked, nor is an empty code.
    """
    bounds = BOUNDS.get(country)
    if bounds is None:
        return
    centre = geometry.representative_point()
    # outside both ways round may be an error of the country: that is for people to see, not for us to guess
    if _within(centre.x, centre.y, bounds) or not _within(centre.y, centre.x, bounds):
        return
    raise InputError(
        "longitude and latitude are swapped",
        where=where,
        found=f"x {centre.x:.4f}, y {centre.y:.4f}, which is outside {country}; the other way round it is inside",
        allowed="[longitude, latitude]",
        next_step="swap the coordinates (in ogr2ogr: -swapxy), or correct the country",
    )


def _within(lon: float, lat: float, bounds: tuple[int, int, int, int]) -> bool:
    """Return whether a point lies in `bounds` (west, south, east, north), degrees, edges included."""
    west, south, east, north = bounds
    return west <= lon <= east and south <= lat <= north
