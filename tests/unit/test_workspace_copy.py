"""A workspace that moves from a folder to a database takes everything along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from alert_examples import make_alert
from event_examples import as_plain, make_event

from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.domain.ledger import Outcome, SceneRecord
from sentinel_watch.errors import InputError
from sentinel_watch.store import Look, open_store
from sentinel_watch.store.copying import copy_workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """Return a workspace with something in every table, and texts that databases sort differently."""
    with open_store(tmp_path / "old") as store:
        watch = store.watch("a" * 64, {"site": {"site_id": "quarry"}})
        store.save_baseline(watch, "r000c000", {"mean": np.array([np.nan, 1.5])})
        for name in ("b", "A", "ä", "a_1", "a-1"):
            store.save_look(watch, name, "r000c000", Look(Outcome.USED), {"n": np.array(1)})
            store.finish_scene(watch, SceneRecord(name, "2023-05-01T10:00:00Z", "monitoring", Outcome.USED), [make_event(name)])
        store.replace_alerts(watch, [make_alert(number) for number in range(3)])
        store.review("a1", 1, Review("Ayşe", CaseStatus.CONFIRMED))
    return tmp_path / "old"


def test_a_copy_holds_the_same_and_goes_on(filled: Path, postgis: str) -> None:
    """Counts and hashes agree, the log's head is the same and verifies, and new watches and reviews can follow."""
    counts = {part.name: part.rows for part in copy_workspace(filled, postgis) if part.rows}
    assert counts == {"watch": 1, "scene": 5, "baseline": 1, "block_state": 1, "look": 5, "event": 5, "alert": 3, "audit": 5}
    with open_store(filled) as old, open_store(postgis) as new:
        watch = new.watches()[0]
        assert as_plain(new.events(watch)) == as_plain(old.events(watch))
        assert as_plain(new.baseline(watch, "r000c000")) == as_plain(old.baseline(watch, "r000c000"))
        assert (new.cases(), new.records(watch), new.looks(watch, "b")) == (old.cases(), old.records(watch), old.looks(watch, "b"))
        assert new.audit.verify(old.audit.head()) is None
        assert new.watch("b" * 64, {}).watch_id == 2
        new.review("a0", 1, Review("Bob", CaseStatus.FIELD_VISIT))


def test_a_copy_never_mixes_two_workspaces(filled: Path, postgis: str, tmp_path: Path) -> None:
    """A target that holds anything is refused, and so is a source that is not there."""
    copy_workspace(filled, postgis)
    with pytest.raises(InputError, match="not empty"):
        copy_workspace(filled, postgis)
    with pytest.raises(InputError, match="no workspace here"):
        copy_workspace(tmp_path / "none", postgis)
