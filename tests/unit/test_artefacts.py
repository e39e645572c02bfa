"""What the scenes of an event give away as no change of the ground, and what they must not swallow."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from covers import BANDS, GRASS, SOIL
from event_examples import make_event
from scipy.ndimage import shift

from sentinel_watch.classification.artefacts import artefact, by_chance
from sentinel_watch.classification.rules import Rules
from sentinel_watch.classification.sighting import Stretch, sight
from sentinel_watch.domain.event import NON_EVENT_CLASSES, EventStatus
from sentinel_watch.domain.scene import Scene
from sentinel_watch.domain.series import Series, Sight
from sentinel_watch.domain.site import Site

SIDE = 30
OWN = np.zeros((SIDE, SIDE), bool)
OWN[12:18, 12:18] = True
CALM, SHOWN = Sight(0.0, 0.0, 0.0, 0.0), Sight(1.0, 0.0, 0.0, 0.0)
VEILED, MOVED = replace(SHOWN, veiled=1.0), replace(SHOWN, displaced=0.9)


def series_of(*sights, taken_by=("a|1|05.00",)):
    """Return the counts of scenes, taken by satellites in turn."""
    series = Series()
    for number, one in enumerate(sights):
        series = series.after(one, taken_by[number % len(taken_by)])
    return series


def told(series, seen=(6, 12), status=EventStatus.CONFIRMED):
    """Return the class that the rules give ground that turned from grass to soil, and whose scenes showed so much."""
    event = make_event("e")
    region = replace(event.region, expected=GRASS, observed=SOIL, n_anomalous=seen[0], n_looks=seen[1])
    event = replace(event, region=region, series=series, status=status)
    return Rules().classify(event, Site("s", "S", "mine", region.geometry), {})


def picture(rng, spectrum=GRASS):
    """Return (B, y, x) of rough ground."""
    rough = np.repeat(np.repeat(rng.uniform(0.6, 1.4, (SIDE // 3, SIDE // 3)), 3, axis=0), 3, axis=1)
    return (np.array(list(spectrum.values()))[:, None, None] * rough).astype(np.float32)


def seen_of(normal, seen, suspect=None):
    """Return what a scene shows of an event in the middle, grass that turned to soil."""
    dark = np.zeros((SIDE, SIDE), bool) if suspect is None else suspect
    return sight(Stretch(normal, seen, dark, OWN, OWN), BANDS, (GRASS, SOIL))


@pytest.mark.parametrize(
    ("series", "seen", "status", "expected"),
    [
        (series_of(*[VEILED] * 4, *[CALM] * 8), (6, 12), EventStatus.CONFIRMED, "cloud_artefact"),
        (series_of(*[CALM] * 4), (4, 9), EventStatus.FINISHED, "cloud_artefact"),
        (series_of(*[MOVED] * 4, CALM), (4, 9), EventStatus.CONFIRMED, "misregistration"),
        (series_of(*[SHOWN, CALM] * 8, taken_by=("a|1|05.00", "b|1|05.00")), (8, 16), EventStatus.CONFIRMED, "sensor_artefact"),
        (series_of(*[SHOWN, CALM] * 8, taken_by=("a|1|05.00", "a|2|05.00")), (8, 16), EventStatus.CONFIRMED, "sensor_artefact"),
    ],
)
def test_each_artefact_is_named_with_what_it_rests_on(series, seen, status, expected):
    """Veiled, shifted, or one sensor's opinion: it is a non-event, by rule, half sure at most, and the sentence says why."""
    named = told(series, seen, status)
    assert named.event_class == expected
    assert named.event_class in NON_EVENT_CLASSES
    assert (named.basis, named.confidence) == ("rule", 0.5)
    assert "show" in named.explanation.split("; ")[-1]


@pytest.mark.parametrize(
    ("series", "seen", "status"),
    [
        # a white roof is as bright as a cloud in every scene
        (series_of(*[VEILED] * 12), (12, 12), EventStatus.CONFIRMED),
        # a dump that was cleared after it had been seen
        (series_of(*[SHOWN] * 5, *[CALM] * 6), (5, 11), EventStatus.FINISHED),
        # what winter hides, the detector still holds to be there
        (series_of(*[VEILED] * 3, *[CALM] * 9), (26, 30), EventStatus.CONFIRMED),
        # the satellites differ, as chance would have it
        (series_of(SHOWN, CALM, SHOWN, SHOWN, SHOWN, CALM, taken_by=("a|1|05.00", "b|1|05.00")), (4, 6), EventStatus.CONFIRMED),
        # a pit that was first seen by a new satellite, and by all since
        (series_of(*[SHOWN] * 10, taken_by=("c|1|05.10",)), (10, 10), EventStatus.CONFIRMED),
    ],
)
def test_what_has_really_changed_is_not_swallowed(series, seen, status):
    """Bright, cleared, faint in winter or seen by few: ground that was dug stays an excavation."""
    assert told(series, seen, status).event_class == "excavation"


def test_a_scene_shows_the_change_or_the_ground_as_it_was():
    """The share of the change is 1 where it is there and 0 where it is not, whatever haze lies over all of it."""
    normal = picture(np.random.default_rng(0))
    dug = normal.copy()
    dug[:, OWN] += (np.array(list(SOIL.values())) - np.array(list(GRASS.values())))[:, None]
    assert seen_of(normal, dug).toward == pytest.approx(1, abs=0.01)
    assert seen_of(normal, normal).toward == pytest.approx(0, abs=0.01)
    assert seen_of(normal, dug + 0.05).toward == pytest.approx(1, abs=0.01)
    assert seen_of(normal, np.full_like(normal, np.nan)) is None


def test_a_scene_beside_its_place_is_told_from_an_edge_that_moved():
    """The shift of the surroundings explains what the event shows; a pit explains nothing, and its ground is where it was."""
    normal = picture(np.random.default_rng(1))
    moved = np.stack([shift(band, (0, 1), order=1, mode="nearest") for band in normal])
    dug = normal.copy()
    dug[:, OWN] = np.array(list(SOIL.values()))[:, None]
    assert seen_of(normal, moved).displaced > 0.5
    assert seen_of(normal, dug).displaced < 0.1


def test_veiled_is_what_a_masker_suspected():
    """The share of the event's own pixels that were taken for cloud or shadow without being sure."""
    normal = picture(np.random.default_rng(2), SOIL)
    half = np.zeros((SIDE, SIDE), bool)
    half[:, :15] = True
    assert seen_of(normal, normal, half).veiled == 0.5


def test_chance_is_fishers():
    """The one-sided exact test of a two by two table: the lady who tasted tea."""
    assert by_chance(4, 0, 0, 4) == pytest.approx(1 / 70)
    assert by_chance(3, 1, 1, 3) == pytest.approx(17 / 70)


def test_who_took_a_scene_is_told_by_its_name_or_its_day():
    """The relative orbit comes from the product's name; without it the same orbit is that of five days later."""
    named = Scene("S2A_MSIL2A_20230105T0_N0509_R093_T34", datetime(2023, 1, 5, tzinfo=UTC), "sentinel-2a", "05.09", "x")
    assert named.taken_by == "sentinel-2a|93|05.09"
    days = [Scene("x", datetime(2023, 1, day, tzinfo=UTC), "sentinel-2", "", "x").taken_by for day in (1, 6, 7)]
    assert days[0] == days[1] != days[2]


def test_nothing_is_said_of_an_event_that_was_hardly_seen():
    """Two scenes give nothing away."""
    assert artefact(replace(make_event("e"), series=series_of(VEILED, CALM))) is None
