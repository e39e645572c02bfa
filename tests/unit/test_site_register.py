"""The register: sites out of many kinds of files, checked on entry, and found again as they were."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyogrio.raw
import pytest
import shapely
from conftest import ROOT
from shapely import box
from typer.testing import CliRunner

from sentinel_watch.app.cli import app
from sentinel_watch.app.sites import add_sites, export_sites, registered
from sentinel_watch.domain.site import WasteStream
from sentinel_watch.errors import InputError
from sentinel_watch.register import read_site, read_sites, site_feature
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

OUTLINE = json.loads(shapely.to_geojson(box(46.0, 40.5, 46.02, 40.52)))
FULL = {
    "site_id": "pit", "name": "Pit", "site_type": "mine", "country": "AZE", "admin": "Daşkəsən", "operator": "Mədən", "contact": "+994 1",
    "permits": [{"permit_id": "P1", "geometry": OUTLINE, "valid_to": "2030-01-01", "activities": ["excavation"], "max_area_ha": 4}],
    "embargoes": [{"embargo_id": "E1", "geometry": OUTLINE, "valid_from": "2024-01-01"}],
    "waste_streams": [{"material": "red mud", "tonnes_per_year": 1200, "treatment": "landfilled"}],
}  # fmt: skip


def _collection(path: Path, *properties: dict[str, object]) -> Path:
    features = [{"type": "Feature", "properties": each, "geometry": OUTLINE} for each in properties]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def test_a_site_keeps_all_that_is_on_file(tmp_path: Path) -> None:
    """Permits, embargoes, waste streams and contact are read, and written the way that they are read again."""
    (site,) = read_sites(_collection(tmp_path / "one.geojson", FULL))
    assert (site.contact, site.embargoes[0].activities, site.embargoes[0].valid_from) == ("+994 1", ("vegetation_loss",), date(2024, 1, 1))
    assert site.waste_streams == (WasteStream("red mud", 1200.0, "landfilled"),)
    (tmp_path / "again.geojson").write_text(json.dumps(site_feature(site)), encoding="utf-8")
    assert read_site(tmp_path / "again.geojson") == site


def test_geopackage_and_csv_give_the_same_sites_as_geojson(tmp_path: Path) -> None:
    """Lists are JSON text in a GIS's columns; a CSV has WKT, or a point with a radius."""
    other = {**FULL, "site_id": "dump", "site_type": "landfill"}
    sites = read_sites(_collection(tmp_path / "all.geojson", FULL, other))
    rows = [{name: json.dumps(v) if isinstance(v, list) else v for name, v in each.items()} for each in (FULL, other)]
    shape = shapely.to_wkb([box(46.0, 40.5, 46.02, 40.52)] * 2)
    columns = [[row[name] for row in rows] for name in FULL]
    pyogrio.raw.write(
        str(tmp_path / "all.gpkg"), shape, [np.array(column, object) for column in columns], list(FULL),
        geometry_type="Polygon", crs="EPSG:4326", driver="GPKG",
    )  # fmt: skip
    assert read_sites(tmp_path / "all.gpkg") == sites
    (tmp_path / "all.csv").write_text("site_id,country,site_type,lon,lat,radius_m\npit,AZE,mine,46.01,40.51,500\n", encoding="utf-8-sig")
    (point,) = read_sites(tmp_path / "all.csv")
    assert (point.site_id, point.site_type) == ("pit", "mine")
    assert 46.0 < point.geometry.bounds[0] < 46.01 < point.geometry.bounds[2] < 46.02


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"embargoes": [{"embargo_id": "E1", "geometry": OUTLINE, "activitys": []}]}, "not known"),
        ({"embargoes": [{"geometry": OUTLINE}]}, "embargo_id is missing"),
        (
            {"embargoes": [{"embargo_id": "E", "geometry": OUTLINE, "valid_from": "2024-02-01", "valid_to": "2024-01-01"}]},
            "before it begins",
        ),
        ({"waste_streams": [{"material": "x", "tonnes_per_year": -1}]}, "not an amount"),
        ({"waste_streams": "none"}, "not JSON"),
        ({"contact": ["x"]}, "not text"),
        ({"site_id": "a"}, "same site_id"),
        ({"site_id": None}, "no site_id"),
    ],
)
def test_what_is_wrong_is_named_with_its_site(tmp_path: Path, changes: dict[str, object], told: str) -> None:
    """A wrong term keeps the whole file out, and the error says which site and which term."""
    path = _collection(tmp_path / "all.geojson", {**FULL, "site_id": "a"}, {**FULL, "site_id": "b", **changes})
    with pytest.raises(InputError, match=told):
        add_sites(tmp_path / "workspace", path, "Ayşe")
    assert not (tmp_path / "workspace").exists()


def test_the_register_is_kept_and_audited(place: Path | str, tmp_path: Path) -> None:
    """Added, changed and known are told apart; changes are in the log; an export is read again as it was."""
    for changes in ({}, {}, {"operator": "New"}):
        add_sites(place, _collection(tmp_path / "one.geojson", {**FULL, **changes}), "Ayşe")
    add_sites(place, _collection(tmp_path / "two.geojson", {**FULL, "site_id": "other", "country": "IRN"}), "Ayşe")
    with open_store(place) as store:
        assert [entry.action for entry in store.audit.entries("pit")] == ["site.added", "site.changed"]
    assert [site.site_id for site in registered(place)] == ["pit", "other"]
    assert [site.site_id for site in registered(place, "irn")] == ["other"]
    export_sites(place, tmp_path / "out.geojson", None)
    assert list(read_sites(tmp_path / "out.geojson")) == registered(place)


def test_a_zone_is_suppressed_for_a_time(tmp_path: Path) -> None:
    """It is shown with its reason, expires, and is in the log; a period without a day is refused."""
    workspace = str(tmp_path / "workspace")
    add_sites(workspace, _collection(tmp_path / "one.geojson", FULL), "Ayşe")
    words = ["--workspace", workspace, "--by", "Ayşe", "--reason", "permitted road works", "--from", "2024-01-01"]
    assert CliRunner().invoke(app, ["site", "suppress", "pit", "--until", "2024-06-30", *words]).exit_code == 0
    with open_store(workspace) as store:
        assert [zone.reason for zone in store.suppressions("pit", date(2024, 6, 30))] == ["permitted road works"]
        assert store.suppressions("pit", date(2024, 7, 1)) == ()
        assert [entry.action for entry in store.audit.entries("pit")] == ["site.added", "site.suppressed"]
    result = CliRunner().invoke(app, ["site", "suppress", "pit", "--until", "2023-06-30", *words])
    assert isinstance(result.exception, InputError)
    assert "Daşkəsən" in CliRunner().invoke(app, ["site", "list", "--workspace", workspace]).stdout
    assert "red mud" in CliRunner().invoke(app, ["site", "show", "pit", "--workspace", workspace]).stdout


def test_the_example_sites_are_sound_and_honest() -> None:
    """At least twenty sites in eight countries; each passes the checks and says that its outline is approximate."""
    paths = sorted((ROOT / "aoi" / "eco").glob("*.geojson"))
    sites = [read_site(path) for path in paths]
    assert len(sites) >= 20
    assert len({site.country for site in sites}) >= 8
    assert [path.stem for path in paths] == [site.site_id for site in sites]
    assert all("approximate" in json.loads(path.read_text("utf-8"))["properties"]["outline"] for path in paths)
