"""The places that are watched, and what is permitted there.

AOI = geometry; site = AOI + type + permits + operator. The register checks what files say; these are the checked values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from shapely import MultiPolygon, Polygon

__all__ = ["SITE_TYPES", "Embargo", "Permit", "Site", "Suppression", "WasteStream"]

# a shipped pipeline serves each of them
SITE_TYPES = ("mine", "landfill", "industrial_zone", "protected_area")


@dataclass(frozen=True, slots=True)
class Permit:
    """What an operator may do, where and when.

    `valid_from` and `valid_to` are included; None is an open end. `max_area_ha` limits one event, None does not.
    """

    permit_id: str
    geometry: Polygon | MultiPolygon
    """WGS84, degrees."""
    valid_from: date | None = None
    valid_to: date | None = None
    activities: tuple[str, ...] = ()
    """Event classes that the permit covers; empty means all."""
    max_area_ha: float | None = None


@dataclass(frozen=True, slots=True)
class Embargo:
    """Where and when something must not happen, whatever a permit says; both days are included, None is an open end."""

    embargo_id: str
    geometry: Polygon | MultiPolygon
    """WGS84, degrees."""
    valid_from: date | None = None
    valid_to: date | None = None
    # an empty list bans nothing, unlike in a permit, where it covers all: a ban has to say what it bans
    activities: tuple[str, ...] = ()
    """Event classes that are forbidden there."""


@dataclass(frozen=True, slots=True)
class WasteStream:
    """What a site takes in or leaves, for maps of industrial waste; nothing is judged by it."""

    material: str
    tonnes_per_year: float | None = None
    treatment: str = ""
    """`landfilled`, `recycled`, `incinerated` … in the register's own words."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """A zone of a site where events that begin in a period make no alert, for a reason that somebody stands for; it expires."""

    zone_id: str
    site_id: str
    geometry: Polygon | MultiPolygon
    """WGS84, degrees."""
    valid_from: date
    valid_to: date
    """Both days are included."""
    reason: str
    actor: str
    """Who set it up."""


@dataclass(frozen=True, slots=True)
class Site:
    """An area of interest with its type, operator and permits.

    `site_id` is safe as a folder's name; alerts and evidence are filed under it. Empty texts are "not given".
    """

    site_id: str
    name: str
    site_type: str
    """One of SITE_TYPES."""
    geometry: Polygon | MultiPolygon
    """The AOI in WGS84, degrees; valid, not empty, inside one UTM zone or its neighbours."""
    country: str = ""
    """ISO 3166-1 alpha-3, or empty."""
    admin: str = ""
    operator: str = ""
    permits: tuple[Permit, ...] = ()
    embargoes: tuple[Embargo, ...] = ()
    waste_streams: tuple[WasteStream, ...] = ()
    contact: str = ""
    """Whom to ask: a name, a telephone number, an address."""
