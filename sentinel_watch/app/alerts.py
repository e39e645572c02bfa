"""The verbs that look at the alerts of a workspace.

They read what runs and people have stored and compute nothing; where a run is at work, they show its last finished step.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from sentinel_watch.alerting.reasons import sentences
from sentinel_watch.app.history import told
from sentinel_watch.app.tables import alert_table, console, fact_table
from sentinel_watch.domain.certainty import in_percent
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.sinks import SINKS
from sentinel_watch.store import open_store, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sentinel_watch.domain.case import Case

__all__ = ["Wanted", "export_alerts", "find_case", "list_alerts", "show_alert"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts are asked for; what is None or False does not narrow them down.

    All that is given must hold. Names are compared exactly, as the columns of the alert have them.
    """

    site_id: str | None = None
    case_status: str | None = None
    event_class: str | None = None
    country: str | None = None
    severity: str | None = None
    assignee: str | None = None
    since: str | None = None
    """Only those whose revision rose on this day (UTC) or later."""
    overdue: bool = False
    """Only those whose next step was due before today."""

    def has(self, case: Case) -> bool:
        """Return whether a case is among those asked for.

        Overdue is a case whose due day lies before today, UTC, and about which nothing is decided. `since` compares
        ISO 8601 texts, so a bare day stands for its first instant.
        """
        columns = ("site_id", "case_status", "event_class", "country", "severity", "assignee")
        fits = all(getattr(self, name) in {None, getattr(case.alert, name)} for name in columns)
        late = case.due is not None and case.due < datetime.now(UTC).date().isoformat() and case.alert.decision is None
        return fits and (self.since is None or case.changed_at >= self.since) and (late or not self.overdue)


DEFAULT_SINKS = ("csv", "geojson", "gpkg")

EVERYTHING = Wanted()

LISTED = 200
"""Alerts in a list where nobody says how many: more than a person reads, and drawn at once."""


def list_alerts(workspace: Path | str, wanted: Wanted = EVERYTHING, limit: int = LISTED) -> None:
    """Print the alerts that are wanted, most urgent first, `limit` of them or all for 0; raise InputError where there is no such workspace.

    Of each site those of its latest watch, and of earlier ones what people have worked on, marked as such. An unknown site has no
    alerts, and that is what is printed.

    As wide as the terminal, see `tables.console`. InputError also where `since` is no day.
    """
    cases = _cases(workspace, wanted)
    shown_cases = cases[:limit] if limit else cases
    out = console()
    if cases:
        out.print(alert_table([case.alert for case in shown_cases], out.width, [_remark(case) for case in shown_cases]))
        if more := len(cases) - len(shown_cases):
            out.print(f"… and {more} less urgent: narrow them down, or give --limit 0", highlight=False)
    else:
        out.print("No alerts.")


def show_alert(workspace: Path | str, alert_id: str) -> None:
    """Print every column of the alert whose id begins with `alert_id`, its case, and all that became of it.

    The site and a few characters mostly suffice: `forest_romania-1a2b`. What is not known is printed as such. Raises InputError
    where no alert begins so, or several do.

    The history is the audit log's: oldest first, each entry with who, what and which columns changed.
    """
    case = find_case(workspace, alert_id)
    with open_store(workspace, must_exist=True) as store:
        history = list(store.audit.entries(case.alert.alert_id))
    # empty cells look like a fault of the table
    facts = {name: _plain(name, value) for name, value in case.alert.properties().items()}
    beside = {"due": case.due, "reviewer": case.reviewer, "decided_at": case.decided_at, "true_class": case.true_class}
    facts |= {name: value for name, value in beside.items() if value}
    facts["why"] = "\n".join(sentences(case.alert)) or "no rule of the pipeline holds"
    facts["now"] = _remark(case) or "new"
    facts["history"] = "\n".join(told(entry) for entry in history) or "nothing is recorded"
    console().print(fact_table(facts))


