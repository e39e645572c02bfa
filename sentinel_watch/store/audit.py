"""The audit log: every change, each entry holding the hash of the one before, so that none can be changed or dropped unseen.

The database refuses to change or delete entries; whoever gets round that breaks the chain, and `verify` says where. Entries cut
off at the end show only against a head that was kept elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from sentinel_watch.store.database import READ_ONLY
from sentinel_watch.store.postgis import one_writer
from sentinel_watch.store.tables import AUDIT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine, Row

__all__ = ["AuditEntry", "AuditLog", "BrokenEntry", "Note", "canonical", "entry_hash", "record"]

GENESIS = "0" * 64
"""What stands for the hash before the first entry."""

CHUNK = 1000
"""Entries that are in memory at once while the chain is verified."""


@dataclass(frozen=True, slots=True)
class Note:
    """One change, as it is handed to the log."""

    actor: str
    """Who did it: `run`, or a person's name."""
    action: str
    """What was done, as `alert.reviewed`."""
    subject: str
    """To what: an alert's or a site's id."""
    details: Mapping[str, Any]
    """Plain JSON."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One entry as it stands in the log; `hash` is the SHA-256, in hex, of all the other fields as canonical JSON."""

    number: int
    """1, 2, 3 … without gaps."""
    time: str
    """ISO 8601, UTC."""
    actor: str
    action: str
    subject: str
    details: str
    """Canonical JSON."""
    previous: str
    """`hash` of the entry before; 64 zeros for the first."""
    hash: str


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """The first place where the chain does not hold."""

    number: int
    why: str
    """In plain words."""


class AuditLog:
    """The log of one store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def append(self, actor: str, action: str, subject: str, details: Mapping[str, Any]) -> str:
        """Write one entry, and return its hash (hex).

        For what changes outside of the database; the store's own changes write theirs in the same transaction. `details` is plain
        JSON: TypeError for what JSON cannot hold, ValueError for NaN.
        """
        with self._engine.begin() as connection:
            return record(connection, [Note(actor, action, subject, details)])

    def head(self) -> str:
        """Return the hash of the last entry, 64 zeros where there is none: keep it elsewhere, and give it to `verify`."""
        with self._reading() as connection:
            return _head(connection)[1]

    def verify(self, kept_head: str = "") -> BrokenEntry | None:
        """Return the first entry that is not as it was written, None where all are.

        `kept_head` is a head noted at an earlier time: where no entry has that hash, the end of the log is gone, which is told as the
        entry after the last.
        """
        number, previous, found = 0, GENESIS, kept_head in {"", GENESIS}
        for entry in self.entries():
            if why := _fault(entry, number + 1, previous):
                return BrokenEntry(number + 1, why)
            number, previous = entry.number, entry.hash
            found = found or entry.hash == kept_head
        return None if found else BrokenEntry(number + 1, "the head that was kept is not in the log: entries at its end are gone")

    def entries(self, subject: str | None = None) -> Iterator[AuditEntry]:
        """Yield the entries, oldest first; of one subject, or all for None."""
        query = select(AUDIT).order_by(AUDIT.c.number).limit(CHUNK)
        if subject is not None:
            query = query.where(AUDIT.c.subject == subject)
        # a transaction a chunk: whoever stops half way leaves none open
        last = 0
        while True:
            with self._reading() as connection:
                rows = connection.execute(query.where(AUDIT.c.number > last)).all()
            for row in rows:
                yield _entry_of(row)
                last = row.number
            if len(rows) < CHUNK:
                return

    def _reading(self) -> Connection:
        """Return a connection whose transaction takes no writer's lock."""
        return self._engine.connect().execution_options(**READ_ONLY)


def record(connection: Connection, notes: Sequence[Note]) -> str:
    """Write an entry for each note at the end of the log, in the caller's transaction, and return the new head (hex)."""
    one_writer(connection)
    number, head = _head(connection)
    # one instant for the whole transaction: it becomes true at once
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    rows = []
    for note in notes:
        number += 1
        row = {
            "number": number, "time": now, "actor": note.actor, "action": note.action, "subject": note.subject,
            "details": canonical(note.details), "previous": head,
        }  # fmt: skip
        head = entry_hash(row)
        rows.append({**row, "hash": head})
    if rows:
        connection.execute(insert(AUDIT), rows)
    return head


def entry_hash(row: Mapping[str, Any]) -> str:
    """Return the SHA-256, in hex, of an entry's fields but `hash`, as canonical JSON (sorted keys, no blanks, UTF-8)."""
    return sha256(canonical({name: value for name, value in row.items() if name != "hash"}).encode()).hexdigest()


def _fault(entry: AuditEntry, number: int, previous: str) -> str:
    """Return what is wrong with an entry that should be the `number`-th, after one of hash `previous`; "" where nothing is."""
    if entry.number != number:
        return f"entry {number} is missing: entry {entry.number} follows"
    if entry.previous != previous:
        return "it does not follow from the entry before"
    return "" if entry_hash(asdict(entry)) == entry.hash else "its content is not what was written"


def _head(connection: Connection) -> tuple[int, str]:
    """Return number and hash of the last entry, 0 and GENESIS where there is none."""
    last = connection.execute(select(AUDIT.c.number, AUDIT.c.hash).order_by(AUDIT.c.number.desc()).limit(1)).first()
    return (last.number, last.hash) if last else (0, GENESIS)


def _entry_of(row: Row[Any]) -> AuditEntry:
    """Return the entry of a row."""
    return AuditEntry(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def canonical(document: Mapping[str, Any]) -> str:
    """Return `document` as JSON with sorted keys and no blanks: the same content is the same text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
