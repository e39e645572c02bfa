"""Every site of the register in one command, each isolated from what goes wrong with the others."""

from __future__ import annotations

import json

import shapely
from shapely import box
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.register import site_feature


def test_a_site_that_fails_does_not_stop_the_others(again, tmp_path, monkeypatch):
    """The quarry is run, a site without imagery is refused, the table says so, and a second time changes nothing."""
    request = again.request()
    nowhere = {"site_id": "a_nowhere", "country": "AZE"}
    outline = json.loads(shapely.to_geojson(box(46.0, 40.5, 46.02, 40.52)))
    features = [site_feature(request.site), {"type": "Feature", "properties": nowhere, "geometry": outline}]
    (tmp_path / "all.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    workspace = str(request.workspace)
    assert CliRunner().invoke(app, ["site", "add", str(tmp_path / "all.geojson"), "--workspace", workspace]).exit_code == 0
    words = ["run", "--all", "--source", request.source, "--workspace", workspace, "--out", str(tmp_path / "out")]
    words += ["--monitor-from", f"{request.monitor_from:%Y-%m-%d}"]
    first, second = (CliRunner().invoke(app, words) for _ in range(2))
    assert (first.exit_code, second.exit_code) == (2, 2)
    table = first.stdout[first.stdout.rindex("what went wrong") :]
    assert "refused" in table
    assert "done" in table
    assert (tmp_path / "out" / request.site.site_id / "alerts.geojson").is_file()
    one = CliRunner().invoke(app, ["run", "--country", "AZE", "--workspace", workspace, "--out", str(tmp_path / "out")])
    assert "a_nowhere" in one.stdout
    assert request.site.site_id not in one.stdout
