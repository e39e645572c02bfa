"""The people's side of an alert: decisions, each on the revision that its author has seen.

A review that was made of an older revision is refused, so that of two reviewers at once the second is told. What was entered stays
in the audit log, comments included, in the transaction that changes the alert.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from sentinel_watch.domain.case import FOLLOWERS, Case, CaseStatus, Dismissal
from sentinel_watch.domain.event import EVENT_CLASSES
from sentinel_watch.errors import InputError, StaleRevisionError, did_you_mean
from sentinel_watch.store.alerts import alert_of, order, visible, worked_on
from sentinel_watch.store.audit import Note, record
from sentinel_watch.store.rows import rows_where
from sentinel_watch.store.tables import ALERT, AUDIT
from sentinel_watch.store.watches import current_watches, read_watches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from sentinel_watch.domain.case import Review

__all__ = ["read_cases", "review_alert"]

DECIDED = (CaseStatus.CONFIRMED, CaseStatus.DISMISSED)
_ENTERED = ("case_status", "decision", "rejection_reason", "assignee", "due", "reviewer", "decided_at", "true_class")


def review_alert(connection: Connection, alert_id: str, revision: int, review: Review) -> None:
    """Enter `review` in the case of an alert, and in the audit log.

    `revision` is that which the reviewer has seen. Raises InputError where there is no such alert or the review is not allowed,
    StaleRevisionError where the alert has changed since.
    """
    row = _newest(connection, alert_id)
    if row["revision"] != revision:
        raise StaleRevisionError(
            f"alert {alert_id} has changed since you looked: nothing was entered",
            found=f"revision {row['revision']}, {_last_change(connection, alert_id)}",
            allowed=f"the present revision, not {revision}",
            next_step=f"sentinel-watch alerts show {alert_id}, and decide again",
        )
    new = {name: row[name] for name in _ENTERED} | _entered(row, review)
    changed = {name: [row[name], new[name]] for name in _ENTERED if new[name] != row[name]}
    if not changed and not review.comment:
        raise InputError("the review enters nothing", where=alert_id, next_step="give a state, an assignee, a day or a comment")
    now = _now()
    key = (ALERT.c.watch_id == row["watch_id"], ALERT.c.alert_id == alert_id)
    connection.execute(update(ALERT).where(*key).values(**new, revision=revision + 1, changed_at=now))
    details = {"revision": revision + 1, "columns": changed, **({"comment": review.comment} if review.comment else {})}
    record(connection, [Note(review.reviewer, "alert.reviewed", alert_id, details)])


def read_cases(connection: Connection, *, hidden: bool = False) -> tuple[Case, ...]:
    """Return all cases that are to be seen, most urgent first; equals by site, then by id.

    Each alert once: as the site's current watch has it, else as that of its other watches in which it changed last, and of those only
    what people have worked on. With `hidden` also what is no longer found and nobody has worked on.
    """
    watches = {watch.watch_id: watch for watch in read_watches(connection)}
    current = {watch.site_id: watch.watch_id for watch in watches.values()}
    query = select(AUDIT.c.subject, func.min(AUDIT.c.time)).where(AUDIT.c.action == "alert.found").group_by(AUDIT.c.subject)
    found_at = {row[0]: row[1] for row in connection.execute(query)}
    best: dict[str, tuple[bool, dict[str, Any]]] = {}
    for row in rows_where(connection, ALERT):
        now = current.get(row["site_id"], row["watch_id"]) == row["watch_id"]
        # what an earlier watch found and nobody touched would show the same events a second time
        if hidden or (visible(row) if now else worked_on(row)):
            known = best.get(row["alert_id"])
            if known is None or (now, row["revision"]) > (known[0], known[1]["revision"]):
                best[row["alert_id"]] = now, row
    sites = {number: watch.document.get("site", {}) for number, watch in watches.items()}
    cases = [
        _case_of(row, sites[row["watch_id"]].get("site_type", ""), found_at.get(name, ""), latest=now) for name, (now, row) in best.items()
    ]
    return tuple(sorted(cases, key=lambda case: order(case.alert)))


def _case_of(row: Mapping[str, Any], site_type: str, found_at: str, *, latest: bool) -> Case:
    """Return the case of an alert's row."""
    beside = {name: row[name] for name in ("watch_id", "standing", "changed_at", "due", "reviewer", "decided_at", "true_class")}
    return Case(alert=alert_of(row), site_type=site_type, latest_watch=latest, found_at=found_at, **beside)


