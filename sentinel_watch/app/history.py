"""Entries of the audit log in words, a line each, the same for an alert's own history and for the whole log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sentinel_watch.store.audit import AuditEntry

__all__ = ["told"]

LONGEST = 40
"""Characters of a value; the last one given up for an ellipsis where it is longer."""

UNTOLD = frozenset({"columns", "changed", "comment", "outline_changed", "another_watch", "geometry", "sha256", "pipeline_sha256", "watch"})
"""Details that have words of their own, or say nothing to people; the export has all."""


def told(entry: AuditEntry, *, subject: bool = False) -> str:
    """Return an entry in a line: when (UTC, to the minute), by whom, what, `subject` to what, and what became what.

    Of an alert's first entry no columns are shown, as all of them are new.
    """
    details = json.loads(entry.details)
    kind, _, what = entry.action.partition(".")
    where = f" {entry.subject}" if subject else ""
    head = f"{entry.time[:16]}Z {entry.actor}: {what.replace('_', ' ') if kind == 'alert' and not subject else entry.action}{where}"
    comment = f'"{details["comment"]}"' if details.get("comment") else ""
    parts = [*_facts(details), *_changes(details, entry.action), comment]
    return ", ".join([head, *(part for part in parts if part)])


def _facts(details: Mapping[str, Any]) -> Iterator[str]:
    """Yield the plain details, name and value, and in words what two flags say."""
    for name, value in details.items():
        if name not in UNTOLD and value not in {"", None}:
            yield f"{name.replace('_', ' ')} {_short(value)}"
    if details.get("another_watch"):
        yield "as another watch sees it"
    if details.get("outline_changed"):
        yield "outline changed"


def _changes(details: Mapping[str, Any], action: str) -> Iterator[str]:
    """Yield each column or key that changed, from what to what; nothing of a first finding, of which all is new."""
    changed = {**details.get("columns", {}), **details.get("changed", {})} if action != "alert.found" else {}
    for name, (old, new) in changed.items():
        if name not in {"decided_at", "reviewer"}:
            yield f"{name} {_short(old)} -> {_short(new)}"


def _short(value: object) -> str:
    """Return a value in a few characters, nothing as `-`."""
    text = "-" if value is None or value == "" else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
