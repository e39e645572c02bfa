"""A run over an API whose items lack, contradict or invent things: each scene ends with a reason, and no oddity is an alert."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import rasterio
from catalogs import Layer
from fault_server import Archive, serving
from planted_site import days as planted_days
from planted_site import name_of, pit_share, plant_site, shots
from rasterio.warp import Resampling, calculate_default_transform, reproject
from served import QUICK

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.pipeline.run import run
from sentinel_watch.sources.settings import CONFIG_VARIABLE

OFFSET_DN = 1000


def _each(item, change):
    """Change every asset of an item."""
    for name, asset in item["assets"].items():
        change(name, asset)


def _bare(item):
    """Declare neither scale nor offset nor nodata."""
    _each(item, lambda _, asset: asset.pop("raster:bands"))


def _unbased(item):
    """Declare nothing, not even the baseline."""
    _bare(item)
    del item["properties"]["s2:processing_baseline"]


def _only_start(item):
    time = item["properties"]["datetime"]
    item["properties"] |= {"datetime": None, "start_datetime": time, "end_datetime": time}


def _not_a_number(item):
    _each(
        item,
        lambda name, asset: asset.update({"raster:bands": [{"nodata": "nan", **({} if name == "scl" else {"scale": 1e-4, "offset": 0})}]}),
    )


ITEMS = {
    47: (lambda item: item["assets"].pop("b04"), Outcome.REJECTED, Reason.MISSING_BAND),
    48: (lambda item: item["assets"].clear(), Outcome.FAILED, Reason.UNREADABLE),
    49: (_bare, Outcome.USED, Reason.NONE),
    50: (_unbased, Outcome.USED, Reason.NONE),
    51: (_only_start, Outcome.USED, Reason.NONE),
    52: (_not_a_number, Outcome.USED, Reason.NONE),
    53: (lambda item: item["properties"].update({"eo:cloud_cover": "much"}), Outcome.FAILED, Reason.UNREADABLE),
    54: (lambda item: item.update(bbox=None, geometry=None), Outcome.USED, Reason.NONE),
    55: (lambda item: item["assets"]["b08"].update(href="file:///etc/passwd"), Outcome.FAILED, Reason.UNREADABLE),
}
"""Number of the scene -> what is odd in its item, and how it must end."""


def _place(crs):
    """Return a function that writes another coordinate system, or none, into a file, as if it lay elsewhere."""

    def write(path):
        with rasterio.open(path) as file:
            values, profile = file.read(), {**file.profile, "driver": "GTiff", "crs": crs}
        with rasterio.open(path, "w", **profile) as file:
            file.write(values)

    return write


def _project(path):
    """Bring a file into degrees."""
    with rasterio.open(path) as file:
        values, profile, bounds = file.read(), file.profile, file.bounds
    transform, width, height = calculate_default_transform(profile["crs"], "EPSG:4326", profile["width"], profile["height"], *bounds)
    there = np.zeros((1, height, width), values.dtype)
    reproject(
        values,
        there,
        src_transform=profile["transform"],
        src_crs=profile["crs"],
        dst_transform=transform,
        dst_crs="EPSG:4326",
        resampling=Resampling.nearest,
    )
    profile |= {"driver": "GTiff", "crs": "EPSG:4326", "transform": transform, "width": width, "height": height}
    with rasterio.open(path, "w", **profile) as file:
        file.write(there)


FILES = {
    56: (_project, Outcome.USED, Reason.NONE),
    57: (_place("EPSG:32721"), Outcome.REJECTED, Reason.NODATA),
    58: (_place(None), Outcome.FAILED, Reason.UNREADABLE),
    59: (_place('LOCAL_CS["pit",UNIT["metre",1]]'), Outcome.FAILED, Reason.UNREADABLE),
}
"""Number of the scene -> what is odd in its files, and how it must end."""


def _raised(shot, **changes):
    """Return a scene as baseline 04.00 encodes it."""
    layers = {band: layer if band == "SCL" else Layer(layer.dn + np.uint16(OFFSET_DN)) for band, layer in shot.layers.items()}
    return replace(shot, layers=layers, baseline="05.10", **changes)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return the made-up quarry with odd scenes at its end, and its server."""
    scenes = shots(planted_days(), useless=False)
    scenes[44] = _raised(scenes[44], offset=-0.1)
    scenes[45] = _raised(scenes[45], offset=None)
    site = plant_site(tmp_path_factory.mktemp("odd"), scenes)
    for number, (spoil, _, _) in FILES.items():
        for path in sorted((site.catalog.parent / name_of(number)).glob("*.tif")):
            spoil(path)

    def change(item):
        number = int(item["id"][-4:])
        if number in ITEMS:
            ITEMS[number][0](item)

    with serving(Archive(site.catalog.parent, change_items=change, page_size=25)) as archive:
        yield site, archive


@pytest.fixture
def configured(served, tmp_path, monkeypatch):
    """Name the server `loop`."""
    patience = "".join(f"{key} = {value}\n" for key, value in QUICK.items())
    (tmp_path / "config.toml").write_text(
        f'[sources.loop]\nurl = "{served[1].url}"\nallow_private = true\n[sources.loop.patience]\n{patience}'
    )
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.toml"))


@pytest.mark.usefixtures("configured")
def test_every_odd_scene_ends_with_a_reason(served, monkeypatch, tmp_path):
    """Each scene is used, rejected or failed as it must be; the pit is found, and nothing that is only odd."""
    site, archive = served
    listed = archive.items

    def with_strangers():
        items = listed()
        twin = next(item for item in items if item["id"] == name_of(46))
        older = copy.deepcopy(twin)
        older["id"] = "older_copy"
        older["properties"]["s2:processing_baseline"] = "02.04"
        away, early = copy.deepcopy(twin), copy.deepcopy(twin)
        away |= {"id": "elsewhere", "bbox": [0, 0, 1, 1], "geometry": {"type": "Point", "coordinates": [0.5, 0.5]}}
        early["id"] = "before_all"
        early["properties"]["datetime"] = "2001-01-01T00:00:00Z"
        return [*items, older, away, early]

    monkeypatch.setattr(archive, "items", with_strangers)
    monkeypatch.setattr(archive, "ignores_filters", True)
    monkeypatch.chdir(site.folder)
    first = planted_days()[0] - timedelta(days=1)
    result = run(site.request(source="loop", out=tmp_path / "out", workspace=tmp_path / "workspace", start=first))
    records = {record.scene_id: record for record in result.records}
    found = {number: (records[name_of(number)].outcome, records[name_of(number)].reason) for number in {**ITEMS, **FILES}}
    assert found == {number: (outcome, reason) for number, (_, outcome, reason) in {**ITEMS, **FILES}.items()}
    assert all(record.detail for record in records.values() if record.outcome is Outcome.FAILED)
    assert {records[name_of(number)].outcome for number in range(44, 47)} == {Outcome.USED}
    assert records["older_copy"].reason is Reason.DUPLICATE
    assert not {"elsewhere", "before_all"} & set(records)
    assert len(records) == 61
    assert result.exit_code == 3
    (alert,) = result.alerts
    assert min(pit_share(alert)) >= 0.8
