"""Any sequence of regions, and what must hold of the events that it leaves."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from event_examples import as_plain
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from region_examples import make_region, pixels_of
from skimage.measure import label

from sentinel_watch.domain.event import EventStatus
from sentinel_watch.tracking import Sighting, track

pictures = npst.arrays(np.uint8, (4, 7), elements=st.integers(0, 2), fill=st.sampled_from([0, 0, 1]))
"""0 nothing, 1 changed, 2 changed and confirmed."""


def regions_of(picture, day):
    """Return the connected regions of a picture; one with a confirmed pixel is confirmed."""
    labels = label(picture > 0, connectivity=2)
    pixels = [list(zip(*np.nonzero(labels == number), strict=True)) for number in range(1, labels.max() + 1)]
    return [make_region(part, confirmed=bool(max(picture[pixel] for pixel in part) == 2), day=day) for part in pixels]


def sighting(number):
    """Return the `number`-th scene."""
    return Sighting("quarry", f"S2A_{number}", date(2023, 5, 1) + timedelta(days=number))


@settings(max_examples=60, deadline=None)
@given(st.lists(pictures, min_size=1, max_size=8))
def test_no_confirmed_event_is_lost_and_no_id_comes_twice(scenes):
    """Every confirmed event stays, or is named by the one that it merged into; every region has exactly one event."""
    events, confirmed, began = (), set(), {}
    for number, picture in enumerate(scenes):
        regions = regions_of(picture, number)
        events = track(events, regions, sighting(number))
        ids = [event.event_id for event in events]
        assert len(set(ids)) == len(ids)
        active = [pixels_of(event.region) for event in events if event.status is not EventStatus.FINISHED]
        assert sorted(map(sorted, active)) == sorted(sorted(pixels_of(region)) for region in regions)
        confirmed |= {event.event_id for event in events if event.confirmed_at}
        assert confirmed <= {*ids, *(name for event in events for name in event.merged)}
        for event in events:
            if event.confirmed_at:
                assert event.first_detected <= began.setdefault(event.event_id, event.first_detected)
                assert event.status is not EventStatus.PROVISIONAL
            assert event.event_id not in event.merged
            assert (event.finished_at is not None) == (event.status is EventStatus.FINISHED)
            assert [line.day for line in event.history] == sorted(line.day for line in event.history)


@settings(max_examples=40, deadline=None)
@given(st.lists(pictures, min_size=1, max_size=6))
def test_tracking_is_repeatable(scenes):
    """The same scenes give the same events, to the last bit, and one that was already followed changes nothing in the past."""
    first, second = (), ()
    for number, picture in enumerate(scenes):
        first = track(first, regions_of(picture, number), sighting(number))
        second = track(second, regions_of(picture, number), sighting(number))
    assert as_plain(first) == as_plain(second)
