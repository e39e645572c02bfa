"""One run of one AOI, top to bottom: learn what is normal, look at every scene once knowing only the past, hand over the alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.pipeline.assignment import assign
from sentinel_watch.pipeline.costs import keep_costs
from sentinel_watch.pipeline.deliver import RunResult, deliver
from sentinel_watch.pipeline.learning import learn_blocks
from sentinel_watch.pipeline.monitoring import Monitor
from sentinel_watch.pipeline.progress import Progress, Silent
from sentinel_watch.pipeline.rewind import pending, rewind
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from sentinel_watch.pipeline.plan import RunRequest

__all__ = ["run"]


def run(request: RunRequest, progress: Progress | None = None) -> RunResult:
    """Run one AOI and return what came of it; what was done before, in the same workspace, is not done again.

    Raises InputError for what the user gave wrong, SourceError where the source as a whole fails. A scene that cannot be
    read ends as `failed` in the ledger, and the next run tries it again.
    """
    progress = progress or Silent()
    # held to the end: another run of the site would save states that this one does not know of
    with open_store(request.workspace) as store, store.lock(request.site.site_id):
        # a search of years may take a while, and nothing else would show that it has begun
        progress.say("asking the source what it has of the AOI")
        job = assign(request, store)
        try:
            for note in filter(None, [*job.notes(), rewind(job, store)]):
                progress.say(note)
            learn_blocks(job, store, progress)
            Monitor(job, store).watch(pending(job, store), progress)
            return deliver(job, store, progress)
        finally:
            keep_costs(job)