def export_alerts(workspace: Path | str, wanted: Wanted, out: Path, sinks: tuple[str, ...]) -> None:
    """Write the alerts to the folder `out` by each of `sinks`, those of a run where none is named; raise InputError for an unknown one.

    Prints the path of each file that was written, one a line. Files of an earlier export are replaced.

    By default CSV, GeoJSON and GeoPackage. An empty list is written too: a file without features says more than none.
    """
    alerts = [case.alert for case in _cases(workspace, wanted)]
    # all are built before the first writes, so a wrong name leaves no half export
    chosen = [SINKS.build({"part": name}) for name in (sinks or DEFAULT_SINKS)]
    out.mkdir(parents=True, exist_ok=True)
    for sink in chosen:
        # unbroken, so that a script can read it
        console().print(str(sink.write(alerts, out)), soft_wrap=True, highlight=False)


def find_case(workspace: Path | str, alert_id: str) -> Case:
    """Return the case of the alert whose id begins with `alert_id`; raise InputError where none does, or several do.

    An exact id goes before longer ones that begin with it, and what is in the list before what is no longer found.
    """
    cases = _cases(workspace, EVERYTHING)
    found = {case.alert.alert_id: case for case in cases if case.alert.alert_id.startswith(alert_id)}
    if not found:
        # somebody may have been told of it before it went
        gone = _cases(workspace, EVERYTHING, hidden=True)
        found = {case.alert.alert_id: case for case in gone if case.alert.alert_id.startswith(alert_id)}
    if not found:
        near = did_you_mean(alert_id, (case.alert.alert_id for case in cases))
        raise InputError(f"there is no alert {alert_id!r}", where=shown(workspace), found=alert_id, allowed=near)
    if alert_id not in found and len(found) > 1:
        raise InputError("several alerts begin so", found=alert_id, allowed=f"one of: {', '.join(sorted(found))}")
    return found.get(alert_id) or next(iter(found.values()))


def _cases(workspace: Path | str, wanted: Wanted, *, hidden: bool = False) -> Sequence[Case]:
    """Return the cases that are wanted, most urgent first, with `hidden` those too that are no longer found.

    Raises InputError where there is no such workspace, or no such day.
    """
    try:
        # checked before the store is opened: a typing error is told though the workspace is missing
        date.fromisoformat(wanted.since or "2000-01-01")
    except ValueError as error:
        raise InputError("--since is not a day", found=str(wanted.since), allowed="YYYY-MM-DD") from error
    with open_store(workspace, must_exist=True) as store:
        return [case for case in store.cases(hidden=hidden) if wanted.has(case)]


def _remark(case: Case) -> str:
    """Return what is to be known of a case beside its alert: state, by whom, till when, and whether it is still found.

    Words, separated by commas; empty for a new alert of the latest watch that is still found.
    """
    alert = case.alert
    state = "" if alert.case_status == "new" else alert.case_status.replace("_", " ")
    words = [f"{state} ({alert.assignee})" if alert.assignee else state, f"due {case.due}" if case.due and not alert.decision else ""]
    words.append({"current": "", "withdrawn": "no longer found"}.get(case.standing, case.standing.replace("merged:", "now part of ")))
    words.append("" if case.latest_watch else f"from an earlier watch ({alert.pipeline})")
    words.append(f"also seen as {alert.also_seen_as.replace(';', ' and ')}" if alert.also_seen_as else "")
    return ", ".join(word for word in words if word)


def _plain(name: str, value: object) -> str:
    """Return a column's value in words: None as "not known", probabilities in percent from 0.5 % on, largest first."""
    if value is None:
        return "not yet" if name in {"confirmed_at", "finished_at"} else "not known"
    if name == "class_probs":
        return ", ".join(_shares(json.loads(str(value))))
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _shares(probs: dict[str, float]) -> Iterator[str]:
    """Yield class and percent, largest first, from 0.5 % on.

    `probs` is class -> probability, 0-1.
    """
    for key, prob in sorted(probs.items(), key=lambda item: -item[1]):
        if prob >= 0.005:
            yield f"{key} {in_percent(prob)}"
