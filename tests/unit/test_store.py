"""What the store remembers, forgets and counts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from alert_examples import make_alert
from event_examples import make_event
from shapely import box

from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.store import Look, Store, Watch, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

from datetime import date

KEY, OTHER_KEY = "a" * 64, "b" * 64
BLOCK = "r000c000"


@pytest.fixture
def store(place: Path | str) -> Iterator[Store]:
    """Return an empty store."""
    with open_store(place) as store:
        yield store


@pytest.fixture
def watch(store: Store) -> Watch:
    """Return a watch."""
    return store.watch(KEY, {"site": {"site_id": "quarry"}})


def _record(scene_id: str, day: int = 1, role: str = "monitoring", outcome: Outcome = Outcome.USED) -> SceneRecord:
    return SceneRecord(scene_id, f"2023-05-{day:02d}T10:00:00Z", role, outcome)


def _fill(store: Store, watch: Watch) -> None:
    store.save_baseline(watch, BLOCK, {"mean": np.ones(2)})
    store.record_scene(watch, _record("h1", role="history"))
    store.save_look(watch, "m1", BLOCK, Look(Outcome.USED), {"n": np.array(1)})
    store.finish_scene(watch, _record("m1", 2), [make_event("e1")])
    store.replace_alerts(watch, [make_alert(0), make_alert(1, case_status="open", assignee="Ayşe")])


def test_a_watch_is_made_once(store: Store, watch: Watch) -> None:
    """The document of the first time stays, whatever a later caller brings; an unknown key is None."""
    assert store.watch(KEY, {"site": {"site_id": "another"}}) == watch == store.find_watch(KEY)
    assert watch.document == {"site": {"site_id": "quarry"}}
    assert store.find_watch(OTHER_KEY) is None


def test_the_ledger_is_in_time_order_and_a_retry_replaces_its_line(store: Store, watch: Watch) -> None:
    """Lines come by time, then id; a scene that failed and was read later has one line."""
    for record in (_record("b", 2), _record("late", 9, outcome=Outcome.FAILED), _record("a", 2), _record("late", 1)):
        store.record_scene(watch, record)
    assert [record.scene_id for record in store.records(watch)] == ["late", "a", "b"]
    assert store.records(watch)[0].outcome is Outcome.USED


def test_a_look_is_done_for_its_block_alone(store: Store, watch: Watch) -> None:
    """Looks are told apart by scene and block; one without a state leaves the block's state as it was."""
    store.save_look(watch, "m1", BLOCK, Look(Outcome.USED, clear_px=3, data_px=4, aoi_px=5), {"n": np.array(1)})
    store.save_look(watch, "m2", BLOCK, Look(Outcome.REJECTED, Reason.CLOUD))
    assert store.looks(watch, "m1") == {BLOCK: Look(Outcome.USED, Reason.NONE, 3, 4, 5)}
    assert store.looks(watch, "m2") == {BLOCK: Look(Outcome.REJECTED, Reason.CLOUD)}
    assert store.looks(watch, "m3") == {}
    assert store.state(watch, BLOCK) == {"n": np.array(1)}
    assert store.state(watch, "r000c001") is None
    assert store.baseline(watch, BLOCK) is None


def test_finishing_a_scene_changes_and_removes_events(store: Store, watch: Watch) -> None:
    """Events given are replaced, those gone are forgotten, the others stay; they come by first day, then id."""
    store.finish_scene(watch, _record("m1"), [make_event("e2"), make_event("e1"), make_event("e0", date(2023, 6, 1))])
    assert [event.event_id for event in store.events(watch)] == ["e1", "e2", "e0"]
    store.finish_scene(watch, _record("m2", 2), [make_event("e1", area_ha=7.0)], gone=["e2"])
    assert [(event.event_id, event.region.area_ha) for event in store.events(watch)] == [("e1", 7.0), ("e0", 0.04)]
    assert len(store.records(watch)) == 2


def test_a_scene_is_finished_whole_or_not_at_all(store: Store, watch: Watch) -> None:
    """Where an event cannot be written, neither the ledger line nor the other events are."""
    broken = replace(make_event("e2"), first_detected=None)
    with pytest.raises(Exception, match=r"(?i)not.null"):
        store.finish_scene(watch, _record("m1"), [make_event("e1"), broken])
    assert store.records(watch) == ()
    assert store.events(watch) == ()


