"""A Site as an AOI file, the way that `read_site` reads it: reading it again gives the same site."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from shapely.geometry import mapping

if TYPE_CHECKING:
    from sentinel_watch.domain.site import Embargo, Permit, Site, WasteStream

__all__ = ["site_feature"]


def site_feature(site: Site) -> dict[str, Any]:
    """Return a site with its permits as a GeoJSON feature, WGS84, degrees; plain JSON, coordinates in full."""
    texts = {name: getattr(site, name) for name in ("site_id", "name", "site_type", "country", "admin", "operator", "contact")}
    properties = {name: text for name, text in texts.items() if text}
    lists = {"embargoes": [_embargo(embargo) for embargo in site.embargoes], "waste_streams": [_stream(s) for s in site.waste_streams]}
    return {
        "type": "Feature",
        "properties": {**properties, "permits": [_permit(permit) for permit in site.permits], **{k: v for k, v in lists.items() if v}},
        "geometry": _lists(mapping(site.geometry)),
    }


def _permit(permit: Permit) -> dict[str, Any]:
    """Return a permit with the terms that it has."""
    terms = {
        "permit_id": permit.permit_id,
        "geometry": _lists(mapping(permit.geometry)),
        "valid_from": permit.valid_from and permit.valid_from.isoformat(),
        "valid_to": permit.valid_to and permit.valid_to.isoformat(),
        "activities": list(permit.activities) or None,
        "max_area_ha": permit.max_area_ha,
    }
    return {name: value for name, value in terms.items() if value is not None}


def _embargo(embargo: Embargo) -> dict[str, Any]:
    """Return an embargo with the terms that it has."""
    terms = {
        "embargo_id": embargo.embargo_id,
        "geometry": _lists(mapping(embargo.geometry)),
        "valid_from": embargo.valid_from and embargo.valid_from.isoformat(),
        "valid_to": embargo.valid_to and embargo.valid_to.isoformat(),
        "activities": list(embargo.activities),
    }
    return {name: value for name, value in terms.items() if value is not None}


def _stream(stream: WasteStream) -> dict[str, Any]:
    """Return a waste stream with the terms that it has."""
    return {name: value for name, value in asdict(stream).items() if value not in {None, ""}}


def _lists(value: Any) -> Any:  # noqa: ANN401 - whatever shapely nests
    """Return a geometry's mapping with lists in place of tuples, as JSON gives it back."""
    if isinstance(value, dict):
        return {key: _lists(inner) for key, inner in value.items()}
    return [_lists(inner) for inner in value] if isinstance(value, tuple | list) else value
