"""A run over a real STAC API and a real file server: the bytes of a run over the same catalogue on disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shapely.geometry import box, mapping
from stac_server import COLLECTION, serving_files, serving_stac

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site
from sentinel_watch.sources.settings import CONFIG_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

CORNER = box(22.1485, 45.2030, 22.1525, 45.2058)
"""A part of the forest in which trees were cut."""


def request_of(folder: Path, source: str, name: str) -> RunRequest:
    """Return a run of the corner over some years, into `<folder>/<name>`."""
    aoi = folder / "corner.geojson"
    properties = {"site_id": "corner", "name": "Corner", "site_type": "protected_area"}
    feature = {"type": "Feature", "properties": properties, "geometry": mapping(CORNER)}
    aoi.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    out, period = folder / name, [datetime(year, 1, 1, tzinfo=UTC) for year in (2016, 2018, 2019)]
    return RunRequest(read_site(aoi), source, load_pipeline("protected_area"), out, out / "workspace", *period)


def items_of(case: Path, files: str) -> list[dict]:
    """Return the items of a case as an archive lists them, their files on a server."""
    items = []
    for path in sorted((case / "items").glob("*/*.json")):
        item = {**json.loads(path.read_text()), "collection": COLLECTION, "links": []}
        for asset in item["assets"].values():
            asset["href"] = f"{files}/items/{path.parent.name}/{asset['href'].removeprefix('./')}"
        items.append(item)
    return items


def outputs(folder: Path) -> dict[str, bytes]:
    """Return what a run wrote for people, the ledger left out, which names its source."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "run.json"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if "workspace" not in path.relative_to(folder).parts}


def test_a_run_over_a_real_api_gives_the_same_bytes(shared_cases, stac_python, postgis, tmp_path, monkeypatch):
    """With stac-fastapi-pgstac and nginx in front of a real case, alerts and evidence are byte for byte those from disk."""
    case = shared_cases / "forest_romania"
    monkeypatch.chdir(tmp_path)
    disk = run(request_of(tmp_path, str(case / "catalog.json"), "disk"))
    assert disk.alerts
    with serving_files(case) as files, serving_stac(stac_python, postgis, items_of(case, files)) as url:
        (tmp_path / "config.toml").write_text(
            f'[sources.real]\nurl = "{url}"\nallow_private = true\npage_size = 40\ncloud_filter = "cql2"\n'
        )
        monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.toml"))
        served = run(request_of(tmp_path, "real", "served"))
    assert [record.outcome for record in served.records] == [record.outcome for record in disk.records]
    assert Outcome.USED in {record.outcome for record in served.records}
    assert outputs(tmp_path / "served") == outputs(tmp_path / "disk")
    assert json.loads((tmp_path / "served" / "run.json").read_text())["spent"]["retries"] == 0
