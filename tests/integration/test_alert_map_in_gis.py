"""The alerts in PostGIS are a layer as they are: for SQL, GDAL and QGIS."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import psycopg
import pytest
from alert_examples import make_alert
from conftest import require
from shapely import box
from sqlalchemy import make_url

from sentinel_watch.store import open_store

CLEAN = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", "QT_QPA_PLATFORM": "offscreen", "PGUSER": "postgres"}
LOOK_IN_QGIS = """
import sys
from qgis.core import QgsApplication, QgsVectorLayer
application = QgsApplication([], False)
application.initQgis()
layer = QgsVectorLayer(sys.argv[1], "alerts", "postgres")
print(layer.isValid(), layer.featureCount(), layer.crs().authid(), len(list(layer.getFeatures())), layer.wkbType())
application.exitQgis()
"""


@pytest.fixture
def database(postgis: str) -> dict[str, str]:
    """Return where a database with three alerts of two watches is: socket's folder and name."""
    with open_store(postgis) as store:
        old, new = (store.watch(key * 64, {"site": {"site_id": "quarry"}}) for key in "ab")
        store.replace_alerts(old, [make_alert(0)])
        store.replace_alerts(new, [make_alert(1), make_alert(2, geometry=box(10, 10, 10.1, 10.1))])
    url = make_url(postgis)
    return {"host": str(url.query["host"]), "dbname": str(url.database)}


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], env=CLEAN, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_sql_asks_by_place_and_watch(database: dict[str, str]) -> None:
    """The geometry is typed, a rectangle is found through the index, and alerts of a site's earlier watch can be told apart."""
    with psycopg.connect(**database, user="postgres") as connection:
        kind = connection.execute("SELECT type, srid FROM geometry_columns WHERE f_table_name = 'alert_map'").fetchone()
        query = "FROM alert_map WHERE geom && ST_MakeEnvelope(19, 44, 21, 46, 4326)"
        found = connection.execute(f"SELECT alert_id, latest_watch, round(ST_Area(geom::geography)) > 0 {query} ORDER BY 1").fetchall()
        connection.execute("SET enable_seqscan = off")
        plan = str(connection.execute(f"EXPLAIN SELECT alert_id {query}").fetchall())
    assert kind == ("MULTIPOLYGON", 4326)
    assert found == [("a0", False, True), ("a1", True, True)]
    assert "ix_alert_shape" in plan


def test_ogr2ogr_takes_the_layer_out(database: dict[str, str], tmp_path: Path) -> None:
    """GDAL finds the layer with type and CRS, and converts it."""
    require(present=shutil.which("ogr2ogr", path=CLEAN["PATH"]) is not None, what="gdal-bin")
    source = "PG:" + " ".join(f"{name}={value}" for name, value in database.items())
    info = _run("ogrinfo", "-so", source, "alert_map")
    assert "Geometry: Multi Polygon" in info
    assert 'ID["EPSG",4326]' in info
    _run("ogr2ogr", tmp_path / "out.geojson", source, "alert_map", "-where", "latest_watch")
    features = json.loads((tmp_path / "out.geojson").read_text())["features"]
    assert {feature["properties"]["alert_id"] for feature in features} == {"a1", "a2"}


def test_qgis_opens_the_layer(database: dict[str, str]) -> None:
    """QGIS finds a valid layer with all alerts, by watch and alert as the key."""
    python = Path("/usr/bin/python3")
    probe = subprocess.run([python, "-c", "import qgis.core"], env=CLEAN, capture_output=True, check=False)
    require(present=probe.returncode == 0, what="python3-qgis")
    where = f"host={database['host']} dbname='{database['dbname']}' user=postgres"
    uri = f"""{where} key='watch_id,alert_id' srid=4326 type=MultiPolygon table="public"."alert_map" (geom)"""
    assert _run(python, "-c", LOOK_IN_QGIS, uri).split()[:4] == ["True", "3", "EPSG:4326", "3"]
