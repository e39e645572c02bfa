"""The chip cache: written once, checked when read, within its size."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from sentinel_watch.sources.chips import Chips
from sentinel_watch.sources.eviction import KEEP
from sentinel_watch.sources.ranges import Version

HREF = "https://archive.example/scene/B02.tif?sig=SECRET"
VERSION = Version(1000, '"abc"', "Wed, 21 Oct 2015 07:28:00 GMT")
DATA = bytes(range(200))


@pytest.fixture
def chips(tmp_path) -> Chips:
    """Return an empty cache."""
    return Chips(tmp_path / "cache")


@pytest.fixture
def piece(chips, tmp_path):
    """Return the file of the one piece that was kept."""
    chips.keep(chips.shelf(HREF, VERSION), 100, DATA)
    (path,) = (tmp_path / "cache").rglob("*.piece")
    return path


def test_what_was_kept_comes_back(chips, piece):
    """A piece is found again by its file's address, whatever the signature of the day."""
    shelf = chips.newest(HREF.replace("SECRET", "OTHER"))
    assert shelf.version == VERSION
    assert shelf.spans() == [(100, 300)]
    assert shelf.load((100, 300)) == DATA


def test_a_piece_says_where_it_is_from(piece):
    """A piece alone tells address, version, place, hash and time, and no signature."""
    head = json.loads(piece.read_bytes().partition(b"\n")[0])
    assert set(head) == {"href", "etag", "last_modified", "size", "start", "stop", "sha256", "fetched"}
    assert (head["href"], head["etag"], head["size"]) == ("https://archive.example/scene/B02.tif", '"abc"', 1000)
    assert b"SECRET" not in piece.read_bytes()


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: content[:-5] + b"x" + content[-4:],
        lambda content: content.replace(b'"start": 100', b'"start": 101'),
        lambda content: b"",
        lambda content: b"no json\n" + content,
        lambda content: content.replace(b"B02", b"B03"),
    ],
)
def test_a_damaged_piece_is_set_aside(chips, piece, tmp_path, damage):
    """A piece that is not what was written is never given out: it goes into quarantine, to be fetched again."""
    shelf = chips.shelf(HREF, VERSION)
    piece.write_bytes(damage(piece.read_bytes()))
    assert shelf.load((100, 300)) is None
    assert not piece.exists()
    assert len(list((tmp_path / "cache" / "quarantine").iterdir())) == 1
    chips.keep(shelf, 100, DATA)
    assert shelf.load((100, 300)) == DATA


def test_a_piece_is_written_once(chips, piece):
    """The same piece again changes nothing, and two versions of a file are kept apart."""
    before = piece.read_bytes(), piece.stat().st_mtime_ns
    chips.keep(chips.shelf(HREF, VERSION), 100, DATA)
    assert (piece.read_bytes(), piece.stat().st_mtime_ns) == before
    other = chips.shelf(HREF, Version(1000, '"def"'))
    assert other.load((100, 300)) is None


def test_many_threads_keep_one_piece(chips, tmp_path):
    """Writers at the same time leave one whole piece and nothing half written."""
    shelf = chips.shelf(HREF, VERSION)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: chips.keep(shelf, 0, DATA), range(40)))
    assert [path.name for path in shelf.folder.iterdir()] == ["000000000000-000000000200.piece"]
    assert shelf.load((0, 200)) == DATA


def test_the_longest_unused_goes_first(tmp_path):
    """Over its limit the cache deletes whole files by time of use, but none that evidence refers to."""
    chips = Chips(tmp_path / "cache", max_bytes=8000)
    shelves = [chips.shelf(f"https://a.example/{number}.tif", VERSION) for number in range(5)]
    for age, shelf in enumerate(shelves):
        shelf.save(0, bytes(2000))
        os.utime(shelf.folder, (1000 + age, 1000 + age))
    (shelves[0].folder / KEEP).touch()
    os.utime(shelves[0].folder, (1000, 1000))
    assert chips.newest("https://a.example/1.tif") is not None
    chips.keep(shelves[4], 5000, bytes(10))
    assert [shelf.folder.exists() for shelf in shelves] == [True, True, False, False, True]


def test_a_cache_that_cannot_be_written_is_no_failure(tmp_path, caplog):
    """Where nothing can be kept, the run goes on, and says so."""
    (tmp_path / "cache").write_text("a file")
    chips = Chips(tmp_path / "cache")
    shelf = chips.shelf(HREF, VERSION)
    chips.keep(shelf, 0, DATA)
    assert "cannot be kept" in caplog.text
    assert chips.newest(HREF) is None
