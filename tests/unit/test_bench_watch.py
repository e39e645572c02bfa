"""How the bench feeds a detector: as a run does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from benchmarks.monitor.alarms import watch
from benchmarks.monitor.command import built
from sentinel_watch.domain.look import day_number, make_look, stack_looks
from sentinel_watch.errors import NotNormalisableError

BANDS = ("B02", "B04", "B08", "B11")
FIRST = datetime(2020, 1, 3, 7, 0, tzinfo=UTC)
GRID = GeoBox((20, 20), Affine(10, 0, 500000, 0, -10, 4000000), "EPSG:32640")
DUG_FROM, SPOILT = 800, 824


def look_at(day: int, *, spoilt: bool = False):
    """Return a look at a field, `day` days after the first, dug up in the middle later on; a `spoilt` one shows nothing of it."""
    rng = np.random.default_rng(day)
    values = np.array([0.05, 0.07, 0.3, 0.2])[:, None, None] + np.linspace(0, 0.05, 20) + rng.normal(0, 0.006, (4, 20, 20))
    if day >= DUG_FROM:
        values[:, 5:9, 6:12] = np.array([0.12, 0.18, 0.25, 0.35])[:, None, None] + rng.normal(0, 0.006, (4, 4, 6))
    if spoilt:
        values = rng.uniform(0, 1, values.shape)
    return make_look(f"look{day}", FIRST + timedelta(days=day), BANDS, values.astype(np.float32), np.zeros((20, 20), np.uint8))


def test_a_scene_that_a_run_rejects_is_passed_over():
    """A look that nothing makes comparable leaves no trace: the alarms are those of the series without it."""
    detectors = built("seasonal")
    whole = stack_looks([look_at(day, spoilt=day == SPOILT) for day in range(0, 1000, 8)])
    kept = whole.isel(time=np.flatnonzero(day_number(whole["time"]) != day_number(whole["time"])[0] + SPOILT))
    monitor_day = int(day_number(whole["time"])[0]) + 760
    assert whole.sizes["time"] == kept.sizes["time"] + 1
    history = whole.isel(time=np.flatnonzero(day_number(whole["time"]) < monitor_day))
    baseline = detectors[0].fit(history)
    with pytest.raises(NotNormalisableError):
        detectors[0].update(baseline, detectors[0].start(baseline), look_at(SPOILT, spoilt=True))
    first = watch(detectors, whole, GRID, monitor_day).first_day
    assert (first[5:9, 6:12] > 0).all()
    np.testing.assert_array_equal(first, watch(detectors, kept, GRID, monitor_day).first_day)
