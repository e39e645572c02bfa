"""How an event lies to the permits of its site.

Facts that a map can show, with reason codes; no finding of law. Without any permit on file nothing is judged: missing paper
is not a violation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from odc.geo.geom import Geometry
from shapely import union_all

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.site import Permit, Site

__all__ = ["LegalFinding", "judge"]

TOLERANCE_M = 12.5
"""An outline may miss a permit's edge by so much: absolute geolocation of Sentinel-2, CE95, ESA S2-PDGS-MPC-L1C-DQR."""


@dataclass(frozen=True, slots=True)
class LegalFinding:
    """What the permits say of an event; all None or empty where the site has none.

    `outside_permit_pct` is 0-100. `reasons` are codes: `no_permit_in_force`, `activity_not_permitted`, `outside_permit`,
    `over_permitted_area`.
    """

    permit_id: str | None = None
    outside_permit_pct: float | None = None
    suspected_violation: bool | None = None
    reasons: tuple[str, ...] = ()


def judge(event: Event, event_class: str, site: Site, crs: str) -> LegalFinding:
    """Return the finding for an event whose geometry is in `crs` (metres).

    A permit counts if it was in force on the day of the first detection and covers `event_class`. `permit_id` names the one that
    shares most area with the event, of all the site's permits where none counts.
    """
    if not site.permits:
        return LegalFinding()
    in_force = [permit for permit in site.permits if _in_force(permit, event)]
    covering = [permit for permit in in_force if not permit.activities or event_class in permit.activities]
    outside = _outside_pct(event.region.geometry, covering, crs)
    reasons = _reasons(event, outside, in_force, covering)
    nearest = max(covering or site.permits, key=lambda permit: _overlap(event.region.geometry, permit, crs))
    return LegalFinding(nearest.permit_id, round(outside, 1), bool(reasons), reasons)


def _reasons(event: Event, outside_pct: float, in_force: Sequence[Permit], covering: Sequence[Permit]) -> tuple[str, ...]:
    """Return the codes of what goes against the permits, the gravest alone where no permit applies at all."""
    if not in_force:
        return ("no_permit_in_force",)
    if not covering:
        return ("activity_not_permitted",)
    limit = max((permit.max_area_ha or float("inf")) for permit in covering)
    # 10 %: a rim of mixed pixels alone can lie outside by less
    found = (("outside_permit", outside_pct >= 10), ("over_permitted_area", event.region.area_ha > limit))
    return tuple(code for code, holds in found if holds)


def _in_force(permit: Permit, event: Event) -> bool:
    """Return whether the permit was in force when the event began, first and last day included; open ends count as unlimited."""
    # the day of onset, not today: a permit that lapsed since covers what was done under it
    begun = permit.valid_from is None or permit.valid_from <= event.first_detected
    return begun and (permit.valid_to is None or event.first_detected <= permit.valid_to)


def _outside_pct(geometry: BaseGeometry, permits: Sequence[Permit], crs: str) -> float:
    """Return the share of `geometry` outside all `permits`, widened by the geolocation error, 0-100; 100 without any."""
    if not permits:
        return 100.0
    # what may be a shift of the image is not held against the operator
    permitted = union_all([_metres(permit, crs).buffer(TOLERANCE_M) for permit in permits])
    return 100.0 * float(geometry.difference(permitted).area / geometry.area)


def _overlap(geometry: BaseGeometry, permit: Permit, crs: str) -> float:
    """Return the area that `geometry` shares with the permit, square metres."""
    return float(geometry.intersection(_metres(permit, crs)).area)


def _metres(permit: Permit, crs: str) -> BaseGeometry:
    """Return the permit's polygon in `crs`."""
    shape: BaseGeometry = Geometry(permit.geometry, "EPSG:4326").to_crs(crs).geom
    return shape
