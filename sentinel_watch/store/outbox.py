"""What is to be sent: a message is written before it is tried, and stays until it has been sent, whatever happens in between.

A key that follows from route and content keeps a message from being written twice, and tells the receiver when it comes twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from sentinel_watch.store.audit import Note, record
from sentinel_watch.store.rows import rows_where
from sentinel_watch.store.tables import OUTBOX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

__all__ = ["Message", "note_attempt", "put_messages", "read_messages", "retry_now"]

FIRST_WAIT_S = 60
"""Seconds after the first failure; each further one doubles the wait."""

LAST_WAIT_S = 6 * 3600


@dataclass(frozen=True, slots=True)
class Message:
    """One message on one route; `payload` is what the route makes its mail or request of, plain JSON."""

    key: str
    """SHA-256, hex; the idempotency key that a webhook is sent with."""
    route: str
    site_id: str
    payload: Mapping[str, Any]
    state: str = "waiting"
    """`waiting` or `sent`."""
    created_at: str = ""
    next_try: str = ""
    """ISO 8601, UTC; not before."""
    attempts: int = 0
    error: str = ""
    """What the last try met, empty for none."""
    sent_at: str | None = None


def put_messages(connection: Connection, messages: Iterable[Message]) -> int:
    """Write the messages whose keys are not known yet, and return how many that were."""
    known = set(connection.scalars(select(OUTBOX.c.key)))
    now = _now()
    fresh = {message.key: message for message in messages if message.key not in known}
    rows = [
        {
            "key": m.key, "route": m.route, "site_id": m.site_id, "payload": dict(m.payload), "state": "waiting", "created_at": now,
            "next_try": m.next_try or now, "attempts": 0, "error": "", "sent_at": None,
        }
        for m in fresh.values()
    ]  # fmt: skip
    if rows:
        connection.execute(insert(OUTBOX), rows)
    return len(rows)


def read_messages(connection: Connection, due: datetime | None, state: str | None) -> tuple[Message, ...]:
    """Return the messages in a state, or all for None, oldest first; with `due` only those whose time has come."""
    rows = rows_where(connection, OUTBOX, **({"state": state} if state else {}))
    rows = [row for row in rows if due is None or row["next_try"] <= due.isoformat(timespec="milliseconds")]
    return tuple(Message(**row) for row in sorted(rows, key=lambda row: (row["created_at"], row["key"])))


def note_attempt(connection: Connection, message: Message, error: str) -> None:
    """Note that a message was sent, for an empty `error`, or what kept it from being sent; the next try waits twice as long."""
    now, attempts = datetime.now(UTC), message.attempts + 1
    wait = min(FIRST_WAIT_S * 2 ** (attempts - 1), LAST_WAIT_S)
    values = (
        {"error": error[:500], "next_try": (now + timedelta(seconds=wait)).isoformat(timespec="milliseconds")}
        if error
        else {"state": "sent", "error": "", "sent_at": now.isoformat(timespec="milliseconds")}
    )
    connection.execute(update(OUTBOX).where(OUTBOX.c.key == message.key).values(attempts=attempts, **values))
    what, details = ("delivery.failed", {"error": error[:500]}) if error else ("delivery.sent", {})
    record(connection, [Note("run", what, message.site_id, {"key": message.key, "route": message.route, "attempt": attempts, **details})])


def retry_now(connection: Connection) -> int:
    """Let every waiting message be tried at once, and return how many there are."""
    return connection.execute(update(OUTBOX).where(OUTBOX.c.state == "waiting").values(next_try=_now())).rowcount


def _now() -> str:
    """Return the present instant, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
