"""How alembic runs the migrations: on the connection that the store gives it, inside its transaction.

Steps that alembic drafts use batch mode: SQLite cannot alter most things in place, and the table is copied instead.
"""

from __future__ import annotations

from alembic import context

from sentinel_watch.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
context.run_migrations()
