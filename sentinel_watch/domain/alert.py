"""An event that somebody must look at, with the columns that every export carries.

The order of the fields is the order of the columns in GeoJSON, GeoPackage, CSV and the store.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field
from shapely.geometry.base import BaseGeometry  # noqa: TC002 - pydantic needs the type at run time

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SCHEMA_VERSION", "Alert"]

SCHEMA_VERSION = "1.1"


class Alert(BaseModel):
    """One alert; every field but `geometry` is a column of all exports. Days are UTC, `YYYY-MM-DD`.

    An alert is *suspected* until somebody has been there: probabilities and confidences are 0-1, shares are percent where the
    name ends in `_pct`, and None is "not known" or "not yet", never "no". `alert_id` and `event_id` stay the same through all runs;
    `revision` rises by 1 each time that another column or the outline changes. Keys that are not known and figures out of range
    raise pydantic's ValidationError.
    """

    model_config: ClassVar[ConfigDict] = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, use_attribute_docstrings=True
    )

    # each export has its own way to write a shape
    geometry: BaseGeometry = Field(exclude=True, repr=False)
    """WGS84, degrees; Polygon or MultiPolygon."""

    alert_id: str
    """`<site_id>-<8 hexadecimal digits>`; the same event keeps it through all runs."""
    event_id: str
    """16 hexadecimal digits, of which `alert_id` shows the first 8."""
    site_id: str
    """As the AOI file has it, or that file's name in plain letters."""
    schema_version: str = SCHEMA_VERSION
    """Version of these columns; rises when one is added, renamed or means something else."""
    revision: int = 1
    """Rises by 1 each time that any other column or the outline changes."""

    event_class: str
    """What it probably is, one of the event classes; suspected, not established."""
    class_confidence: float = Field(ge=0, le=1)
    """Probability of the class, 0-1; with the flag `class_by_rule` an upper bound and no measured rate; 0 for `unknown_change`."""
    class_probs: str
    """JSON object: class -> probability, summing to 1 but for rounding."""
    explanation: str
    """One plain sentence: what was seen."""

    # text, since JSON and CSV have no type for days; the GeoPackage makes dates of them
    last_clear_before: str | None
    """Last day on which the place was seen clear and unchanged."""
    first_detected: str
    """Day of the first look that showed the change."""
    confirmed_at: str | None
    """Day on which repeated clear looks confirmed it."""
    last_observed: str
    """Last day with a usable look at any pixel of the place."""
    finished_at: str | None
    """Day from which the place was as before again."""
    status: Literal["provisional", "confirmed", "finished"]
    """`provisional`, `confirmed` or `finished`: seen, seen often enough, as before again."""

    area_ha: float = Field(gt=0)
    """Area, hectares, measured in the UTM grid."""
    centroid_lon: float = Field(ge=-180, le=180)
    """Centroid, degrees east; of a crescent it may lie outside the outline."""
    centroid_lat: float = Field(ge=-90, le=90)
    """Centroid, degrees north."""
    location_uncertainty_m: float
    """How far off the outline may be, metres, at 95 % confidence."""
    country: str
    """ISO 3166-1 alpha-3, or empty text."""
    admin: str
    """Administrative unit, or empty text."""

    magnitude: float
    """Distance from the baseline, in units of the pixels' own noise."""
    n_observations: int
    """Clear looks since the first that showed the change, median over the pixels."""
    n_anomalous: int
    """Those of them that showed it."""
    sensors: str
    """Satellites of the monitored scenes that were used, separated by `;`."""
    detection_confidence: float = Field(ge=0, le=1)
    """How sure it is that something changed, 0-1: a ranking index; says nothing about the class."""

    permit_id: str | None
    """Permit that covers most of the place."""
    outside_permit_pct: float | None = Field(ge=0, le=100)
    """Share outside all permits, percent; None where the site has no permit polygon."""
    # None and 0 must not be one: 0 says that somebody looked
    protected_overlap_ha: float | None
    """Overlap with protected areas, hectares; None where no layer was given."""
    distance_to_water_m: float | None
    """Distance to the nearest water, metres; None where no layer was given."""
    parcels: str | None = None
    """Parcels of the cadastre that it touches, each with its share of the area, the largest first: `12/4 80 %;12/5 20 %`; None where
    no layer was given."""
    parcel_owners: str | None = None
    """Owners' references of these parcels as the layer has them, separated by `;`; None where no layer was given."""
    suspected_violation: bool | None
    """Whether it goes against rule or permit; None where there is none to judge by."""
    reasons: str
    """Reason codes of the triage, separated by `;`, empty for none."""

    severity: Literal["low", "medium", "high"]
    """`low`, `medium` or `high`: how bad it would be if true, by area and permits."""
    priority: float = Field(ge=0, le=100)
    """Rank, 0-100, highest first."""

    case_status: str = "new"
    """Where the case stands; `new` at first."""
    decision: str | None = None
    """What an inspector decided."""
    rejection_reason: str | None = None
    """Why it was rejected."""
    assignee: str | None = None
    """Who works on it."""
    also_seen_as: str = ""
    """Alerts of other sites, whose areas overlap this one's, that tell of the same event, separated by `;`."""

    qa_flags: str
    """What limits the trust in this alert, as codes separated by `;`."""
    observability: float = Field(ge=0, le=1)
    """Mean clear share of the AOI over the monitored scenes, 0-1."""
    pipeline: str
    """The pipeline's name; its parameters are in `run.json`."""
    model_version: str
    """What the class rests on: `rule`, or the model's name and version."""
    code_version: str
    """Version of the program."""
    before_scene: str | None
    """Id of the scene of the picture before; None where no scene saw the place clear."""
    after_scene: str
    """Id of the scene of the picture after."""
    evidence_sha256: str | None = None
    """SHA-256 of the evidence folder's manifest, in hex; None while there is no folder."""

    def properties(self) -> Mapping[str, Any]:
        """Return the columns in their order, geometry left out; plain text, numbers, booleans and None, as JSON has them."""
        return self.model_dump()
