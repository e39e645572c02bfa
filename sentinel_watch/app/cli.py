"""The command line: verbs and options only; what they need is imported when they run, so that help is quick.

A verb's docstring is its help text, so it is written for whoever runs it. Each verb has its function in a module of its own.
"""

# ruff: noqa: PLC0415, PLR0913, PLR0917 - imports wait for their verb, and an option is a parameter

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sentinel_watch.app.cli_alerts import alerts
from sentinel_watch.app.cli_evidence import evidence
from sentinel_watch.app.cli_models import models
from sentinel_watch.app.cli_options import DEFAULT_WORKSPACE, WORKSPACE_VARIABLE, Workspace
from sentinel_watch.app.cli_sites import sites
from sentinel_watch.app.cli_workspace import audit, deliveries, workspaces
from sentinel_watch.app.failure import ending

__all__ = ["app", "main"]

app = typer.Typer(
    name="sentinel-watch",
    help="Finds suspected dumping, mining and pollution in Sentinel imagery, and hands inspectors alerts that they can check.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    # rich would make help take three times as long
    rich_markup_mode=None,
)
pipelines = typer.Typer(no_args_is_help=True, help="Check and explain pipeline files.")
sources = typer.Typer(no_args_is_help=True, help="List and check sources of imagery.")
app.add_typer(evidence, name="evidence")
app.add_typer(pipelines, name="pipeline")
app.add_typer(alerts, name="alerts")
app.add_typer(sources, name="source")
app.add_typer(models, name="model")
app.add_typer(sites, name="site")
app.add_typer(audit, name="audit")
app.add_typer(deliveries, name="delivery")
app.add_typer(workspaces, name="workspace")

PipelineName = Annotated[str, typer.Argument(metavar="NAME|FILE", help="A shipped pipeline or a TOML file.")]
DEFAULT_OUT = Path("out")


@app.command()
def run(
    aoi: Annotated[Path | None, typer.Argument(metavar="AOI", help="GeoJSON file of one site.")] = None,
    source: Annotated[str, typer.Option(metavar="SRC", help="`sample`, a name, a STAC API's URL or a catalogue's path.")] = "sample",
    pipeline: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="What to do; left out, the site's type decides.")] = None,
    start: Annotated[str | None, typer.Option(metavar="D", help="First day to read, YYYY-MM-DD.")] = None,
    monitor_from: Annotated[str | None, typer.Option(metavar="D", help="First day to watch; before it is history.")] = None,
    end: Annotated[str | None, typer.Option(metavar="D", help="Last day to read, YYYY-MM-DD.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where alerts and evidence are written.")] = DEFAULT_OUT,
    workspace: Annotated[
        str | None,
        typer.Option(
            metavar="DIR|ADDRESS",
            envvar=WORKSPACE_VARIABLE,
            help="Where the run is remembered: a folder, or a PostgreSQL address.  [default: OUT/workspace]",
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every site of the register.")] = False,  # noqa: FBT002 - a flag
    country: Annotated[str | None, typer.Option(help="Every site of this country in the register, ISO 3166-1 alpha-3.")] = None,
) -> None:
    """Watch one AOI and write its alerts; with --all or --country, every site of the register, each into a folder of its own."""
    from sentinel_watch.app.days import read_period

    # before the imports of a run, which take seconds: a typing error is told at once
    period = read_period(start, monitor_from, end)
    if (aoi is None) != (all_ or country is not None):
        raise typer.BadParameter("give an AOI file, or --all or --country for the sites of the register")
    from sentinel_watch.app.watching import Places, watch_register, watch_site

    places = Places(aoi or Path(), source, out, workspace or str(out / "workspace"))
    if all_ or country:
        raise typer.Exit(watch_register(places, country, pipeline, period))
    raise typer.Exit(watch_site(places, pipeline, period))


@app.command()
def doctor(workspace: Workspace = DEFAULT_WORKSPACE) -> None:
    """Say what is installed and what is missing.

    Ends with 1 where a run would not work.
    """
    from sentinel_watch.app.doctor import diagnose

    raise typer.Exit(diagnose(workspace))


@pipelines.command("check")
def pipeline_check(pipeline: PipelineName) -> None:
    """Check a pipeline: every key, every part, every bound."""
    from sentinel_watch.app.pipelines import check_pipeline

    check_pipeline(pipeline)


@pipelines.command("explain")
def pipeline_explain(pipeline: PipelineName) -> None:
    """Print a pipeline in full, and what each option means."""
    from sentinel_watch.app.pipelines import explain_pipeline

    explain_pipeline(pipeline)


@pipelines.command("schema")
def pipeline_schema() -> None:
    """Print the JSON Schema of pipeline files, for editors."""
    from sentinel_watch.app.pipelines import print_schema

    print_schema()


@sources.command("list")
def source_list() -> None:
    """List the names that --source knows."""
    from sentinel_watch.app.sources import list_sources

    list_sources()


@sources.command("check")
def source_check(source: Annotated[str, typer.Argument(metavar="SRC", help="What --source may be.")]) -> None:
    """Try whether a source can be reached, searched and read.

    Ends with 3 where a run would not work.
    """
    from sentinel_watch.app.sources import check_source

    raise typer.Exit(check_source(source))


@sources.command("quicklook")
def source_quicklook(
    aoi: Annotated[Path, typer.Argument(metavar="AOI", help="GeoJSON file of one site.")],
    source: Annotated[str, typer.Option(metavar="SRC", help="A Sentinel Hub.")] = "cdse-sentinelhub",
    start: Annotated[str | None, typer.Option(metavar="D", help="First day, YYYY-MM-DD.  [default: a year before the last]")] = None,
    end: Annotated[str | None, typer.Option(metavar="D", help="Last day, YYYY-MM-DD.  [default: today]")] = None,
) -> None:
    """Show each day's mean of a site, as a Sentinel Hub tells it, before a full run."""
    from sentinel_watch.app.days import read_period
    from sentinel_watch.app.quicklook import show_quick_look

    show_quick_look(aoi, source, read_period(start, None, end))


def main() -> None:
    """Run the command line and exit: 0 done, 2 wrong input, 3 a source failed, 1 a bug, 130 stopped by the user.

    0 is also the code of a run that finds no alert. Scripts may rely on the codes; the texts may change.
    """
    with ending():
        app()
