"""Fields that were cut or ploughed between two looks, and what must not pass for one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from covers import BANDS, BRIGHT, DRY_GRASS, GRASS, LUSH, SOIL, WATER, year_of
from event_examples import make_event

from sentinel_watch.classification.rules import Rules
from sentinel_watch.classification.sighting import Stretch, sight
from sentinel_watch.classification.tilled import tilled
from sentinel_watch.domain.series import Series, Sight
from sentinel_watch.domain.site import Site

SIDE = 40
FIELD = np.s_[10:30, 8:26]
TILLED = Sight(1.0, 0.0, 0.0, 0.0, tilled=True)


def land(cover=DRY_GRASS, roughness=0.02, seed=0):
    """Return (B, y, x) of one cover whose pixels differ from each other by a share, in all bands alike, and noise."""
    rng = np.random.default_rng(seed)
    texture = 1 + roughness * rng.normal(size=(SIDE, SIDE))
    return (np.array(list(cover.values()))[:, None, None] * texture + rng.normal(0, 0.002, (6, SIDE, SIDE))).astype(np.float32)


def with_field(cover, roughness=0.02, around=DRY_GRASS, where=FIELD, seed=0):
    """Return land in which one rectangle has another cover."""
    out = land(around, seed=seed)
    out[:, *where] = land(cover, roughness, seed + 1)[:, *where]
    return out


def own(where=FIELD):
    """Return (y, x) True on a rectangle."""
    out = np.zeros((SIDE, SIDE), bool)
    out[where] = True
    return out


def test_a_ploughed_field_is_tilled():
    """Even ground between old edges was green and is bare."""
    assert tilled(with_field(LUSH), with_field(SOIL, seed=5), own())


def test_two_fields_in_one_piece_are_tilled():
    """A piece that holds two fields of different soil has an edge in it, and is as even on either side."""
    after = with_field(SOIL, seed=5)
    after[:, 10:30, 17:26] *= 1.3
    assert tilled(with_field(LUSH), after, own())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (with_field(LUSH), with_field(BRIGHT, 0.15, seed=5)),  # a pit or a heap as large as the field
        (with_field(LUSH, 0.15), with_field(SOIL, seed=5)),  # a felled wood
        (land(LUSH), with_field(SOIL, around=LUSH, seed=5)),  # stripped in the middle of a meadow: no edge was there
        (land(LUSH) * np.nan, with_field(SOIL, seed=5)),
        (with_field(LUSH), land(SOIL) * np.nan),
    ],
)
def test_rough_new_or_unknown_ground_is_not(before, after):
    """What is rough now or was before, has edges of its own, or was not seen, is no field."""
    assert not tilled(before, after, own())


def test_a_few_pixels_are_not():
    """Less than nine inner pixels tell nothing."""
    assert not tilled(with_field(LUSH), with_field(SOIL, seed=5), own(np.s_[10:12, 8:12]))


def test_a_scene_counts_what_looks_tilled():
    """The sighting of a ploughed field is counted, by a scene that lacks a band too."""
    before, after = with_field(LUSH), with_field(SOIL, seed=5)
    before[1] = after[1] = np.nan
    dark = np.zeros((SIDE, SIDE), bool)
    seen = sight(Stretch(before, after, dark, own(), own()), BANDS, (LUSH, SOIL))
    assert seen.tilled
    assert Series().after(seen, "a|1|05.00").tilled == 1


def classify(series, before=GRASS, after=SOIL, year=None, days=30):
    """Return the class that the rules give a place that turned from one cover to another."""
    event = make_event("e")
    region = replace(event.region, expected=before, observed=after)
    event = replace(event, region=region, last_observed=region.onset + timedelta(days=days), series=series)
    return Rules().classify(event, Site("s", "S", "mine", region.geometry), year or year_of(before)).event_class


def test_tilled_ground_is_agriculture_while_its_seasons_are_not_known():
    """A harvest needs no inspector; where the year is known, where water stands, or after a year, something else is told."""
    once = Series().after(TILLED, "a|1|05.00")
    assert classify(once) == classify(once, year={}) == "agriculture"
    assert classify(once, after=DRY_GRASS) == "agriculture"
    assert classify(once, year=year_of(GRASS, LUSH)) == "excavation"
    assert classify(once, days=400) == "excavation"
    assert classify(once, after=WATER) == "water_extent_change"
    assert classify(once, before=SOIL, after=BRIGHT) == "tailings_change"


def test_what_turns_rough_later_is_told():
    """Topsoil is stripped evenly and dug afterwards: most scenes must show even ground."""
    series = Series().after(TILLED, "a|1|05.00")
    for _ in range(2):
        series = series.after(replace(TILLED, tilled=False), "a|1|05.00")
    assert classify(series) == "excavation"
