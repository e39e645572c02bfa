"""One event per place: beginning, growth, merging, splitting, the end, and the return."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from region_examples import make_region, pixels_of

from sentinel_watch.domain.event import EventStatus
from sentinel_watch.tracking import Sighting, track

WEST = [(5, col) for col in range(4)]
EAST = [(5, col) for col in range(8, 11)]
BRIDGE = [(5, col) for col in range(11)]
FAR = [(50, col) for col in range(6)]


def sighting(number: int) -> Sighting:
    """Return the `number`-th scene."""
    return Sighting("quarry", f"S2A_{number:03d}", date(2023, 5, 1) + timedelta(days=5 * number))


def follow(*scenes):
    """Return the events after each of the scenes, a scene being a list of regions."""
    events, all_events = (), []
    for number, regions in enumerate(scenes):
        events = track(events, regions, sighting(number))
        all_events.append(events)
    return all_events


def test_a_new_region_is_a_new_event():
    """It is confirmed at once where its region is, else provisional, and it begins when its region began."""
    ((sure, unsure),) = follow([make_region(WEST), make_region(FAR, confirmed=False)])
    assert (sure.status, unsure.status) == (EventStatus.CONFIRMED, EventStatus.PROVISIONAL)
    assert sure.confirmed_at == sure.region.confirmed
    assert unsure.confirmed_at is None
    assert sure.first_detected == sure.region.onset


def test_the_same_scenes_give_the_same_ids():
    """Ids follow from site, scene and place alone; another site's differ."""
    region = make_region(WEST)
    (first,), (again,) = track((), [region], sighting(0)), track((), [region], sighting(0))
    (elsewhere,) = track((), [region], Sighting("dump", "S2A_000", date(2023, 5, 1)))
    assert first == again
    assert elsewhere.event_id != first.event_id


def test_growth_keeps_the_id():
    """A region that grows and creeps away stays one event as long as it overlaps what it was."""
    steps = [[(5, col) for col in range(number, number + 6)] for number in range(0, 30, 3)]
    ids = {event.event_id for events in follow(*[[make_region(step)] for step in steps]) for event in events}
    assert len(ids) == 1


def test_a_provisional_event_is_confirmed_under_the_same_id():
    """Confirmation changes the status, not the identity."""
    (before,), (after,) = follow([make_region(WEST, confirmed=False)], [make_region(WEST)])
    assert after.event_id == before.event_id
    assert (before.status, after.status) == (EventStatus.PROVISIONAL, EventStatus.CONFIRMED)


def test_a_provisional_event_that_vanishes_is_dropped():
    """What was never confirmed leaves nothing behind."""
    assert follow([make_region(WEST, confirmed=False)], [])[-1] == ()


def test_a_confirmed_event_that_vanishes_is_finished():
    """Its last region stays, and it ends on the day of the scene."""
    (event,) = follow([make_region(WEST)], [], [])[-1]
    assert (event.status, event.finished_at) == (EventStatus.FINISHED, sighting(1).day)
    assert pixels_of(event.region) == set(WEST)


def test_a_finished_event_that_returns_is_the_same_event():
    """The same place is the same event, again confirmed, with no end."""
    first, _, (event,) = follow([make_region(WEST)], [], [make_region(WEST, day=300)])
    assert event.event_id == first[0].event_id
    assert (event.status, event.finished_at) == (EventStatus.CONFIRMED, None)
    assert event.first_detected == first[0].first_detected


def test_merging_keeps_the_oldest_id_and_names_the_younger():
    """Two events that grow together are one, and the one that is gone can be traced."""
    older, younger = make_region(WEST), make_region(EAST, day=20)
    two, (one,) = follow([older, younger], [make_region(BRIDGE)])
    ids = {event.first_detected: event.event_id for event in two}
    assert one.event_id == ids[older.onset]
    assert one.merged == (ids[younger.onset],)


def test_a_confirmed_event_is_not_swallowed_by_an_older_doubtful_one():
    """Confirmed goes before old: the id that an inspector has seen stays."""
    doubtful, sure = make_region(WEST, confirmed=False, day=-50), make_region(EAST)
    two, (one,) = follow([doubtful, sure], [make_region(BRIDGE)])
    assert one.event_id == next(event.event_id for event in two if event.status is EventStatus.CONFIRMED)


def test_merged_events_of_merged_events_are_remembered():
    """The trace goes back through several mergers."""
    chain = [make_region(WEST), make_region(EAST, day=10), make_region([(5, 14), (5, 15)], day=20)]
    three, _, (one,) = follow(chain, [make_region(BRIDGE), chain[2]], [make_region([(5, col) for col in range(16)])])
    assert {one.event_id, *one.merged} == {event.event_id for event in three}


def test_splitting_leaves_the_id_with_the_larger_part():
    """The part that shares most pixels continues the event, the other begins a new one."""
    (one,), two = follow([make_region(BRIDGE)], [make_region(WEST), make_region(EAST)])
    by_pixels = {len(event.region.rows): event.event_id for event in two}
    assert by_pixels[4] == one.event_id
    assert by_pixels[3] != one.event_id


def test_parts_of_the_same_size_are_told_apart_by_place():
    """A tie goes to the first region, so that the order of blocks or threads does not matter."""
    halves = [make_region([(5, 0), (5, 1)]), make_region([(5, 4), (5, 5)])]
    _, two = follow([make_region([(5, col) for col in range(6)])], halves)
    (one,) = follow([make_region([(5, col) for col in range(6)])])[0]
    assert next(event for event in two if event.event_id == one.event_id).region == halves[0]


def test_history_has_a_line_only_where_something_changed():
    """Scenes that leave area and status as they are add nothing; each change adds a line, oldest first."""
    grown = [*WEST, (6, 0)]
    scenes = [[make_region(WEST, confirmed=False)], [make_region(WEST)], [make_region(WEST)], [make_region(grown)], [], []]
    (event,) = follow(*scenes)[-1]
    assert [(line.scene_id, line.status.value, line.area_ha) for line in event.history] == [
        ("S2A_000", "provisional", 0.04), ("S2A_001", "confirmed", 0.04), ("S2A_003", "confirmed", 0.05), ("S2A_004", "finished", 0.05),
    ]  # fmt: skip


def test_a_confirmed_event_does_not_begin_later_than_it_did():
    """Once confirmed, the first day stays when the early pixels are gone, and moves only to an earlier day."""
    _, (later,), (earlier,) = follow([make_region(WEST)], [make_region(WEST, day=80)], [make_region(WEST, day=-30)])
    assert later.first_detected == make_region(WEST).onset
    assert earlier.first_detected == make_region(WEST, day=-30).onset


@pytest.mark.parametrize("regions", [[make_region(WEST), make_region(FAR, day=-9)], [make_region(FAR, day=-9), make_region(WEST)]])
def test_the_order_of_regions_does_not_matter(regions):
    """Events come oldest first, whatever the order of the regions."""
    (events,) = follow(regions)
    assert [event.first_detected for event in events] == sorted(event.first_detected for event in events)
    assert {pixel for event in events for pixel in pixels_of(event.region)} == {*WEST, *FAR}
