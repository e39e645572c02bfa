"""Where the tiles of a TIFF lie, read without GDAL, and which files it need not be asked about again."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import rasterio
from affine import Affine
from catalogs import ORIGIN, UTM, write_tiff
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from sentinel_watch.errors import SceneError
from sentinel_watch.sources import raster_header
from sentinel_watch.sources.geotiff import read_band
from sentinel_watch.sources.tile_index import HEAD_BYTES, tile_index

CORNER = Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])
GRID = GeoBox((100, 120), CORNER, UTM)
TILED = {"driver": "GTiff", "tiled": True, "blockxsize": 32, "blockysize": 48, "overviews": None, "blocksize": None}


def noise(seed=1, dtype=np.uint16):
    """Return pixels."""
    return np.random.default_rng(seed).integers(1, 250, (100, 120)).astype(dtype)


def index_of(path):
    """Return the index of a file."""
    content = path.read_bytes()
    return tile_index(lambda start, stop: content[start:stop])


@pytest.fixture(autouse=True)
def forgetful(monkeypatch):
    """Begin each test with no header known."""
    monkeypatch.setattr(raster_header, "LAYOUTS", {})


@pytest.mark.parametrize("big", ["YES", "NO"])
@pytest.mark.parametrize("order", ["LITTLE", "BIG"])
@pytest.mark.parametrize("sparse", [False, True])
def test_places_are_those_that_gdal_tells(tmp_path, big, order, sparse):
    """First byte and length of every tile are GDAL's, in both byte orders, in BigTIFF, and of tiles that were never written."""
    dn = noise()
    dn[:48, :32] = 0 if sparse else dn[:48, :32]
    path = write_tiff(tmp_path / "x.tif", dn, CORNER, **TILED, bigtiff=big, endianness=order, sparse_ok=sparse)
    index = index_of(path)
    with rasterio.open(path) as raster:
        for number in range(3 * 4):
            row, col = divmod(number, 4)
            told = (raster.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) for what in ("OFFSET", "SIZE"))
            assert index.place(number) == tuple(int(value or 0) for value in told)
    assert (index.place(0) == (0, 0)) == sparse
    assert index.place(12) == (0, 0)


def test_what_a_header_claims_is_checked_before_it_is_read():
    """A header that claims places of a gigabyte costs no more than itself: nothing so long is ever asked for."""
    entry = struct.pack("<HHII", 324, 4, 2**28, 8)
    content = struct.pack("<4sI", b"II*\0", 8) + struct.pack("<H", 1) + entry + bytes(4)
    asked = []
    assert tile_index(lambda start, stop: asked.append(stop - start) or content[start:stop]) is None
    assert max(asked) <= HEAD_BYTES


def test_only_the_places_are_left_out_of_the_digest(tmp_path):
    """Files with other pixels are alike; what changes their meaning makes them differ."""
    plain = index_of(write_tiff(tmp_path / "a.tif", noise(), CORNER, **TILED))
    other = index_of(write_tiff(tmp_path / "b.tif", noise(2) // 9, CORNER, **TILED))
    assert plain.rest == other.rest
    assert plain.offsets.tolist() != other.offsets.tolist()
    changes = (
        {"crs": "EPSG:32635"}, {"grid": CORNER * Affine.translation(1, 0)}, {"predictor": 2}, {"compress": "lzw"}, {"blockxsize": 48},
        {"nodata": 7}, {"endianness": "BIG"}, {"bigtiff": "YES"}, {"dn": noise(dtype=np.int16)}, {"dn": noise()[:90]}, {"nbits": 9},
    )  # fmt: skip
    digests = [index_of(write_tiff(tmp_path / "c.tif", **{"dn": noise(), "grid": CORNER, **TILED, **change})).rest for change in changes]
    assert len({plain.rest, *digests}) == len(changes) + 1


def test_what_has_no_tiles_is_left_to_gdal(tmp_path):
    """Strips, other formats and empty files have no index."""
    strips = write_tiff(tmp_path / "x.tif", noise(), CORNER, driver="GTiff", blocksize=None, overviews=None)
    assert index_of(strips) is None
    for content in (b"", b"II*\0", b"\0\0\0\x0cjP  \r\n\x87\n", b"<html>", b"II+\0" + b"\xff" * 60):
        (tmp_path / "y.tif").write_bytes(content)
        assert index_of(tmp_path / "y.tif") is None


def test_gdal_is_asked_once_for_files_that_are_alike(tmp_path, monkeypatch):
    """A second file of the kind is read without its header going through GDAL, to the same pixels, and is held to its own size."""
    first, second = (write_tiff(tmp_path / f"{seed}.tif", noise(seed), CORNER, predictor="STANDARD", blocksize=32) for seed in (1, 2))
    read_band(first, 0, GRID, nearest=False)
    monkeypatch.setattr(raster_header, "opened", lambda _: pytest.fail("GDAL was asked"))
    np.testing.assert_array_equal(read_band(second, 0, GRID, nearest=False), noise(2))
    second.write_bytes(second.read_bytes()[:-200])
    with pytest.raises(SceneError, match="missing or cut off"):
        read_band(second, 0, GRID, nearest=False)


def test_a_known_header_does_not_vouch_for_the_size(tmp_path):
    """A file that is far too small for what its header declares is refused, also where GDAL has read such a header before."""
    path = write_tiff(tmp_path / "x.tif", noise(), CORNER, predictor="STANDARD", blocksize=32)
    read_band(path, 0, GRID, nearest=False)
    (key,) = raster_header.LAYOUTS
    layout = raster_header.LAYOUTS[key]
    raster_header.LAYOUTS[key] = type(layout)(**{name: getattr(layout, name) for name in layout.__slots__} | {"declared": 10**12})
    with pytest.raises(SceneError, match="declared size"):
        read_band(path, 0, GRID, nearest=False)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_broken_directory_is_no_index_and_no_crash(tmp_path_factory, data):
    """Whatever is flipped or cut off, there is an index or none, and nothing is raised."""
    path = tmp_path_factory.getbasetemp() / "whole.tif"
    if not path.exists():
        write_tiff(path, noise(), CORNER, **TILED, bigtiff="YES")
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(900, len(content) - 1)))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(0, len(content)))]
    index = tile_index(lambda start, stop: bytes(content[start:stop]))
    assert index is None or index.place(0) >= (0, 0)
