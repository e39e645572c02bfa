"""The alerts of a watch as they now stand, and how often each has changed.

Two write here: a run knows the event, people know the case. Each keeps to its own columns. No alert is ever deleted: what a run
no longer finds is withdrawn, and where people have worked on it, it stays in the list as superseded.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import shapely

from sentinel_watch.domain.alert import Alert
from sentinel_watch.store.audit import Note, record
from sentinel_watch.store.geometry import geometry_columns
from sentinel_watch.store.overlaps import name_twins
from sentinel_watch.store.rows import put_all, rows_where
from sentinel_watch.store.tables import ALERT, EVENT
from sentinel_watch.store.watches import take_up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from sentinel_watch.store.watches import Watch

__all__ = ["CASE", "CURRENT", "alert_of", "order", "read_alerts", "replace_alerts", "visible", "withdrawn_ids", "worked_on"]

CASE: Mapping[str, Any] = {name: Alert.model_fields[name].default for name in ("case_status", "decision", "rejection_reason", "assignee")}
"""The columns that people fill in, with what a run makes of them."""

CURRENT, WITHDRAWN = "current", "withdrawn"
"""How an alert stands: found by the last run, no longer found, or `merged:<alert_id>` into an older one."""

_BESIDE: Mapping[str, Any] = {"standing": CURRENT, "changed_at": "", **dict.fromkeys(("due", "reviewer", "decided_at", "true_class"))}
_NO_CHANGE = {"changed_at", "revision"}
_HIDDEN = {"geometry", "min_x", "min_y", "max_x", "max_y", "watch_id"}


def replace_alerts(connection: Connection, watch: Watch, alerts: Iterable[Alert]) -> None:
    """Make `alerts` the alerts that the watch finds now, with an entry of the audit log for each change.

    What people have entered in a case stays, under whichever watch of the site they did, and `revision` rises by 1 where any other
    column or the outline changed. Known alerts that are not among `alerts` are withdrawn, and come back with their case and a higher
    revision when they are found again. The watch becomes the site's own.
    """
    take_up(connection, watch)
    own = {row["alert_id"]: row for row in rows_where(connection, ALERT, watch_id=watch.watch_id)}
    drafts = [_row_of(watch, alert) for alert in alerts]
    known = {**own, **_carried(connection, watch, drafts, own)}
    found = {row["alert_id"] for row in drafts}
    gone = [row for name, row in sorted(own.items()) if name not in found]
    heirs = _heirs(connection, watch, drafts) if gone else {}
    drafts += [_withdrawn(row, heirs.get(row["event_id"])) for row in gone]
    twins = name_twins(connection, drafts, watch)
    pairs = [(_revised(row, known.get(row["alert_id"])), known.get(row["alert_id"])) for row in drafts]
    _write(connection, [*pairs, *twins])


def _carried(
    connection: Connection, watch: Watch, rows: Sequence[Mapping[str, Any]], own: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Return alert id -> its row in another watch of the site, where people or runs have got further there than in this one."""
    others = [row for site_id in {row["site_id"] for row in rows} for row in rows_where(connection, ALERT, site_id=site_id)]
    known = {name: row["revision"] for name, row in own.items()}
    found = {row["alert_id"] for row in rows}
    further = [row for row in others if row["watch_id"] != watch.watch_id and row["alert_id"] in found]
    further = [row for row in further if row["revision"] > known.get(row["alert_id"], 0)]
    return {row["alert_id"]: row for row in sorted(further, key=lambda row: int(row["revision"]))}


def _write(connection: Connection, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any] | None]]) -> None:
    """Write the rows that differ from what was there before, None for nothing, and an entry of the audit log for each."""
    changed = [(new, old) for new, old in pairs if new != old]
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    put_all(connection, ALERT, [{**new, "changed_at": now} for new, _ in changed])
    record(connection, [_note(new, old) for new, old in changed])


def read_alerts(connection: Connection, watch: Watch | None) -> tuple[Alert, ...]:
    """Return the alerts of a watch that are to be seen, or of all for None, most urgent first; equals by site, then by id."""
    rows = rows_where(connection, ALERT, **({"watch_id": watch.watch_id} if watch else {}))
    return tuple(sorted((alert_of(row) for row in rows if visible(row)), key=order))


