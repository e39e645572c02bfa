"""An AOI file becomes a Site: one GeoJSON file a site, checked before anything is downloaded for it.

What comes from outside is not trusted: size, nesting, numbers and text encoding are checked before the geometry is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.site import Site
from sentinel_watch.errors import InputError
from sentinel_watch.register.country import check_country
from sentinel_watch.register.extent import MAX_AREA_KM2, check_extent
from sentinel_watch.register.geometry import POLYGONS, read_polygon
from sentinel_watch.register.permits import read_permits
from sentinel_watch.register.properties import read_properties
from sentinel_watch.register.restrictions import read_embargoes, read_waste_streams

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = ["read_features", "read_site", "site_of"]

MAX_FILE_MB = 64
WGS84_NAMES = ("CRS84", "EPSG:4326", "EPSG::4326")
"""How the `crs` member of older GeoJSON ends where it says what RFC 7946 takes for granted."""


def read_site(path: Path, *, max_area_km2: float = MAX_AREA_KM2) -> Site:
    """Return the site that the GeoJSON file at `path` describes: one Polygon or MultiPolygon in WGS84.

    The file holds a FeatureCollection of one feature, a Feature, or the bare geometry; UTF-8, 64 MB at most. `max_area_km2` is the
    largest geodesic area that is accepted. Ring orientation is put right and heights are dropped; whatever else is wrong
    raises InputError and is never repaired by guessing.

    `read_site(Path("aoi/forest_romania.geojson")).site_type` is `protected_area`.
    """
    return site_of(_single_feature(_load(path), str(path)), path, max_area_km2=max_area_km2)


def read_features(path: Path) -> list[Mapping[str, Any]]:
    """Return the features of a GeoJSON file, unchecked but for being objects in WGS84; raise InputError where they are not."""
    document = _load(path)
    features = document.get("features")
    if document.get("type") != "FeatureCollection" or not isinstance(features, list) or len(features) < 2:
        return [_single_feature(document, str(path))]
    _check_crs(document, str(path))
    if not all(isinstance(feature, dict) for feature in features):
        raise InputError("the AOI file's features are not a list of objects", where=str(path), allowed='"features": [feature, …]')
    return features


def site_of(feature: Mapping[str, Any], path: Path, where: str = "", *, max_area_km2: float = MAX_AREA_KM2) -> Site:
    """Return the site that a GeoJSON feature describes; raise InputError for whatever is wrong, at `where`, or else `path`."""
    where = where or str(path)
    properties = read_properties(_mapping(feature.get("properties"), where), path, where)
    geometry = read_polygon(feature.get("geometry"), where)
    check_country(geometry, properties.country, where)
    check_extent(geometry, where, max_area_km2)
    permits = read_permits(properties.permits, geometry, where)
    return Site(
        site_id=properties.site_id,
        name=properties.name,
        site_type=properties.site_type,
        geometry=geometry,
        country=properties.country,
        admin=properties.admin,
        operator=properties.operator,
        permits=permits,
        embargoes=read_embargoes(properties.embargoes, where),
        waste_streams=read_waste_streams(properties.waste_streams, where),
        contact=properties.contact,
    )


def _load(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in the file; raise InputError where it is not text, not JSON, nested too deeply, or no object."""
    try:
        text = _text(path)
        # json.loads itself gives up on numbers of thousands of digits with an error of another kind
        document = json.loads(text, parse_int=_number)
    except UnicodeDecodeError as error:
        raise InputError("the AOI file is not text", where=str(path), found=f"a byte that is not UTF-8 at {error.start}") from error
    except json.JSONDecodeError as error:
        where = f"{path}, line {error.lineno}, column {error.colno}"
        raise InputError("the AOI file is not JSON", where=where, found=error.msg, allowed="GeoJSON (RFC 7946)") from error
    except RecursionError as error:
        raise InputError("the AOI file is nested too deeply", where=str(path), allowed="GeoJSON (RFC 7946)") from error
    if not isinstance(document, dict):
        raise InputError("the AOI file is not GeoJSON", where=str(path), found=f"a JSON {type(document).__name__}", allowed="an object")
    return document


