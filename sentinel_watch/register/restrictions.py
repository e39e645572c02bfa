"""What an AOI file says of embargoes and waste streams.

As strict as with permits: a term that is not known is an error, since one that is not read changes what is lawful.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.site import Embargo, WasteStream
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.register.geometry import read_polygon
from sentinel_watch.register.permits import read_activities, read_list, read_period

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["read_embargoes", "read_waste_streams"]

FORBIDDEN = ("vegetation_loss",)
"""What an embargo forbids that does not say."""

EMBARGO_TERMS = ("embargo_id", "geometry", "valid_from", "valid_to", "activities")
WASTE_TERMS = ("material", "tonnes_per_year", "treatment")


def read_embargoes(embargoes: object, where: str) -> tuple[Embargo, ...]:
    """Return the embargoes of a site, in their order; raise InputError for a term that is wrong or not known.

    `embargoes` is a list of objects, the same as JSON text, or None; `where` names the file for the error.
    """
    listed = read_list(embargoes, where, "embargoes", EMBARGO_TERMS)
    return tuple(_embargo(terms, f"{where}, embargo {number}") for number, terms in enumerate(listed, 1))


def read_waste_streams(streams: object, where: str) -> tuple[WasteStream, ...]:
    """Return the waste streams of a site, in their order; raise InputError for a term that is wrong or not known."""
    listed = read_list(streams, where, "waste_streams", WASTE_TERMS)
    return tuple(_stream(terms, f"{where}, waste stream {number}") for number, terms in enumerate(listed, 1))


def _embargo(terms: Mapping[str, Any], where: str) -> Embargo:
    """Return one embargo: its id and polygon are needed; without activities it forbids the loss of vegetation."""
    _check_known(terms, EMBARGO_TERMS, where)
    valid_from, valid_to = read_period(terms, where, "an embargo")
    return Embargo(
        embargo_id=_needed(terms, "embargo_id", where),
        geometry=read_polygon(terms.get("geometry"), where),
        valid_from=valid_from,
        valid_to=valid_to,
        activities=read_activities(terms.get("activities"), where) or FORBIDDEN,
    )


def _stream(terms: Mapping[str, Any], where: str) -> WasteStream:
    """Return one waste stream: its material is needed."""
    _check_known(terms, WASTE_TERMS, where)
    tonnes = terms.get("tonnes_per_year")
    if tonnes is not None and (not isinstance(tonnes, int | float) or isinstance(tonnes, bool) or not tonnes >= 0):
        raise InputError("tonnes_per_year is not an amount", where=where, found=f"{tonnes!r:.40}", allowed="tonnes, 0 or above")
    treatment = terms.get("treatment") or ""
    if not isinstance(treatment, str):
        raise InputError("treatment is not text", where=where, found=f"{treatment!r:.40}")
    return WasteStream(_needed(terms, "material", where), None if tonnes is None else float(tonnes), treatment.strip())


def _check_known(terms: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise InputError for the first term that is not known."""
    for key in terms:
        if key not in known:
            raise InputError("a term is not known", where=where, found=key, allowed=did_you_mean(key, known))


def _needed(terms: Mapping[str, Any], key: str, where: str) -> str:
    """Return a term that must be there, as text without blanks around it."""
    value = terms.get(key)
    if not isinstance(value, str) or not value.strip():
        raise InputError(f"{key} is missing", where=where, found=f"{value!r:.40}", allowed="text")
    return value.strip()
