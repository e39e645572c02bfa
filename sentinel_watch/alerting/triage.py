"""From event to alert: what is worth an inspector's time, and in which order.

Inspectors stop reading a list of false alarms, so what is small, natural or not yet sure stays in the store and out of it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from math import log10
from typing import TYPE_CHECKING, Any, Literal

from odc.geo.geom import Geometry
from pydantic import Field

from sentinel_watch.alerting.facts import Facts
from sentinel_watch.alerting.legal import LegalFinding, judge
from sentinel_watch.alerting.measured import below_measured_area
from sentinel_watch.alerting.rules import RULES
from sentinel_watch.domain.alert import Alert
from sentinel_watch.domain.event import NON_EVENT_CLASSES, Classification, Event, EventStatus
from sentinel_watch.domain.ledger import Outcome, SceneRecord
from sentinel_watch.domain.surroundings import Surroundings
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sentinel_watch.alerting.rules import Rule
    from sentinel_watch.domain.site import Site, Suppression

__all__ = ["Context", "Triage"]

SEVERITIES: tuple[Literal["low"], Literal["medium"], Literal["high"]] = ("low", "medium", "high")

LOCATION_UNCERTAINTY_M = 12.5
"""Absolute geolocation of Sentinel-2, CE95, ESA S2-PDGS-MPC-L1C-DQR."""

RULE_NAMES = (
    "not_permitted", "outside_permit", "over_permitted_area", "waste_without_permit", "under_embargo", "in_protected_area",
    "near_water", "near_settlement",
)  # fmt: skip
"""The rules that count where a pipeline names none, in the order of their reason codes."""

WEIGHTS = {"water_discolouration": 1.0, "waste_deposit": 1.0, "tailings_change": 0.9, "oil_slick": 1.0, "excavation": 0.7}
"""How much harm a class usually does, 0-1; 0.5 for a class that is not listed."""


@dataclass(frozen=True, slots=True)
class Context:
    """What the run knows beside the events.

    `sensors` and `qa_flags` are copied to every alert, the flags as codes; `pipeline` and `code_version` are names and versions.
    """

    site: Site
    crs: str
    """CRS of the events' geometries, metres."""
    records: Sequence[SceneRecord]
    """The ledger, oldest scene first."""
    sensors: str
    detection_limit: float
    """How sure the detector may be at best, 0-1: lower on a short history."""
    short_history: bool
    """Whether a detector of second choice had to watch."""
    qa_flags: tuple[str, ...]
    pipeline: str
    code_version: str
    surroundings: Surroundings = field(default_factory=Surroundings)
    """What lies around, in `crs`."""
    suppressions: tuple[Suppression, ...] = ()
    """Zones of the site in which nothing is alerted for a time."""


