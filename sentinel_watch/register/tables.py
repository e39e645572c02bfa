"""Many sites in one file: GeoJSON, GeoPackage or CSV, each feature or row a site.

GIS and spreadsheets have no lists: permits, embargoes and waste streams are JSON text in a column there, and a CSV has its outline as WKT
in the column `geometry`, or as a point in `lon` and `lat` with a radius in `radius_m`.
"""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pyogrio
import shapely
from odc.geo.geom import Geometry, point
from shapely import from_wkb, from_wkt

from sentinel_watch.errors import InputError
from sentinel_watch.register.reading import read_features, site_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.site import Site

__all__ = ["read_sites"]

SUFFIXES = (".geojson", ".json", ".gpkg", ".csv")


def read_sites(path: Path) -> tuple[Site, ...]:
    """Return all sites of a file, in its order; raise InputError for the first that is wrong, with its number and id.

    Each is checked as `read_site` checks one. Raises InputError too where two sites share an id, or the file is of another kind.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise InputError("the register's file is of no known kind", where=str(path), found=path.suffix, allowed=", ".join(SUFFIXES))
    if not path.is_file():
        raise InputError("there is no such file", where=str(path), next_step="check the path; examples are in aoi/")
    features = list(_features(path))
    # a lone feature may take its id from the file's name; of several each needs its own
    one = len(features) == 1
    sites = tuple(site_of(feature, path, "" if one else _place(path, number, feature)) for number, feature in enumerate(features, 1))
    ids = [site.site_id for site in sites]
    for number, site_id in enumerate(ids):
        if site_id in ids[:number]:
            raise InputError("two sites have the same site_id", where=str(path), found=site_id, allowed="one of each")
    return sites


def _features(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the file's sites as GeoJSON features."""
    suffix = path.suffix.lower()
    if suffix == ".gpkg":
        yield from _geopackage(path)
    elif suffix == ".csv":
        yield from _csv(path)
    else:
        yield from read_features(path)


def _geopackage(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the features of a GeoPackage's only layer; raise InputError where it is not WGS84 or cannot be read."""
    try:
        meta, _, shapes, columns = pyogrio.raw.read(str(path))
    except Exception as error:
        raise InputError(
            "the GeoPackage cannot be read", where=str(path), found=f"{error!s:.200}", allowed="one layer of polygons"
        ) from error
    if str(meta["crs"]) != "EPSG:4326":
        raise InputError("the sites are not in WGS84", where=str(path), found=str(meta["crs"]), next_step="ogr2ogr -t_srs EPSG:4326 …")
    for number, shape in enumerate(shapes):
        values = {str(name): column[number] for name, column in zip(meta["fields"], columns, strict=True)}
        yield {"properties": {name: _plain(value) for name, value in values.items()}, "geometry": _geojson(from_wkb(shape))}


def _csv(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a CSV with a head line; raise InputError where a row has no outline that can be read."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), 2):
            properties = {name: value for name, value in row.items() if name and value}
            yield {"properties": properties, "geometry": _outline(properties, f"{path}, line {number}")}


def _outline(row: dict[str, str], where: str) -> Mapping[str, Any]:
    """Return the outline of a row as GeoJSON, and take its columns out of it."""
    if wkt := row.pop("geometry", ""):
        try:
            return _geojson(from_wkt(wkt))
        except shapely.errors.GEOSException as error:
            raise InputError("the outline is not WKT", where=where, found=f"{wkt:.40}", allowed="POLYGON ((lon lat, …))") from error
    try:
        lon, lat, radius_m = (float(row.pop(name)) for name in ("lon", "lat", "radius_m"))
    except (KeyError, ValueError) as error:
        raise InputError("a row has no outline", where=where, allowed="geometry (WKT), or lon, lat and radius_m") from error
    return circle(lon, lat, radius_m)


def circle(lon: float, lat: float, radius_m: float) -> dict[str, Any]:
    """Return a polygon of 24 corners around a point, degrees, as GeoJSON: a stand-in for an outline that nobody has drawn."""
    centre = point(lon, lat, "EPSG:4326").to_crs("utm")
    round_ = Geometry(centre.geom.buffer(radius_m, quad_segs=6), centre.crs).to_crs("EPSG:4326").geom
    return _geojson(shapely.transform(round_, lambda degrees: degrees.round(6)))


def _geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """Return a geometry as GeoJSON, with lists as a file has them."""
    parsed: dict[str, Any] = json.loads(shapely.to_geojson(geometry))
    return parsed


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a GeoPackage holds
    """Return a value as JSON has it: numpy's numbers as Python's, NaN and empty text as None."""
    value = value.item() if hasattr(value, "item") else value
    return None if value == "" or value != value else value  # noqa: PLR0124 - NaN alone differs from itself


def _place(path: Path, number: int, feature: Mapping[str, Any]) -> str:
    """Return how an error names a site of a file, and see that it has an id of its own."""
    properties = feature.get("properties")
    site_id = properties.get("site_id") if isinstance(properties, dict) else None
    if not site_id:
        raise InputError("a site has no site_id", where=f"{path}, site {number}", next_step="of several sites in a file each needs its own")
    return f"{path}, site {number} ({site_id})"
