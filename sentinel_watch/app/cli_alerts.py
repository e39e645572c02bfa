"""The verbs of `alerts`: what an inspector does with them."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their verb, and an option is a parameter

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from sentinel_watch.app.cli_options import DEFAULT_WORKSPACE, Workspace

__all__ = ["alerts"]

alerts = typer.Typer(no_args_is_help=True, help="List, show, review and export alerts.", rich_markup_mode=None)

AlertId = Annotated[str, typer.Argument(metavar="ALERT_ID", help="An alert's id, or the beginning of it.")]
Revision = Annotated[int, typer.Option(help="The revision that you have seen, as `alerts show` prints it.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who decides.  [default: SENTINEL_WATCH_USER, or who is logged in]")]
Due = Annotated[str | None, typer.Option(metavar="D", help="Day by which the next step is due, YYYY-MM-DD.")]
Comment = Annotated[str | None, typer.Option(help="Anything that whoever reads the case should know.")]
Site = Annotated[str | None, typer.Option("--site", help="Only the alerts of this site_id.")]
State = Annotated[str | None, typer.Option("--case", help="Only cases in this state: new, assigned, field_visit, confirmed …")]
Kind = Annotated[str | None, typer.Option("--class", help="Only this event class.")]
Country = Annotated[str | None, typer.Option(help="Only this country, ISO 3166-1 alpha-3.")]
Severity = Annotated[str | None, typer.Option(help="Only low, medium or high.")]
Since = Annotated[str | None, typer.Option(metavar="D", help="Only what has changed on this day (UTC) or later, YYYY-MM-DD.")]


@alerts.command("list")
def alerts_list(
    workspace: Workspace = DEFAULT_WORKSPACE,
    site: Site = None,
    case: State = None,
    class_: Kind = None,
    country: Country = None,
    severity: Severity = None,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Only what this person works on.")] = None,
    since: Since = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only what was due before today.")] = False,  # noqa: FBT002 - a flag
    limit: Annotated[int, typer.Option(metavar="N", min=0, help="So many at most, 0 for all.")] = 200,
) -> None:
    """List the alerts, most urgent first."""
    from sentinel_watch.app.alerts import Wanted, list_alerts

    list_alerts(workspace, Wanted(site, case, class_, country, severity, assignee, since, overdue), limit)


@alerts.command("show")
def alerts_show(alert_id: AlertId, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show everything about one alert, and what became of it."""
    from sentinel_watch.app.alerts import show_alert

    show_alert(workspace, alert_id)


@alerts.command("review")
def alerts_review(
    alert_id: AlertId,
    revision: Revision,
    status: Annotated[str | None, typer.Option(help="assigned, field_visit, confirmed, dismissed or closed.")] = None,
    reason: Annotated[str | None, typer.Option(help="Why it is dismissed: cloud, agriculture, authorised_works …")] = None,
    class_: Annotated[str | None, typer.Option("--class", help="Event class that it was found to be.")] = None,
    comment: Comment = None,
    due: Due = None,
    by: By = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Decide, comment or set a day; refused where the alert has changed since you looked."""
    from sentinel_watch.app.reviewing import read_review, review_alert

    review_alert(workspace, alert_id, revision, read_review(by, status, reason, due, true_class=class_, comment=comment))


@alerts.command("assign")
def alerts_assign(
    alert_id: AlertId,
    revision: Revision,
    to: Annotated[str, typer.Option(metavar="NAME", help="Who is to work on it.")],
    comment: Comment = None,
    due: Due = None,
    by: By = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Give an alert to somebody; what was decided is open again."""
    from sentinel_watch.app.reviewing import read_review, review_alert

    review_alert(workspace, alert_id, revision, read_review(by, "assigned", None, due, assignee=to, comment=comment))


@alerts.command("report")
def alerts_report(workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Say how many alerts were right, by class and site type, and how long decisions took."""
    from sentinel_watch.app.reviewing import print_report

    print_report(workspace)


@alerts.command("export")
def alerts_export(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    site: Site = None,
    case: State = None,
    class_: Kind = None,
    country: Country = None,
    severity: Severity = None,
    since: Since = None,
    sink: Annotated[list[str] | None, typer.Option(help="A format; may be given again.  [default: csv, geojson, gpkg]")] = None,
) -> None:
    """Write the alerts as files for GIS and spreadsheets."""
    from sentinel_watch.app.alerts import Wanted, export_alerts

    export_alerts(workspace, Wanted(site, case, class_, country, severity, since=since), out, tuple(sink or ()))