class Triage(Part):
    """Which events become alerts, and their rank.

    Lower areas find more and cost more visits; 0.05 ha are 5 pixels of 10 m, and smaller outlines are mostly mixed pixels.
    Choose `provisional = "always"` where an early word is worth a wrong trip, `"never"` where each trip is dear.
    """

    min_area_ha: float = Field(0.05, ge=0)
    """Smaller events stay in the store, without an alert."""
    provisional: Literal["never", "short_history", "always"] = "short_history"
    """Whether events that are not yet confirmed become alerts: by default only where too short a history keeps them from it."""
    min_provisional_area_ha: float = Field(0.5, ge=0)
    """The same for events that are not yet confirmed."""
    rules: tuple[dict[str, Any], ...] = tuple({"part": name} for name in RULE_NAMES)
    """Reasons that count, each with its limits; by default all that there are, which is silent where nothing is on file."""

    @cached_property
    def rules_built(self) -> tuple[Rule, ...]:
        """Return the rules, built."""
        return tuple(RULES.build(config) for config in self.rules)

    def alerts(self, events: Iterable[Event], context: Context) -> tuple[Alert, ...]:
        """Return the alerts, highest priority first; ties by `alert_id`.

        Events that are not classified, or whose class is one of NON_EVENT_CLASSES, give none, nor do those that are suppressed.
        """
        hidden = set(self.suppressed(events := tuple(events), context))
        alerts = [
            self._alert(event, event.classification, context)
            for event in events
            if event.classification and self._due(event, context) and event.event_id not in hidden
        ]
        # ties by id, so that the order does not hang on that of the events
        return tuple(sorted(alerts, key=lambda alert: (-alert.priority, alert.alert_id)))

    def suppressed(self, events: Iterable[Event], context: Context) -> tuple[str, ...]:
        """Return the ids of events that would be alerts, began in a zone's period, and lie in the zone by half or more."""
        due = (event for event in events if event.classification and self._due(event, context))
        return tuple(event.event_id for event in due if any(_within(event, zone, context.crs) for zone in context.suppressions))

    def ripe(self, event: Event, context: Context) -> bool:
        """Return whether an event is large enough, and confirmed or allowed to be early, whatever its class."""
        if event.classification is None:
            return False
        if event.status is not EventStatus.PROVISIONAL:
            return event.region.area_ha >= self.min_area_ha
        early = self.provisional == "always" or (self.provisional == "short_history" and context.short_history)
        return early and event.region.area_ha >= self.min_provisional_area_ha

    def _due(self, event: Event, context: Context) -> bool:
        """Return whether an event is ripe and of an alert's kind."""
        named = event.classification is not None and event.classification.event_class not in NON_EVENT_CLASSES
        return named and self.ripe(event, context)

    def _alert(self, event: Event, what: Classification, context: Context) -> Alert:
        """Return the alert of an event that is due, figures rounded to what they can bear."""
        law = judge(Facts(event, what.event_class, context.site, context.crs, context.surroundings), self.rules_built)
        confidence = detection_confidence(event.region.n_anomalous, event.region.n_looks, context.detection_limit)
        columns = {
            **_what(event, what, context),
            **_when(event, context),
            **_where(event, context),
            **_law(law),
            "magnitude": round(event.region.magnitude, 2),
            "n_observations": event.region.n_looks,
            "n_anomalous": event.region.n_anomalous,
            "detection_confidence": round(confidence, 3),
            "severity": severity(event, law),
            "priority": priority(event, what, law, confidence),
        }
        return Alert.model_validate(columns)


def _what(event: Event, what: Classification, context: Context) -> dict[str, Any]:
    """Return the columns that say what it is, how sure that is, and what limits the trust."""
    # a rule's confidence is no measured rate, and whoever reads 0.5 must see that
    own = (("class_by_rule", what.basis == "rule"), ("below_measured_area", below_measured_area(what.event_class, event.region.area_ha)))
    flags = (*context.qa_flags, *event.flags, *(flag for flag, holds in own if holds))
    return {
        "alert_id": f"{context.site.site_id}-{event.event_id[:8]}",
        "event_id": event.event_id,
        "event_class": what.event_class,
        "class_confidence": round(what.confidence, 3),
        "class_probs": json.dumps({name: round(value, 4) for name, value in sorted(what.probs.items())}),
        "explanation": what.explanation,
        "qa_flags": ";".join(flags),
        "observability": round(observability(context), 3),
        "sensors": context.sensors,
        "pipeline": context.pipeline,
        "model_version": what.basis,
        "code_version": context.code_version,
    }


def _when(event: Event, context: Context) -> dict[str, Any]:
    """Return the columns that date it, as ISO days, and the scenes before and after."""
    used = [record for record in context.records if record.outcome is Outcome.USED]
    return {
        "last_clear_before": _iso(event.region.last_clear),
        "first_detected": _iso(event.first_detected),
        "confirmed_at": _iso(event.confirmed_at),
        "last_observed": _iso(event.last_observed),
        "finished_at": _iso(event.finished_at),
        "status": event.status.value,
        "before_scene": _scene_on_or_before(used, event.region.last_clear),
        "after_scene": _scene_on_or_before(used, event.last_observed) or "",
    }


def _where(event: Event, context: Context) -> dict[str, Any]:
    """Return outline (WGS84), centroid in degrees and area in hectares, the area as measured on the UTM grid."""
    shape = Geometry(event.region.geometry, context.crs).to_crs("EPSG:4326").geom
    return {
        "geometry": shape,
        "site_id": context.site.site_id,
        "country": context.site.country,
        "admin": context.site.admin,
        "area_ha": round(event.region.area_ha, 4),
        # 6 decimals are about 0.1 m, far below the pixel; more would claim what no satellite sees
        "centroid_lon": round(shape.centroid.x, 6),
        "centroid_lat": round(shape.centroid.y, 6),
        "location_uncertainty_m": LOCATION_UNCERTAINTY_M,
    }


