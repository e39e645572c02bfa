"""The verb `workspace copy`."""

from __future__ import annotations

from rich.table import Table

from sentinel_watch.app.tables import console
from sentinel_watch.store import shown
from sentinel_watch.store.copying import copy_workspace

__all__ = ["copy_workspace_to"]


def copy_workspace_to(source: str, target: str) -> None:
    """Copy a workspace, and print what was copied; raise InputError where that cannot be done, and then nothing is copied.

    Both are a folder or a PostgreSQL address; `target` must hold nothing yet. Each table is compared by its rows and
    a SHA-256 over them, read back from the target. Passwords in an address are not printed.
    """
    copied = copy_workspace(source, target)
    table = Table(box=None, pad_edge=False)
    table.add_column("table")
    table.add_column("rows", justify="right")
    table.add_column("SHA-256, the same on both sides")
    for part in copied:
        table.add_row(part.name, str(part.rows), part.sha256)
    out = console()
    out.print(table, highlight=False)
    out.print(f"copied and verified: {shown(target)}", highlight=False, soft_wrap=True)
