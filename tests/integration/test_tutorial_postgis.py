"""The tutorial that ends with a reviewed alert in PostGIS does."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sysconfig

import psycopg
import pytest
from alert_examples import make_alert
from conftest import ROOT, require
from sqlalchemy import make_url

from sentinel_watch.store import open_store


@pytest.mark.timeout(600)
def test_the_tutorial_for_postgis_works(postgis, tmp_path) -> None:
    """Each command ends with 0, the alert is confirmed in the view, and the export holds it alone."""
    require(present=shutil.which("ogrinfo", path="/usr/bin") is not None, what="gdal-bin")
    blocks = re.findall(r"^```console\n(.*?)^```$", (ROOT / "docs" / "tutorial-postgis.md").read_text("utf-8"), re.M | re.S)
    lines = [line for block in blocks for line in block.splitlines() if line]
    # the first command is that of the other tutorial, whose test runs it: here two alerts stand for what it finds
    assert lines[0] in (ROOT / "docs" / "tutorial.md").read_text("utf-8").splitlines()
    with open_store(tmp_path / "work" / "out" / "workspace") as store:
        watch = store.watch("a" * 64, {"site": {"site_id": "forest_romania", "site_type": "protected_area"}})
        found = {number: f"forest_romania-{number}{'0' * 7}" for number in (1, 2)}
        store.replace_alerts(watch, [make_alert(n, alert_id=name, site_id="forest_romania") for n, name in found.items()])
    path = f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "SENTINEL_WATCH_WORKSPACE": postgis}
    script = "\n".join(lines[1:])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=tmp_path / "work", env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "copied and verified" in done.stdout
    assert "Chief: reviewed, revision 2" in done.stdout
    assert "holds the head that was kept" in done.stdout
    assert "Feature Count: 1" in done.stdout
    (feature,) = json.loads((tmp_path / "work" / "confirmed" / "alerts.geojson").read_text("utf-8"))["features"]
    url = make_url(postgis)
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres") as connection:
        rows = connection.execute(
            "SELECT alert_id, assignee, true_class, ST_IsValid(geom) FROM alert_map WHERE decision = 'confirmed'"
        ).fetchall()
    assert rows == [(feature["id"], "Ana", "vegetation_loss", True)]
