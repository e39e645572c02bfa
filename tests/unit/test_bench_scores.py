"""The bench counts what it says that it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from region_examples import GRID, change_map, drawn

from benchmarks.monitor.alarms import alarms_from_days, mark_confirmed
from benchmarks.monitor.runs import Run
from benchmarks.monitor.score import poisson_interval, score_event, score_false, wilson_interval
from benchmarks.monitor.sites import BenchSite, Span
from benchmarks.monitor.spectra_file import read_spectra
from sentinel_watch.errors import InputError
from sentinel_watch.simulation.events import EventPlan, Planted

if TYPE_CHECKING:
    from pathlib import Path

SPAN = Span("test", "forest_romania", "2018-01-01", "2020-01-01", "2021-01-01", 24)
START = 18_300


@pytest.fixture
def run() -> Run:
    """Return an empty site of 1 ha by 4 ha with one planted event of 4 x 4 px, looked at every tenth day."""
    days = np.arange(START, START + 300, 10)
    cube = xr.Dataset(
        {"mask": (("time", "y", "x"), np.zeros((30, 20, 20), np.uint8))},
        coords={"time": days.astype("datetime64[D]").astype("datetime64[ns]")},
    )
    changed = np.zeros((20, 20), bool)
    changed[15:, 15:] = True
    rows, cols = (part.ravel() for part in np.mgrid[4:8, 4:8])
    event = Planted(EventPlan(kind="abrupt", start_day=START + 100), "char", rows, cols, np.full(16, START + 100, np.int32), 0.1)
    return Run("test.events.0", "events", BenchSite(SPAN, cube, None, changed, START, START + 300), cube, (event,))


def alarm_at(rows: slice, cols: slice, day: int) -> np.ndarray:
    """Return first days of an alarm on a rectangle."""
    first = np.zeros((20, 20), np.int32)
    first[rows, cols] = day
    return first


def test_small_or_unconfirmed_regions_do_not_count() -> None:
    """Four confirmed pixels, eight that have come half way, or ten without a confirmed one, are no region; six confirmed ones are."""
    status, evidence = drawn("CCCC", "", "", "CCCCCC", "", "", "pppppppppp", "", "", "Cppppppp"), np.full(GRID.shape, 4, np.float32)
    evidence[9] = 2
    kept = np.zeros(GRID.shape, np.int32)
    mark_confirmed(kept, START, change_map(status, evidence=evidence), GRID)
    assert (kept > 0).sum() == 6
    assert (kept[3, :6] == START).all()


def test_a_region_keeps_the_day_on_which_it_was_first_confirmed() -> None:
    """A pixel that lay in a confirmed region before keeps that day; what the region has grown by gets the later one."""
    kept = np.zeros(GRID.shape, np.int32)
    mark_confirmed(kept, START, change_map(drawn("CCCCCC")), GRID)
    mark_confirmed(kept, START + 5, change_map(drawn("CCCCCCp")), GRID)
    assert kept[0, :8].tolist() == [START] * 6 + [START + 5, 0]


def test_a_pixelwise_method_alarms_when_the_sixth_neighbour_joins() -> None:
    """A region's day is the day on which it has as many pixels as confirm one of ours."""
    detected = np.zeros((6, 6), np.int32)
    detected[0] = [10, 10, 20, 20, 20, 30]
    first = alarms_from_days(detected, np.array([10, 20, 30, 40]))
    assert (first[0] == 30).all()


def test_an_event_is_found_with_its_delay_in_days_and_looks(run: Run) -> None:
    """An alarm on the event 40 days after its start is found, after five looks, with a perfect outline."""
    score = score_event(alarm_at(slice(4, 8), slice(4, 8), START + 140), run.events[0], run)
    assert (score.found, score.delay_days, score.delay_looks, score.iou) == (True, 40, 5, 1)


def test_an_alarm_from_before_the_event_does_not_find_it(run: Run) -> None:
    """What was flagged before anything happened is luck."""
    assert not score_event(alarm_at(slice(4, 8), slice(4, 8), START + 50), run.events[0], run).found


def test_too_little_of_the_event_is_not_found(run: Run) -> None:
    """Four of sixteen pixels are below the five that a region needs."""
    assert not score_event(alarm_at(slice(4, 5), slice(4, 8), START + 140), run.events[0], run).found


def test_a_region_on_the_event_is_not_false(run: Run) -> None:
    """What touches the event, its border included, is not a false event; what lies off it is."""
    assert score_false(alarm_at(slice(3, 9), slice(3, 9), START + 140), run).events == 0
    assert score_false(alarm_at(slice(12, 14), slice(3, 9), START + 140), run).events == 1


def test_real_changes_are_not_scored(run: Run) -> None:
    """A region on ground that really changed is neither a false event nor false area."""
    score = score_false(alarm_at(slice(16, 20), slice(16, 20), START + 140), run)
    assert (score.events, score.area_share) == (0, 0)


@pytest.mark.parametrize(("top", "is_fringe"), [(12, True), (5, False)])
def test_false_area_beside_real_changes_is_told_apart(run: Run, top: int, is_fringe: bool) -> None:
    """What a region on changed ground takes in beside it is false area, and a fringe; a region that mostly lies off it is none."""
    score = score_false(alarm_at(slice(top, 20), slice(15, 20), START + 140), run)
    assert score.area_share > 0
    assert score.fringe_share == (score.area_share if is_fringe else 0)


def test_false_area_counts_what_a_merged_blob_hides(run: Run) -> None:
    """One blob over the whole site is no false event, for it touches the event, but nearly all the area is false."""
    score = score_false(alarm_at(slice(0, 20), slice(0, 20), START + 140), run)
    assert score.events == 0
    assert score.area_share == 1


def test_intervals_hold_the_estimate_and_narrow_with_data() -> None:
    """Wilson's and Garwood's intervals contain the estimate, and ten times the data make them narrower."""
    low, high = wilson_interval(9, 10)
    assert low < 0.9 < high
    wide, narrow = poisson_interval(3, 3.0), poisson_interval(30, 30.0)
    assert wide[0] < narrow[0] < 1 < narrow[1] < wide[1]
    assert wilson_interval(0, 0) == (0, 1)


def test_spectra_come_from_a_file(tmp_path: Path) -> None:
    """A CSV file gives kind, name and reflectance by band, in the order asked for."""
    path = tmp_path / "own.csv"
    path.write_text("kind,name,B11,B02\nabrupt,slag,0.3,0.1\nburn,ash,0.2,0.05\n")
    library = read_spectra(path, ["B02", "B11"])
    np.testing.assert_allclose(library["abrupt"]["slag"], [0.1, 0.3], rtol=1e-6)
    assert list(library) == ["abrupt", "burn"]


@pytest.mark.parametrize(
    ("text", "what"),
    [("kind,name,B02\nabrupt,slag,0.1\n", "lacks columns"), ("kind,name,B02,B11\nflood,a,0.1,0.2\n", "unknown kind"),
     ("kind,name,B02,B11\nburn,a,1200,0.2\n", "not a reflectance"), ("kind,name,B02,B11\nburn,a,x,0.2\n", "not a reflectance")],
)  # fmt: skip
def test_wrong_spectra_are_refused(tmp_path: Path, text: str, what: str) -> None:
    """Missing bands, unknown kinds and digital numbers in place of reflectance are told, with the line."""
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=what):
        read_spectra(path, ["B02", "B11"])
