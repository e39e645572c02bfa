"""The places that are watched, and what is permitted there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from shapely import MultiPolygon, Polygon

__all__ = ["SITE_TYPES", "Permit", "Site"]

SITE_TYPES = ("mine", "landfill", "industrial_zone", "protected_area")


@dataclass(frozen=True, slots=True)
class Permit:
    """What an operator may do, where and when."""

    permit_id: str
    geometry: Polygon | MultiPolygon
    """WGS84, degrees."""
    valid_from: date | None = None
    valid_to: date | None = None
    activities: tuple[str, ...] = ()
    """Event classes that the permit covers; empty means all."""
    max_area_ha: float | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """An area of interest with its type, operator and permits."""

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
