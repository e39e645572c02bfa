"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the tables from the version before to this one."""
    op.create_table(
        "watch",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch")),
        sa.UniqueConstraint("key", name=op.f("uq_watch_key")),
    )
    op.create_table(
        "alert",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("site_id", sa.Text(), nullable=False),
        sa.Column("schema_version", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("event_class", sa.Text(), nullable=False),
        sa.Column("class_confidence", sa.Double(), nullable=False),
        sa.Column("class_probs", sa.Text(), nullable=False),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("last_clear_before", sa.Text(), nullable=True),
        sa.Column("first_detected", sa.Text(), nullable=False),
        sa.Column("confirmed_at", sa.Text(), nullable=True),
        sa.Column("last_observed", sa.Text(), nullable=False),
        sa.Column("finished_at", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("area_ha", sa.Double(), nullable=False),
        sa.Column("centroid_lon", sa.Double(), nullable=False),
        sa.Column("centroid_lat", sa.Double(), nullable=False),
        sa.Column("location_uncertainty_m", sa.Double(), nullable=False),
        sa.Column("country", sa.Text(), nullable=False),
        sa.Column("admin", sa.Text(), nullable=False),
        sa.Column("magnitude", sa.Double(), nullable=False),
        sa.Column("n_observations", sa.Integer(), nullable=False),
        sa.Column("n_anomalous", sa.Integer(), nullable=False),
        sa.Column("sensors", sa.Text(), nullable=False),
        sa.Column("detection_confidence", sa.Double(), nullable=False),
        sa.Column("permit_id", sa.Text(), nullable=True),
        sa.Column("outside_permit_pct", sa.Double(), nullable=True),
        sa.Column("protected_overlap_ha", sa.Double(), nullable=True),
        sa.Column("distance_to_water_m", sa.Double(), nullable=True),
        sa.Column("suspected_violation", sa.Boolean(), nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("priority", sa.Double(), nullable=False),
        sa.Column("case_status", sa.Text(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("rejection_reason", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("qa_flags", sa.Text(), nullable=False),
        sa.Column("observability", sa.Double(), nullable=False),
        sa.Column("pipeline", sa.Text(), nullable=False),
        sa.Column("model_version", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("before_scene", sa.Text(), nullable=True),
        sa.Column("after_scene", sa.Text(), nullable=False),
        sa.Column("evidence_sha256", sa.Text(), nullable=True),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("min_x", sa.Double(), nullable=False),
        sa.Column("min_y", sa.Double(), nullable=False),
        sa.Column("max_x", sa.Double(), nullable=False),
        sa.Column("max_y", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_alert_watch_id_watch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", "alert_id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_site_id"), "alert", ["site_id"])
    op.create_index(op.f("ix_alert_status"), "alert", ["status"])

    op.create_table(
        "baseline",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("block_key", sa.Text(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.Column("arrays_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_baseline_watch_id_watch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", "block_key", name=op.f("pk_baseline")),
    )
    op.create_table(
        "block_state",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("block_key", sa.Text(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.Column("arrays_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_block_state_watch_id_watch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", "block_key", name=op.f("pk_block_state")),
    )
    op.create_table(
        "event",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("first_detected", sa.Date(), nullable=False),
        sa.Column("last_observed", sa.Date(), nullable=False),
        sa.Column("confirmed_at", sa.Date(), nullable=True),
        sa.Column("finished_at", sa.Date(), nullable=True),
        sa.Column("event_class", sa.Text(), nullable=True),
        sa.Column("class_confidence", sa.Double(), nullable=True),
        sa.Column("area_ha", sa.Double(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("geometry", sa.LargeBinary(), nullable=False),
        sa.Column("min_x", sa.Double(), nullable=False),
        sa.Column("min_y", sa.Double(), nullable=False),
        sa.Column("max_x", sa.Double(), nullable=False),
        sa.Column("max_y", sa.Double(), nullable=False),
        sa.Column("arrays", sa.LargeBinary(), nullable=False),
        sa.Column("arrays_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_event_watch_id_watch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", "event_id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_watch_id_status"), "event", ["watch_id", "status"])

    op.create_table(
        "look",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Text(), nullable=False),
        sa.Column("block_key", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("clear_px", sa.Integer(), nullable=False),
        sa.Column("data_px", sa.Integer(), nullable=False),
        sa.Column("aoi_px", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_look_watch_id_watch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", "scene_id", "block_key", name=op.f("pk_look")),
    )
    op.create_table(
        "scene",
        sa.Column("watch_id", sa.Integer(), nullable=False),
        sa.Column("scene_id", sa.Text(), nullable=False),
        sa.Column("time", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("clear_fraction", sa.Double(), nullable=True),
        sa.Column("data_fraction", sa.Double(), nullable=True),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["watch_id"], ["watch.id"], name=op.f("fk_scene_watch_id_watch"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("watch_id", "scene_id", name=op.f("pk_scene")),
    )
