"""Alerts that are no longer found stay, with a standing; and what people keep of a case beside their decision."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; the alerts that are there stand, and have not changed since nobody knows when."""
    for name, value in (("standing", "current"), ("changed_at", "")):
        op.add_column("alert", sa.Column(name, sa.Text(), nullable=False, server_default=value))
    for name in ("due", "reviewer", "decided_at", "true_class"):
        op.add_column("alert", sa.Column(name, sa.Text(), nullable=True))
