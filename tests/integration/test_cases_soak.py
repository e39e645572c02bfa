"""Who runs, reviews and sends is killed without warning: one alert an event, nothing lost that was acknowledged, nothing there twice.

The processes run the real commands over the made-up quarry. `SOAK_KILLS=100 python -m pytest -s tests/integration/test_cases_soak.py` is
the long form, about a quarter of an hour for each store on two shared cores.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import shutil
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
import soak
from conftest import ROOT
from planted_site import PlantedSite, digest_of

from sentinel_watch.app.delivery import retry_messages, send_messages
from sentinel_watch.app.reviewing import review_alert
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

KILLS = int(os.environ.get("SOAK_KILLS", "3"))
SEED = 20261122
ENDS = ("2021-03-20", "2021-08-01", "2021-11-01", "")
"""Last days of runs: before the pit is dug, soon after, later, none. An earlier one than before watches anew, and withdraws or finds."""
PEOPLE = {"revision", "case_status", "decision", "rejection_reason", "assignee"}


class Handler(BaseHTTPRequestHandler):
    """Answers every second request with 503, and keeps the keys of the others."""

    def do_POST(self):
        """Keep the key, or fail."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.count += 1
        if good := self.server.count % 2 == 0:
            self.server.keys.append(self.headers["Idempotency-Key"])
        self.send_response(200 if good else 503)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def receiver(tmp_path, monkeypatch):
    """Return a receiver that fails half of the time."""
    monkeypatch.setenv("HOOK", "s3cret")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.count, server.keys = 0, []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def start(monkeypatch):
    """Return a way to start one of the soak's workers; the processes have everything imported, and so are in their work at once."""
    # the server of processes has a path of its own, and passes over in silence what it cannot import
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(ROOT / "tests"), str(ROOT))))
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["soak"])

    def _start(work, *arguments):
        process = context.Process(target=work, args=tuple(map(str, arguments[:2])) + arguments[2:])
        process.start()
        return process

    return _start


@pytest.mark.timeout(600 + 60 * KILLS)
def test_kills_lose_nothing_and_double_nothing(fresh: PlantedSite, finished, tmp_path, place, receiver, start):
    """Killed at random moments of run, review and delivery, all ends as a run does which nothing disturbed, and the chain is whole."""
    site = fresh.folder
    (site / "acknowledged").touch()
    longest = _time_of(start(soak.watch, site, tmp_path / "elsewhere", 0))
    shutil.rmtree(site / "out")
    assert _time_of(start(soak.watch, site, place, 0)) > 0
    chance, killed = random.Random(SEED), Counter()
    for number in range(1, KILLS + 1):
        pipeline, end = _variant(site, number, chance), chance.choice(ENDS)
        _add_route(site / "routes.toml", number, receiver)
        other = chance.choice((soak.review, soak.review, soak.deliver)) if number > 1 else soak.review
        workers = {"run": start(soak.watch, site, place, number, pipeline, end), other.__name__: start(other, site, place, number)}
        if number == 1:
            _wait_for(site / "acknowledged")
        workers["run"].join(chance.uniform(0.05, longest))
        for name, worker in workers.items():
            worker.kill()
            worker.join()
            assert worker.exitcode in {0, -9}, (site / f"{worker.name}.log", _tails(site, number))
            killed[name] += worker.exitcode == -9
    _finish(start, site, place, receiver)
    with open_store(place) as store:
        _check(store, (site / "acknowledged").read_text().split("\n"), receiver.keys)
        told = Counter(entry.action for entry in store.audit.entries())
    _compare(site / "out", finished.site.folder / "run")
    told = f"killed {dict(killed)}, a run takes {longest:.1f} s; entries {dict(told)}; {len(receiver.keys)} messages received"
    sys.stderr.write(f"\n{type(place).__name__}: {told}\n")
    assert killed.total() >= KILLS