def _law(law: LegalFinding) -> dict[str, Any]:
    """Return the columns of the finding."""
    return {
        "permit_id": law.permit_id,
        "outside_permit_pct": law.outside_permit_pct,
        "suspected_violation": law.suspected_violation,
        "reasons": ";".join(law.reasons),
        "protected_overlap_ha": law.protected_overlap_ha,
        "distance_to_water_m": law.distance_to_water_m,
        "parcels": law.parcels,
        "parcel_owners": law.parcel_owners,
    }


def detection_confidence(n_anomalous: int, n_looks: int, limit: float) -> float:
    """Return how sure it is that something changed, 0-`limit`: the share of anomalous looks, less while looks are few.

    `n_anomalous` of `n_looks` usable looks since the onset showed it. A ranking index, not a measured rate:
    limit * share * (1 - 2 ** (-n_anomalous / 2)). With a limit of 1, four of four looks give 0.75, two of two 0.5.
    """
    return limit * n_anomalous / max(n_looks, 1) * (1 - 2 ** (-n_anomalous / 2))


def priority(event: Event, what: Classification, law: LegalFinding, confidence: float) -> float:
    """Return the rank, 0-100: 35 confidence + 25 law + 20 size + 20 harm; halved while provisional and once finished.

    Size runs from 0 at 0.1 ha to 1 at 10 ha on a logarithmic scale; law is 1 for a suspected violation, 0.5 where no
    permit is known, else 0; harm is the weight of the class, 0.2 more for each reason that makes things worse, 1 at most.
    `confidence` is 0-1, as of `detection_confidence`.
    The weights are a stated choice, not fitted to any data.
    """
    # logarithmic, or a dump of 1 ha beside a quarry of 10 would earn next to nothing
    size = min(max((log10(max(event.region.area_ha, 1e-3)) + 1) / 2, 0.0), 1.0)
    # between the two where no permit is on file: the register may just lack the paper
    lawful = {True: 1.0, None: 0.5, False: 0.0}[law.suspected_violation]
    harm = min(WEIGHTS.get(what.event_class, 0.5) + 0.2 * law.aggravating, 1.0)
    points = 35 * confidence + 25 * lawful + 20 * size + 20 * harm
    return round(points if event.status is EventStatus.CONFIRMED else points / 2, 1)


def severity(event: Event, law: LegalFinding) -> Literal["low", "medium", "high"]:
    """Return high from 5 ha, or from 0.5 ha with a suspected violation; medium from 0.5 ha or with one; else low.

    One step higher where a reason makes things worse, as water close by does.
    How bad it would be if true; how sure it is does not enter, unlike in `priority`.
    """
    large, violation = event.region.area_ha >= 0.5, bool(law.suspected_violation)
    step = 2 if event.region.area_ha >= 5 else large + violation
    return SEVERITIES[min(step + (law.aggravating > 0), 2)]


def _within(event: Event, zone: Suppression, crs: str) -> bool:
    """Return whether an event began in a zone's period and lies in the zone by half or more.

    Half and no less, so that an event which grows out of a zone is alerted. Days are those of the onset: what began before the zone was
    set up is not hidden by it.
    """
    if not zone.valid_from <= event.first_detected <= zone.valid_to:
        return False
    shape = Geometry(zone.geometry, "EPSG:4326").to_crs(crs).geom
    return float(event.region.geometry.intersection(shape).area) >= 0.5 * float(event.region.geometry.area)


def observability(context: Context) -> float:
    """Return the mean clear share of the AOI over all monitored scenes that were not copies; failed scenes count as not seen.

    0-1; 0 where nothing was monitored. Low values mean that silence is no proof of quiet.
    """
    seen = [r.clear_fraction or 0.0 for r in context.records if r.role == "monitoring" and r.reason != "duplicate"]
    return sum(seen) / len(seen) if seen else 0.0


def _scene_on_or_before(used: Sequence[SceneRecord], day: date | None) -> str | None:
    """Return the id of the last of `used` (oldest first) up to `day`, None where there is none.

    Days are UTC, of which ISO texts compare as they follow each other.
    """
    return next((record.scene_id for record in reversed(used) if day and record.time[:10] <= day.isoformat()), None)


def _iso(day: date | None) -> str | None:
    """Return the day as YYYY-MM-DD, None for None."""
    return day.isoformat() if day else None
