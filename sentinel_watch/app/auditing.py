"""The verbs of the audit log: show it, verify it, note its head elsewhere, hand it out."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict
from typing import TYPE_CHECKING

from sentinel_watch.app.history import told
from sentinel_watch.app.tables import console
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["export_audit", "print_head", "show_audit", "verify_audit"]


def verify_audit(workspace: Path | str, kept_head: str) -> int:
    """Print whether the log is whole, and return the exit code: 0 where it is, 2 where an entry is broken.

    `kept_head` is a head that was noted before, "" for none; without one, entries cut off at the end cannot be missed.

    Each entry holds the hash of the one before; the first that does not fit is named. Raises InputError where there
    is no such workspace.
    """
    out = console()
    with open_store(workspace, must_exist=True) as store:
        broken = store.audit.verify(kept_head)
        if broken:
            out.print(f"entry {broken.number}: {broken.why}", highlight=False)
            return 2
        # a chain that was cut at its end is still a chain
        kept = "and holds the head that was kept" if kept_head else "as far as it goes: give --head to know that its end is there"
        out.print(f"the audit log is whole, {kept}\nhead {store.audit.head()}", highlight=False)
    return 0


def show_audit(workspace: Path | str, subject: str | None, last: int) -> None:
    """Print the last entries of the log in words, oldest first: when, who, what, to what, and what became what.

    `subject` is an alert's or a site's id, None for all; `last` is how many, 0 for all. Times are UTC.
    """
    with open_store(workspace, must_exist=True) as store:
        entries = deque(store.audit.entries(subject), last or None)
    for entry in entries:
        console().print(f"{entry.number:>5}  {told(entry, subject=True)}", highlight=False, soft_wrap=True)
    if not entries:
        console().print("No entries.")


def print_head(workspace: Path | str) -> None:
    """Print the hash of the last entry: noted elsewhere, it proves later that nothing up to it was changed or taken away.

    64 hexadecimal digits, nothing else on the line. Raises InputError where there is no such workspace.
    """
    with open_store(workspace, must_exist=True) as store:
        console().print(store.audit.head(), highlight=False)


def export_audit(workspace: Path | str, path: Path) -> None:
    """Write the whole log as JSON Lines, an entry a line, oldest first.

    The file appears whole or not at all. Each line has the fields of AuditEntry, hashes too, so that others can
    verify the chain.
    """
    with open_store(workspace, must_exist=True) as store, replacing(path) as partial, partial.open("w", encoding="utf-8") as file:
        for entry in store.audit.entries():
            file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
    console().print(str(path), soft_wrap=True, highlight=False)
