"""A whole run over ground on which one thing happens: what is found, and that it is found again."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date

import pytest
from planted_site import CLOUDS, DUG, EMPTY, MONITOR_FROM, SHAPE, days, digest_of, name_of, pit_share

from sentinel_watch.domain.event import EVENT_CLASSES
from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.pipeline.run import run
from sentinel_watch.store import open_store

CLEAR_AFTER = next(day for number, day in enumerate(days()) if day >= DUG and number not in {*CLOUDS, EMPTY})
"""The first scene that shows the pit."""


def test_the_pit_is_the_one_alert(finished):
    """One thing happened, so there is one alert: confirmed, over the pit and nothing else."""
    (alert,) = finished.result.alerts
    assert alert.status == "confirmed"
    covered, within = pit_share(alert)
    assert covered >= 0.95
    assert within >= 0.95
    assert alert.event_class == "excavation"
    assert set(json.loads(alert.class_probs)) <= set(EVENT_CLASSES)


def test_the_pit_is_dated_by_its_first_clear_scene(finished):
    """It began with the first scene that shows it, after the last one that does not, and was confirmed within 90 days."""
    (alert,) = finished.result.alerts
    assert alert.first_detected == f"{CLEAR_AFTER:%Y-%m-%d}"
    assert alert.last_clear_before < f"{DUG:%Y-%m-%d}"
    assert 30 <= (date.fromisoformat(alert.confirmed_at) - date.fromisoformat(alert.first_detected)).days <= 90


def test_nothing_else_is_even_suspected(finished):
    """The store holds no second event: noise, clouds and the seasons leave no trace."""
    with open_store(finished.site.request().workspace) as store:
        (watch,) = store.watches()
        assert len(store.events(watch)) == 1


def test_a_region_across_blocks_is_one_event(finished):
    """The pit lies on both sides of a block's edge, and the edge does not show."""
    grid = json.loads((finished.site.folder / "run" / "run.json").read_text())["grid"]
    assert sorted(grid["detector_by_block"]) == ["r000c000", "r000c001"]
    assert grid["shape"] == [side - 8 for side in SHAPE]
    with open_store(finished.site.request().workspace) as store:
        (event,) = store.events(store.watches()[0])
    assert event.region.cols.min() < 64 <= event.region.cols.max()
    assert event.region.geometry.geom_type == "Polygon"


def test_every_scene_is_in_the_ledger(finished):
    """Each scene of the catalogue has one line, with a reason where it was of no use."""
    records = {record.scene_id: record for record in finished.result.records}
    assert list(records) == [name_of(number) for number in range(60)]
    assert finished.result.exit_code == 0
    for number, day in enumerate(days()):
        record = records[name_of(number)]
        assert record.role == ("monitoring" if day >= MONITOR_FROM else "history")
        useless = Reason.NODATA if number == EMPTY else Reason.CLOUD if CLOUDS.get(number) == 1.0 else Reason.NONE
        assert (record.outcome, record.reason) == (Outcome.REJECTED if useless else Outcome.USED, useless)
        if not useless:
            assert record.clear_fraction == pytest.approx(1 - CLOUDS.get(number, 0.0), abs=0.12)


def test_the_report_counts_what_the_ledger_holds(finished):
    """`run.json` sums up the same scenes, and hashes the files beside it."""
    report = json.loads((finished.site.folder / "run" / "run.json").read_text())
    watched = Counter(record.outcome for record in finished.result.records if record.role == "monitoring")
    assert report["coverage"]["scenes"] == {outcome.value: count for outcome, count in sorted(watched.items())}
    assert report["coverage"]["rejected"] == {"cloud": 1, "nodata": 1}
    assert report["alerts"] == {"confirmed": 1}
    assert report["events"] == {"alerted": 1, "suppressed": 0, "too_small_or_early": 0, "no_event": {}}
    assert set(report["outputs"]) >= {"alerts.geojson", "alerts.gpkg", "alerts.csv"}
    assert len(report["scenes"]) == 60


def test_the_same_run_again_changes_no_byte(again, finished):
    """In the same workspace every file stays as it is, the ledger with its timings included."""
    before = digest_of(again.folder / "run")
    result = run(again.request())
    assert digest_of(again.folder / "run") == before
    assert (result.alerts, result.records, result.notes) == (finished.result.alerts, finished.result.records, finished.result.notes)


def test_a_fresh_workspace_gives_the_same_bytes(fresh, finished):
    """Alerts and evidence depend on the inputs alone: not on the folder, nor on what ran before."""
    run(fresh.request())
    ours, theirs = digest_of(fresh.folder / "run"), digest_of(finished.site.folder / "run")
    del ours["run.json"], theirs["run.json"]  # it tells how long each scene took
    assert {name for name in ours if ours[name] != theirs[name]} == set()
    assert ours.keys() == theirs.keys()


def test_lost_files_are_written_again(again):
    """What somebody deleted or damaged in the output is there again after the next run."""
    out = again.folder / "run"
    before = digest_of(out)
    (out / "alerts.csv").unlink()
    (picture,) = out.glob("evidence/*/change_map.png")
    picture.write_bytes(b"")
    run(again.request())
    assert digest_of(out) == before


def test_larger_blocks_find_the_same_pit(fresh):
    """One block instead of two: the same single alert on the same pixels; its scores may differ."""
    fresh.pipeline.write_text(fresh.pipeline.read_text().replace("block_px = 64", "block_px = 256"))
    (alert,) = run(fresh.request()).alerts
    assert alert.status == "confirmed"
    assert min(pit_share(alert)) >= 0.95
    assert alert.first_detected == f"{CLEAR_AFTER:%Y-%m-%d}"
