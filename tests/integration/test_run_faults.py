"""Scenes that cannot be read: told, survived, and taken in once they are mended."""

from __future__ import annotations

import json

import pytest
from planted_site import digest_of, name_of, pit_share

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.pipeline.run import run

BROKEN = {14: "cut", 50: "noise", 52: "gone", 54: "page", 56: "entry"}
"""Number of the scene -> what is wrong with it; 14 is of the history."""


def damage(site) -> dict:
    """Break a file of each scene of BROKEN, and return path -> what it held."""
    files = {number: site.asset(number, "B08") for number in BROKEN}
    files[56] = site.asset(56, "B08").parent / f"{name_of(56)}.json"
    held = {path: path.read_bytes() for path in files.values()}
    files[14].write_bytes(held[files[14]][:200])
    files[50].write_bytes(bytes(range(256)) * 40)
    files[52].unlink()
    files[54].write_text("<!DOCTYPE html><html><body>503 Service Unavailable</body></html>")
    files[56].write_text('{"type": "Feature", ')
    return held


@pytest.fixture
def damaged(fresh):
    """Return the quarry with five broken scenes, run; the result; and what the broken files held."""
    held = damage(fresh)
    return fresh, run(fresh.request()), held


def test_broken_scenes_are_told_survived_and_taken_in(damaged, finished):
    """Exit code 3, a line with the cause for each, everything else used; once mended, all is as if nothing had been."""
    site, result, held = damaged
    records = {record.scene_id: record for record in result.records}
    assert result.exit_code == 3
    failed = {name for name, record in records.items() if record.outcome is Outcome.FAILED}
    assert failed == {name_of(number) for number in BROKEN}
    for name in failed:
        assert records[name].reason is Reason.UNREADABLE
        assert len(records[name].detail) > 20
    assert "missing" in records[name_of(52)].detail
    assert "JSON" in records[name_of(56)].detail
    sound = {record.scene_id: record for record in finished.result.records if record.scene_id not in failed}
    assert {name: record.outcome for name, record in records.items() if name not in failed} == {n: r.outcome for n, r in sound.items()}
    (alert,) = result.alerts
    assert alert.status == "confirmed"
    assert min(pit_share(alert)) >= 0.95

    again = run(site.request())
    assert (again.exit_code, again.alerts) == (3, result.alerts)

    for path, content in held.items():
        path.write_bytes(content)
    mended = run(site.request())
    assert mended.exit_code == 0
    ours, theirs = digest_of(site.folder / "run"), digest_of(finished.site.folder / "run")
    assert [name for name in theirs if ours.get(name) != theirs[name] and name != "run.json"] == []
    assert [(r.scene_id, r.outcome, r.reason) for r in mended.records] == [
        (r.scene_id, r.outcome, r.reason) for r in finished.result.records
    ]
    assert len(json.loads((site.folder / "run" / "run.json").read_text())["scenes"]) == 60


def test_an_entry_without_a_date_does_not_move_the_watch(fresh):
    """An unreadable entry whose day nobody knows does not count as the first scene of the archive."""
    entry = fresh.asset(3).parent / f"{name_of(3)}.json"
    entry.write_text("{}")
    result = run(fresh.request(monitor_from=None))
    assert "watching from 2021-07-09: 730 days and 50 scenes after the first scene" in result.notes
    assert {record.scene_id for record in result.records if record.outcome is Outcome.FAILED} == {name_of(3)}
    assert len(result.alerts) == 1
