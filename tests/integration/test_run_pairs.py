"""Two real looks: what was built or felled between them is told, and what farmers and clouds did is not."""

from __future__ import annotations

import json
from contextlib import chdir
from datetime import UTC, datetime

import numpy as np
import pytest

from benchmarks.pairs.looks import Pair
from benchmarks.pairs.said import run_pair
from sentinel_watch.pipeline.definition import load_pipeline, pipeline_for
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site


@pytest.fixture
def run_of(shared_cases, tmp_path):
    """Return a function that runs a case as if its catalogue held the scenes of two days and no others."""

    def go(case, *days):
        folder = shared_cases / case
        catalogue = json.loads((folder / "catalog.json").read_text("utf-8"))
        kept = [link for link in catalogue["links"] if link["rel"] != "item" or any(day in link["href"] for day in days)]
        (tmp_path / "catalog.json").write_text(json.dumps({**catalogue, "links": kept}), "utf-8")
        (tmp_path / "items").symlink_to(folder / "items")
        site = read_site(folder / "aoi.geojson")
        with chdir(tmp_path):
            return run(RunRequest(site, "catalog.json", pipeline_for(site.site_type), tmp_path / "out", tmp_path / "workspace"))

    return go


@pytest.mark.parametrize("days", [("20180426", "20180506"), ("20170926", "20181006")], ids=["ten days apart", "a year apart"])
def test_fields_that_were_cut_or_ploughed_are_no_alert(run_of, days):
    """Whole fields turned bare in May, and others than the year before are bare in autumn: nothing for an inspector."""
    result = run_of("cropland_belgium", *days)
    assert [record.outcome.value for record in result.records] == ["used", "used"]
    assert result.alerts == ()


def test_the_edge_of_a_cloud_is_no_alert(run_of):
    """Cloud covers a third of the second look of the forest, and its shadow as much."""
    assert run_of("forest_romania", "20190701", "20190716").alerts == ()


def test_fellings_are_told_from_two_looks(run_of):
    """Clear-cuts of three years, each as even as a 20 m band is, are no fields."""
    alerts = run_of("forest_romania", "20170706", "20200705").alerts
    assert len(alerts) >= 2
    assert {alert.event_class for alert in alerts} == {"vegetation_loss"}
    assert {alert.status for alert in alerts} == {"provisional"}


def test_the_bench_runs_a_pair():
    """What the bench counts as told is what a run tells: rough sand in a forest, on its own hectare."""
    rng = np.random.default_rng(0)
    forest, sand = (
        np.array(levels)[:, None, None] for levels in ((0.03, 0.05, 0.03, 0.32, 0.16, 0.07), (0.16, 0.22, 0.27, 0.36, 0.42, 0.36))
    )
    before = (forest * rng.uniform(0.85, 1.15, (48, 48))).astype(np.float32)
    after = before.copy()
    after[:, 10:20, 10:20] = sand * rng.uniform(0.8, 1.2, (10, 10))
    times = datetime(2019, 7, 1, 12, tzinfo=UTC), datetime(2021, 7, 1, 12, tzinfo=UTC)
    said = run_pair(
        Pair("made up", "sand", 0, 25.0, 46.0, ("B02", "B03", "B04", "B08", "B11", "B12"), before, after, times), load_pipeline("mine")
    )
    assert said.first == "excavation"
    assert said.area_ha == pytest.approx(1.0, abs=0.1)
