"""The verbs of `evidence`: what holds years later."""

# ruff: noqa: PLC0415 - imports wait for their verb

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sentinel_watch.app.cli_options import DEFAULT_WORKSPACE, Workspace

__all__ = ["evidence"]

evidence = typer.Typer(no_args_is_help=True, help="Build, verify and replay the evidence bundle of an alert.", rich_markup_mode=None)

Bundle = Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle's folder.")]


@evidence.command("build")
def evidence_build(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="An alert's id, or the beginning of it.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where bundles are kept.  [default: WORKSPACE/bundles]")] = None,
) -> None:
    """Build the sealed bundle of one alert: imagery, masks, history, models, figures and dossier.

    The source is read once more, so it must still be there; what the workspace has kept is not fetched again.
    """
    from sentinel_watch.app.evidence import build_evidence

    build_evidence(alert_id, workspace, out)


@evidence.command("verify")
def evidence_verify(
    bundle: Bundle,
    ca: Annotated[Path | None, typer.Option(metavar="FILE", help="Certificates (PEM) by which its time stamp is trusted.")] = None,
) -> None:
    """Name every file of a bundle that was changed, is missing or was added.

    Needs no network and no workspace. Ends with 2 where anything is wrong.
    """
    from sentinel_watch.app.verifying import verify_evidence

    raise typer.Exit(verify_evidence(bundle, ca))


@evidence.command("replay")
def evidence_replay(bundle: Bundle) -> None:
    """Run the detection of a bundle once more, from the bundle alone, and compare.

    Needs no network and no workspace. Ends with 2 where geometry, dates or class are not the same.
    """
    from sentinel_watch.app.evidence import replay_evidence

    raise typer.Exit(replay_evidence(bundle))
