"""A run that is killed without warning, wherever it is, is continued by the next one to the same end."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from pathlib import Path

from planted_site import PlantedSite, digest_of

from sentinel_watch.pipeline.run import run

KILLS = 10
SEED = 20210415


def run_quarry(folder: str) -> None:
    """Run the quarry in `folder`: the whole life of a process."""
    os.chdir(folder)
    run(PlantedSite(Path(folder)).request())


def processes():
    """Return a way to start processes that have everything imported, and so are in their work at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["sentinel_watch.pipeline.run", "sentinel_watch.pipeline.definition", "sentinel_watch.register", "planted_site"]
    )
    return context


def test_ten_kills_leave_no_trace(fresh, finished):
    """Killed ten times at random moments, the run ends with the alerts and the evidence of a run that nothing disturbed."""
    chance, context = random.Random(SEED), processes()
    killed = 0
    for number in range(KILLS):
        process = context.Process(target=run_quarry, args=(str(fresh.folder),))
        process.start()
        # the range of delays grows, so that early and late parts of the run are hit while there is work left
        process.join(chance.uniform(0.1, 1 + 0.4 * number))
        process.kill()
        process.join()
        killed += process.exitcode == -signal.SIGKILL
    assert killed >= KILLS // 2
    last = context.Process(target=run_quarry, args=(str(fresh.folder),))
    last.start()
    last.join()
    assert last.exitcode == 0
    ours, theirs = digest_of(fresh.folder / "run"), digest_of(finished.site.folder / "run")
    del ours["run.json"], theirs["run.json"]  # it tells how long each scene took
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []
