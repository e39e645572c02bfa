"""Searches of a STAC API that pages, ignores what it was asked, repeats itself or never ends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from fault_server import Archive, serving
from served import WORLD, local, remote, write_noise
from shapely.geometry import box

from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.sources import newest_copies

MIDDLE = datetime(2020, 1, 31, tzinfo=UTC)
AWAY = box(0, 0, 1, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of an archive of seventeen scenes."""
    return write_noise(tmp_path_factory.mktemp("archive"), 17).parent


@pytest.fixture
def archive(folder):
    """Return the archive, served honestly."""
    with serving(Archive(folder)) as served:
        yield served


def ids(source, *question):
    """Return the ids that a search gives."""
    return [scene.scene_id for scene in source.search(*(question or (WORLD, None, None)))]


def test_all_pages_are_read(archive):
    """A search that takes several pages gives what the catalogue on disk gives, in the same order."""
    assert ids(remote(archive)) == ids(local(archive))
    assert [method for method, path in archive.asked] == ["GET", "POST", "POST", "POST"]


@pytest.mark.parametrize("ignores", [False, True])
@pytest.mark.parametrize("question", [(WORLD, MIDDLE, None), (WORLD, None, MIDDLE), (AWAY, None, None), (WORLD, MIDDLE, MIDDLE)])
def test_a_server_that_ignores_what_it_was_asked_is_harmless(archive, question, ignores):
    """Dates and area are checked here, whatever the server makes of them."""
    archive.ignores_filters = ignores
    assert ids(remote(archive), *question) == ids(local(archive), *question)


def test_items_of_another_collection_are_left_out(archive):
    """What belongs to a collection that was not asked for is no answer."""
    archive.ignores_filters = True
    assert ids(remote(archive, collections=["sentinel-1-grd"])) == []


def test_cloudy_items_are_left_out_only_on_request(archive):
    """All scenes are listed unless the operator sets a limit, which is checked here too."""
    archive.change_items = lambda item: item["properties"].update({"eo:cloud_cover": float(item["id"][-2:])})
    assert len(ids(remote(archive))) == 17
    for cloud_filter in ("query", "cql2", "client"):
        kept = ids(remote(archive, max_cloud_percent=10, cloud_filter=cloud_filter))
        assert kept == [name for name in ids(local(archive)) if int(name[-2:]) <= 10]


@pytest.mark.parametrize("fault", ["repeated_items", "empty_page"])
def test_repetitions_and_empty_pages_do_no_harm(archive, fault):
    """Items that come twice count once, and an empty page is not the end."""
    archive.fault = fault
    assert ids(remote(archive)) == ids(local(archive))


@pytest.mark.parametrize("fault", ["busy_seconds", "busy_silent", "drop", "page", "quota"])
def test_an_api_that_fails_is_asked_again(archive, fault):
    """A search that fails in ways that may pass gives all scenes in the end; one that never succeeds, or is refused, is an error."""
    archive.fault = f"api_{fault}"
    if fault != "quota":
        assert ids(remote(archive)) == ids(local(archive))
    archive.share = 1.0
    with pytest.raises(SourceError):
        remote(archive, patience={"tries": 3, "first_wait_s": 0.01}).search(WORLD, None, None)


def test_pages_that_go_in_circles_end(archive):
    """A page that came before ends the search with an error, not with half the scenes."""
    archive.fault = "page_loop"
    with pytest.raises(SourceError, match="circles"):
        remote(archive).search(WORLD, None, None)


def test_items_that_are_hidden_once_are_asked_for_again(archive):
    """An API that gives fewer items than it says there are is asked a second time, and what either answer holds counts."""
    archive.fault, archive.seed = "hidden_items", 2
    assert ids(remote(archive)) == ids(local(archive))
    assert max(archive.counts.values()) == 2


