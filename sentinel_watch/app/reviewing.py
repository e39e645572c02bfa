"""The verbs by which people work on alerts, and what came of it: review, assign, report."""

from __future__ import annotations

import getpass
import os
from datetime import date
from typing import TYPE_CHECKING

from rich.table import Table

from sentinel_watch.alerting.outcomes import precision, response_days
from sentinel_watch.app.alerts import find_case
from sentinel_watch.app.tables import console
from sentinel_watch.domain.case import CaseStatus, Dismissal, Review
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from enum import StrEnum
    from pathlib import Path
    from typing import TypeVar

    Word = TypeVar("Word", bound=StrEnum)

__all__ = ["print_report", "read_review", "review_alert", "whoever"]

USER_VARIABLE = "SENTINEL_WATCH_USER"


def whoever(name: str | None) -> str:
    """Return who acts: the name given, that of the environment, or the system's; what is recorded is what people say they are.

    Not checked against anything: who may write to the workspace may give any name. It stands in the audit log.
    """
    return name or os.environ.get(USER_VARIABLE) or getpass.getuser()


def read_review(reviewer: str | None, status: str | None, reason: str | None, due: str | None, **entered: str | None) -> Review:
    """Return the review that words describe; raise InputError for a state, a reason or a day that there is not.

    `entered` are `assignee`, `true_class` and `comment`.

    States and reasons may be written with spaces or hyphens, in any case of letters. None leaves a thing as it is.
    """
    return Review(
        whoever(reviewer),
        status=_word(status, CaseStatus, "state"),
        reason=_word(reason, Dismissal, "reason"),
        due=_day(due),
        assignee=entered.get("assignee"),
        true_class=entered.get("true_class"),
        comment=entered.get("comment") or "",
    )


def review_alert(workspace: Path | str, alert_id: str, revision: int, review: Review) -> None:
    """Enter a review in the case of the alert whose id begins with `alert_id`, and print how it now stands.

    Raises InputError where it is not allowed, StaleRevisionError where the alert is no longer at `revision`.

    `revision` is the one that the reviewer saw: so two people cannot overwrite each other unseen. The entry is in the
    audit log.
    """
    # the whole id first: the beginning may fit another alert once this one has changed
    name = find_case(workspace, alert_id).alert.alert_id
    with open_store(workspace, must_exist=True) as store:
        store.review(name, revision, review)
    case = find_case(workspace, name)
    decided = f", {case.alert.rejection_reason}" if case.alert.rejection_reason else ""
    held = f", {case.alert.assignee}" if case.alert.assignee else ""
    console().print(f"{name}: {case.alert.case_status}{decided}{held}; revision {case.alert.revision}", highlight=False, soft_wrap=True)


def print_report(workspace: Path | str) -> None:
    """Print what became of the alerts: precision by class and site type with 95 % intervals, and how long decisions took.

    Precision is confirmed among those decided; undecided alerts are counted apart. Few decisions give a wide
    interval, and none gives no figure.
    """
    with open_store(workspace, must_exist=True) as store:
        cases = store.cases()
    table = Table(box=None, pad_edge=False)
    for name in ("class", "site type", "confirmed", "as another class", "dismissed", "undecided", "precision", "95 % interval"):
        table.add_column(name, justify="left" if name in {"class", "site type"} else "right")
    for row in precision(cases):
        # a dash and not 0 %: nothing was decided yet
        share = "-" if row.share is None else f"{row.share:.0%}"
        interval = "-" if row.interval is None else f"{row.interval[0]:.0%} to {row.interval[1]:.0%}"
        counts = (row.confirmed, row.as_another_class, row.dismissed, row.undecided)
        table.add_row(row.event_class.replace("_", " "), row.site_type, *map(str, counts), share, interval)
    out = console()
    out.print(table if cases else "No alerts.", highlight=False)
    days = response_days(cases)
    if days:
        told = f"median {days.median:.1f} days, nine of ten within {days.p90:.1f} ({days.count} decided)"
        out.print(f"\nFrom the first telling to the decision: {told}", highlight=False)


def _word(word: str | None, words: type[Word], what: str) -> Word | None:
    """Return the member of `words` that `word` names, None for None; raise InputError where there is none.

    `what` is what the error calls it: a state, a reason.
    """
    if word is None:
        return None
    plain = word.strip().lower().replace("-", "_").replace(" ", "_")
    if plain not in [member.value for member in words]:
        raise InputError(f"there is no {what} {word!r}", found=word, allowed=did_you_mean(plain, [member.value for member in words]))
    return words(plain)


def _day(text: str | None) -> date | None:
    """Return the day, None for None; raise InputError where it is not ISO 8601."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise InputError("--due is not a day", found=str(text), allowed="YYYY-MM-DD") from error
