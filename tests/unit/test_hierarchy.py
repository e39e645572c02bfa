"""Naming by model and rules: event or not first, then the group, then the class."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from covers import GRASS, MUD, SNOW, SOIL, WATER, year_of
from event_examples import make_event
from hypothesis import given
from hypothesis import strategies as st

from sentinel_watch.classification.hierarchy import Hierarchy
from sentinel_watch.domain.event import EVENT_CLASSES, NON_EVENT_CLASSES
from sentinel_watch.domain.opinion import Opinion
from sentinel_watch.domain.site import SITE_TYPES, Site

MINING, WORKS, NATURE = LABELS = ("mining_emergence", "human_activity", "natural_change")
PRIOR = dict(zip(LABELS, (0.6, 0.2, 0.2), strict=True))


def opinion(mining, works, nature, likely=(MINING,)):
    """Return a model's opinion."""
    return Opinion("tiny/1.0.0", dict(zip(LABELS, (mining, works, nature), strict=True)), likely, PRIOR, {"bare_after": 0.4})


def classify(view, before=GRASS, after=SOIL, site_type="mine", year=None, **options):
    """Return what the hierarchy says of ground that turned from one cover to another."""
    event = make_event("e")
    region = replace(event.region, expected=before, observed=after)
    event = replace(event, region=region, last_observed=region.onset + timedelta(days=30))
    return Hierarchy(**options).classify(event, Site("s", "S", site_type, region.geometry), year or {}, view)


def test_one_likely_label_names_the_class():
    """The class, its probability and its basis are the model's; the sentence says how sure it is and why."""
    what = classify(opinion(0.9, 0.07, 0.03))
    assert (what.event_class, what.basis, what.confidence) == ("excavation", "tiny/1.0.0", pytest.approx(0.9))
    assert "the model is 90% sure" in what.explanation
    assert "the model is over 99% sure" in classify(opinion(0.997, 0.002, 0.001)).explanation
    assert classify(opinion(0.1, 0.8, 0.1, (WORKS, MINING))).event_class == "construction"
    assert classify(opinion(0.1, 0.8, 0.1, (WORKS,)), site_type="protected_area").event_class == "vegetation_loss"


def test_nothing_ruled_out_is_an_unknown_change():
    """A full or an empty conformal set names nothing, and the probabilities are told all the same."""
    for likely in (LABELS, ()):
        what = classify(opinion(0.5, 0.3, 0.2, likely))
        assert (what.event_class, what.confidence) == ("unknown_change", 0)
        assert what.probs["excavation"] == pytest.approx(0.5)
        assert "cannot rule out" in what.explanation


def test_nature_is_silent_only_when_it_is_sure():
    """A seasonal change is no event; where people's works are not ruled out, it must be looked at."""
    assert classify(opinion(0.02, 0.03, 0.95, (NATURE,))).event_class == "seasonal"
    assert classify(opinion(0.1, 0.3, 0.6, (NATURE, WORKS))).event_class == "unknown_change"
    assert classify(opinion(0.02, 0.03, 0.95, (NATURE,)), after=WATER).event_class == "water_extent_change"
    assert classify(opinion(0.02, 0.03, 0.95, (NATURE,)), WATER, MUD).event_class == "water_discolouration"


def test_the_season_and_snow_go_before_the_model():
    """What a year of scenes shows to be a field, or snow, is not asked of a pair of pictures."""
    assert classify(opinion(0.9, 0.05, 0.05), year=year_of(SOIL, GRASS)).event_class == "agriculture"
    assert classify(opinion(0.9, 0.05, 0.05), after=SNOW).event_class == "snow"


def test_without_an_opinion_the_rules_stand():
    """No model, no model's words: basis, probabilities and sentence are the rules'."""
    what = classify(None)
    assert (what.event_class, what.basis, what.confidence) == ("excavation", "rule", 0.5)


def test_a_deployment_may_state_its_own_shares():
    """Where mining is rare, the same picture is mining less often."""
    usual, rare = classify(opinion(0.6, 0.3, 0.1)), classify(opinion(0.6, 0.3, 0.1), shares={MINING: 0.05})
    assert rare.probs["excavation"] < usual.probs["excavation"]
    assert sum(rare.probs.values()) == pytest.approx(1)


@given(
    weights=st.tuples(*[st.floats(0.01, 1)] * 3),
    likely=st.sets(st.sampled_from(LABELS)),
    pair=st.tuples(*[st.sampled_from([GRASS, SOIL, WATER, MUD, SNOW])] * 2),
    site_type=st.sampled_from(SITE_TYPES),
)
def test_every_answer_is_sound(weights, likely, pair, site_type):
    """Whatever comes in: a known class that is a key of probabilities which sum to 1, and one sentence."""
    total = sum(weights)
    what = classify(opinion(*(weight / total for weight in weights), tuple(sorted(likely))), *pair, site_type)
    assert what.event_class in (*EVENT_CLASSES, *NON_EVENT_CLASSES)
    assert what.event_class in what.probs
    assert sum(what.probs.values()) == pytest.approx(1)
    assert 0 <= what.confidence <= 1
    assert what.explanation.endswith(".")
