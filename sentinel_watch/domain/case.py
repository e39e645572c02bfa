"""What people make of an alert: the states of a case, who may follow whom, and the reasons for dismissing one.

The words are in the store and in the exports: add to them, but rename none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sentinel_watch.domain.alert import Alert

__all__ = ["FOLLOWERS", "LEARNT_AS", "Case", "CaseStatus", "Dismissal", "Review"]


class CaseStatus(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ASSIGNED = "assigned"
    FIELD_VISIT = "field_visit"
    """Somebody goes there."""
    CONFIRMED = "confirmed"
    """It is what was suspected, or something else that matters."""
    DISMISSED = "dismissed"
    """It is not, for a reason."""
    CLOSED = "closed"
    """Nothing more is to be done; the decision stays."""


# nothing leads from closed to a decision: whoever changes one takes the case up again first
FOLLOWERS: Mapping[CaseStatus, tuple[CaseStatus, ...]] = {
    CaseStatus.NEW: (CaseStatus.ASSIGNED, CaseStatus.FIELD_VISIT, CaseStatus.CONFIRMED, CaseStatus.DISMISSED),
    CaseStatus.ASSIGNED: (CaseStatus.ASSIGNED, CaseStatus.FIELD_VISIT, CaseStatus.CONFIRMED, CaseStatus.DISMISSED),
    CaseStatus.FIELD_VISIT: (CaseStatus.ASSIGNED, CaseStatus.CONFIRMED, CaseStatus.DISMISSED),
    CaseStatus.CONFIRMED: (CaseStatus.ASSIGNED, CaseStatus.FIELD_VISIT, CaseStatus.CLOSED),
    CaseStatus.DISMISSED: (CaseStatus.ASSIGNED, CaseStatus.FIELD_VISIT, CaseStatus.CLOSED),
    CaseStatus.CLOSED: (CaseStatus.ASSIGNED,),
}
"""State -> the states that may follow it; what was decided is reopened through `assigned` or `field_visit`."""


class Dismissal(StrEnum):
    """Why an alert was no case."""

    CLOUD = "cloud"
    SHADOW = "shadow"
    SNOW = "snow"
    AGRICULTURE = "agriculture"
    SEASONAL = "seasonal"
    WATER_LEVEL = "water_level"
    MISREGISTRATION = "misregistration"
    SENSOR = "sensor"
    AUTHORISED_WORKS = "authorised_works"
    """It did change, and was allowed to."""
    NATURAL = "natural"
    """It did change, by nature: fire, storm, landslide."""
    DUPLICATE = "duplicate"
    """Another alert tells the same."""
    NOTHING_THERE = "nothing_there"
    OTHER = "other"
    """Needs a comment."""


# a wrong lesson is worse than none, so reasons that could be several things are left out
LEARNT_AS: Mapping[Dismissal, str] = {
    Dismissal.CLOUD: "cloud_artefact",
    Dismissal.SHADOW: "cloud_artefact",
    Dismissal.SNOW: "snow",
    Dismissal.AGRICULTURE: "agriculture",
    Dismissal.SEASONAL: "seasonal",
    Dismissal.WATER_LEVEL: "seasonal",
    Dismissal.MISREGISTRATION: "misregistration",
    Dismissal.SENSOR: "sensor_artefact",
}
"""Reason -> the class that a dismissed alert shows an example of; the other reasons say nothing of what is to be seen."""


@dataclass(frozen=True, slots=True)
class Review:
    """What somebody decides about one alert, or enters in its case; None leaves a thing as it is."""

    reviewer: str
    status: CaseStatus | None = None
    reason: Dismissal | None = None
    """Why it is dismissed; needed for that, and for nothing else."""
    assignee: str | None = None
    due: date | None = None
    """Day by which the next step is due."""
    true_class: str | None = None
    """Event class that it was found to be."""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """An alert with what people have made of it; the alert's own columns hold state, decision, reason and assignee."""

    alert: Alert
    watch_id: int
    site_type: str
    standing: str
    """`current`, `withdrawn` (no longer found) or `merged:<alert_id>`."""
    latest_watch: bool
    """Whether the site's current watch found it; another one looked with other detectors, at another outline or at another source."""
    found_at: str
    """When the alert was first told; ISO 8601, UTC, empty where the log does not say."""
    changed_at: str
    """When its revision last rose; ISO 8601, UTC."""
    due: str | None = None
    reviewer: str | None = None
    decided_at: str | None = None
    true_class: str | None = None
