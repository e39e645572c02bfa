"""What a Sentinel Hub is asked, what it costs, and that its answers are believed only when they are what was asked for."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import numpy as np
import pytest
from affine import Affine
from catalogs import Layer, Shot, series, write_catalog
from fault_server import SEEDS, send
from hub_server import CLIENT, HUB_FAULTS, SECRET, Hub, serving_hub
from odc.geo.geobox import GeoBox
from served import QUICK, WORLD
from shapely.geometry import box

from sentinel_watch.domain.scene import SCL
from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.sources import SOURCES, pin
from sentinel_watch.sources.eviction import evict
from sentinel_watch.sources.hub_requests import MAX_SIDE_PX, Order, processing_units
from sentinel_watch.sources.settings import load_settings
from sentinel_watch.sources.transfer import RefusedError, TransferError

GRID = GeoBox((30, 40), Affine(10, 0, 500_030.0, 0, -10, 4_999_960.0), "EPSG:32634")
BANDS = ["B02", "B08", SCL]
FINAL = {"quota", "expired", "encoded", "busy_for_long"}
"""Faults that end a scene; any other passes. A token is renewed, but once."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a catalogue of four scenes with an offset, pixels below 0 and a corner without data."""
    rng = np.random.default_rng(3)
    dn = rng.integers(900, 4000, (2, 60, 70), dtype=np.uint16)
    classes = rng.integers(4, 8, (60, 70), dtype=np.uint8)
    dn[:, :20, :20], classes[:20, :20] = 0, 0
    layers = {"B02": Layer(dn[0]), "B08": Layer(dn[1]), SCL: Layer(classes)}
    shots = series(Shot("S2", datetime(2020, 1, 1, 9, tzinfo=UTC), layers, baseline="05.00", offset=-0.1), 4)
    return write_catalog(tmp_path_factory.mktemp("hub"), shots).parent


@pytest.fixture
def hub(folder, monkeypatch):
    """Return a Sentinel Hub with the four scenes, and credentials in the environment."""
    monkeypatch.setenv("SH_CLIENT_ID", CLIENT)
    monkeypatch.setenv("SH_CLIENT_SECRET", SECRET)
    with serving_hub(Hub(folder)) as served:
        yield served


def source_of(hub, **options):
    """Return the hub as a source with short waits."""
    given = {"part": "sentinel_hub", "url": hub.url, "token_url": f"{hub.url}/token", "allow_private": True, "patience": QUICK}
    return SOURCES.build({**given, **options})


def truth(hub, scene):
    """Return the scene's reflectance and classes as read from disk."""
    disk = SOURCES.build({"part": "catalog", "path": hub.folder / "catalog.json"})
    twin = next(other for other in disk.search(WORLD, None, None) if other.scene_id == scene.scene_id)
    return {band: dn * twin.assets[band].scale + twin.assets[band].offset for band, dn in disk.read(twin, BANDS, GRID).items()}


def assert_same_reflectance(source, scene, hub):
    """Assert that the scene's pixels mean what those on disk mean."""
    found, true = source.read(scene, BANDS, GRID), truth(hub, scene)
    for band, values in true.items():
        asset = scene.assets[band]
        np.testing.assert_allclose(found[band] * asset.scale + asset.offset, values, atol=1e-6)
    assert np.isnan(found["B02"]).any()
    assert (true["B02"] < 0).any()


def test_reflectance_is_that_of_the_disk(hub):
    """Negative reflectance survives, no data stays no data, and every request has the documented form."""
    source = source_of(hub, page_size=1)
    scenes = source.search(WORLD, None, None)
    assert [scene.time.day for scene in scenes] == [1, 6, 11, 16]
    for scene in scenes:
        assert_same_reflectance(source, scene, hub)
    assert hub.wrong == []
    assert [document["input"]["data"][0]["processing"]["harmonizeValues"] for document in hub.orders()] == [False] * 4


@pytest.mark.parametrize("seed", SEEDS if len(SEEDS) > 3 else SEEDS[:1])
@pytest.mark.parametrize("fault", sorted(HUB_FAULTS))
def test_a_fault_gives_the_right_pixels_or_a_failed_scene(hub, fault, seed):
    """With a fault in three of ten requests, every scene is that of the disk, or is an error that says why; and so is a search."""
    hub.fault, hub.seed, failed = fault, seed, []
    source = source_of(hub, patience={**QUICK, "timeout_s": 1.0 if fault == "stall" else 10.0}, page_size=2)
    try:
        for scene in source.search(WORLD, None, None)[: 2 if fault in {"stall", "busy_milliseconds"} else 4]:
            try:
                assert_same_reflectance(source, scene, hub)
            except SceneError as error:
                failed.append(error)
    except TransferError as error:
        failed.append(error)
    assert bool(failed) <= (fault in FINAL)
    assert all(re.search("access is refused|gives no token|is encoded|busy or broken", error.what) for error in failed)


