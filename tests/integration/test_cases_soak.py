"""Who writes, reviews and sends alerts is killed without warning: nothing that was acknowledged is lost, nothing is there twice.

`SOAK_KILLS=100 python -m pytest tests/integration/test_cases_soak.py` is the long form.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from alert_examples import make_alert

from sentinel_watch.app.delivery import retry_messages, send_messages
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.errors import InputError, StaleRevisionError, WorkspaceBusyError
from sentinel_watch.store import open_store

KILLS = int(os.environ.get("SOAK_KILLS", "3"))
SEED = 20261122


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


def find(folder, place):
    """Hold the site and write its alerts as runs do, now these and now those, for as long as it is let; ends with 2 where it is held."""
    try:
        with open_store(place) as store, store.lock("quarry"):
            watch = store.watch("a" * 64, {"site": {"site_id": "quarry"}})
            for number in range(200):
                store.replace_alerts(watch, [make_alert(one, area_ha=1.0 + number % 3) for one in range(2 + number % 3)])
                time.sleep(0.01)
    except WorkspaceBusyError:
        sys.exit(2)


def review(folder, place):
    """Review whatever there is, again and again; each review that was entered is noted outside of the store."""
    with open_store(place) as store, (Path(folder) / "acknowledged").open("a") as acknowledged:
        while True:
            for case in store.cases():
                status = CaseStatus.CONFIRMED if case.alert.case_status == "assigned" else CaseStatus.ASSIGNED
                with suppress(StaleRevisionError):
                    store.review(case.alert.alert_id, case.alert.revision, Review("Ayşe", status, assignee="Bob"))
                    acknowledged.write(f"{case.alert.alert_id} {case.alert.revision + 1}\n")
                    acknowledged.flush()


def deliver(folder, place):
    """Send what is new, and what failed."""
    with suppress(InputError):
        send_messages(place, Path(folder) / "routes.toml")
        retry_messages(place)


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


@pytest.mark.timeout(300 + 20 * KILLS)
def test_kills_lose_nothing_and_double_nothing(tmp_path, place, receiver, capsys):
    """After kills at random moments: one alert an event, every acknowledged review in the log, every message sent, the chain whole."""
    hook = f'[[routes]]\nname = "hook"\nurl = "http://127.0.0.1:{receiver.server_port}/"\nsecret_env = "HOOK"\n'
    (tmp_path / "routes.toml").write_text(hook)
    (tmp_path / "acknowledged").touch()
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["sentinel_watch.app.delivery", "alert_examples"])
    chance, arguments = random.Random(SEED), (str(tmp_path), place)
    with open_store(place) as store:
        store.replace_alerts(store.watch("a" * 64, {"site": {"site_id": "quarry"}}), [make_alert(0)])
    killed = 0
    for number in range(KILLS):
        # first the two that get in each other's way, and until something was acknowledged: else nothing could be lost
        chosen = chance.sample((find, review, deliver, review), 2) if number else (find, review)
        workers = [context.Process(target=work, args=arguments) for work in chosen]
        for worker in workers:
            worker.start()
        _wait_for(tmp_path / "acknowledged")
        workers[0].join(chance.uniform(0.3, 2.5))
        for worker in workers:
            worker.kill()
            worker.join()
            killed += worker.exitcode == -9
    # four at once: one works, the others are told
    four = [context.Process(target=find, args=arguments) for _ in range(4)]
    for process in four:
        process.start()
    for process in four:
        process.join()
    assert sorted(process.exitcode for process in four) == [0, 2, 2, 2]
    for _ in range(20):
        retry_messages(place)
        send_messages(place, tmp_path / "routes.toml")
    with open_store(place) as store:
        _check(store, (tmp_path / "acknowledged").read_text().split("\n"), receiver.keys)
        entries = len(list(store.audit.entries()))
    with capsys.disabled():
        told = f"{killed} processes killed, {entries} entries of the log, {len(receiver.keys)} messages received"
        sys.stderr.write(f"\n{told}\n")
    assert killed >= KILLS


def _wait_for(acknowledged):
    """Wait until a review was acknowledged."""
    end = time.monotonic() + 120
    while not acknowledged.stat().st_size:
        assert time.monotonic() < end
        time.sleep(0.05)


def _check(store, acknowledged, keys):
    cases = store.cases()
    assert len(acknowledged) > 1
    assert len({case.alert.event_id for case in cases}) == len(cases)
    assert store.audit.verify() is None
    known = {f"{e.subject} {json.loads(e.details)['revision']}" for e in store.audit.entries() if e.action == "alert.reviewed"}
    assert [line for line in acknowledged[:-1] if line not in known] == []
    messages = store.messages()
    assert messages
    assert {message.state for message in messages} == {"sent"}
    assert {message.key for message in messages} <= set(keys)