def _newest(connection: Connection, alert_id: str) -> dict[str, Any]:
    """Return the row of an alert, of the site's current watch where several have it; raise InputError where none does."""
    rows = rows_where(connection, ALERT, alert_id=alert_id)
    if not rows:
        raise InputError(f"there is no alert {alert_id!r}", next_step="sentinel-watch alerts list")
    current = {watch.watch_id for watch in current_watches(connection).values()}
    return max(rows, key=lambda row: (row["watch_id"] in current, int(row["revision"])))


def _entered(row: Mapping[str, Any], review: Review) -> dict[str, Any]:
    """Return the columns that a review fills in; raise InputError where it is not allowed."""
    given = {"assignee": review.assignee, "due": review.due.isoformat() if review.due else None, "true_class": review.true_class}
    new: dict[str, Any] = {"reviewer": review.reviewer, **{name: value for name, value in given.items() if value is not None}}
    if review.true_class is not None and review.true_class not in EVENT_CLASSES:
        raise InputError("there is no such event class", found=review.true_class, allowed=did_you_mean(review.true_class, EVENT_CLASSES))
    # an assignee alone means that it is assigned; one on a case in hand means that it changes hands
    status = review.status or (CaseStatus.ASSIGNED if review.assignee and row["case_status"] == CaseStatus.NEW else None)
    if status is None:
        _refuse_reason(review)
        return new
    _check(row, status, review)
    new["case_status"] = status.value
    if status is not CaseStatus.CLOSED:
        decided = status in DECIDED
        new |= {"decision": status.value if decided else None, "decided_at": _now() if decided else None}
        new["rejection_reason"] = review.reason.value if review.reason else None
    return new


def _check(row: Mapping[str, Any], status: CaseStatus, review: Review) -> None:
    """Raise InputError where a case may not go to `status`, or lacks what that needs."""
    allowed = FOLLOWERS[CaseStatus(row["case_status"])]
    if status not in allowed:
        raise InputError(f"a case that is {row['case_status']} cannot become {status}", where=row["alert_id"], allowed=", ".join(allowed))
    if status is CaseStatus.ASSIGNED and not (review.assignee or row["assignee"]):
        raise InputError("nobody is named to work on it", where=row["alert_id"], next_step="give --to NAME")
    if status is CaseStatus.DISMISSED and review.reason is None:
        raise InputError("a dismissal needs a reason", where=row["alert_id"], allowed=", ".join(Dismissal))
    if review.reason is Dismissal.OTHER and not review.comment:
        raise InputError("the reason `other` needs a comment", where=row["alert_id"], next_step="say in a comment what it was")
    if status is not CaseStatus.DISMISSED:
        _refuse_reason(review)


def _refuse_reason(review: Review) -> None:
    """Raise InputError where a reason is given that nothing is dismissed for."""
    if review.reason is not None:
        raise InputError("a reason is only for dismissing", found=review.reason.value, next_step="leave it out, or say dismissed")


def _last_change(connection: Connection, alert_id: str) -> str:
    """Return who changed an alert last and when, in words."""
    query = select(AUDIT.c.actor, AUDIT.c.time).where(AUDIT.c.subject == alert_id).order_by(AUDIT.c.number.desc()).limit(1)
    last = connection.execute(query).first()
    return f"changed by {last.actor} at {last.time}" if last else "changed"


def _now() -> str:
    """Return the present instant, ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
