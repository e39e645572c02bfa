"""The verbs of `audit`, `delivery` and `workspace`: what an agency's own clockwork runs."""

# ruff: noqa: PLC0415 - imports wait for their verb

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from sentinel_watch.app.cli_options import DEFAULT_WORKSPACE, Workspace

__all__ = ["audit", "deliveries", "workspaces"]

audit = typer.Typer(no_args_is_help=True, help="Show, verify and export the log of all changes.", rich_markup_mode=None)
deliveries = typer.Typer(no_args_is_help=True, help="Tell people and programs of what is new.", rich_markup_mode=None)
workspaces = typer.Typer(no_args_is_help=True, help="Copy a workspace to a database.", rich_markup_mode=None)


@audit.command("show")
def audit_show(
    workspace: Workspace = DEFAULT_WORKSPACE,
    subject: Annotated[str | None, typer.Option(metavar="ID", help="Only what was done to this alert or site.")] = None,
    last: Annotated[int, typer.Option(metavar="N", min=0, help="So many entries, 0 for all.")] = 20,
) -> None:
    """Show the last entries of the log, oldest first."""
    from sentinel_watch.app.auditing import show_audit

    show_audit(workspace, subject, last)


@audit.command("verify")
def audit_verify(
    workspace: Workspace = DEFAULT_WORKSPACE,
    head: Annotated[str, typer.Option(help="A head that was noted elsewhere: then entries missing at the end are found out too.")] = "",
) -> None:
    """Check every entry of the log against the one before.

    Names the first broken entry and ends with 2 where there is one.
    """
    from sentinel_watch.app.auditing import verify_audit

    raise typer.Exit(verify_audit(workspace, head))


@audit.command("head")
def audit_head(workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Print the hash of the last entry, to be kept elsewhere."""
    from sentinel_watch.app.auditing import print_head

    print_head(workspace)


@audit.command("export")
def audit_export(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where to write.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Write the whole log as JSON Lines."""
    from sentinel_watch.app.auditing import export_audit

    export_audit(workspace, out)


@workspaces.command("copy")
def workspace_copy(
    source: Annotated[str, typer.Argument(metavar="FROM", help="A workspace: a folder, or a PostgreSQL address.")],
    target: Annotated[str, typer.Argument(metavar="TO", help="One that holds nothing yet.")],
) -> None:
    """Copy everything to another workspace, and verify the copy by counts and hashes."""
    from sentinel_watch.app.copying import copy_workspace_to

    copy_workspace_to(source, target)


@deliveries.command("send")
def delivery_send(
    routes: Annotated[Path, typer.Option(metavar="FILE", help="TOML file: who is told of what.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
) -> None:
    """Send what is new, and what failed before and is due again.

    Ends with 3 where anything could not be sent: it is kept, and tried again by a later call.
    """
    from sentinel_watch.app.delivery import send_messages

    raise typer.Exit(send_messages(workspace, routes))


@deliveries.command("list")
def delivery_list(
    workspace: Workspace = DEFAULT_WORKSPACE,
    state: Annotated[str | None, typer.Option(help="Only waiting or sent.")] = None,
) -> None:
    """List the messages, and what went wrong with them."""
    from sentinel_watch.app.delivery import list_messages

    list_messages(workspace, state)


@deliveries.command("retry")
def delivery_retry(workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Let the next send try all that waits, whatever its wait."""
    from sentinel_watch.app.delivery import retry_messages

    retry_messages(workspace)