def test_a_short_wait_is_one_in_milliseconds(hub, monkeypatch):
    """Sentinel Hub names waits in milliseconds, also those below a thousand: 250 are a quarter of a second, and no four minutes."""
    monkeypatch.setitem(HUB_FAULTS, "busy_shortly", lambda handler, _: send(handler, 429, b"no", {"Retry-After": "250"}))
    hub.fault, asked = "busy_shortly", set()
    # each request is refused the first time
    monkeypatch.setattr(hub, "hit", lambda request: not (request in asked or asked.add(request)))
    source = source_of(hub)
    assert_same_reflectance(source, source.search(WORLD, None, None)[0], hub)
    assert source.spent()["retries"] > 0


def test_a_token_that_runs_out_is_renewed_once(hub):
    """A token is used as long as it is taken; where it is refused, or its time has come, one new one is fetched."""
    hub.token_uses = 2
    source = source_of(hub)
    for scene in source.search(WORLD, None, None):
        assert_same_reflectance(source, scene, hub)
    assert len(hub.bodies) == 5
    assert len(hub.tokens) == 3
    hub.expires_in = 0.001
    hub.tokens.clear()
    hub.uses.clear()
    source_of(hub).search(WORLD, None, None)
    assert len(hub.tokens) == 1


@pytest.mark.parametrize("fault", ["expired", "hollow", "page", "quota"])
def test_a_fault_that_never_ends_is_a_failed_scene(hub, fault):
    """A service that always fails in the same way costs the scene, within its time, and a token is not asked for over and over."""
    source = source_of(hub, patience={**QUICK, "tries": 3, "deadline_s": 5})
    scene = source.search(WORLD, None, None)[0]
    hub.fault, hub.share = fault, 1.0
    with pytest.raises(SceneError):
        source.read(scene, BANDS, GRID)
    assert len(hub.tokens) <= 2


def test_a_large_grid_comes_in_tiles(hub):
    """A grid that is longer than the service makes images is ordered in pieces, which are put together."""
    long = GeoBox((4, MAX_SIDE_PX + 40), Affine(10, 0, 500_000.0 - 10 * MAX_SIDE_PX, 0, -10, 4_999_700.0), "EPSG:32634")
    source = source_of(hub)
    scene = source.search(WORLD, None, None)[0]
    pixels = source.read(scene, ["B02"], long)["B02"]
    assert sorted(document["output"]["width"] for document in hub.orders()) == [40, MAX_SIDE_PX]
    np.testing.assert_array_equal(pixels[:, MAX_SIDE_PX:], source.read(scene, ["B02"], long[:, MAX_SIDE_PX:])["B02"])
    assert np.isnan(pixels[:, :MAX_SIDE_PX]).all()


def test_a_part_of_what_is_kept_is_not_ordered_again(hub, tmp_path):
    """Any window of images that were fetched before is put together from them; only what is missing is ordered."""
    source = source_of(hub, cache=tmp_path)
    scene = source.search(WORLD, None, None)[0]
    whole = source_of(hub).read(scene, BANDS, GRID)
    hub.bodies.clear()
    source.read(scene, BANDS, GRID[:, :20])
    source.read(scene, BANDS, GRID[:, 20:30])
    again = source_of(hub, cache=tmp_path).read(scene, ["B08", "B02", SCL], GRID)
    assert [document["output"]["width"] for document in hub.orders()] == [20, 10, 10]
    for band, values in whole.items():
        np.testing.assert_array_equal(again[band], values)


def test_images_that_evidence_refers_to_outlive_the_cache(hub, tmp_path):
    """Every image of a pass that was pinned is read again, without an order, after everything else was evicted."""
    source = source_of(hub, cache=tmp_path)
    pinned, other, *_ = source.search(WORLD, None, None)
    for scene in (pinned, other):
        source.read(scene, BANDS, GRID[:, :20])
        source.read(scene, BANDS, GRID[:, 20:])
    pin(source, [pinned])
    assert evict(tmp_path / "files", 1) > 0
    hub.bodies.clear()
    source.read(pinned, BANDS, GRID)
    assert hub.orders() == []
    source.read(other, BANDS, GRID)
    assert len(hub.orders()) == 1


