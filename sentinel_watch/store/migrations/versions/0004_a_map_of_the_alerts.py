"""On PostgreSQL: the alerts as a map layer, with a typed geometry that any GIS reads."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COLUMNS = (
    "watch_id", "alert_id", "event_id", "site_id", "schema_version", "revision", "event_class", "class_confidence", "class_probs",
    "explanation", "last_clear_before", "first_detected", "confirmed_at", "last_observed", "finished_at", "status", "area_ha",
    "centroid_lon", "centroid_lat", "location_uncertainty_m", "country", "admin", "magnitude", "n_observations", "n_anomalous",
    "sensors", "detection_confidence", "permit_id", "outside_permit_pct", "protected_overlap_ha", "distance_to_water_m",
    "suspected_violation", "reasons", "severity", "priority", "case_status", "decision", "rejection_reason", "assignee", "qa_flags",
    "observability", "pipeline", "model_version", "code_version", "before_scene", "after_scene", "evidence_sha256",
    "standing", "changed_at", "due", "reviewer", "decided_at", "true_class",
)  # fmt: skip

# The index holds the view's own expression, so that a GIS that asks for a rectangle need not read every alert.
SHAPE = "ST_Multi(ST_GeomFromWKB(geometry, 4326))::geometry(MultiPolygon, 4326)"
INDEX = f"CREATE INDEX ix_alert_shape ON alert USING gist (({SHAPE}))"

# An earlier watch of a site, under another pipeline or outline, may have seen the same events.
VIEW = f"""
CREATE VIEW alert_map AS
SELECT {", ".join(COLUMNS)},
       watch_id = (SELECT max(w.id) FROM watch w WHERE w.document -> 'site' ->> 'site_id' = site_id) AS latest_watch,
       {SHAPE} AS geom
FROM alert
"""


def upgrade() -> None:
    """Make extension, index and view; nothing on SQLite, which has no spatial types."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in ("CREATE EXTENSION IF NOT EXISTS postgis", INDEX, VIEW):
            op.execute(statement)
