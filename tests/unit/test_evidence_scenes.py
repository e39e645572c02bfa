"""Which two scenes an alert's pictures show."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from evidence_cases import Place, event

from sentinel_watch.evidence.samples import Sample, Samples
from sentinel_watch.evidence.scenes import ScenePair, choose_scenes

EVENT = event(Place())
"""Onset 2021-03-01, first detected 2021-03-06, confirmed 2021-04-10."""


def sample(day: str, event_usable: float = 1.0, chip_clear: float = 1.0, blue: float = 0.05) -> Sample:
    """Return what one scene saw."""
    return Sample(day, np.datetime64(day, "s"), "monitoring", "clear", event_usable, chip_clear, blue, None)


def samples(*scenes: Sample) -> Samples:
    """Return the scenes as one event's samples."""
    nowhere = np.zeros(0, np.intp)
    return Samples(("B02",), nowhere, nowhere, scenes)


def test_before_is_the_last_clear_scene_older_than_the_onset():
    """Before: the last of the clear scenes before the onset, not one on its day."""
    seen = samples(sample("2020-06-01"), sample("2021-02-20"), sample("2021-03-01"), sample("2021-05-01"))
    assert choose_scenes(seen, EVENT).before == "2021-02-20"


def test_before_shows_nothing_of_the_event():
    """A scene after the last look that saw the place unchanged may show a part of it, and is not shown; one on that look's day is."""
    partly = replace(EVENT, region=replace(EVENT.region, last_clear=date(2020, 11, 3)))
    seen = samples(sample("2020-06-01"), sample("2020-11-03"), sample("2021-02-20"), sample("2021-05-01"))
    assert choose_scenes(seen, partly).before == "2020-11-03"


def test_a_clear_scene_beats_a_nearer_cloudy_one():
    """A scene that saw the whole event is preferred to a later one that saw half of it."""
    seen = samples(sample("2021-01-01"), sample("2021-02-20", event_usable=0.5), sample("2021-05-01"))
    assert choose_scenes(seen, EVENT).before == "2021-01-01"


def test_a_hazy_scene_is_passed_over():
    """A scene much brighter in the blue than the place usually is counts as hazy."""
    seen = samples(sample("2021-01-01"), sample("2021-02-20", blue=0.12), sample("2021-05-01"))
    assert choose_scenes(seen, EVENT).before == "2021-01-01"


def test_after_waits_for_the_confirmation():
    """After: not before the confirmation, where there is one."""
    seen = samples(sample("2021-02-20"), sample("2021-03-20"), sample("2021-04-10"))
    assert choose_scenes(seen, EVENT).after == "2021-04-10"


def test_after_of_an_unconfirmed_event_follows_its_detection():
    """A provisional event is shown from its first detection on."""
    seen = samples(sample("2021-02-20"), sample("2021-03-03"), sample("2021-03-20"))
    assert choose_scenes(seen, replace(EVENT, confirmed_at=None)).after == "2021-03-20"


def test_after_keeps_to_the_season_of_before():
    """Of equally clear scenes the one nearest in the year to the first picture is shown."""
    seen = samples(sample("2021-02-20"), sample("2021-07-01"), sample("2022-02-15"), sample("2022-07-01"))
    assert choose_scenes(seen, EVENT).after == "2022-02-15"


def test_after_shows_the_event_before_it_finished():
    """Nothing is shown from the day on which the place was back to normal."""
    seen = samples(sample("2021-02-20"), sample("2021-05-01"), sample("2022-02-15"))
    assert choose_scenes(seen, replace(EVENT, finished_at=date(2021, 9, 1))).after == "2021-05-01"


@pytest.mark.parametrize("usable", [0.0, 0.2])
def test_the_best_there_is_will_do_but_nothing_is_not_shown(usable: float):
    """A scene that saw a fifth of the event is better than none; one that saw nothing is never shown."""
    seen = samples(sample("2021-02-20", usable, 0.1), sample("2021-05-01", usable, 0.1))
    assert choose_scenes(seen, EVENT) == (ScenePair("2021-02-20", "2021-05-01") if usable else ScenePair(None, None))


def test_without_scenes_there_is_no_pair():
    """No scenes, no pictures, no error."""
    assert choose_scenes(samples(), EVENT) == ScenePair(None, None)
