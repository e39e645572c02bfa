"""The rules that an event is judged by: each has a reason code, says when it holds, and whether it speaks of a violation.

A pipeline names those that count, with their limits. A rule about permits is silent where the site has none: missing paper is no
violation, but for waste, which nobody may leave without a paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from pydantic import Field

from sentinel_watch.registry import Part, Registry

if TYPE_CHECKING:
    from sentinel_watch.alerting.facts import Facts

__all__ = ["RULES", "Rule"]

_HERE = "sentinel_watch.alerting.rules"


class Rule(Protocol):
    """One reason for an alert to matter; parts of the kind `rule`."""

    violation: ClassVar[bool]
    """Whether it speaks of a suspected violation; else it only makes things worse."""

    def code(self, facts: Facts) -> str:
        """Return the reason code, "" where the rule does not hold."""


class NotPermitted(Part):
    """No permit applies: `no_permit_in_force` on the day of the first detection, or `activity_not_permitted` by any of those in force."""

    violation: ClassVar[bool] = True

    def code(self, facts: Facts) -> str:
        """Return the graver of the two codes, "" where a permit applies or the site has none."""
        if not facts.site.permits or facts.covering:
            return ""
        return "activity_not_permitted" if facts.in_force else "no_permit_in_force"


class OutsidePermit(Part):
    """`outside_permit`: part of it lies outside every permit that covers it."""

    violation: ClassVar[bool] = True

    min_outside_pct: float = Field(10.0, ge=0, le=100)
    """Percent of the area that must lie outside: a rim of mixed pixels alone can be less than 10."""

    def code(self, facts: Facts) -> str:
        """Return the code, "" where less lies outside or no permit covers it anyway."""
        # without a covering permit all of it lies outside, and `not_permitted` says so already
        held = bool(facts.covering) and (facts.outside_pct or 0.0) >= self.min_outside_pct
        return "outside_permit" if held else ""


class OverPermittedArea(Part):
    """`over_permitted_area`: it alone is larger than any permit that covers it allows."""

    violation: ClassVar[bool] = True

    def code(self, facts: Facts) -> str:
        """Return the code, "" where a permit allows as much or sets no limit."""
        # the most generous permit decides, since doubt speaks for the operator
        limit = max((permit.max_area_ha or float("inf") for permit in facts.covering), default=float("inf"))
        return "over_permitted_area" if facts.event.region.area_ha > limit else ""


class WasteWithoutPermit(Part):
    """`waste_without_permit`: new waste at a site that has no permit on file at all."""

    violation: ClassVar[bool] = True

    classes: tuple[str, ...] = ("waste_deposit",)
    """Event classes that count as waste."""

    def code(self, facts: Facts) -> str:
        """Return the code, "" for another class or where the site has a permit, for which the other rules speak."""
        return "waste_without_permit" if facts.event_class in self.classes and not facts.site.permits else ""


class UnderEmbargo(Part):
    """`under_embargo`: an embargo forbids it there and then, as the loss of vegetation."""

    violation: ClassVar[bool] = True

    def code(self, facts: Facts) -> str:
        """Return the code, "" where no embargo of the site forbids the event's class at its place on its first day."""
        return "under_embargo" if facts.forbidding else ""


class InProtectedArea(Part):
    """`in_protected_area`: it overlaps a protected area of the operator's layer."""

    violation: ClassVar[bool] = True

    min_overlap_ha: float = Field(0.05, ge=0)
    """Hectares; 0.05 are five pixels of 10 m."""

    def code(self, facts: Facts) -> str:
        """Return the code, "" where less overlaps or no layer was named."""
        return "in_protected_area" if facts.protected_ha is not None and facts.protected_ha >= self.min_overlap_ha else ""


class NearWater(Part):
    """`near_water`: what it may spill soon reaches water; no violation by itself."""

    violation: ClassVar[bool] = False

    within_m: float = Field(100.0, ge=0, le=10_000)
    """Metres."""
    classes: tuple[str, ...] = ("waste_deposit", "tailings_change", "excavation", "oil_slick", "water_discolouration")
    """Event classes that count."""

    def code(self, facts: Facts) -> str:
        """Return the code, "" for another class, farther away, or where no layer was named."""
        near = facts.water_m is not None and facts.water_m <= self.within_m
        return "near_water" if near and facts.event_class in self.classes else ""


class NearSettlement(Part):
    """`near_settlement`: people live close by; no violation by itself."""

    violation: ClassVar[bool] = False

    within_m: float = Field(500.0, ge=0, le=10_000)
    """Metres."""
    classes: tuple[str, ...] = ("waste_deposit", "tailings_change", "surface_burn", "oil_slick", "gas_plume")
    """Event classes that count."""

    def code(self, facts: Facts) -> str:
        """Return the code, "" for another class, farther away, or where no layer was named."""
        if facts.event_class not in self.classes:
            return ""
        distance = facts.surroundings.distance_m("settlements", facts.geometry)
        return "near_settlement" if distance is not None and distance <= self.within_m else ""


RULES: Registry[Rule] = Registry(
    "rule",
    {
        "in_protected_area": f"{_HERE}:InProtectedArea",
        "near_settlement": f"{_HERE}:NearSettlement",
        "near_water": f"{_HERE}:NearWater",
        "not_permitted": f"{_HERE}:NotPermitted",
        "outside_permit": f"{_HERE}:OutsidePermit",
        "over_permitted_area": f"{_HERE}:OverPermittedArea",
        "under_embargo": f"{_HERE}:UnderEmbargo",
        "waste_without_permit": f"{_HERE}:WasteWithoutPermit",
    },
)
