"""The verb `run`: one AOI from its file to a summary that can be read at a glance.

Puts the request together and prints the result; the work is `pipeline.run`'s.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.table import Table

from sentinel_watch.app.progress import showing
from sentinel_watch.app.sites import registered
from sentinel_watch.app.summary import print_summary
from sentinel_watch.app.tables import console
from sentinel_watch.errors import InputError, SentinelWatchError
from sentinel_watch.log import log
from sentinel_watch.pipeline.definition import load_pipeline, pipeline_for
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site
from sentinel_watch.store import open_store, shown

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.app.days import Period
    from sentinel_watch.domain.site import Site

__all__ = ["Places", "run_site", "watch_register", "watch_site"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run reads and writes.

    `out` gets what people use; `workspace` holds what the next run needs to go on, and is often a folder inside it.
    """

    aoi: Path
    """Not read where the register says which sites are run."""
    source: str
    """`sample`, or the path of a STAC catalogue."""
    out: Path
    workspace: str
    """A folder, or a PostgreSQL address."""


def watch_site(places: Places, pipeline: str | None, period: Period) -> int:
    """Run one AOI, print what came of it, and return the exit code: 0, or 3 where a scene could not be read.

    `pipeline` is a name or a TOML file; None takes the shipped one that serves the site's type. What was done before an error
    is kept, and the same command goes on from there.

    Raises InputError for what the user gave wrong, SourceError where the source as a whole fails.

    The workspace is made where it is missing. The code 3 comes with a whole result: the scenes that could be read are
    in it.
    """
    return run_site(read_site(places.aoi), places, pipeline, period)


def watch_register(places: Places, country: str | None, pipeline: str | None, period: Period) -> int:
    """Run every site of the register, or a country's, one after the other, and print a line for each.

    Each site's output goes to a folder of its own in `places.out`. What goes wrong with one site is told and does not stop the others.
    Returns 0, 1 where a bug stopped a site, else 3 where a source failed in part or whole or 2 where a site was refused. The same command
    goes on where it was stopped: what was done is not done again.

    The worst end decides on the code: a bug before a source's failure before a refusal. Raises InputError where the
    register has no such site.
    """
    sites = registered(places.workspace, country)
    if not sites:
        raise InputError("the register has no such site", where=shown(places.workspace), next_step="sentinel-watch site add FILE")
    ends = [_isolated(site, replace(places, out=places.out / site.site_id), pipeline, period) for site in sites]
    table = Table(box=None, pad_edge=False)
    for name in ("site", "country", "end", "alerts", "what went wrong"):
        table.add_column(name)
    # after all sites have run, by one opening of the store
    counts = _alert_counts(places.workspace)
    for site, (code, wrong) in zip(sites, ends, strict=True):
        # in words: whoever reads the table need not know the codes
        words = {0: "done", 1: "bug", 2: "refused", 3: "source failed"}
        table.add_row(site.site_id, site.country, words[code], str(counts[site.site_id]), wrong)
    console().print(table, highlight=False)
    return next((code for code in (1, 3, 2) if code in {code for code, _ in ends}), 0)


def _isolated(site: Site, places: Places, pipeline: str | None, period: Period) -> tuple[int, str]:
    """Run one site of many, and return its exit code and what went wrong, in a line; nothing but a stop by the user comes out of it.

    Codes as of `run`: 0, 1, 2, 3. A bug's traceback goes to the log.
    """
    console().print(f"\n=== {site.site_id}", highlight=False)
    try:
        code = run_site(site, places, pipeline, period)
    except SentinelWatchError as error:
        return error.exit_code, error.what
    except Exception as error:
        # whatever one site meets, the others are still to be watched
        log.exception("site %s", site.site_id)
        return 1, f"{type(error).__name__}: {error}"
    return code, "some scenes could not be read" if code else ""


def _alert_counts(workspace: str) -> Counter[str]:
    """Return site -> number of its alerts in the list.

    Those of the list: of the latest watch, and earlier ones that people have worked on.
    """
    with open_store(workspace, must_exist=True) as store:
        return Counter(case.alert.site_id for case in store.cases())


def run_site(site: Site, places: Places, pipeline: str | None, period: Period) -> int:
    """Run one site, print what came of it, and return the exit code; raises as `watch_site` does."""
    request = RunRequest(
        site=site,
        source=places.source,
        pipeline=load_pipeline(pipeline) if pipeline else pipeline_for(site.site_type),
        # before the work, not after it
        out=_writable(places.out),
        workspace=places.workspace,
        start=period.start,
        monitor_from=period.monitor_from,
        end=period.end,
    )
    with showing() as progress:
        result = run(request, progress)
    print_summary(request, result)
    return result.exit_code


def _writable(out: Path) -> Path:
    """Return the folder `out`, made where it is missing; raise InputError where it cannot be made.

    Made before the work begins: a run of hours must not fail at its last step.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("the output folder cannot be made", where=str(out), found=str(error.strerror), allowed="a folder") from error
    return out