def withdrawn_ids(connection: Connection, watch: Watch) -> tuple[str, ...]:
    """Return the ids of the site's alerts that the watch does not find, other watches' too, and that nobody has worked on, sorted."""
    rows = rows_where(connection, ALERT, site_id=watch.site_id)
    kept = {row["alert_id"] for row in rows if worked_on(row) or (row["watch_id"] == watch.watch_id and visible(row))}
    return tuple(sorted({row["alert_id"] for row in rows} - kept))


def visible(row: Mapping[str, Any]) -> bool:
    """Return whether an alert belongs in the list: it is found now, or somebody has worked on it."""
    return row["standing"] == CURRENT or worked_on(row)


def worked_on(row: Mapping[str, Any]) -> bool:
    """Return whether somebody has entered anything in the case of an alert, a comment included."""
    return row["reviewer"] is not None or any(row[name] != default for name, default in CASE.items())


def order(alert: Alert) -> tuple[float, str, str]:
    """Return what alerts are sorted by: most urgent first, equals by site, then by id."""
    return -alert.priority, alert.site_id, alert.alert_id


def alert_of(row: Mapping[str, Any]) -> Alert:
    """Return the alert of a row, its outline out of the WKB."""
    columns = {name: row[name] for name in Alert.model_fields if name != "geometry"}
    return Alert(geometry=shapely.from_wkb(row["geometry"]), **columns)


def _row_of(watch: Watch, alert: Alert) -> dict[str, Any]:
    """Return all columns of an alert's row, watch and geometry included."""
    return {"watch_id": watch.watch_id, **alert.properties(), **geometry_columns(alert.geometry), **_BESIDE}


def _revised(new: dict[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the row to write: `new` with the case of `old`, its revision one higher where the two differ."""
    # A case is people's, and a run knows nothing of it: what it brings in these columns are defaults.
    if old is None:
        return {**new, "revision": 1}
    new |= {name: old[name] for name in (*CASE, *_BESIDE, "revision") if name != "standing"}
    return new if new == old else {**new, "revision": old["revision"] + 1}


def _withdrawn(row: Mapping[str, Any], heir: str | None) -> dict[str, Any]:
    """Return the row of an alert that is no longer found; `heir` is the alert that it has become part of."""
    standing = f"merged:{heir}" if heir else WITHDRAWN
    flags = [flag for flag in row["qa_flags"].split(";") if flag and flag != "superseded" and not flag.startswith("merged:")]
    # the exports have no column for it, and must not show it as if it were found today
    flags += ["superseded", *([standing] if heir else [])]
    return {**row, "standing": standing, "qa_flags": ";".join(flags), "also_seen_as": ""}


def _heirs(connection: Connection, watch: Watch, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return event id -> alert of the older event that it grew into, for the alerts that are found now."""
    alerts = {row["event_id"]: row["alert_id"] for row in rows}
    events = rows_where(connection, EVENT, watch_id=watch.watch_id)
    return {
        younger: alerts[event["event_id"]] for event in events if event["event_id"] in alerts for younger in event["document"]["merged"]
    }


def _note(new: Mapping[str, Any], old: Mapping[str, Any] | None) -> Note:
    """Return what the audit log says of a run's change of an alert: the columns that differ, each with old and new value."""
    columns = [name for name in new if name not in _HIDDEN | _NO_CHANGE and (old is None or new[name] != old[name])]
    details: dict[str, Any] = {"revision": new["revision"]}
    if old is None:
        what, details["columns"] = "alert.found", {name: new[name] for name in ("event_class", "status", "area_ha", "first_detected")}
    else:
        what = "alert.changed" if new["standing"] == CURRENT else "alert.withdrawn"
        details["columns"] = {name: [old[name], new[name]] for name in columns}
        details["outline_changed"] = new["geometry"] != old["geometry"]
        if new["watch_id"] != old["watch_id"]:
            details["another_watch"] = True
    return Note("run", what, new["alert_id"], details)
