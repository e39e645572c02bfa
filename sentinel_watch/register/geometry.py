"""GeoJSON coordinates become a polygon, or an error that says which coordinate is wrong and how.

The traps are those that agencies' files really hold: projected metres, swapped axes, open rings, bow ties, longitudes that
count from 0 to 360. RFC 7946 is the measure: WGS84, longitude before latitude, closed rings of four positions or more.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypeAlias

from shapely import MultiPolygon, Polygon, is_valid_reason
from shapely.geometry.polygon import orient

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["POLYGONS", "read_polygon"]

POLYGONS = ("Polygon", "MultiPolygon")
Position: TypeAlias = tuple[float, float]
Ring: TypeAlias = "list[Position]"

UTM_SOUTH, UTM_NORTH = -80.0, 84.0
"""Degrees; UTM zones end here, and Sentinel-2's grid with them."""

MIN_WIDTH_DEG = 1e-8
"""About a millimetre: narrower, and the outline is a line that rounding has made an area of."""


def read_polygon(geometry: object, where: str) -> Polygon | MultiPolygon:
    """Return the polygon of a GeoJSON geometry in WGS84, degrees: valid, rings oriented, heights dropped.

    `geometry` is the parsed JSON object, `where` names its place in the file for the error. Shells run anticlockwise and holes
    clockwise, as RFC 7946, section 3.1.6, asks; a Polygon stays one, a MultiPolygon too, even of a single part.

    Raises InputError where the type is another one, a ring is short or open, a number is missing or not finite, the coordinates
    are no degrees, or the outline crosses itself or has no area.
    """
    kind, coordinates = _members(geometry, where)
    parts = [coordinates] if kind == "Polygon" else _list(coordinates, where)
    rings = [[_ring(ring, where) for ring in _list(part, where)] for part in parts]
    if not rings or not all(rings):
        raise InputError("the geometry is empty", where=where, allowed="at least one ring of four positions")
    _check_range([position for part in rings for ring in part for position in ring], where)
    polygons = [Polygon(shell, holes) for shell, *holes in rings]
    if kind == "Polygon":
        return orient(_valid(polygons[0], where))
    valid = _valid(MultiPolygon(polygons), where)
    return MultiPolygon([orient(part) for part in valid.geoms])


def _members(geometry: object, where: str) -> tuple[str, object]:
    """Return the geometry's type and its `coordinates`, unchecked.

    Raises InputError where there is no geometry, or one that is no polygon.
    """
    if geometry is None:
        raise InputError("the feature has no geometry", where=where, found="null", allowed=" or ".join(POLYGONS))
    kind = geometry.get("type") if isinstance(geometry, dict) else type(geometry).__name__
    if not isinstance(geometry, dict) or kind not in POLYGONS:
        raise InputError(
            "the geometry is of the wrong type",
            where=where,
            found=str(kind),
            allowed=" or ".join(POLYGONS),
            next_step="draw the site's outline; points and lines can be buffered in a GIS",
        )
    return kind, geometry.get("coordinates")


def _list(value: object, where: str) -> Sequence[object]:
    """Return `value` itself; raise InputError where JSON has something else than an array there."""
    if not isinstance(value, list):
        raise InputError("the coordinates are not nested as GeoJSON has them", where=where, found=f"{value!r:.40}", allowed="lists")
    return value


def _ring(ring: object, where: str) -> Ring:
    """Return the (longitude, latitude) of a ring, the last equal to the first.

    Raises InputError where the ring has fewer than four positions or is not closed.
    """
    positions = list(_positions(_list(ring, where), where))
    if len(positions) < 4:
        raise InputError(
            "a ring has too few positions", where=where, found=str(len(positions)), allowed="4 or more, the last equal to the first"
        )
    # closing it here would hide a file that was cut off
    if positions[0] != positions[-1]:
        raise InputError(
            "a ring is not closed",
            where=where,
            found=f"it starts at {positions[0]} and ends at {positions[-1]}",
            allowed="the last position equal to the first",
            next_step="see whether the file was cut off; if not, repeat the first position at the end",
        )
    return positions


