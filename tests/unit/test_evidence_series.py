"""What every scene saw of an event, and the numbers that follow."""

from __future__ import annotations

import csv
from collections import Counter
from io import StringIO

import numpy as np
import pytest
from evidence_cases import DUG, Place, aoi_grid, event, expected, index, inputs, looks, records

from sentinel_watch.domain.look import MaskReason
from sentinel_watch.errors import InputError
from sentinel_watch.evidence.chip import chip_around
from sentinel_watch.evidence.samples import take_samples
from sentinel_watch.evidence.series import all_series, instants, strongest
from sentinel_watch.evidence.table import series_csv

PLACE = Place()


@pytest.fixture(scope="module")
def made():
    """Return the inputs of the made-up place."""
    return inputs(PLACE)


@pytest.fixture(scope="module")
def series(made):
    """Return all series of the made-up place."""
    return all_series(made.samples, made.normal, made.index, made.indices)


@pytest.fixture(scope="module")
def table(made, series):
    """Return the lines of the table."""
    return list(csv.DictReader(StringIO(series_csv(made.samples, series))))


def test_every_scene_of_the_ledger_is_a_sample(made):
    """No scene is lost: read, cloudy, unreadable or a copy, each has its line, oldest first."""
    states = Counter(scene.state for scene in made.samples.scenes)
    assert states == {"clear": 36, "cloud": 12, "unreadable": 1, "duplicate": 1}
    assert [scene.time for scene in made.samples.scenes] == sorted(scene.time for scene in made.samples.scenes)


@pytest.mark.parametrize(
    ("flag", "state"),
    [(MaskReason.SHADOW, "shadow"), (MaskReason.SNOW, "snow"), (MaskReason.NODATA, "nodata"), (MaskReason.SUSPECT, "suspect")],
)
def test_the_state_says_what_hid_the_event(flag: MaskReason, state: str):
    """The reason that covers most of the event names the scene's state."""
    place = Place(n_dates=2, masked=flag)
    found = event(place)
    chip = chip_around(found, aoi_grid(place))
    rows, cols = chip.window()
    samples = take_samples((look.isel(y=rows, x=cols) for look in looks(place)), records(place)[:2], chip, found)
    assert {scene.state for scene in samples.scenes} == {state}


def test_a_look_that_the_ledger_does_not_know_is_refused(made):
    """A scene cannot back an alert without a line in the ledger."""
    with pytest.raises(InputError, match="no line in the run ledger"):
        take_samples(looks(Place(n_dates=1, side_px=48)), [], made.chip, made.event)


def test_means_are_those_of_the_event(made, series):
    """After the onset the mean of a band is what the event's ground reflects; before, what the baseline expects."""
    after = [n for n, scene in enumerate(made.samples.scenes) if scene.state == "clear" and scene.time >= np.datetime64("2021-03-01")]
    before = [n for n, scene in enumerate(made.samples.scenes) if scene.state == "clear" and n not in after]
    assert series["B04"].observed[after] == pytest.approx(DUG["B04"], abs=1e-6)
    assert series["B04"].observed[before] == pytest.approx(series["B04"].expected[before], abs=0.005)
    assert series["NDVI"].observed[after] == pytest.approx((DUG["B08"] - DUG["B04"]) / (DUG["B08"] + DUG["B04"]), abs=1e-6)


def test_hidden_pixels_do_not_count(made):
    """A half-hidden event is compared with its baseline over the pixels that were seen, on both sides."""
    place = Place(n_dates=1)
    found, chip = event(place), chip_around(event(place), aoi_grid(place))
    rows, cols = chip.window()
    look = looks(place)[0].isel(y=rows, x=cols).copy(deep=True)
    left = found.region.cols[: place.event_px // 4] - chip.left
    look["mask"].values[:, left] = MaskReason.CLOUD
    look["reflectance"].values[:, :, left] = 0.9
    samples = take_samples([look], records(place)[:1], chip, found)
    steep = np.linspace(0, 1, chip.grid.shape[1], dtype=np.float32)
    made_series = all_series(samples, np.tile(steep[samples.x], (len(instants(samples)), 5, 1)), index, ())
    seen = np.setdiff1d(found.region.cols - chip.left, left)
    assert samples.scenes[0].event_usable == pytest.approx(0.75)
    assert made_series["B02"].observed[0] < 0.1
    assert made_series["B02"].expected[0] == pytest.approx(steep[seen].mean(), abs=1e-5)


def test_without_a_baseline_nothing_is_expected(made):
    """No detector's baseline: observed means stand, expected ones are empty and no spread is claimed."""
    bare = all_series(made.samples, None, index, ("NDVI",))["NDVI"]
    assert np.isfinite(bare.observed).sum() == 36
    assert np.isnan(bare.expected).all()
    assert np.isnan(bare.spread)


def test_the_series_that_moved_most_comes_first(made, series):
    """Series are ordered by how far they moved, in units of their own spread."""
    order = strongest(series, ("B02", "NDVI", "NDMI"), made.samples, np.datetime64("2021-03-01"))
    moved = {one.name: abs(np.nanmedian((one.observed - one.expected)[-10:])) / one.spread for one in order}
    assert [one.name for one in order] == sorted(moved, key=lambda name: -moved[name])


def test_the_table_holds_the_numbers_behind_the_figure(made, series, table):
    """One line a scene, with the same numbers as the series, empty where nothing was seen."""
    assert len(table) == len(made.samples.scenes)
    assert list(table[0])[:5] == ["date", "scene_id", "role", "state", "usable_fraction"]
    for line, scene, value in zip(table, made.samples.scenes, series["NDMI"].observed, strict=True):
        assert line["scene_id"] == scene.scene_id
        assert line["NDMI_observed"] == ("" if np.isnan(value) else f"{value:.5f}")
    assert {line["role"] for line in table} == {"history", "monitoring"}


def test_the_table_keeps_what_was_expected_on_hidden_dates(table):
    """On a cloudy date the baseline still says what was to be expected."""
    cloudy = next(line for line in table if line["state"] == "cloud")
    normal = expected(PLACE, np.datetime64(cloudy["date"]))[2, 0, 0]
    assert cloudy["B04_observed"] == ""
    assert float(cloudy["B04_expected"]) == pytest.approx(normal, abs=1e-5)
