"""Those who work on alerts in a soak, each as a process of its own with the real commands; importing this imports all that they need.

Each writes what its commands print to a file of its own, and notes outside of the store what a command has acknowledged.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import sentinel_watch.app.alerts
import sentinel_watch.app.delivery
import sentinel_watch.app.reviewing
import sentinel_watch.app.watching
import sentinel_watch.evidence.overview
import sentinel_watch.pipeline.proof  # noqa: F401 - imported before the processes are made, so that a kill meets work
from sentinel_watch.app.cli import main
from sentinel_watch.store import open_store

__all__ = ["command", "deliver", "review", "watch"]
PAUSE_S = 0.1


def command(*words: str) -> int:
    """Run `sentinel-watch` with these words, and return its exit code."""
    sys.argv = ["sentinel-watch", *words]
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def watch(folder: str, place: str, number: int, pipeline: str = "pipeline.toml", end: str = "") -> None:
    """Run the site up to a day, "" for all that there is; the exit code is the run's."""
    _enter(folder, f"watch{number}")
    words = ["run", "quarry.geojson", "--source", "catalog/catalog.json", "--pipeline", pipeline, "--monitor-from", "2021-01-01"]
    sys.exit(command(*words, "--out", "out", "--workspace", place, *(("--end", end) if end else ())))


def review(folder: str, place: str, number: int) -> None:
    """Review whatever there is, again and again; who was faster is told, and looks again."""
    _enter(folder, f"review{number}")
    with open_store(place) as store, Path("acknowledged").open("a") as acknowledged:
        while True:
            for case in store.cases():
                alert = case.alert
                status = {"new": "assigned", "assigned": "confirmed", "confirmed": "closed"}.get(alert.case_status, "assigned")
                to = (
                    ("assign", alert.alert_id, "--to", f"Ana {number}")
                    if status == "assigned"
                    else ("review", alert.alert_id, "--status", status)
                )
                told = command("alerts", *to, "--revision", str(alert.revision), "--by", "Ana", "--workspace", place)
                assert told in {0, 2}
                if told == 0:
                    acknowledged.write(f"{alert.alert_id} {alert.revision + 1}\n")
                    acknowledged.flush()
            # a pause, so that most of the machine is the run's
            time.sleep(PAUSE_S)


def deliver(folder: str, place: str, number: int) -> None:
    """Send what is new, and what failed, again and again."""
    _enter(folder, f"deliver{number}")
    while True:
        assert command("delivery", "send", "--routes", "routes.toml", "--workspace", place) in {0, 2, 3}
        assert command("delivery", "retry", "--workspace", place) == 0
        time.sleep(PAUSE_S)


def _enter(folder: str, name: str) -> None:
    """Work in the site's folder, and write to a file of one's own."""
    os.chdir(folder)
    file = os.open(f"{name}.log", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
