"""Files that are fetched from a server that fails, lies or changes: the right pixels, or a scene that failed."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ROOT
from fault_server import FAULTS, SEEDS, Archive, serving
from served import BANDS, GRID, QUICK, WORLD, assert_same_pixels, remote, write_noise

from sentinel_watch.errors import SceneError

FINAL = {
    "quota": "access is refused", "expired": "access is refused", "replaced": "has changed", "gone": "does not have this",
    "encoded": "is encoded", "busy_for_long": "busy or broken", "misplaced": "cannot be unpacked",
}  # fmt: skip
"""Faults that end a scene, and what is said of them; any other passes, and the result is as if nothing had been."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of an archive of four scenes."""
    return write_noise(tmp_path_factory.mktemp("archive")).parent


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_gives_the_right_pixels_or_a_failed_scene(folder, fault, seed):
    """With a fault in three of ten requests, every scene has the pixels of the disk, or is an error that says why."""
    with serving(Archive(folder, fault, seed=seed)) as archive:
        source = remote(archive)
        scenes = source.search(WORLD, None, None)
        failed = []
        for scene in scenes[: 2 if fault in {"stall", "busy_milliseconds"} else 4]:
            try:
                assert_same_pixels(source, scene, archive)
            except SceneError as error:
                failed.append(error)
        assert sum(archive.counts.values()) > 0
    assert bool(failed) <= (fault in FINAL)
    assert all(error.reason == "unreadable" and re.search(FINAL[fault], error.what) for error in failed)


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - {"whole_file"}))
def test_a_fault_that_never_ends_is_a_failed_scene(folder, fault):
    """A server that always fails in the same way costs the scene, within its time, and never a wrong pixel."""
    with serving(Archive(folder, fault, share=1.0)) as archive:
        source = remote(archive, patience={"first_wait_s": 0.005, "timeout_s": 0.3, "tries": 3, "deadline_s": 2.5})
        (scene, *_) = source.search(WORLD, None, None)
        with pytest.raises(SceneError) as caught:
            source.read(scene, BANDS, GRID)
    assert caught.value.reason == "unreadable"
    assert archive.url in str(caught.value)


@pytest.mark.parametrize(
    "server", [{"ranges": False}, {"etags": False}, {"etags": False, "last_modified": False}, {"ranges": False, "etags": False}]
)
def test_plain_servers_serve(folder, server):
    """A server that knows no ranges or no ETags gives the same pixels; where nothing tells versions apart, files come whole."""
    with serving(Archive(folder, **server)) as archive:
        source = remote(archive)
        assert_same_pixels(source, source.search(WORLD, None, None)[0], archive)


def test_only_the_blocks_that_are_needed_are_fetched(folder):
    """Of each file, the header and the blocks under the grid are asked for, each once."""
    with serving(Archive(folder)) as archive:
        source = remote(archive)
        scene = source.search(WORLD, None, None)[0]
        source.read(scene, ["B02"], GRID)
        # the header with what lies behind it, and two rows of two blocks each
        assert 1 < len(archive.files_asked()) <= 3


def test_a_second_reading_needs_no_network(folder, tmp_path):
    """What was fetched is kept: neither another source nor another run asks for it again, and offline it is enough."""
    with serving(Archive(folder)) as archive:
        source = remote(archive, cache=tmp_path)
        scenes = source.search(WORLD, None, None)
        for scene in scenes:
            assert_same_pixels(source, scene, archive)
        archive.asked.clear()
        for again in (remote(archive, cache=tmp_path), remote(archive, cache=tmp_path, offline=True)):
            for scene in scenes:
                assert_same_pixels(again, scene, archive)
        assert archive.asked == []


def test_a_damaged_piece_is_fetched_again(folder, tmp_path):
    """A byte that has flipped on our disk costs a request, not a pixel."""
    with serving(Archive(folder)) as archive:
        source = remote(archive, cache=tmp_path)
        scene = source.search(WORLD, None, None)[0]
        source.read(scene, BANDS, GRID)
        pieces = sorted(tmp_path.rglob("*.piece"))
        for piece in pieces:
            content = bytearray(piece.read_bytes())
            content[-9] ^= 1
            piece.write_bytes(content)
        archive.asked.clear()
        assert_same_pixels(source, scene, archive)
        assert archive.files_asked()
    assert len(list((tmp_path / "quarantine").iterdir())) == len(pieces)


def test_a_slow_line_is_no_fault(folder):
    """Many readings that wait for one another take longer than the deadline, and none is given up while answers come."""
    with serving(Archive(folder, delay_s=0.15)) as archive, ThreadPoolExecutor(4) as pool:
        source = remote(archive, connections=1, patience={**QUICK, "deadline_s": 0.7})
        scenes = source.search(WORLD, None, None)
        began = time.monotonic()
        list(pool.map(lambda scene: assert_same_pixels(source, scene, archive), scenes))
        assert time.monotonic() - began > 2


def test_bytes_that_cannot_be_unpacked_are_not_kept(folder, tmp_path):
    """A server that once gave bytes from elsewhere costs that reading, and none after it: they would come out of the cache for ever."""
    with serving(Archive(folder, "misplaced", share=1.0)) as archive:
        source = remote(archive, cache=tmp_path)
        scene = source.search(WORLD, None, None)[0]
        archive.fault = ""
        source.read(scene, BANDS, GRID[:20, :20])
        archive.fault = "misplaced"
        with pytest.raises(SceneError, match="cannot be unpacked"):
            source.read(scene, BANDS, GRID)
        archive.fault = ""
        assert_same_pixels(source, scene, archive)


def test_a_file_that_was_replaced_is_read_anew(tmp_path):
    """Where the server has a newer file than the cache, a reading takes all of its bytes from one of the two."""
    catalog = write_noise(tmp_path / "archive", 2)
    with serving(Archive(catalog.parent)) as archive:
        source = remote(archive, cache=tmp_path / "cache")
        first, second = source.search(WORLD, None, None)
        corner = GRID[:20, :20]
        before = source.read(first, ["B02"], corner)["B02"]
        old, new = (catalog.parent / scene.scene_id / "b02.tif" for scene in (first, second))
        old.write_bytes(new.read_bytes())
        assert (source.read(first, ["B02"], corner)["B02"] == before).all()
        assert_same_pixels(source, first, archive)


def test_the_table_of_faults_is_in_step():
    """The reference says of each fault that is tested what it leads to."""
    rows = re.findall(r"^\| `(\w+)`: [^|]+\| ([^|]+) \|", (ROOT / "docs" / "reference" / "faults.md").read_text("utf-8"), re.M)
    assert {name for name, _ in rows} == set(FAULTS)
    assert {name for name, outcome in rows if outcome.startswith("scene failed")} == set(FINAL)
