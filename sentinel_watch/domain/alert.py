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

SCHEMA_VERSION = "1.0"


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
    event_id: str
    site_id: str
    schema_version: str = SCHEMA_VERSION
    revision: int = 1

    event_class: str
    class_confidence: float = Field(ge=0, le=1)
    class_probs: str
    """JSON object: class -> probability."""
    explanation: str

    last_clear_before: str | None
    # text, since JSON and CSV have no type for days; the GeoPackage makes dates of them
    first_detected: str
    confirmed_at: str | None
    last_observed: str
    finished_at: str | None
    status: Literal["provisional", "confirmed", "finished"]

    area_ha: float = Field(gt=0)
    centroid_lon: float = Field(ge=-180, le=180)
    centroid_lat: float = Field(ge=-90, le=90)
    location_uncertainty_m: float
    country: str
    admin: str

    magnitude: float
    """Distance from the baseline, in units of the pixels' own noise."""
    n_observations: int
    n_anomalous: int
    sensors: str
    detection_confidence: float = Field(ge=0, le=1)

    permit_id: str | None
    outside_permit_pct: float | None = Field(ge=0, le=100)
    """None where the site has no permit polygon."""
    # None and 0 must not be one: 0 says that somebody looked
    protected_overlap_ha: float | None
    """None where no layer of protected areas was given."""
    distance_to_water_m: float | None
    """None where no layer of water was given."""
    suspected_violation: bool | None
    """None where there is no rule or permit to judge by."""
    reasons: str
    """Reason codes, separated by `;`."""

    severity: Literal["low", "medium", "high"]
    priority: float = Field(ge=0, le=100)

    case_status: str = "new"
    decision: str | None = None
    rejection_reason: str | None = None
    assignee: str | None = None

    qa_flags: str
    """What limits the trust in this alert, as codes separated by `;`."""
    observability: float = Field(ge=0, le=1)
    """Share of the monitored scenes that saw the place clear."""
    pipeline: str
    model_version: str
    code_version: str
    before_scene: str | None
    after_scene: str
    evidence_sha256: str | None = None

    def properties(self) -> Mapping[str, Any]:
        """Return the columns in their order, geometry left out; plain text, numbers, booleans and None, as JSON has them."""
        return self.model_dump()
