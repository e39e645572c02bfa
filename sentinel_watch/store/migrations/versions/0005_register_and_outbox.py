"""The register of sites, zones in which nothing is alerted for a time, and what is to be sent."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the three tables."""
    op.create_table(
        "site",
        *_columns(sa.Text, "site_id", "site_type", "country", "changed_at"),
        *_columns(sa.JSON, "document"),
        sa.PrimaryKeyConstraint("site_id", name="pk_site"),
    )
    op.create_table(
        "suppression",
        *_columns(sa.Text, "zone_id", "site_id", "reason", "actor"),
        *_columns(sa.Date, "valid_from", "valid_to"),
        *_columns(sa.LargeBinary, "geometry"),
        *_columns(sa.Double, "min_x", "min_y", "max_x", "max_y"),
        sa.PrimaryKeyConstraint("zone_id", name="pk_suppression"),
    )
    op.create_index("ix_suppression_site_id", "suppression", ["site_id"])
    op.create_table(
        "outbox",
        sa.Column("key", sa.String(64), nullable=False),
        *_columns(sa.Text, "route", "site_id", "state", "created_at", "next_try", "error"),
        *_columns(sa.Integer, "attempts"),
        sa.Column("sent_at", sa.Text(), nullable=True),
        *_columns(sa.JSON, "payload"),
        sa.PrimaryKeyConstraint("key", name="pk_outbox"),
    )
    op.create_index("ix_outbox_state", "outbox", ["state"])


def _columns(kind: type[sa.types.TypeEngine[Any]], *names: str) -> list[sa.Column[Any]]:
    """Return columns of one type that are never null."""
    return [sa.Column(name, kind(), nullable=False) for name in names]