def test_items_that_stay_hidden_are_an_error(archive):
    """A gap that the API itself tells of must not look like an archive with fewer scenes, nor like ground without change."""
    archive.fault, archive.share = "hidden_items", 1.0
    with pytest.raises(SourceError, match="fewer items than it says") as caught:
        remote(archive).search(WORLD, None, None)
    assert "12 of 17" in str(caught.value)
    assert len(ids(remote(archive, counts="estimated"))) == 12


def test_a_count_that_knows_no_dates_is_no_promise(archive, caplog):
    """An API whose count is of all its items, whatever is asked, has hidden nothing."""
    archive.counts_all = True
    assert ids(remote(archive), WORLD, MIDDLE, None) == ids(local(archive), WORLD, MIDDLE, None)
    assert "says that 17 items match, and gave 11" in caplog.text


def test_a_broken_item_ends_in_the_ledger(archive):
    """An item that is no item is listed as such, and cannot be read; the others are not harmed."""

    def spoil(item):
        if item["id"].endswith("0116"):
            item["properties"] = "none"

    archive.change_items = spoil
    source = remote(archive)
    scenes = source.search(WORLD, None, None)
    (broken,) = [scene for scene in scenes if not scene.assets]
    assert (len(scenes), broken.scene_id, broken.time.date().isoformat()) == (17, "S2_20200116", "2020-01-16")
    with pytest.raises(SceneError, match="entry"):
        source.read(broken, ["B02"], None)


def test_no_broken_item_hides_another(archive):
    """Items without a name, or that are no objects, each stand in the ledger, and none is taken for a copy of another."""

    def spoil(item):
        if item["id"].endswith(("0116", "0121")):
            item.update(id=None, properties="none", stamp=item["assets"]["b02"]["href"])

    archive.change_items = spoil
    scenes = remote(archive).search(WORLD, None, None)
    kept, copies = newest_copies(scenes)
    assert (len(kept), copies) == (17, [])
    assert sum(scene.scene_id.startswith("nameless-") for scene in scenes) == 2


def test_images_that_cannot_be_read_are_told_at_once(archive):
    """Where all images are on S3 and no store is configured, the search says so, and no scene is tried."""

    def move(item):
        for asset in item["assets"].values():
            asset["href"] = "s3://eodata/Sentinel-2/B02.jp2"

    archive.change_items = move
    with pytest.raises(SourceError, match="where it cannot read"):
        remote(archive).search(WORLD, None, None)


def test_what_is_no_api_is_told(archive):
    """A server without a search, and one that is not there, are errors of the source."""
    with pytest.raises(SourceError, match="does not have this"):
        remote(archive, url=f"{archive.url}/elsewhere").search(WORLD, None, None)
    with pytest.raises(SourceError, match="connection failed"):
        remote(archive, url="http://127.0.0.1:9", patience={"tries": 2, "first_wait_s": 0.01}).search(WORLD, None, None)


def test_a_token_goes_to_its_host_only(archive, monkeypatch):
    """The token comes from the environment; without it the server's refusal is told."""
    archive.token = "TOP-SECRET"
    with pytest.raises(SourceError, match="access is refused"):
        remote(archive, token_env="LOOP_TOKEN").search(WORLD, None, None)
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    assert len(ids(remote(archive, token_env="LOOP_TOKEN"))) == 17
    archive.tokens.clear()
    with pytest.raises(SourceError):
        remote(archive, token_env="LOOP_TOKEN", token_hosts=["other.example"]).search(WORLD, None, None)
    assert archive.tokens == [""]


def test_without_the_network_the_last_answer_counts(archive, tmp_path):
    """Offline, the same question has the answer that was kept; another question is an error, and nothing is asked."""
    online = remote(archive, cache=tmp_path)
    scenes = online.search(WORLD, None, None)
    archive.asked.clear()
    offline = remote(archive, cache=tmp_path, offline=True)
    assert offline.search(WORLD, None, None) == scenes
    for source in (offline, remote(archive, offline=True)):
        with pytest.raises(SourceError, match="no answer to this search"):
            source.search(AWAY, None, None)
    with pytest.raises(SceneError, match="not in the cache"):
        offline.read(scenes[0], ["B02"], None)
    assert archive.asked == []
