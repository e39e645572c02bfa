"""A run over a real STAC API and a real file server or S3 store: the bytes of a run over the same catalogue on disk."""

from __future__ import annotations

import json
import logging
from contextlib import chdir
from typing import TYPE_CHECKING

import pytest
from fault_runs import CORNER, PERIOD
from fault_server import Archive, serving
from s3_server import serving_s3
from served import remote
from shapely.geometry import mapping
from stac_server import COLLECTION, serving_files, serving_stac

from sentinel_watch.domain.grid import aoi_grid
from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.errors import SceneError
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site
from sentinel_watch.sources.settings import CONFIG_VARIABLE

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.pipeline.deliver import RunResult


def request_of(folder: Path, source: str, name: str) -> RunRequest:
    """Return a run of the corner over some years, into `<folder>/<name>`."""
    aoi = folder / "corner.geojson"
    properties = {"site_id": "corner", "name": "Corner", "site_type": "protected_area"}
    feature = {"type": "Feature", "properties": properties, "geometry": mapping(CORNER)}
    aoi.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    out = folder / name
    return RunRequest(read_site(aoi), source, load_pipeline("protected_area"), out, out / "workspace", *PERIOD)


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


@pytest.fixture(scope="module")
def case(shared_cases) -> Path:
    """Return a real case."""
    return shared_cases / "forest_romania"


@pytest.fixture(scope="module")
def disk(case, tmp_path_factory) -> tuple[RunResult, dict[str, bytes]]:
    """Return a run over the case on disk, and what it wrote."""
    folder = tmp_path_factory.mktemp("disk")
    with chdir(folder):
        result = run(request_of(folder, str(case / "catalog.json"), "disk"))
    assert result.alerts
    return result, outputs(folder / "disk")


def assert_same_as(disk, folder, monkeypatch, **options) -> None:
    """Assert that a run over a source with these options has the records and bytes of that from disk."""
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in options.items())
    (folder / "config.toml").write_text(f"[sources.real]\nallow_private = true\npage_size = 40\n{lines}")
    monkeypatch.setenv(CONFIG_VARIABLE, str(folder / "config.toml"))
    monkeypatch.chdir(folder)
    served = run(request_of(folder, "real", "served"))
    assert [record.outcome for record in served.records] == [record.outcome for record in disk[0].records]
    assert Outcome.USED in {record.outcome for record in served.records}
    assert outputs(folder / "served") == disk[1]
    assert json.loads((folder / "served" / "run.json").read_text())["spent"]["retries"] == 0


def test_a_run_over_a_real_api_gives_the_same_bytes(case, disk, stac_python, postgis, tmp_path, monkeypatch):
    """With stac-fastapi-pgstac and nginx in front of a real case, alerts and evidence are byte for byte those from disk."""
    with serving_files(case) as files, serving_stac(stac_python, postgis, items_of(case, files)) as url:
        assert_same_as(disk, tmp_path, monkeypatch, url=url, cloud_filter="cql2")


def test_a_run_over_a_real_store_gives_the_same_bytes(case, disk, weed, tmp_path, monkeypatch, caplog):
    """With the files in SeaweedFS, which checks every signature, alerts and evidence are byte for byte those from disk.

    Keys come from the environment, and are in nothing that the run leaves behind.
    """
    caplog.set_level(logging.DEBUG, "sentinel_watch")
    monkeypatch.setenv("STORE_KEY", "READER-KEY")
    monkeypatch.setenv("STORE_SECRET", "TOP-SECRET")
    with serving_s3(weed, "READER-KEY", "TOP-SECRET") as store, serving(Archive(case / "items", page_size=50)) as archive:
        store.fill("eodata", case / "items")
        archive.change_items = lambda item: in_store(item, f"{archive.url}/files/")
        options = {"s3_endpoint": store.url, "s3_key_env": "STORE_KEY", "s3_secret_env": "STORE_SECRET"}
        assert_same_as(disk, tmp_path, monkeypatch, url=archive.url, **options)
        assert archive.files_asked() == []
    assert not any(secret in caplog.text for secret in ("READER-KEY", "TOP-SECRET"))
    secrets = (b"READER-KEY", b"TOP-SECRET", b"X-Amz-Signature")
    assert [path for path in tmp_path.rglob("*") if path.is_file() and any(secret in path.read_bytes() for secret in secrets)] == []


@pytest.mark.parametrize("wrong", ["key", "secret", "none"])
def test_a_real_store_refuses_who_has_no_key(case, weed, monkeypatch, wrong):
    """A wrong key, a wrong secret and none are failed scenes with the store's refusal, after one request, and without the secret."""
    monkeypatch.setenv("STORE_KEY", "" if wrong == "none" else "OTHER-KEY" if wrong == "key" else "READER-KEY")
    monkeypatch.setenv("STORE_SECRET", "OTHER-SECRET" if wrong == "secret" else "TOP-SECRET")
    with serving_s3(weed, "READER-KEY", "TOP-SECRET") as store, serving(Archive(case / "items", page_size=50)) as archive:
        archive.change_items = lambda item: in_store(item, f"{archive.url}/files/")
        source = remote(archive, s3_endpoint=store.url, s3_key_env="STORE_KEY", s3_secret_env="STORE_SECRET")
        scene = source.search(CORNER, None, None)[0]
        with pytest.raises(SceneError, match="access is refused") as caught:
            source.read(scene, ["B04"], aoi_grid(CORNER))
    assert source.spent()["requests"] == 1
    assert "SECRET" not in f"{caught.value}{caught.value.__cause__!r}"


def in_store(item: dict, files: str) -> None:
    """Have an item's assets name objects of the store."""
    for asset in item["assets"].values():
        asset["href"] = asset["href"].replace(files, "s3://eodata/")