def test_a_revision_rises_only_with_a_change(store: Store, watch: Watch) -> None:
    """The same alert again keeps its revision; a changed column or outline raises it; a withdrawn one is out of the list."""
    given = [make_alert(0), make_alert(1, priority=99.0)]
    assert [(a.alert_id, a.revision) for a in store.replace_alerts(watch, given)] == [("a1", 1), ("a0", 1)]
    assert store.replace_alerts(watch, given) == store.alerts(watch)
    assert [a.revision for a in store.alerts(watch)] == [1, 1]
    store.replace_alerts(watch, [make_alert(0, area_ha=5.0), make_alert(1, priority=99.0)])
    assert [a.revision for a in store.alerts()] == [1, 2]
    store.replace_alerts(watch, [make_alert(0, area_ha=5.0, geometry=box(20, 45, 20.1, 45.1))])
    assert [(a.alert_id, a.revision) for a in store.alerts()] == [("a0", 3)]


def test_what_people_entered_stays(store: Store, watch: Watch) -> None:
    """A run's new version of an alert does not wipe out its case."""
    store.replace_alerts(watch, [make_alert(0, case_status="closed", decision="rejected", assignee="Ayşe")])
    (alert,) = store.replace_alerts(watch, [make_alert(0, area_ha=9.0)])
    assert (alert.case_status, alert.decision, alert.assignee, alert.area_ha) == ("closed", "rejected", "Ayşe", 9.0)


def test_what_is_no_longer_found_is_withdrawn_and_comes_back(store: Store, watch: Watch) -> None:
    """Nobody worked on it: it leaves the list, and found again it goes on counting its revisions."""
    store.replace_alerts(watch, [make_alert(0)])
    assert store.replace_alerts(watch, []) == ()
    (again,) = store.replace_alerts(watch, [make_alert(0)])
    assert (again.revision, again.qa_flags) == (3, "")


def test_an_alert_that_people_worked_on_is_never_lost(store: Store, watch: Watch) -> None:
    """It stays in the list as superseded, names the alert that it has become part of, and is itself again when it is found again."""
    store.replace_alerts(watch, [make_alert(0), make_alert(1, assignee="Ayşe", qa_flags="short_history")])
    store.finish_scene(watch, _record("m1"), [replace(make_event("e0"), merged=("e1",))])
    kept = {alert.alert_id: alert for alert in store.replace_alerts(watch, [make_alert(0)])}
    assert (kept["a1"].assignee, kept["a1"].qa_flags, kept["a1"].revision) == ("Ayşe", "short_history;superseded;merged:a0", 2)
    assert store.replace_alerts(watch, [make_alert(0)]) == tuple(kept[name] for name in ("a0", "a1"))
    back = {alert.alert_id: alert for alert in store.replace_alerts(watch, [make_alert(1)])}
    assert (back["a1"].assignee, back["a1"].qa_flags, list(back)) == ("Ayşe", "", ["a1"])


def test_monitoring_can_be_forgotten(store: Store, watch: Watch) -> None:
    """Baselines, the history's lines and alerts stay; all else of this watch goes, and nothing of another."""
    other = store.watch(OTHER_KEY, {})
    for each in (watch, other):
        _fill(store, each)
    store.reset_monitoring(watch)
    assert store.baseline(watch, BLOCK) is not None
    assert [record.scene_id for record in store.records(watch)] == ["h1"]
    assert (store.state(watch, BLOCK), store.looks(watch, "m1"), store.events(watch)) == (None, {}, ())
    assert [alert.alert_id for alert in store.alerts(watch)] == ["a0", "a1"]
    assert (len(store.records(other)), len(store.events(other)), len(store.alerts(other))) == (2, 1, 2)


def test_all_that_was_learnt_can_be_forgotten(store: Store, watch: Watch) -> None:
    """After a reset the watch is there with its document, and knows no scene and no baseline."""
    _fill(store, watch)
    store.reset(watch)
    assert (store.baseline(watch, BLOCK), store.records(watch), store.events(watch)) == (None, (), ())
    assert store.find_watch(KEY) == watch


def test_everything_is_there_after_reopening(place: Path | str) -> None:
    """What was written is read by the next process."""
    with open_store(place) as store:
        _fill(store, store.watch(KEY, {}))
    with open_store(place) as store:
        found = store.find_watch(KEY)
        assert found is not None
        assert (len(store.records(found)), len(store.events(found)), len(store.alerts())) == (2, 1, 2)
