"""The verb `run`: one AOI from its file to a summary that can be read at a glance.

Puts the request together and prints the result; the work is `pipeline.run`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentinel_watch.app.progress import showing
from sentinel_watch.app.summary import print_summary
from sentinel_watch.errors import InputError
from sentinel_watch.pipeline.definition import load_pipeline, pipeline_for
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.app.days import Period

__all__ = ["Places", "watch_site"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where a run reads and writes.

    `out` gets what people use; `workspace` holds what the next run needs to go on, and is often a folder inside it.
    """

    aoi: Path
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
    """
    site = read_site(places.aoi)
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
    """Return the folder `out`, made where it is missing; raise InputError where it cannot be made."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("the output folder cannot be made", where=str(out), found=str(error.strerror), allowed="a folder") from error
    return out
