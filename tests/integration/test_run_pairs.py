"""Two real looks: what was built or felled between them is told, and what farmers and clouds did is not."""

from __future__ import annotations

import json
from contextlib import chdir

import pytest

from sentinel_watch.pipeline.definition import pipeline_for
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
