"""Where chips and numbers come to lie, whatever the event."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from evidence_cases import Place, aoi_grid, event
from hypothesis import given
from hypothesis import strategies as st

from sentinel_watch.evidence.chip import chip_around
from sentinel_watch.evidence.overview import place_numbers

PLACE = Place(side_px=90)
GRID = aoi_grid(PLACE)
EVENT = event(PLACE)


@given(
    rows=st.lists(st.integers(0, 89), min_size=1, max_size=20), side=st.integers(1, 120), seed=st.integers(0, 99),
)  # fmt: skip
def test_a_chip_holds_its_event_and_stays_on_the_site(rows: list[int], side: int, seed: int):
    """Every pixel of the event is on the chip, the chip is on the AOI's grid, and its own grid is where it says."""
    at = np.array(rows, np.int32)
    cols = np.random.default_rng(seed).permutation(90)[: len(at)].astype(np.int32)
    chip = chip_around(replace(EVENT, region=replace(EVENT.region, rows=at, cols=cols)), GRID, side)
    window = chip.window()
    assert chip.holds(at, cols).all()
    assert GRID[window] == chip.grid
    assert window[0].stop <= 90
    assert window[1].stop <= 90
    assert min(chip.top, chip.left) >= 0


@given(st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 700), st.floats(0, 80)), min_size=1, max_size=12))
def test_numbers_stay_on_the_map(alerts: list[tuple[float, float, float]]):
    """Each alert gets one number, inside the map's frame."""
    values = np.array(alerts)
    spots = place_numbers(values[:, :2], values[:, 2], (0.0, 0.0, 1000.0, 700.0))
    assert spots.shape == (len(alerts), 2)
    assert (spots >= 0).all()
    assert (spots <= [1000, 700]).all()


@given(st.integers(2, 6))
def test_numbers_of_neighbours_do_not_cover_each_other(count: int):
    """Alerts at one point get numbers beside each other."""
    spots = place_numbers(np.full((count, 2), 500.0), np.full(count, 5.0), (0.0, 0.0, 1000.0, 1000.0))
    gaps = [np.hypot(*(spots[a] - spots[b])) for a in range(count) for b in range(a)]
    assert min(gaps) > 40
