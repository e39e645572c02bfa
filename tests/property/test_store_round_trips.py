"""What goes into the store comes out of it, bit for bit."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import numpy as np
import pytest
from alert_examples import alerts
from event_examples import arrays, as_plain, events
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.store import Look, Store, Watch, open_store
from sentinel_watch.store.arrays import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.domain.event import Event

RECORD = SceneRecord("S2A", "2023-05-01T10:00:00Z", "monitoring", Outcome.USED)


@pytest.fixture(scope="module")
def place() -> Iterator[tuple[Store, Watch]]:
    """Return a store with one watch."""
    with tempfile.TemporaryDirectory() as folder, open_store(Path(folder)) as store:
        yield store, store.watch("0" * 64, {})


@settings(max_examples=25, deadline=None)
@given(event=events())
def test_an_event_comes_back_as_it_was(place: tuple[Store, Watch], event: Event) -> None:
    """Every field of an event survives, dates, NaN, infinity, order of bands and dtype of pixels included."""
    store, watch = place
    store.reset_monitoring(watch)
    store.finish_scene(watch, RECORD, [event])
    (found,) = store.events(watch)
    assert as_plain(found) == as_plain(event)


@settings(max_examples=25, deadline=None)
@given(given_arrays=arrays)
def test_arrays_come_back_as_they_were(place: tuple[Store, Watch], given_arrays: Arrays) -> None:
    """Names, order, dtypes, shapes and bits of a baseline and a state survive, and the same arrays give the same bytes."""
    store, watch = place
    store.save_baseline(watch, "r000c000", given_arrays)
    store.save_look(watch, "S2A", "r000c000", Look(Outcome.USED), given_arrays)
    assert as_plain(store.baseline(watch, "r000c000")) == as_plain(given_arrays)
    assert as_plain(store.state(watch, "r000c000")) == as_plain(given_arrays)
    assert pack(unpack(pack(given_arrays))) == pack(given_arrays)


@settings(max_examples=15, deadline=None)
@given(given_alerts=st.lists(alerts(), max_size=2, unique_by=lambda alert: alert.alert_id))
def test_alerts_come_back_as_they_were(place: tuple[Store, Watch], given_alerts: list[Alert]) -> None:
    """Every column and the outline of an alert survive; the revision is the store's own."""
    store, _ = place
    # alerts that people worked on are never lost, so that each example needs a site of its own
    site_id = uuid4().hex
    given_alerts = [alert.model_copy(update={"site_id": site_id}) for alert in given_alerts]
    found = store.replace_alerts(store.watch(site_id, {}), given_alerts)
    expected = {alert.alert_id: alert.model_copy(update={"revision": 1, "also_seen_as": ""}) for alert in given_alerts}
    assert {alert.alert_id: alert for alert in found} == expected


@settings(max_examples=25, deadline=None)
@given(record=st.builds(SceneRecord, reason=st.sampled_from(Reason), clear_fraction=st.none() | st.floats(0, 1), seconds=st.floats(0, 1e6)))
def test_a_line_of_the_ledger_comes_back_as_it_was(place: tuple[Store, Watch], record: SceneRecord) -> None:
    """Every field of a line survives."""
    store, watch = place
    store.record_scene(watch, record)
    assert record in store.records(watch)


def test_objects_are_never_pickled() -> None:
    """An array of Python objects is refused: reading it back would run code."""
    with pytest.raises(ValueError, match="pickle"):
        pack({"bad": np.array([object()])})