def _positions(ring: Sequence[object], where: str) -> Iterator[Position]:
    """Yield the (longitude, latitude) of a ring's positions, degrees; further numbers, which are heights, are dropped.

    Raises InputError at the first that is not two finite numbers, and counts it from 1.
    """
    for number, position in enumerate(ring, 1):
        # JSON has true and false, which Python would count as 1 and 0
        numbers = isinstance(position, list) and len(position) >= 2 and all(type(v) in (int, float) for v in position[:2])
        if not numbers or not all(isfinite(v) for v in position[:2]):  # type: ignore[index]
            raise InputError(
                "a coordinate is not a finite number",
                where=f"{where}, position {number} of a ring",
                found=f"{position!r:.60}",
                allowed="[longitude, latitude] in degrees",
            )
        yield float(position[0]), float(position[1])  # type: ignore[index]


def _check_range(positions: Sequence[Position], where: str) -> None:
    """Raise InputError where the positions cannot be WGS84 degrees that Sentinel-2 covers.

    The checks go from the plainest mistake to the subtlest, since one mistake trips several of them: projected coordinates
    (beyond 360), swapped axes, a pole, the antimeridian, the ends of UTM. Swapped axes where both numbers stay below 90 are
    not visible here; `country.check_country` looks for those.
    """
    lons, lats = [lon for lon, _ in positions], [lat for _, lat in positions]
    found = f"x from {min(lons):.6g} to {max(lons):.6g}, y from {min(lats):.6g} to {max(lats):.6g}"
    lon_max, lat_max = max(map(abs, lons)), max(map(abs, lats))
    problem = ""
    # 360, because some files count longitude from 0 to 360: those are degrees, beyond the antimeridian
    if max(lon_max, lat_max) > 360:
        problem = "the coordinates are not degrees: they look projected"
        next_step = "find the file's CRS, then ogr2ogr -s_srs EPSG:… -t_srs EPSG:4326 new.geojson old.geojson"
    elif lat_max > 90 and lon_max <= 90:
        problem, next_step = "longitude and latitude are swapped", "write [longitude, latitude]; in ogr2ogr: -swapxy"
    elif lat_max > 90:
        problem, next_step = "a latitude lies beyond a pole", "write [longitude, latitude] in degrees"
    # nothing that is watched spans half the globe: so wide an outline was meant to go round the other way
    elif lon_max > 180 or max(lons) - min(lons) > 180:
        problem, next_step = "the AOI crosses the antimeridian", "cut it at 180 degrees and make each side a site of its own"
    elif min(lats) < UTM_SOUTH or max(lats) > UTM_NORTH:
        problem, next_step = "the AOI lies beyond the latitudes of UTM, where Sentinel-2 has no tiles", "choose another AOI"
    if problem:
        allowed = f"longitude -180 to 180, latitude {UTM_SOUTH:g} to {UTM_NORTH:g}"
        raise InputError(problem, where=where, found=found, allowed=allowed, next_step=next_step)


def _valid(geometry: Polygon | MultiPolygon, where: str) -> Polygon | MultiPolygon:
    """Return `geometry` itself; raise InputError where it has no area, or crosses or touches itself (OGC Simple Features)."""
    # of the hull, because the two loops of a bow tie cancel out in the area of the polygon itself
    hull = geometry.convex_hull
    if hull.area <= MIN_WIDTH_DEG * hull.length:
        raise InputError("the polygon has no area", where=where, found="all positions on one line or point", allowed="an outline")
    if not geometry.is_valid:
        raise InputError(
            "the polygon is not valid",
            where=where,
            found=is_valid_reason(geometry),
            allowed="an outline that does not cross or touch itself",
            next_step="redraw it at the place in brackets, or run Fix geometries in QGIS and look at what it made",
        )
    return geometry