def _number(digits: str) -> float:
    """Return a whole number of JSON, as a float from 19 digits on: nothing that a site needs is as long as that."""
    return int(digits) if len(digits) < 19 else float(digits)


def _text(path: Path) -> str:
    """Return the file's text, a byte order mark left out.

    Raises InputError where it is absent, no file, over 64 MB or not readable; UnicodeDecodeError where it is not UTF-8.
    """
    if not path.exists():
        raise InputError("there is no such AOI file", where=str(path), next_step="check the path; examples are in aoi/")
    if not path.is_file():
        raise InputError("the AOI is not a file", where=str(path), allowed="one GeoJSON file")
    size_mb = path.stat().st_size / 1e6
    if size_mb > MAX_FILE_MB:
        raise InputError("the AOI file is too large", where=str(path), found=f"{size_mb:.0f} MB", allowed=f"at most {MAX_FILE_MB} MB")
    try:
        # editors on Windows begin a file with a byte order mark
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise InputError("the AOI file cannot be read", where=str(path), found=str(error.strerror)) from error


def _single_feature(document: Mapping[str, Any], where: str) -> Mapping[str, Any]:
    """Return the one feature of the document, a bare geometry wrapped as one without properties.

    Raises InputError where the document is no GeoJSON, holds no feature or several, or names another CRS than WGS84.
    """
    _check_crs(document, where)
    kind = document.get("type")
    if kind == "FeatureCollection":
        feature = _only(document.get("features"), where)
        _check_crs(feature, where)
        return feature
    if kind == "Feature":
        return document
    # points and lines pass too: what is wrong with them is said where geometry is read
    if kind in POLYGONS or "coordinates" in document:
        return {"geometry": document, "properties": {}}
    raise InputError(
        "the AOI file is not GeoJSON",
        where=where,
        found=f'"type": {json.dumps(kind)}',
        allowed="FeatureCollection of one feature, Feature, Polygon or MultiPolygon",
    )


def _only(features: object, where: str) -> Mapping[str, Any]:
    """Return the only one of `features`; raise InputError, naming those that there are, where there is not exactly one."""
    if not isinstance(features, list) or not all(isinstance(f, dict) for f in features):
        raise InputError("the AOI file's features are not a list of objects", where=where, allowed='"features": [one feature]')
    if not features:
        raise InputError("the AOI file holds no feature", where=where, allowed="one feature", next_step="export the site's polygon again")
    if len(features) > 1:
        raise InputError(
            "the AOI file holds several features",
            where=where,
            found=f"{len(features)}: {_names(features)}",
            allowed="one feature a file",
            next_step="write the site that you want to a file of its own, or join its parts to one MultiPolygon",
        )
    only: Mapping[str, Any] = features[0]
    return only


def _names(features: list[dict[str, Any]], most: int = 5) -> str:
    """Return the first few features' ids or names, so that an error shows which file was given."""
    named = [feature.get("properties") or {} for feature in features[:most]]
    names = [str(p.get("site_id") or p.get("name") or f"feature {i}") for i, p in enumerate(named, 1)]
    return ", ".join(names) + (" …" if len(features) > most else "")


def _check_crs(document: Mapping[str, Any], where: str) -> None:
    """Raise InputError where the document or feature has a `crs` member that says anything but WGS84."""
    crs = document.get("crs")
    if crs is None:
        return
    named = crs.get("properties") if isinstance(crs, dict) else None
    name = str(named.get("name", "")) if isinstance(named, dict) else str(crs)
    # RFC 7946 forbids the member; GDAL and QGIS still write it, and then it is the truth about the coordinates
    if not name.upper().endswith(WGS84_NAMES):
        raise InputError(
            "the AOI is not in WGS84",
            where=f'{where}, member "crs"',
            found=name or "a crs without a name",
            allowed="longitude and latitude in WGS84, as RFC 7946 has it",
            next_step="ogr2ogr -t_srs EPSG:4326 -lco RFC7946=YES new.geojson old.geojson",
        )


def _mapping(properties: object, where: str) -> Mapping[str, Any]:
    """Return the feature's properties, empty for null; raise InputError where they are no JSON object."""
    if properties is None:
        return {}
    if not isinstance(properties, dict):
        raise InputError("the feature's properties are not an object", where=where, found=type(properties).__name__)
    return properties
