"""What is permitted at a site, where and when.

Stricter than the site's other properties: every unknown term is an error, since a term that is not read changes what is
lawful. Whether an event keeps within a permit is judged in alerting, not here.
"""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.event import EVENT_CLASSES
from sentinel_watch.domain.site import Permit
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.log import log
from sentinel_watch.register.geometry import read_polygon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely import MultiPolygon, Polygon

__all__ = ["read_activities", "read_day", "read_list", "read_period", "read_permits"]

TERMS = ("permit_id", "geometry", "valid_from", "valid_to", "activities", "max_area_ha")


def read_permits(permits: object, aoi: Polygon | MultiPolygon, where: str) -> tuple[Permit, ...]:
    """Return the permits of a site, in their order; raise InputError for a term that is wrong or not known.

    `permits` is a list of objects, the same as JSON text, which is how GDAL writes it, or None. `aoi` is the site's outline
    (WGS84); a permit that misses it wholly is kept, with a warning. `where` names the file for the error.

    Raises InputError also where two permits share a `permit_id`: an alert could not say which of them it means.
    """
    read = tuple(_permit(terms, f"{where}, permit {number}") for number, terms in enumerate(read_list(permits, where), 1))
    ids = [permit.permit_id for permit in read]
    if len(set(ids)) < len(ids):
        raise InputError("two permits have the same permit_id", where=where, found=", ".join(ids), allowed="one of each")
    for permit in read:
        # no error: an operator's permit may cover several sites
        if permit.geometry.disjoint(aoi):
            log.warning("%s: permit %s lies wholly outside the AOI", where, permit.permit_id)
    return read


def read_list(permits: object, where: str, what: str = "permits", terms: Sequence[str] = TERMS) -> list[Mapping[str, Any]]:
    """Return `what` as a list of objects, empty for None; raise InputError where they are neither that nor its JSON text."""
    value = permits
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise InputError(f"the {what} are not JSON", where=where, found=error.msg, allowed="a list of objects") from error
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(terms, dict) for terms in value):
        raise InputError(f"the {what} are not a list of objects", where=where, found=f"{value!r:.40}", allowed=", ".join(terms))
    return value


def _permit(terms: Mapping[str, Any], where: str) -> Permit:
    """Return one permit: its id and polygon are needed, days, activities and area may be left out, which means no limit.

    Raises InputError where a term is wrong or not known, or where the permit ends before it begins.
    """
    # a misspelt term would silently permit more or less than the paper does
    for key in terms:
        if key not in TERMS:
            raise InputError("a permit has a term that is not known", where=where, found=key, allowed=did_you_mean(key, TERMS))
    permit_id = terms.get("permit_id")
    if not isinstance(permit_id, str) or not permit_id.strip():
        raise InputError("a permit has no permit_id", where=where, found=f"{permit_id!r}", allowed="text")
    valid_from, valid_to = read_period(terms, where, "a permit")
    return Permit(
        permit_id=permit_id.strip(),
        geometry=read_polygon(terms.get("geometry"), where),
        valid_from=valid_from,
        valid_to=valid_to,
        activities=read_activities(terms.get("activities"), where),
        max_area_ha=_area(terms.get("max_area_ha"), where),
    )


def read_period(terms: Mapping[str, Any], where: str, what: str) -> tuple[date | None, date | None]:
    """Return the terms `valid_from` and `valid_to`; raise InputError where one is no day, or they are the wrong way round."""
    valid_from, valid_to = read_day(terms, "valid_from", where), read_day(terms, "valid_to", where)
    if valid_from and valid_to and valid_from > valid_to:
        raise InputError(f"{what} ends before it begins", where=where, found=f"{valid_from} to {valid_to}")
    return valid_from, valid_to


def read_day(terms: Mapping[str, Any], key: str, where: str) -> date | None:
    """Return the term as a day, None where it is absent; raise InputError where it is not ISO 8601."""
    value = terms.get(key)
    if value is None:
        return None
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"{key} is not a day", where=where, found=f"{value!r:.40}", allowed="YYYY-MM-DD") from error


def read_activities(value: object, where: str) -> tuple[str, ...]:
    """Return the permitted event classes, empty (all of them) where the term is absent; raise InputError for one that is not known."""
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError("the activities are not a list", where=where, found=f"{value!r:.40}", allowed="a list of event classes")
    for activity in value:
        if activity not in EVENT_CLASSES:
            raise InputError(
                "an activity is not an event class", where=where, found=str(activity), allowed=did_you_mean(str(activity), EVENT_CLASSES)
            )
    return tuple(value)


def _area(value: object, where: str) -> float | None:
    """Return the permitted area, hectares, None where the term is absent; raise InputError where it is no number above 0."""
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not value > 0:
        raise InputError("max_area_ha is not an area", where=where, found=f"{value!r:.40}", allowed="hectares, above 0")
    return float(value)
