"""Whatever regions come, in whatever order, with reprocessed and late scenes: one alert an event, none lost, none twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from region_examples import make_region, pixels_of
from shapely import box
from skimage.measure import label

from sentinel_watch.alerting import Context, Triage
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.domain.event import Classification, EventStatus
from sentinel_watch.domain.ledger import Outcome, SceneRecord
from sentinel_watch.domain.site import Site
from sentinel_watch.store import open_store
from sentinel_watch.tracking import Sighting, track

pictures = npst.arrays(np.uint8, (4, 7), elements=st.integers(0, 2), fill=st.sampled_from([0, 0, 1]))
"""0 nothing, 1 changed, 2 changed and confirmed: regions that grow, merge, split, vanish and return, over any block's edge."""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Return a store that all examples share, each with a watch of its own."""
    with open_store(tmp_path_factory.mktemp("life")) as store:
        yield store


def _events(scenes, upto, site_id="quarry"):
    """Return the events of a site after the scenes whose numbers are in `upto`, in the order of time, classified."""
    events = ()
    for number in sorted(upto):
        labels = label(scenes[number] > 0, connectivity=2)
        parts = [list(zip(*np.nonzero(labels == one), strict=True)) for one in range(1, labels.max() + 1)]
        regions = [make_region(part, confirmed=max(scenes[number][pixel] for pixel in part) == 2, day=number) for part in parts]
        events = track(events, regions, Sighting(site_id, f"S{number}", date(2023, 5, 1) + timedelta(days=number)))
    what = Classification("excavation", {"excavation": 1.0}, "rule", "It changed.")
    return tuple(replace(event, classification=what) for event in events)


@settings(max_examples=40, deadline=None)
@given(st.lists(pictures, min_size=1, max_size=6), st.data())
def test_one_alert_an_event_whatever_comes_late(store, scenes, data):
    """After each delivery, with scenes arriving in any order and watched anew in time, the list holds each event that is due once.

    An alert that was reviewed is never lost: it is found, or it stands as superseded, naming the alert that it is now part of where the
    older event has one. The end does not depend on the order of arrival.
    """
    # a site of its own for each example; all lie at one place, so that each names the others
    site_id = uuid4().hex
    watch = store.watch(site_id, {"site": {"site_id": site_id}})
    site = Site(site_id, "Quarry", "mine", box(20, 45, 20.1, 45.1))
    context = Context(site, "EPSG:32634", (), "sentinel-2a", 0.95, False, (), "mine", "1")
    triage, arrived, reviewed, stored = Triage(min_area_ha=0), [], set(), set()
    for number in data.draw(st.permutations(range(len(scenes)))):
        arrived.append(number)
        events = _events(scenes, arrived, site_id)
        gone = stored - {event.event_id for event in events}
        record = SceneRecord(f"S{number}", f"2023-05-{number + 1:02d}T00:00:00Z", "monitoring", Outcome.USED)
        store.finish_scene(watch, record, events, sorted(gone))
        stored = {event.event_id for event in events}
        alerts = store.replace_alerts(watch, triage.alerts(events, context))
        due = {event.event_id for event in events if event.status is not EventStatus.PROVISIONAL}
        found = [alert for alert in alerts if "superseded" not in alert.qa_flags]
        assert sorted(alert.event_id for alert in found) == sorted(due)
        kept = {alert.alert_id: alert for alert in alerts}
        assert len(kept) == len(alerts)
        assert reviewed <= kept.keys()
        merged = {young: event.event_id for event in events if event.event_id in due for young in event.merged}
        for alert in alerts:
            if "superseded" in alert.qa_flags:
                assert alert.alert_id in reviewed
                heir = merged.get(alert.event_id)
                assert ("merged:" in alert.qa_flags) == (heir is not None)
        if found and data.draw(st.booleans()):
            chosen = data.draw(st.sampled_from(found))
            status = CaseStatus.ASSIGNED if chosen.case_status != "assigned" else CaseStatus.FIELD_VISIT
            row = next(alert for alert in store.alerts(watch) if alert.alert_id == chosen.alert_id)
            _enter(store, watch, row, status)
            reviewed.add(chosen.alert_id)
    assert [pixels_of(event.region) for event in _events(scenes, arrived)] == [
        pixels_of(event.region) for event in _events(scenes, range(len(scenes)))
    ]


def _enter(store, watch, alert, status):
    """Review an alert of this watch: ids of other examples' watches may be the same, and the latest watch's is the one that is meant."""
    assert store.watches()[-1].watch_id == watch.watch_id
    store.review(alert.alert_id, alert.revision, Review("Ayşe", status, assignee="Bob"))


def test_the_log_of_all_that_is_whole(store):
    """After all examples the chain holds."""
    assert store.audit.verify() is None
