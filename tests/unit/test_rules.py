"""The first class by rule: what the ground was, what it is, and what the site is for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from covers import BANDS, BRIGHT, CHAR, DARK_SOIL, DRY_GRASS, GRASS, LUSH, MUD, SNOW, SOIL, THIN_SNOW, WATER, year_of
from event_examples import make_event
from hypothesis import given, settings
from hypothesis import strategies as st

from sentinel_watch.classification import CLASSIFIERS
from sentinel_watch.classification.rules import Rules
from sentinel_watch.domain.event import EVENT_CLASSES, NON_EVENT_CLASSES, EventStatus
from sentinel_watch.domain.site import SITE_TYPES, Site
from sentinel_watch.errors import InputError


def classify(before, after, site_type="mine", year=None, days=30, **changes):
    """Return what the rules say of ground that turned from one cover to another."""
    event = make_event("e")
    region = replace(event.region, expected=before, observed=after)
    event = replace(event, region=region, last_observed=region.onset + timedelta(days=days), **changes)
    return Rules().classify(event, Site("s", "S", site_type, region.geometry), year or {})


@pytest.mark.parametrize(
    ("before", "after", "site_type", "expected"),
    [
        (GRASS, SOIL, "mine", "excavation"),
        (GRASS, SOIL, "landfill", "waste_deposit"),
        (GRASS, SOIL, "industrial_zone", "construction"),
        (GRASS, SOIL, "protected_area", "vegetation_loss"),
        (GRASS, DRY_GRASS, "mine", "vegetation_stress"),
        (GRASS, DRY_GRASS, "protected_area", "vegetation_loss"),
        (GRASS, CHAR, "landfill", "surface_burn"),
        (SOIL, BRIGHT, "mine", "tailings_change"),
        (SOIL, BRIGHT, "landfill", "waste_deposit"),
        (SOIL, DARK_SOIL, "mine", "excavation"),
        (WATER, MUD, "mine", "water_discolouration"),
        (SOIL, WATER, "mine", "water_extent_change"),
        (WATER, SOIL, "mine", "water_extent_change"),
        (GRASS, LUSH, "mine", "seasonal"),
        (SOIL, SNOW, "mine", "snow"),
        (SNOW, SOIL, "mine", "seasonal"),
        (GRASS, THIN_SNOW, "mine", "snow"),
        ({"B04": 0.08, "B08": 0.3, "B11": 0.24}, {"B04": 0.18, "B08": 0.28, "B11": 0.13}, "mine", "snow"),
        (GRASS, MUD, "mine", "water_extent_change"),
        (SOIL, GRASS, "mine", "seasonal"),
        (SOIL, SOIL, "mine", "unknown_change"),
        (SOIL, BRIGHT, "protected_area", "unknown_change"),
        ({}, {}, "mine", "unknown_change"),
    ],
)
def test_each_change_has_its_class(before, after, site_type, expected):
    """What a plain eye would say of two spectra and a kind of site."""
    assert classify(before, after, site_type).event_class == expected


def test_a_field_that_is_bare_every_year_is_agriculture_until_it_stays_bare():
    """Fallow is no event; ground that stays bare for over a year is no field any more."""
    field = year_of(SOIL, GRASS)
    assert classify(GRASS, SOIL, year=field, days=200).event_class == "agriculture"
    assert classify(GRASS, SOIL, year=field, days=400).event_class == "excavation"
    assert classify(GRASS, SOIL, year=year_of(GRASS), days=200).event_class == "excavation"


def test_water_on_a_field_is_no_farming():
    """A pond on a field is named as water."""
    assert classify(GRASS, WATER, year=year_of(SOIL, GRASS)).event_class == "water_extent_change"


@pytest.mark.parametrize("gone", ["B03", "B12", "B02"])
def test_a_missing_band_costs_what_needs_it(gone):
    """Without one band bare ground is still told from vegetation."""
    lacking = [{band: value for band, value in cover.items() if band != gone} for cover in (GRASS, SOIL)]
    assert classify(*lacking).event_class == "excavation"


def test_the_explanation_is_one_sentence_with_place_and_time():
    """It says what, how large, since when, and how often it was seen; an ended event says so."""
    told = classify(GRASS, SOIL).explanation
    assert told == "Bare ground replaced vegetation over 0.04 ha by 1 May 2023; seen changed in 2 of 3 clear looks since."
    ended = classify(GRASS, SOIL, status=EventStatus.FINISHED, finished_at=date(2024, 2, 1)).explanation
    assert ended.endswith("; by 1 February 2024 the place was as before.")


def test_no_rule_may_be_surer_than_a_half():
    """A rule's confidence is a stated bound, and the part refuses a higher one."""
    with pytest.raises(ValueError, match=r"less than or equal to 0\.5"):
        Rules(confidence=0.6)
    with pytest.raises(InputError, match="classifier"):
        CLASSIFIERS.build({"part": "rule"})


reflectances = st.dictionaries(st.sampled_from([*BANDS, "B8A"]), st.floats(-0.1, 1.2) | st.just(float("nan")))


@settings(max_examples=100, deadline=None)
@given(reflectances, reflectances, st.sampled_from(SITE_TYPES), st.integers(0, 900), st.booleans())
def test_every_verdict_is_in_the_taxonomy(before, after, site_type, days, field):
    """Whatever the spectra, the class is known, probabilities sum to one, and a named class gets at most a half."""
    verdict = classify(before, after, site_type, year_of(SOIL, GRASS) if field else None, days)
    assert verdict.event_class in {*EVENT_CLASSES, *NON_EVENT_CLASSES}
    assert sum(verdict.probs.values()) == pytest.approx(1)
    assert all(value <= 0.5 for name, value in verdict.probs.items() if name != "unknown_change")
    claimed = 0 if verdict.event_class == "unknown_change" else verdict.probs[verdict.event_class]
    assert (verdict.basis, verdict.confidence) == ("rule", claimed)
    assert "illegal" not in verdict.explanation