def _add_route(path: Path, number: int, receiver: ThreadingHTTPServer) -> None:
    """Add a route of its own for a round, so that there is something to send in each."""
    route = f'[[routes]]\nname = "hook{number}"\nurl = "http://127.0.0.1:{receiver.server_port}/"\nsecret_env = "HOOK"\n'
    text = (path.read_text() if path.exists() else "") + route
    # whole or not at all: nobody may read half of it
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


def _variant(site: Path, number: int, chance: random.Random) -> str:
    """Write the pipeline of a round, and return its name: mostly the site's own, else one that judges or one that sees otherwise."""
    text = (site / "pipeline.toml").read_text()
    if number % 10 == 9:
        text = text.replace("min_clear_fraction = 0.1", f"min_clear_fraction = 0.1{number:04d}")
    elif chance.random() < 0.3:
        text = text.replace("min_area_ha = 0.05", f"min_area_ha = {chance.choice((0.04, 0.06))}")
    (site / f"pipeline{number}.toml").write_text(text)
    return f"pipeline{number}.toml"


def _finish(start, site, place, receiver):
    """Let four whole runs begin at once, of which one works and the others are told, and deliver what is left."""
    four = [start(soak.watch, site, place, 1000 + number) for number in range(4)]
    for process in four:
        process.join()
    ends = sorted(process.exitcode for process in four)
    assert set(ends) <= {0, 2}
    assert 0 in ends
    assert "another run is working on site" in _tails(site, *range(1000, 1004)) or ends == [0] * 4
    _reopen(place)
    for _ in range(20):
        retry_messages(place)
        send_messages(place, site / "routes.toml")


def _reopen(place):
    """Let the alert be in somebody's hands: of one that was closed, a route that has told nothing yet tells nothing."""
    with open_store(place) as store:
        (case,) = (case for case in store.cases() if case.standing == "current" and case.latest_watch)
    if case.alert.case_status == "closed":
        review_alert(place, case.alert.alert_id, case.alert.revision, Review("Ana", status=CaseStatus.ASSIGNED, assignee="Ana"))


def _time_of(process) -> float:
    """Return how long a run took that nothing disturbed, seconds."""
    begin = time.monotonic()
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - begin


def _wait_for(acknowledged):
    """Wait until a review was acknowledged."""
    end = time.monotonic() + 120
    while not acknowledged.stat().st_size:
        assert time.monotonic() < end
        time.sleep(0.05)


def _tails(site, *numbers):
    """Return the ends of what the workers of these rounds have printed."""
    logs = [path for number in numbers for path in site.glob(f"*[a-z]{number}.log")]
    return "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in logs)


def _check(store, acknowledged, keys):
    cases = store.cases()
    standing = [case for case in cases if case.standing == "current" and case.latest_watch]
    assert len(standing) == 1
    assert len({case.alert.event_id for case in cases}) == len(cases) == len({case.alert.alert_id for case in cases})
    assert store.audit.verify() is None
    assert len(acknowledged) > 1
    known = {f"{e.subject} {json.loads(e.details)['revision']}" for e in store.audit.entries() if e.action == "alert.reviewed"}
    assert [line for line in acknowledged[:-1] if line not in known] == []
    messages = store.messages()
    # each route is told of the one alert, in the end at the latest
    assert {message.route for message in messages} == {f"hook{number}" for number in range(1, KILLS + 1)}
    assert {message.state for message in messages} == {"sent"}
    assert {message.key for message in messages} <= set(keys)


def _compare(ours, theirs):
    """Hold the alerts to those of a run that nothing disturbed, but for what people enter, and the evidence byte for byte."""
    found, expected = (json.loads((folder / "alerts.geojson").read_text())["features"] for folder in (ours, theirs))
    assert [one["id"] for one in found] == [one["id"] for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one["geometry"] == other["geometry"]
        columns, wanted = one["properties"], other["properties"]
        assert {name for name in columns if columns[name] != wanted[name]} <= PEOPLE
        assert digest_of(ours / "evidence" / one["id"]) == digest_of(theirs / "evidence" / one["id"])
