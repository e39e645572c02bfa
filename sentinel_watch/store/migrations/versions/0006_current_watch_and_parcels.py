"""Which watch of a site is the current one; parcels, and the same event seen at another site, as columns of an alert."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

VIEWED = (
    "watch_id", "alert_id", "event_id", "site_id", "schema_version", "revision", "event_class", "class_confidence", "class_probs",
    "explanation", "last_clear_before", "first_detected", "confirmed_at", "last_observed", "finished_at", "status", "area_ha",
    "centroid_lon", "centroid_lat", "location_uncertainty_m", "country", "admin", "magnitude", "n_observations", "n_anomalous",
    "sensors", "detection_confidence", "permit_id", "outside_permit_pct", "protected_overlap_ha", "distance_to_water_m",
    "suspected_violation", "reasons", "severity", "priority", "case_status", "decision", "rejection_reason", "assignee", "qa_flags",
    "observability", "pipeline", "model_version", "code_version", "before_scene", "after_scene", "evidence_sha256",
    "standing", "changed_at", "due", "reviewer", "decided_at", "true_class",
)  # fmt: skip

# Replaced and not made anew, so that nobody's rights on it are lost; new columns can only come last.
VIEW = f"""
CREATE OR REPLACE VIEW alert_map AS
SELECT {", ".join(VIEWED)},
       watch_id = (SELECT w.id FROM watch w WHERE w.document -> 'site' ->> 'site_id' = site_id
                   ORDER BY w.taken_up DESC, w.id DESC LIMIT 1) AS latest_watch,
       ST_Multi(ST_GeomFromWKB(geometry, 4326))::geometry(MultiPolygon, 4326) AS geom,
       parcels, parcel_owners, also_seen_as
FROM alert
"""


def upgrade() -> None:
    """Add the columns; what was there before counts as taken up before all that comes, in the order of its making."""
    op.add_column("watch", sa.Column("taken_up", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE watch SET taken_up = '0'")
    for name in ("parcels", "parcel_owners"):
        op.add_column("alert", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("alert", sa.Column("also_seen_as", sa.Text(), nullable=False, server_default=""))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(VIEW)
