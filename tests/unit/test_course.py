"""How an event went on in the series, and what sentence and class make of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from covers import CHAR, GRASS, MUD, SOIL, WATER
from event_examples import make_event

from sentinel_watch.classification.rules import Rules
from sentinel_watch.domain.course import Onset, Stay, course_of
from sentinel_watch.domain.event import Detection, EventStatus
from sentinel_watch.domain.site import Site

ON, OFF = EventStatus.CONFIRMED, EventStatus.FINISHED
BEGAN = date(2021, 4, 12)


def event(*changes, days=400, status=ON, before=GRASS, after=SOIL, **region):
    """Return an event that was found on BEGAN; `changes` are further days with the status that it had from then on."""
    found = make_event("e", first=BEGAN, area_ha=1.4)
    fields = {
        "last_clear": date(2021, 3, 3),
        "half_by": BEGAN,
        "mostly_by": BEGAN,
        "n_looks": 20,
        "n_anomalous": 19,
        "expected": before,
        "observed": after,
    }
    if changes and status is ON:
        fields["half_by"] = changes[-1][0] - timedelta(days=20)
    history = tuple(Detection("s", day, 1.4, what, 5.0) for day, what in ((BEGAN, ON), *changes))
    return replace(
        found, region=replace(found.region, **{**fields, **region}), history=history, status=status,
        last_observed=BEGAN + timedelta(days=days), finished_at=history[-1].day if status is OFF else None,
    )  # fmt: skip


def told(found, site_type="mine"):
    """Return what the rules say."""
    return Rules().classify(found, Site("s", "S", site_type, found.region.geometry), {})


@pytest.mark.parametrize(
    ("region", "expected"),
    [
        ({}, Onset.ABRUPT),
        ({"still_clear": date(2021, 9, 1), "mostly_by": date(2021, 10, 1)}, Onset.GRADUAL),
        # clouds hid a part for long: it may have turned on the first day
        ({"still_clear": date(2021, 4, 2), "mostly_by": date(2021, 10, 1)}, Onset.OPEN),
        # nobody looked for two years
        ({"last_clear": date(2019, 1, 1)}, Onset.OPEN),
        ({"last_clear": None}, Onset.OPEN),
    ],
)
def test_what_grew_is_told_from_what_came_at_once(region, expected):
    """Gradual asks for ground that was seen as it was while another part had turned; gaps leave the question open."""
    assert course_of(event(**region)).onset is expected


def test_what_stays_what_ended_and_what_came_back():
    """A year of looks is persistence, an end is an end, and each return is a beginning."""
    assert course_of(event()).stay is Stay.PERSISTENT
    assert course_of(event(days=100)).stay is Stay.PRESENT
    assert course_of(event(n_anomalous=9)).stay is Stay.PRESENT
    ended = event((date(2021, 12, 1), OFF), status=OFF)
    assert (course_of(ended).stay, course_of(ended).begins) == (Stay.RECOVERED, (BEGAN,))
    back = event((date(2021, 12, 1), OFF), (date(2022, 9, 1), ON))
    assert course_of(back).begins == (BEGAN, date(2022, 9, 1))
    # it only fell into pieces for a while
    assert course_of(replace(back, region=replace(back.region, half_by=BEGAN))).begins == (BEGAN,)
    assert not course_of(back).seasonal
    # that a part was clear in between is no growth
    assert course_of(replace(back, region=replace(back.region, still_clear=date(2022, 8, 1)))).onset is Onset.OPEN
    assert told(back).event_class == "excavation"
    assert " ha, first between " in told(back).explanation
    assert "it was there again by 1 September 2022" in told(back).explanation


@pytest.mark.parametrize("again", [date(2022, 4, 1), date(2022, 5, 20), date(2023, 3, 10)])
def test_what_begins_in_the_same_season_of_two_years_is_no_event(again):
    """Ground that turns every spring is a field or a season; that it had ended in between is told by the detector."""
    back = event((date(2021, 12, 1), OFF), (again, ON))
    assert told(back).event_class == "agriculture"
    assert "same season of another year" in told(back).explanation
    assert told(replace(back, region=replace(back.region, expected=SOIL, observed=WATER))).event_class == "seasonal"


def test_discharge_and_fire_every_year_are_still_events():
    """What people do each year is not made harmless by doing it again."""
    back = event((date(2021, 12, 1), OFF), (date(2022, 4, 1), ON))
    for before, after, expected in ((WATER, MUD, "water_discolouration"), (GRASS, CHAR, "surface_burn")):
        assert told(replace(back, region=replace(back.region, expected=before, observed=after))).event_class == expected


def test_a_fire_does_not_spread_for_months():
    """Ground that turns dark part by part is no burn."""
    grown = {"still_clear": date(2021, 9, 1), "mostly_by": date(2021, 10, 1)}
    assert told(event(after=CHAR)).event_class == "surface_burn"
    assert told(event(after=CHAR, **grown)).event_class != "surface_burn"


SPRING = "over 1.40 ha between 3 March and 12 April 2021"
GROWN = "over 1.40 ha part by part between 3 March 2021 and 5 January 2022"


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (event(), f"{SPRING}; seen changed in 19 of 20 clear looks since; it has stayed."),
        (event(days=9), f"{SPRING}; seen changed in 19 of 20 clear looks since."),
        (
            event(days=9, last_clear=date(2021, 4, 2), n_anomalous=20),
            "over 1.40 ha between 2 and 12 April 2021; seen changed in all 20 clear looks since.",
        ),
        (event(days=0, n_looks=1, n_anomalous=1), f"{SPRING}; only one clear look has shown it."),
        (
            event(days=9, still_clear=date(2021, 9, 1), mostly_by=date(2022, 1, 5)),
            f"{GROWN}; a typical part of it was seen changed in 19 of 20 clear looks since.",
        ),
        (
            event((date(2021, 12, 1), OFF), status=OFF),
            f"{SPRING}; seen changed in 19 of 20 clear looks since; by 1 December 2021 the place was as before.",
        ),
    ],
)
def test_the_sentence_tells_the_course(found, sentence):
    """Days that share month or year say it once; growth, return, stay and end are told as they were."""
    assert told(found).explanation == f"Bare ground replaced vegetation {sentence}"
