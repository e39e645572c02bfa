"""A whole run on a real PostGIS gives what it gives on SQLite."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import psycopg
import pytest
from planted_site import PlantedSite, digest_of
from sqlalchemy import make_url

from sentinel_watch.app.cli import main
from sentinel_watch.pipeline.run import run
from sentinel_watch.store import open_store


def run_quarry(folder: str, address: str, name: str) -> None:
    """Run the quarry by the real command: the whole life of a process."""
    os.chdir(folder)
    output = os.open(f"{name}.log", os.O_CREAT | os.O_WRONLY)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ["sentinel-watch", "run", "quarry.geojson", "--source", "catalog/catalog.json", "--pipeline", "pipeline.toml"]
    sys.argv += ["--monitor-from", "2021-01-01", "--out", "run", "--workspace", address]
    main()


@pytest.mark.timeout(600)
def test_four_runs_at_once_on_postgis_give_what_one_gives_on_sqlite(fresh: PlantedSite, finished, postgis):
    """Of four at once one works and the others are told; alerts and evidence are SQLite's byte for byte, and a rerun changes nothing."""
    context = multiprocessing.get_context("spawn")
    four = [context.Process(target=run_quarry, args=(str(fresh.folder), postgis, f"run{number}")) for number in range(4)]
    for process in four:
        process.start()
    for process in four:
        process.join()
    ends = [process.exitcode for process in four]
    told = [Path(f"run{number}.log").read_text() for number, end in enumerate(ends) if end == 2]
    assert set(ends) <= {0, 2}
    assert 0 in ends
    assert all("another run is working on site 'quarry'" in text for text in told)
    ours, theirs = digest_of(fresh.folder / "run"), digest_of(finished.site.folder / "run")
    for files in (ours, theirs):
        del files["run.json"]  # it tells how long each scene took
    # fetched images are kept beside the output there, and a catalogue on disk needs none
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []
    before = digest_of(fresh.folder / "run"), _rows(postgis)
    run(fresh.request(workspace=postgis))
    assert (digest_of(fresh.folder / "run"), _rows(postgis)) == before


def _rows(address: str) -> tuple[str, list[tuple]]:
    """Return the head of the log, and what else a run writes: watches, lines of the ledger, events and alerts."""
    with open_store(address) as store:
        head = store.audit.head()
        assert store.audit.verify() is None
    url = make_url(address)
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres") as connection:
        tables = ("watch", "scene", "look", "baseline", "block_state", "event", "alert")
        return head, [
            connection.execute(f"SELECT count(*), md5(string_agg(t::text, '' ORDER BY t::text)) FROM {t} t").fetchone() for t in tables
        ]
