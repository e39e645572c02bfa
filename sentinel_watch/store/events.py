"""The events of a watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.store.event_codec import event_of, row_of
from sentinel_watch.store.rows import forget, put_all, rows_where
from sentinel_watch.store.tables import EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from sentinel_watch.domain.event import Event
    from sentinel_watch.store.watches import Watch

__all__ = ["forget_events", "put_events", "read_events"]


def put_events(connection: Connection, watch: Watch, events: Iterable[Event]) -> None:
    """Write events, replacing those with the same ids; others of the watch stay as they are."""
    put_all(connection, EVENT, [{"watch_id": watch.watch_id, **row_of(event)} for event in events])


def forget_events(connection: Connection, watch: Watch, event_ids: Iterable[str]) -> None:
    """Delete the events with these ids."""
    for event_id in event_ids:
        forget(connection, EVENT, watch_id=watch.watch_id, event_id=event_id)


def read_events(connection: Connection, watch: Watch) -> tuple[Event, ...]:
    """Return all events, by day of first detection, then by id: provisional, confirmed and finished."""
    events = [event_of(row) for row in rows_where(connection, EVENT, watch_id=watch.watch_id)]
    return tuple(sorted(events, key=lambda event: (event.first_detected, event.event_id)))
