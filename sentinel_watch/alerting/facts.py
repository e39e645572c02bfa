"""What a map and the register say of one event: the ground that the rules judge on.

Facts only, with no finding of law. Distances and areas are measured in the AOI's UTM grid.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from odc.geo.geom import Geometry
from shapely import union_all

from sentinel_watch.domain.surroundings import Surroundings

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.site import Embargo, Permit, Site
    from sentinel_watch.domain.surroundings import Parcel

__all__ = ["TOLERANCE_M", "Facts"]

TOLERANCE_M = 12.5
"""An outline may miss a permit's edge by so much: absolute geolocation of Sentinel-2, CE95, ESA S2-PDGS-MPC-L1C-DQR."""


@dataclass(frozen=True)
class Facts:
    """An event, its class, and where it lies; `crs` is that of the event's geometry, metres."""

    event: Event
    event_class: str
    site: Site
    crs: str
    surroundings: Surroundings = field(default_factory=Surroundings)

    @property
    def geometry(self) -> BaseGeometry:
        """Return the event's outline in `crs`."""
        return self.event.region.geometry

    @cached_property
    def in_force(self) -> tuple[Permit, ...]:
        """Return the permits that were in force on the day of the first detection.

        In the register's order; empty where the site has none or none held on that day.
        """
        return tuple(permit for permit in self.site.permits if self._holds(permit))

    @cached_property
    def covering(self) -> tuple[Permit, ...]:
        """Return those of them that cover the event's class.

        A permit that names no activity covers all of them.
        """
        return tuple(permit for permit in self.in_force if not permit.activities or self.event_class in permit.activities)

    @cached_property
    def forbidding(self) -> tuple[Embargo, ...]:
        """Return the embargoes of that day that forbid the event's class where it lies, in part at least."""
        holding = (embargo for embargo in self.site.embargoes if self._holds(embargo) and self.event_class in embargo.activities)
        # narrowed, since the error of the image may have moved the outline over the line
        return tuple(embargo for embargo in holding if self.metres(embargo.geometry).buffer(-TOLERANCE_M).intersects(self.geometry))

    @cached_property
    def outside_pct(self) -> float | None:
        """Return the share outside all covering permits, widened by the geolocation error, 0-100; None where the site has no permit."""
        if not self.site.permits:
            return None
        if not self.covering:
            return 100.0
        # what may be a shift of the image is not held against the operator
        permitted = union_all([self.metres(permit.geometry).buffer(TOLERANCE_M) for permit in self.covering])
        return 100.0 * float(self.geometry.difference(permitted).area / self.geometry.area)

    @cached_property
    def nearest_permit(self) -> str | None:
        """Return the id of the permit that shares most area with the event, of all the site's where none covers it."""
        permits = self.covering or self.site.permits
        # by area, for a permit that only touches the event is not the one to ask about
        shared = [(float(self.geometry.intersection(self.metres(permit.geometry)).area), permit.permit_id) for permit in permits]
        return max(shared, key=lambda pair: pair[0])[1] if shared else None

    @cached_property
    def protected_ha(self) -> float | None:
        """Return the overlap with protected areas, hectares; None where no layer was named."""
        return self.surroundings.overlap_ha("protected", self.geometry)

    @cached_property
    def water_m(self) -> float | None:
        """Return the distance to the nearest water, metres; None where no layer was named."""
        return self.surroundings.distance_m("water", self.geometry)

    @cached_property
    def parcels(self) -> tuple[tuple[Parcel, float], ...] | None:
        """Return the parcels that it touches, each with its share of the area, percent, the largest first; None without a cadastre."""
        return self.surroundings.parcels_of(self.geometry)

    def metres(self, geometry: BaseGeometry) -> BaseGeometry:
        """Return a geometry of the register (WGS84) in `crs`.

        Corner by corner: over the few kilometres of a site an edge between two corners stays nearly straight.
        """
        shape: BaseGeometry = Geometry(geometry, "EPSG:4326").to_crs(self.crs).geom
        return shape

    def _holds(self, paper: Permit | Embargo) -> bool:
        """Return whether a permit or embargo was in force when the event began, first and last day included."""
        # the day of onset, not today: a permit that lapsed since covers what was done under it
        begun = paper.valid_from is None or paper.valid_from <= self.event.first_detected
        return begun and (paper.valid_to is None or self.event.first_detected <= paper.valid_to)
