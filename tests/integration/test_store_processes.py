"""A killed process leaves a store that continues, and two processes share one."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sentinel_watch.errors import WorkspaceBusyError
from sentinel_watch.store import Store, open_store

TESTS = Path(__file__).resolve().parents[1]

# Writes scene after scene: the state counts its looks, and the ledger line comes with as many events.
WRITER = """
import sys
from pathlib import Path
import numpy as np
from event_examples import make_event
from sentinel_watch.domain.ledger import Outcome, SceneRecord
from sentinel_watch.store import Look, open_store

workspace, site, last = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with open_store(workspace) as store, store.lock(site):
    watch = store.watch(site.ljust(64, "0"), {})
    print("ready", flush=True)
    for number in range(len(store.records(watch)), last):
        scene = f"s{number:05d}"
        if not store.looks(watch, scene):
            seen = (store.state(watch, "r0") or {"n": np.array(0)})["n"]
            store.save_look(watch, scene, "r0", Look(Outcome.USED), {"n": seen + 1, "ballast": np.random.default_rng(number).random(20000)})
        record = SceneRecord(scene, f"2023-01-01T00:00:{number:05d}Z", "monitoring", Outcome.USED)
        store.finish_scene(watch, record, [make_event(scene)])
"""


def _start(workspace: Path, site: str, last: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(workspace), site, str(last)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": str(TESTS)})


def _counts(store: Store, site: str) -> tuple[int, int, int]:
    watch = store.find_watch(site.ljust(64, "0"))
    assert watch is not None
    state = store.state(watch, "r0")
    return int(state["n"]) if state else 0, len(store.records(watch)), len(store.events(watch))


def test_a_killed_process_leaves_a_store_that_continues(tmp_path: Path) -> None:
    """After kill -9 at random moments the lock is free, every transaction is whole, and the work goes on to the same end."""
    pauses = random.Random(7)
    for _ in range(2):
        with _start(tmp_path, "quarry", 100_000) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            with open_store(tmp_path) as store, pytest.raises(WorkspaceBusyError), store.lock("quarry"):
                pass
            time.sleep(pauses.uniform(0.05, 0.4))
            process.send_signal(signal.SIGKILL)
        with open_store(tmp_path) as store, store.lock("quarry"):
            looks, records, events = _counts(store, "quarry")
        assert records == events
        assert looks - records in {0, 1}
    with _start(tmp_path, "quarry", records + 5) as process:
        process.communicate(timeout=60)
    with open_store(tmp_path) as store:
        assert _counts(store, "quarry") == (records + 5,) * 3


def test_two_processes_share_a_workspace(tmp_path: Path) -> None:
    """Two sites run at once from an empty workspace, which both try to make, and neither loses a line."""
    processes = {site: _start(tmp_path, site, 40) for site in ("quarry", "landfill")}
    for process in processes.values():
        process.communicate(timeout=60)
        assert process.returncode == 0
    with open_store(tmp_path) as store:
        assert {site: _counts(store, site) for site in processes} == dict.fromkeys(processes, (40, 40, 40))
