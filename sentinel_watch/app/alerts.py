"""The verbs that look at the alerts of a workspace.

They read what runs have stored and compute nothing; where a run is at work, they show its last finished step.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sentinel_watch.app.tables import alert_table, console, fact_table
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.sinks import SINKS
from sentinel_watch.store import open_store, shown

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["export_alerts", "list_alerts", "show_alert"]


def list_alerts(workspace: Path | str, site_id: str | None) -> None:
    """Print the alerts of a workspace, most urgent first; raise InputError where there is no such workspace.

    `site_id` None = all sites. An unknown site has no alerts, and that is what is printed.
    """
    alerts = _alerts(workspace, site_id)
    out = console()
    if alerts:
        out.print(alert_table(alerts, out.width))
    else:
        out.print("No alerts.")


def show_alert(workspace: Path | str, alert_id: str) -> None:
    """Print every column of the alert whose id begins with `alert_id`; raise InputError where there is none or several.

    The site and a few characters mostly suffice: `forest_romania-1a2b`. What is not known is printed as such.
    """
    alerts = _alerts(workspace, None)
    found = {alert.alert_id: alert for alert in alerts if alert.alert_id.startswith(alert_id)}
    if not found:
        near = did_you_mean(alert_id, (alert.alert_id for alert in alerts))
        raise InputError(f"there is no alert {alert_id!r}", where=shown(workspace), found=alert_id, allowed=near)
    if len(found) > 1:
        raise InputError("several alerts begin so", found=alert_id, allowed=f"one of: {', '.join(sorted(found))}")
    (alert,) = found.values()
    # empty cells look like a fault of the table
    console().print(fact_table({name: _plain(name, value) for name, value in alert.properties().items()}))


def export_alerts(workspace: Path | str, site_id: str | None, out: Path, sinks: tuple[str, ...]) -> None:
    """Write the alerts to the folder `out` by each of `sinks`, all of them where none is named; raise InputError for an unknown one.

    Prints the path of each file that was written, one a line. Files of an earlier export are replaced.
    """
    alerts = _alerts(workspace, site_id)
    chosen = [SINKS.build({"part": name}) for name in (sinks or tuple(SINKS))]
    out.mkdir(parents=True, exist_ok=True)
    for sink in chosen:
        # unbroken, so that a script can read it
        console().print(str(sink.write(alerts, out)), soft_wrap=True, highlight=False)


def _alerts(workspace: Path | str, site_id: str | None) -> tuple[Alert, ...]:
    """Return the alerts of the latest watch of each site, or of `site_id`, most urgent first.

    Raises InputError where `workspace` holds no database.
    """
    with open_store(workspace, must_exist=True) as store:
        # an earlier watch of the same site, under another pipeline, would show the same events a second time
        latest = {watch.document["site"]["site_id"]: watch for watch in store.watches()}
        alerts = [alert for site, watch in latest.items() if site_id in (None, site) for alert in store.alerts(watch)]
    return tuple(sorted(alerts, key=lambda alert: (-alert.priority, alert.site_id, alert.alert_id)))


def _plain(name: str, value: object) -> str:
    """Return a column's value in words: None as "not known", probabilities in percent from 0.5 % on, largest first."""
    if value is None:
        return "not known"
    if name == "class_probs":
        probs: dict[str, float] = json.loads(str(value))
        return ", ".join(f"{key} {prob:.0%}" for key, prob in sorted(probs.items(), key=lambda item: -item[1]) if prob >= 0.005)
    return f"{value:.6g}" if isinstance(value, float) else str(value)