def test_tiles_of_one_pass_are_one_scene(tmp_path, monkeypatch):
    """What a satellite saw in one pass is ordered once, however many tiles the catalogue cuts it into."""
    monkeypatch.setenv("SH_CLIENT_ID", CLIENT)
    monkeypatch.setenv("SH_CLIENT_SECRET", SECRET)
    west = Shot("A", datetime(2020, 1, 1, 9, 0, 5, tzinfo=UTC), {"B02": Layer(np.full((60, 30), 700, np.uint16))})
    east = Shot(
        "B", datetime(2020, 1, 1, 9, 0, 19, tzinfo=UTC), {"B02": Layer(np.full((60, 40), 900, np.uint16))}, origin=(500_300.0, 5_000_000.0)
    )
    later = Shot("C", datetime(2020, 1, 1, 10, 40, tzinfo=UTC), {"B02": Layer(np.full((60, 30), 500, np.uint16))})
    with serving_hub(Hub(write_catalog(tmp_path, [west, east, later]).parent)) as hub:
        source = source_of(hub)
        scenes = source.search(WORLD, None, None)
        assert [scene.scene_id for scene in scenes] == ["A", "C"]
        assert "with B" in scenes[0].notes
        blue = source.read(scenes[0], ["B02"], GRID)["B02"] - 1000
    assert set(np.unique(blue[:, :27])) == {700}
    assert set(np.unique(blue[:, 27:])) == {900}


@pytest.mark.parametrize(
    ("height", "width", "bands", "units"), [(512, 512, 3, 1.0), (2000, 2000, 2, 10.1725), (20, 20, 2, 0.00667), (5, 5, 1, 0.005)]
)
def test_processing_units_are_those_of_the_definition(height, width, bands, units):
    """The service's own examples come out."""
    assert processing_units(height, width, bands) == pytest.approx(units, rel=1e-3)


def test_the_plan_names_units_and_budget(hub):
    """Before anything is fetched, images, units and the budget are told; asking costs nothing."""
    source = source_of(hub, budget_pu=7)
    scenes = source.search(WORLD, None, None)
    plan = source.plan(scenes, ("B02", "B08"), [GRID, GRID])
    assert plan.startswith("4 scenes to read, at most 8 images and 0.1 processing units of the 7 that a run may spend")
    assert source.spent()["requests"] == 0


def test_the_same_order_has_the_same_bytes():
    """An order's request depends on nothing but the order."""
    orders = [Order(("B02", SCL), ("2020-01-01T09:00:00Z", "2020-01-01T09:00:02Z"), GRID) for _ in range(2)]
    assert orders[0].body == orders[1].body
    assert json.loads(orders[0].body)["input"]["bounds"]["bbox"] == list(GRID.boundingbox.bbox)


def test_no_credentials_is_an_error_that_says_where_they_go(hub, monkeypatch):
    """Missing and wrong credentials stop the search; neither error holds a secret."""
    monkeypatch.setenv("SH_CLIENT_SECRET", "WRONG-SECRET")
    with pytest.raises(RefusedError, match="gives no token") as caught:
        source_of(hub).search(WORLD, None, None)
    assert "WRONG" not in str(caught.value)
    monkeypatch.delenv("SH_CLIENT_ID")
    with pytest.raises(SourceError, match="SH_CLIENT_ID and SH_CLIENT_SECRET"):
        source_of(hub).search(WORLD, None, None)


def test_credentials_may_lie_in_a_keyring(hub, monkeypatch):
    """What the environment lacks is taken from the keyring's service."""
    keyring = pytest.importorskip("keyring")

    class Ring(keyring.backend.KeyringBackend):
        priority = 1

        def get_password(self, service, username):
            return {("hub", "client_id"): CLIENT, ("hub", "client_secret"): SECRET}.get((service, username))

        def set_password(self, *_):
            """Keep nothing."""

    monkeypatch.delenv("SH_CLIENT_ID")
    monkeypatch.delenv("SH_CLIENT_SECRET")
    before = keyring.get_keyring()
    keyring.set_keyring(Ring())
    try:
        assert len(source_of(hub, keyring="hub").search(WORLD, None, None)) == 4
    finally:
        keyring.set_keyring(before)


def test_a_quick_look_tells_days(hub):
    """Each day's clear share and means come from the Statistical API, which is asked in the documented form."""
    area = box(*GRID.geographic_extent.boundingbox.bbox)
    source = source_of(hub)
    days = list(source.quick_look(area, date(2020, 1, 1), date(2020, 1, 31)))
    assert hub.wrong == []
    assert [day.day.day for day in days] == [1, 6, 11, 16]
    assert all(0.5 < day.clear_fraction < 1 for day in days)
    assert source.spent()["processing_units"] == pytest.approx(0.04)


def test_a_check_signs_in_searches_and_orders(hub):
    """`source check` tries each step and says what it cost."""
    checks = list(source_of(hub).check())
    assert [(check.what, check.state) for check in checks] == [(what, "ok") for what in ("token", "search", "image", "quotas")]
    assert "processing units" in checks[-1].detail


def test_both_services_are_built_in():
    """Naming the service and giving credentials is all that an operator has to do."""
    for name, host in (("sentinelhub", "services.sentinel-hub.com"), ("cdse-sentinelhub", "sh.dataspace.copernicus.eu")):
        source = SOURCES.build(load_settings().source(name))
        assert source.own_host == host
