"""The alerts of a watch as they now stand, and how often each has changed.

Two write here: a run knows the event, people know the case. Each keeps to its own columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapely

from sentinel_watch.domain.alert import Alert
from sentinel_watch.store.geometry import geometry_columns
from sentinel_watch.store.rows import forget, put, rows_where
from sentinel_watch.store.tables import ALERT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from sentinel_watch.store.watches import Watch

__all__ = ["forget_untouched", "read_alerts", "replace_alerts"]

_CASE = {name: Alert.model_fields[name].default for name in ("case_status", "decision", "rejection_reason", "assignee")}


def replace_alerts(connection: Connection, watch: Watch, alerts: Iterable[Alert]) -> None:
    """Make `alerts` the alerts of the watch.

    What people have entered in a case stays, and `revision` rises by 1 where any other column or the outline changed. Known
    alerts that are not among `alerts` are deleted, those that people have worked on too.
    """
    known = {row["alert_id"]: row for row in rows_where(connection, ALERT, watch_id=watch.watch_id)}
    for alert in alerts:
        put(connection, ALERT, _revised(_row_of(watch, alert), known.pop(alert.alert_id, None)))
    for gone in known:
        forget(connection, ALERT, watch_id=watch.watch_id, alert_id=gone)


def forget_untouched(connection: Connection, watch: Watch) -> None:
    """Delete the alerts of a watch that nobody has worked on: those whose case columns are all as a run makes them."""
    forget(connection, ALERT, watch_id=watch.watch_id, **_CASE)


def read_alerts(connection: Connection, watch: Watch | None) -> tuple[Alert, ...]:
    """Return the alerts of a watch, or of all for None, most urgent first; equals by site, then by id."""
    rows = rows_where(connection, ALERT, **({"watch_id": watch.watch_id} if watch else {}))
    return tuple(sorted((_alert_of(row) for row in rows), key=lambda a: (-a.priority, a.site_id, a.alert_id)))


def _revised(new: dict[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the row to write: `new` with the case of `old`, its revision one higher where the two differ."""
    # A case is people's, and a run knows nothing of it: what it brings in these columns are defaults.
    if old is None:
        return {**new, "revision": 1}
    new |= {name: old[name] for name in (*_CASE, "revision")}
    return new if new == old else {**new, "revision": old["revision"] + 1}


def _row_of(watch: Watch, alert: Alert) -> dict[str, Any]:
    """Return all columns of an alert's row, watch and geometry included."""
    return {"watch_id": watch.watch_id, **alert.properties(), **geometry_columns(alert.geometry)}


def _alert_of(row: Mapping[str, Any]) -> Alert:
    """Return the alert of a row, its outline out of the WKB."""
    columns = {name: row[name] for name in Alert.model_fields if name != "geometry"}
    return Alert(geometry=shapely.from_wkb(row["geometry"]), **columns)
