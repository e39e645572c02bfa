"""What happens to scenes and not to the ground: a shift and an offset that was missed give no alert, and a pit among them still does."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from catalogs import ORIGIN, UTM, Layer, Shot, write_catalog
from planted_site import BANDS, GRASS, SOIL
from rasterio.warp import transform_bounds
from scipy.ndimage import gaussian_filter, shift
from shapely.geometry import box, mapping

from sentinel_watch.domain.scene import SCL
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site

SHAPE = 50, 70
FIRST = datetime(2019, 1, 3, 9, tzinfo=UTC)
MONITOR_FROM = datetime(2021, 1, 1, tzinfo=UTC)
LONG = [FIRST + timedelta(days=18 * number) for number in range(54)]
SHORT = [datetime(2021, 7, 1, 9, tzinfo=UTC), datetime(2022, 7, 1, 9, tzinfo=UTC)]
PIT = slice(20, 32), slice(30, 42)


def ground():
    """Return (y, x, band) small plots of grass and soil, as sharp as the satellite sees them."""
    plots = np.random.default_rng(7).choice([0.0, 0.3, 0.7, 1.0], (SHAPE[0] // 5, SHAPE[1] // 5))
    share = gaussian_filter(np.kron(plots, np.ones((5, 5))), 0.8)
    return GRASS + share[..., None] * (SOIL - GRASS)


def shots(times, late, *, move=(0.0, 0.0), offset=0.0, dug=False, classes=True):
    """Return the scenes; those from `late` on are moved and offset, and show the pit."""
    out = []
    for number, time in enumerate(times):
        rng, seen, disturbed = np.random.default_rng(number), ground(), time >= late
        if disturbed and dug:
            seen[PIT] = 1.3 * SOIL
        if disturbed:
            seen = np.stack([shift(band, move, order=1, mode="nearest") for band in np.moveaxis(seen, -1, 0)], axis=-1) + offset
        seen = seen * rng.normal(1, 0.01) + rng.normal(0, 0.004, seen.shape)
        numbers = np.clip(np.round(seen * 1e4), 1, 20_000).astype(np.uint16)
        layers = {band: Layer(numbers[..., k]) for k, band in enumerate(BANDS)}
        out.append(Shot(f"s_{number:03d}", time, {**layers, **({SCL: Layer(np.full(SHAPE, 4, np.uint8))} if classes else {})}))
    return out


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """Return a function that runs the given scenes, and returns the alerts and the report."""
    monkeypatch.chdir(tmp_path)
    left, top = ORIGIN
    bounds = transform_bounds(UTM, "EPSG:4326", left + 25, top - 10 * SHAPE[0] + 25, left + 10 * SHAPE[1] - 25, top - 25)
    feature = {
        "type": "Feature",
        "properties": {"site_id": "plots", "name": "Plots", "site_type": "mine"},
        "geometry": mapping(box(*bounds)),
    }
    (tmp_path / "aoi.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))

    def watch(scenes):
        write_catalog(tmp_path / "catalog", scenes)
        site, out = read_site(tmp_path / "aoi.geojson"), tmp_path / "out"
        begin = MONITOR_FROM if len(scenes) > 2 else None
        result = run(RunRequest(site, "catalog/catalog.json", load_pipeline("mine"), out, out / "workspace", monitor_from=begin))
        return result.alerts, json.loads((out / "run.json").read_text())

    return watch


def test_scenes_that_lie_beside_their_place_give_no_alert(watched):
    """A pixel and a half for good: what is found along every edge is named as misregistration, and counted."""
    alerts, report = watched(shots(LONG, MONITOR_FROM, move=(1.06, 1.06)))
    assert alerts == ()
    assert set(report["events"]["no_event"]) <= {"misregistration"}


def test_a_pit_in_scenes_that_lie_beside_their_place_is_still_one(watched):
    """The shift explains the edges and not the pit, though the outline takes in edges that touch it."""
    (alert,), _ = watched(shots(LONG, MONITOR_FROM, move=(1.06, 1.06), dug=True))
    assert alert.event_class == "excavation"
    assert alert.area_ha > 1.0


def test_a_missed_offset_is_put_right_and_told(watched):
    """Every band higher by 0.1 is an offset: no ground is alerted but the pit, and each scene says what was doubtful."""
    (alert,), report = watched(shots(LONG, MONITOR_FROM, offset=0.1, dug=True))
    assert alert.event_class == "excavation"
    assert 1.0 < alert.area_ha < 2.0
    assert {scene["detail"] for scene in report["scenes"] if scene["role"] == "monitoring"} == {"offset_missing"}


@pytest.mark.parametrize("disturbance", [{"move": (1.0, 0.0)}, {"move": (1.06, 1.06)}, {"offset": 0.1}])
@pytest.mark.parametrize("classes", [True, False])
def test_two_looks_of_unchanged_ground_give_no_alert(watched, disturbance, classes):
    """With one scene before and one after, with and without SCL, neither a shift nor an offset is suspected."""
    alerts, _ = watched(shots(SHORT, SHORT[1], classes=classes, **disturbance))
    assert alerts == ()
