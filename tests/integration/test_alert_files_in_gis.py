"""Other people's programs open the exports: GDAL's command line and QGIS."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import shapely
from alert_examples import make_alert
from conftest import require

from sentinel_watch.sinks import SINKS
from sentinel_watch.sinks.columns import DAYS, column_kinds, feature_schema

SYSTEM_PYTHON = Path("/usr/bin/python3")
LOOK_IN_QGIS = Path(__file__).parent / "look_in_qgis.py"
# Nothing of this virtual environment: its GDAL and PROJ are not those of the system's programs.
CLEAN = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "QT_QPA_PLATFORM": "offscreen"}

GDAL_TYPES = {"string": "String", "integer": "Integer64", "number": "Real", "boolean": "Integer(Boolean)"}
SEVERITIES, STATUSES = ("high", "medium", "low"), ("confirmed", "provisional", "finished")
ALERTS = [make_alert(i, severity=s, status=t) for i, (s, t) in enumerate((s, t) for s in SEVERITIES for t in STATUSES)]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with nine alerts in every format, and beside it `none` with no alert."""
    folder = tmp_path_factory.mktemp("exported")
    for name in SINKS:
        SINKS.build({"part": name}).write(ALERTS, folder)
        SINKS.build({"part": name}).write([], folder / "none")
    return folder


@pytest.fixture
def gdal() -> None:
    """Need GDAL's command line programs."""
    require(present=shutil.which("ogrinfo", path=CLEAN["PATH"]) is not None, what="gdal-bin")


@pytest.fixture(scope="session")
def qgis() -> None:
    """Need QGIS for the system's Python."""
    probe = [str(SYSTEM_PYTHON), "-c", "import qgis.core"]
    found = SYSTEM_PYTHON.exists() and subprocess.run(probe, env=CLEAN, capture_output=True, timeout=120, check=False).returncode == 0
    require(present=found, what="python3-qgis")


def _run(*command: str | Path) -> str:
    done = subprocess.run([str(word) for word in command], env=CLEAN, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _fields(info: str) -> dict[str, str]:
    lines = [line.partition(": ") for line in info.splitlines() if line.endswith(")") and ": " in line]
    return {name: kind.rpartition(" ")[0] for name, _, kind in lines}


@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize("folder", [".", "none"], ids=["nine", "none"])
def test_ogrinfo_finds_the_same_layer_in_a_full_and_an_empty_geopackage(exported: Path, folder: str) -> None:
    """Geometry type, CRS, columns and their types do not hang on what the alerts hold, and nothing is warned of."""
    path = exported / folder / "alerts.gpkg"
    info = _run("ogrinfo", "-so", path, "alerts")
    assert "Geometry: Multi Polygon" in info
    assert 'ID["EPSG",4326]' in info
    expected = {name: "Date" if name in DAYS else GDAL_TYPES[kind] for name, kind in column_kinds().items()}
    found = _fields(info)
    assert {name: found[name] for name in expected} == expected
    assert [name for name in found if name in expected] == list(expected)
    assert "GPKG" in _run("ogrinfo", "-so", path)


@pytest.mark.usefixtures("gdal")
def test_ogr2ogr_finds_the_same_features_in_geopackage_and_geojson(exported: Path, tmp_path: Path) -> None:
    """A converted GeoPackage holds what the GeoJSON holds, value for value."""
    converted = tmp_path / "converted.geojson"
    _run("ogr2ogr", converted, exported / "alerts.gpkg", "alerts")
    schema = jsonschema.Draft202012Validator(feature_schema())
    written, read = (json.loads(path.read_bytes())["features"] for path in (exported / "alerts.geojson", converted))
    for ours, theirs in zip(written, read, strict=True):
        schema.validate(ours)
        # GDAL writes a text that is JSON as JSON, and the days of a date column with slashes.
        theirs["properties"]["class_probs"] = json.dumps(theirs["properties"]["class_probs"])
        days = {day: str(theirs["properties"][day]).replace("/", "-") for day in DAYS if theirs["properties"][day]}
        assert theirs["properties"] | days == ours["properties"]
        assert shapely.equals(*(shapely.from_geojson(json.dumps(feature["geometry"])) for feature in (ours, theirs)))


@pytest.mark.usefixtures("gdal")
def test_ogrinfo_reads_the_geojson(exported: Path) -> None:
    """It is a layer of multipolygons in WGS84 with every column, and an empty one is still a layer."""
    info = _run("ogrinfo", "-so", "-al", exported / "alerts.geojson")
    assert "Geometry: Multi Polygon" in info
    assert 'ID["EPSG",4326]' in info
    assert f"Feature Count: {len(ALERTS)}" in info
    assert set(column_kinds()) <= set(_fields(info))
    assert "Feature Count: 0" in _run("ogrinfo", "-so", "-al", exported / "none" / "alerts.geojson")


@pytest.mark.usefixtures("gdal")
@pytest.mark.parametrize("name", ["alerts.fgb", "alerts.parquet"])
def test_ogr2ogr_reads_the_other_layers_where_it_has_the_driver(exported: Path, name: str, tmp_path: Path) -> None:
    """FlatGeobuf and GeoParquet hold the GeoJSON's features, empty or not; not every GDAL can read Parquet."""
    driver = {"alerts.fgb": "FlatGeobuf", "alerts.parquet": "Parquet"}[name]
    if driver == "Parquet" and driver not in _run("ogrinfo", "--formats"):
        pytest.skip("this GDAL reads no Parquet")
    assert "Feature Count: 0" in _run("ogrinfo", "-so", "-al", exported / "none" / name)
    _run("ogr2ogr", tmp_path / "converted.geojson", exported / name)
    written, read = (json.loads(path.read_bytes())["features"] for path in (exported / "alerts.geojson", tmp_path / "converted.geojson"))
    areas = [{one["properties"]["alert_id"]: one["properties"]["area_ha"] for one in features} for features in (written, read)]
    assert areas[0] == areas[1]


@pytest.mark.usefixtures("qgis")
@pytest.mark.parametrize("name", ["alerts.gpkg|layername=alerts", "alerts.geojson", "alerts.fgb"])
def test_qgis_loads_the_layer_with_its_style(exported: Path, name: str, tmp_path: Path) -> None:
    """The GeoPackage brings its style inside, the others find it in the file beside them; each severity has its colour on the map."""
    source = name.partition("|")[0]
    shutil.copy(exported / source, tmp_path)
    if not source.endswith("gpkg"):
        shutil.copy(exported / "alerts.qml", tmp_path)
    seen = json.loads(_run("timeout", "60", SYSTEM_PYTHON, LOOK_IN_QGIS, tmp_path / name, tmp_path / "map.png"))
    assert seen["valid"]
    assert (seen["geometry"], seen["crs"], seen["count"]) == ("MultiPolygon", "EPSG:4326", len(ALERTS))
    assert set(column_kinds()) <= set(seen["fields"])
    assert seen["renderer"] == "RuleRenderer"
    assert seen["legend"] == [f"{status.capitalize()}, {severity} severity" for status in STATUSES for severity in SEVERITIES]
    assert seen["labels"]
    assert seen["label"].startswith("excavation\n4.3 ha, since 2023-02-03")
    assert seen["colours"] > 3
