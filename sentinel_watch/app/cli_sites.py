"""The verbs of `site`: the register of what is watched."""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their verb, and an option is a parameter

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sentinel_watch.app.cli_options import DEFAULT_WORKSPACE, Workspace

__all__ = ["sites"]

sites = typer.Typer(no_args_is_help=True, help="Keep the register of sites.", rich_markup_mode=None)

File = Annotated[Path, typer.Argument(metavar="FILE", help="GeoJSON, GeoPackage or CSV, each feature or row a site.")]
SiteId = Annotated[str, typer.Argument(metavar="SITE_ID", help="A site of the register.")]
Country = Annotated[str | None, typer.Option(help="Only this country, ISO 3166-1 alpha-3.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who does it.  [default: SENTINEL_WATCH_USER, or who is logged in]")]


@sites.command("add")
def site_add(path: File, workspace: Workspace = DEFAULT_WORKSPACE, by: By = None) -> None:
    """Put the sites of a file into the register, or bring them up to date."""
    from sentinel_watch.app.sites import add_sites

    add_sites(workspace, path, by)


@sites.command("list")
def site_list(workspace: Workspace = DEFAULT_WORKSPACE, country: Country = None) -> None:
    """List the register."""
    from sentinel_watch.app.sites import list_sites

    list_sites(workspace, country)


@sites.command("show")
def site_show(site_id: SiteId, workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Show everything about one site."""
    from sentinel_watch.app.sites import show_site

    show_site(workspace, site_id)


@sites.command("check")
def site_check(path: File) -> None:
    """Check the sites of a file, and write nothing."""
    from sentinel_watch.app.sites import check_sites

    check_sites(path)


@sites.command("export")
def site_export(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    country: Country = None,
) -> None:
    """Write the register as GeoJSON, which `site add` reads again."""
    from sentinel_watch.app.sites import export_sites

    export_sites(workspace, out, country)


@sites.command("suppress")
def site_suppress(
    site_id: SiteId,
    until: Annotated[str, typer.Option(metavar="D", help="Last day, YYYY-MM-DD.")],
    reason: Annotated[str, typer.Option(help="Why nothing is to be alerted there: it is recorded.")],
    zone: Annotated[Path | None, typer.Option(metavar="FILE", help="GeoJSON of the zone.  [default: the whole site]")] = None,
    since: Annotated[str | None, typer.Option("--from", metavar="D", help="First day.  [default: today]")] = None,
    by: By = None,
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Let what begins in a zone and a period make no alert; it expires, and is in the audit log."""
    from sentinel_watch.app.sites import suppress

    suppress(workspace, site_id, zone, until, (reason, since, by))
