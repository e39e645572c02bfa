"""Archives that grow, at the end and in the middle, and runs that end earlier: what is known is what an honest run knows."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import ClassVar

import pytest
from planted_site import days, digest_of, name_of, plant_site, shots
from pydantic import Field

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.pipeline import assignment
from sentinel_watch.pipeline.ground import Ground
from sentinel_watch.pipeline.run import run
from sentinel_watch.sources.catalog import StacCatalog

LATE = 53
"""Number of the last scene of the shorter archive."""


class CountingCatalog(StacCatalog):
    """A catalogue that counts what is read of it."""

    reads: ClassVar[Counter] = Counter()
    hidden: frozenset[str] = Field(default=frozenset())
    """Ids of scenes that the catalogue does not list yet."""

    def search(self, geometry, start, end):
        """Return the scenes that are not hidden."""
        return [scene for scene in super().search(geometry, start, end) if scene.scene_id not in self.hidden]

    def read(self, scene, bands, grid):
        """Count the reading by scene and grid, and read."""
        self.reads[(scene.scene_id, grid)] += 1
        return super().read(scene, bands, grid)


@pytest.fixture
def hiding(monkeypatch):
    """Return a function that makes runs read through a CountingCatalog that hides some scenes."""

    def _hiding(*numbers):
        CountingCatalog.reads.clear()
        hidden = frozenset(map(name_of, numbers))
        monkeypatch.setattr(assignment, "open_source", lambda src, _cache: CountingCatalog(path=src, hidden=hidden))

    return _hiding


def alerts_of(site):
    """Return the bytes of the alert files."""
    return digest_of(site.folder / "run", "alerts.*")


def unrevised(result):
    """Return the alerts of a run as if each had been told for the first time."""
    return [alert.model_copy(update={"revision": 1}) for alert in result.alerts]


def watched_reads(site) -> Counter:
    """Return scene id -> how often it was read for a block, not for a picture."""
    request = site.request()
    blocks = {block.grid for block in Ground.of(request.site.geometry, request.pipeline.grid).blocks}
    return Counter(name for (name, grid), count in CountingCatalog.reads.items() if grid in blocks for _ in range(count))


def test_only_what_is_new_is_read(fresh, finished, hiding):
    """A run goes on where the last one ended: each block reads each new scene once, and nothing else."""
    hiding(*range(LATE + 1, 60))
    first = run(fresh.request())
    assert set(watched_reads(fresh)) == {name_of(number) for number in range(LATE + 1)}
    hiding()
    second = run(fresh.request())
    assert watched_reads(fresh) == {name_of(number): 2 for number in range(LATE + 1, 60)}
    assert len(first.records) == LATE + 1
    assert [record.outcome for record in second.records] == [record.outcome for record in finished.result.records]
    # what an inspector saw first was revised; all else is as if it had been watched in one go
    assert unrevised(second) == list(finished.result.alerts)
    assert second.alerts[0].revision == 2


def test_a_scene_that_comes_late_is_put_in_its_place(fresh, finished, hiding):
    """A monitored scene that was missing makes the watch start anew, a history scene the learning too: only the revision tells."""
    hiding(20, 51)
    run(fresh.request())
    assert alerts_of(fresh) != alerts_of(finished.site)
    hiding(20)
    run(fresh.request())
    assert set(watched_reads(fresh)) == {name_of(number) for number in range(41, 60)}
    hiding()
    result = run(fresh.request())
    assert unrevised(result) == list(finished.result.alerts)
    assert [(r.scene_id, r.outcome) for r in result.records] == [(r.scene_id, r.outcome) for r in finished.result.records]


def test_a_failed_scene_that_leaves_the_catalogue_is_no_failure_for_ever(fresh, finished, hiding):
    """A failed scene of which the catalogue knows nothing any more is said to be so, and exit code 3 ends; back again, it is looked at."""
    hiding()
    held = {fresh.asset(number): fresh.asset(number).read_bytes() for number in (20, 52, 59)}
    for path in held:
        path.write_bytes(b"broken")
    assert run(fresh.request()).exit_code == 3
    hiding(20, 52, 59)
    without = run(fresh.request())
    assert without.exit_code == 0
    delisted = {record.scene_id: record for record in without.records if record.reason is Reason.DELISTED}
    assert set(delisted) == {name_of(number) for number in (20, 52, 59)}
    assert all(
        record.outcome is Outcome.REJECTED and "no longer lists it; while it did: the file" in record.detail for record in delisted.values()
    )
    assert "3 scenes were never read and left the catalogue: what was to be seen is not known" in without.notes
    again = run(fresh.request())
    assert (again.exit_code, again.records) == (0, without.records)
    hiding(20)
    failed = [record.scene_id for record in run(fresh.request()).records if record.outcome is Outcome.FAILED]
    assert failed == [name_of(52), name_of(59)]
    for path, content in held.items():
        path.write_bytes(content)
    hiding()
    result = run(fresh.request())
    assert unrevised(result) == list(finished.result.alerts)
    assert [(r.scene_id, r.outcome, r.reason) for r in result.records] == [
        (r.scene_id, r.outcome, r.reason) for r in finished.result.records
    ]


def test_a_used_scene_that_leaves_the_catalogue_is_told(again, finished, hiding):
    """What was seen in a scene stands when the catalogue drops it; the run and its ledger say that the archive may not show it again."""
    hiding(25, 55)
    result = run(again.request())
    told = "2 scenes were used and left the catalogue since: what was seen stands, but the archive may not show it again"
    assert result.notes[-1] == told
    assert told in json.loads((again.folder / "run" / "run.json").read_text())["notes"]
    assert result.records == finished.result.records
    assert [alert.event_id for alert in result.alerts] == [alert.event_id for alert in finished.result.alerts]
    hiding()
    assert told not in run(again.request()).notes


def test_an_earlier_end_gives_what_was_known_then(again, quarry, tmp_path, monkeypatch):
    """Asked for an earlier end, a workspace that knows more gives what an honest run to that day gives; then the full run comes back."""
    full = alerts_of(again)
    end = days()[LATE]
    earlier = run(again.request(end=end))
    honest_site = quarry.copy(_made(tmp_path / "honest"))
    monkeypatch.chdir(honest_site.folder)
    honest = run(honest_site.request(end=end))
    assert unrevised(earlier) == list(honest.alerts)
    assert len(earlier.records) == len(honest.records) == LATE + 1
    assert max(alert.last_observed for alert in honest.alerts) <= f"{end:%Y-%m-%d}"
    monkeypatch.chdir(again.folder)
    run(again.request())
    ours = json.loads(alerts_of(again)["alerts.geojson"])["features"][0]["properties"]
    theirs = json.loads(full["alerts.geojson"])["features"][0]["properties"]
    assert {**ours, "revision": 1} == theirs


def test_evidence_of_what_is_no_longer_found_is_set_aside(again):
    """An alert that an earlier end does not know yet leaves the list, and its evidence goes to `withdrawn`; then both come back."""
    (name,) = (path.name for path in (again.folder / "run" / "evidence").iterdir())
    assert run(again.request(end=days()[45])).alerts == ()
    assert [path.name for path in (again.folder / "run" / "evidence").iterdir()] == ["withdrawn"]
    assert (again.folder / "run" / "evidence" / "withdrawn" / name).is_dir()
    (alert,) = run(again.request()).alerts
    assert (alert.alert_id, alert.revision) == (name, 3)


def test_copies_are_used_once(tmp_path, monkeypatch, finished):
    """Of the same observation twice, the newer processing is used, the older is in the ledger as a duplicate, and no alert doubles."""
    scenes = shots(days())
    copies = [replace(shot, item_id=f"{shot.item_id}_again", baseline="05.00") for shot in scenes[48:53]]
    site = plant_site(tmp_path / "site", [*scenes, *copies])
    monkeypatch.chdir(site.folder)
    result = run(site.request())
    records = {record.scene_id: record for record in result.records}
    for copy in copies:
        old = records[copy.item_id.removesuffix("_again")]
        assert (old.outcome, old.reason) == (Outcome.REJECTED, Reason.DUPLICATE)
        assert records[copy.item_id].outcome is Outcome.USED
    (ours,), (theirs,) = result.alerts, finished.result.alerts
    assert (ours.n_observations, ours.area_ha, ours.first_detected) == (theirs.n_observations, theirs.area_ha, theirs.first_detected)
    assert result.exit_code == 0


def _made(folder):
    folder.mkdir()
    return folder
