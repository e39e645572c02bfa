"""Blocks that are unpacked here give the pixels that GDAL gives, and broken ones give none."""

from __future__ import annotations

import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import pytest
import rasterio
from affine import Affine
from catalogs import ORIGIN, UTM, write_tiff
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from sentinel_watch.errors import SceneError
from sentinel_watch.sources import blocks
from sentinel_watch.sources.blocks import DTYPES, Block, Packing, packing_of
from sentinel_watch.sources.geotiff import read_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

CORNER = Affine(10, 0, ORIGIN[0], 0, -10, ORIGIN[1])
PLAIN = {"driver": "GTiff", "compress": "deflate", "predictor": 2, "nodata": None, "blocksize": None, "overviews": None}


@pytest.fixture(params=["libdeflate", "zlib"])
def inflater(request, monkeypatch):
    """Run the test with each of the two libraries that unpack."""
    if request.param == "zlib":
        monkeypatch.setattr(blocks, "deflate", None)
    return request.param


def grid_of(rows: slice, cols: slice) -> GeoBox:
    """Return the grid of those pixels of a file that begins at CORNER."""
    return GeoBox((rows.stop - rows.start, cols.stop - cols.start), CORNER * Affine.translation(cols.start, rows.start), UTM)


def by_gdal(path: Path) -> NDArray[np.float32]:
    """Return all pixels as rasterio reads them."""
    with rasterio.open(path) as raster:
        return raster.read(1).astype(np.float32)


def claimed(path: Path) -> bool:
    """Return whether the file is one that is unpacked here."""
    with rasterio.open(path) as raster:
        return packing_of(raster, path.read_bytes()[:2]) is not None


def noise(shape: tuple[int, int], dtype: str, seed: int = 1) -> NDArray[np.generic]:
    """Return numbers from the whole range of a type, beside stretches that compress well."""
    draw = np.random.default_rng(seed)
    bits = draw.integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8)
    values = draw.normal(0, 1e4, shape).astype(dtype) if dtype.startswith("float") else bits.view(dtype)[..., 0]
    values[: shape[0] // 3] = values[0, 0]
    return values


@st.composite
def layouts(draw: st.DrawFn) -> tuple[str, dict[str, object]]:
    """Return a data type and a way to write it that GDAL accepts."""
    dtype = draw(st.sampled_from(["uint8", "uint16", "int16", "float32"]))
    compress = draw(st.sampled_from(["deflate", "deflate", "deflate", "lzw", "zstd", "packbits", None]))
    predictors = [1] if compress in {None, "packbits"} else [1, 2, 3] if dtype == "float32" else [1, 2, 2]
    profile: dict[str, object] = {**PLAIN, "compress": compress, "predictor": draw(st.sampled_from(predictors))}
    profile |= {"endianness": draw(st.sampled_from(["LITTLE", "BIG"])), "bigtiff": draw(st.sampled_from(["YES", "NO"]))}
    # strips of any height, tiles of multiples of 16, or a COG with its overviews and ghost leaders
    kind = draw(st.sampled_from(["strips", "tiles", "cog"]))
    if kind == "strips":
        profile["blockysize"] = draw(st.integers(1, 90))
    elif kind == "tiles":
        sides = st.sampled_from([16, 32, 48, 128])
        profile |= {"tiled": True, "blockxsize": draw(sides), "blockysize": draw(sides)}
    elif compress == "deflate":
        name = {1: "NO", 2: "STANDARD", 3: "FLOATING_POINT"}[profile["predictor"]]
        profile = {"predictor": name, "compress": "deflate", "overviews": "AUTO", "nodata": None}
    return dtype, profile


@settings(max_examples=200, deadline=None)
@given(
    *(layouts(), st.tuples(st.integers(1, 150), st.integers(1, 150)), st.integers(0, 1000)),
    *(st.tuples(st.floats(0, 1), st.floats(0, 1)), st.tuples(st.floats(0, 1), st.floats(0, 1)), st.booleans()),
)
def test_every_layout_reads_as_gdal_reads_it(layout, shape, seed, down, along, fast):
    """Whatever type, predictor, codec, block, byte order and container: each window has GDAL's pixels, bit by bit."""
    (dtype, profile), (rows, cols) = layout, (_window(down, shape[0]), _window(along, shape[1]))
    with TemporaryDirectory() as folder, patch.object(blocks, "deflate", blocks.deflate if fast else None):
        path = write_tiff(Path(folder) / "a.tif", noise(shape, dtype, seed), CORNER, **profile)
        own = profile["compress"] == "deflate" and profile["predictor"] in {2, "STANDARD"} and dtype in DTYPES
        assert claimed(path) == own
        np.testing.assert_array_equal(read_band(path, None, grid_of(rows, cols), nearest=True), by_gdal(path)[rows, cols])


def _window(share: tuple[float, float], side: int) -> slice:
    """Return some pixels of a side, at least one."""
    start, stop = sorted(round(part * side) for part in share)
    return slice(min(start, side - 1), max(stop, min(start, side - 1) + 1))


def test_numbers_run_over_as_they_did(tmp_path, inflater):
    """Differences that leave the type's range come back to the numbers that they were made of."""
    for dtype in DTYPES:
        info = np.iinfo(dtype)
        stripes = np.tile(np.array([info.min, info.max, 0, info.max, info.min, 1], dtype), (40, 20))
        path = write_tiff(tmp_path / f"{dtype}.tif", stripes, CORNER, **PLAIN)
        assert claimed(path)
        np.testing.assert_array_equal(read_band(path, None, grid_of(slice(0, 40), slice(0, 120)), nearest=True), stripes)


def test_what_a_file_says_in_its_own_metadata_does_not_make_it_ours(tmp_path):
    """A file that merely claims the predictor in GDAL's metadata is read by its true tags."""
    values = noise((40, 50), "uint16")
    path = write_tiff(tmp_path / "forged.tif", values, CORNER, **{**PLAIN, "predictor": 1})
    with rasterio.open(path, "r+") as file:
        file.update_tags(room="x" * 200)
    start, stop = path.read_bytes().index(b"<GDALMetadata>"), path.read_bytes().index(b"</GDALMetadata>")
    claim = b'<GDALMetadata><Item name="PREDICTOR" domain="IMAGE_STRUCTURE">2</Item>'
    path.write_bytes(path.read_bytes()[:start] + claim.ljust(stop - start) + path.read_bytes()[stop:])
    assert not claimed(path)
    np.testing.assert_array_equal(read_band(path, None, grid_of(slice(0, 40), slice(0, 50)), nearest=True), values)


def test_a_block_that_was_never_written_is_an_error(tmp_path, inflater):
    """A sparse file has no pixels where it has no block, and says so instead of giving zeros."""
    values = np.zeros((64, 64), np.uint16)
    values[:16, :16] = 7
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16, "SPARSE_OK": True}
    path = write_tiff(tmp_path / "sparse.tif", values, CORNER, **{**PLAIN, **tiles})
    assert claimed(path)
    assert (read_band(path, None, grid_of(slice(0, 15), slice(0, 15)), nearest=True) == 7).all()
    with pytest.raises(SceneError, match="missing or cut off"):
        read_band(path, None, grid_of(slice(0, 64), slice(0, 64)), nearest=True)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([("uint8", 2), ("uint16", 2), ("int16", 2), ("uint16", 1), ("float32", 3)]), st.data(), st.booleans())
def test_a_flipped_bit_never_changes_a_pixel(layout, data, fast):
    """Whichever bit of a deflated block is flipped, the reading fails, or the bit says nothing and the pixels are the true ones."""
    dtype, predictor = layout
    with TemporaryDirectory() as folder, patch.object(blocks, "deflate", blocks.deflate if fast else None):
        values = noise((40, 50), dtype)
        path = write_tiff(Path(folder) / "a.tif", values, CORNER, **{**PLAIN, "predictor": predictor})
        with rasterio.open(path) as raster:
            start, count = (int(raster.get_tag_item(f"BLOCK_{what}_0_0", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
        content = bytearray(path.read_bytes())
        content[start + data.draw(st.integers(0, count - 1))] ^= 1 << data.draw(st.integers(0, 7))
        path.write_bytes(content)
        try:
            found = read_band(path, None, grid_of(slice(0, 40), slice(0, 50)), nearest=True)
        except SceneError:
            return
        np.testing.assert_array_equal(found, values)


PACKING = Packing(np.dtype("<u2"), high=16, wide=16, rows=40)
"""Blocks of 16 rows, of which the third and last one may have 8."""
WHOLE = PACKING.high * PACKING.wide * 2


def packed(length: int) -> bytes:
    """Return that many bytes of noise, deflated."""
    return zlib.compress(np.random.default_rng(3).integers(0, 256, length, np.uint8).tobytes())


def numbers(row: int, content: bytes) -> NDArray[np.integer]:
    """Return all rows of a block of the first column."""
    return PACKING.numbers(Block(row, 0, 0, len(content)), content, (slice(0, 16), slice(0, 16)))


@pytest.mark.parametrize("row", [0, 2])
def test_a_whole_block_is_unpacked(row, inflater):
    """A block of its full height is right anywhere, as tiles at the edge are."""
    assert numbers(row, packed(WHOLE)).shape == (16, 16)


def test_the_last_strip_may_end_with_the_raster(inflater):
    """Only the last block may be lower, and only as low as the raster ends."""
    assert numbers(2, packed(WHOLE // 2)).shape == (8, 16)


@pytest.mark.parametrize(
    ("row", "length"),
    [(0, WHOLE // 2), (1, WHOLE // 2), (2, WHOLE // 2 - 2), (2, WHOLE // 2 + 2), (0, WHOLE - 1), (0, WHOLE + 1), (0, 4 * WHOLE), (0, 0)],
)
def test_a_block_of_another_length_is_an_error(row, length, inflater):
    """A block that unpacks to fewer or more bytes than it has pixels gives none."""
    with pytest.raises(ValueError, match=r"unpack|too small"):
        numbers(row, packed(length))


def test_a_block_that_breaks_off_anywhere_is_an_error(inflater):
    """Every byte of a block counts, those of its checksum too."""
    content = packed(WHOLE)
    for stop in range(len(content)):
        with pytest.raises(ValueError, match=r"unpack|too small"):
            numbers(0, content[:stop])


@pytest.mark.parametrize("place", [-1, -4])
def test_a_wrong_checksum_is_an_error(place, inflater):
    """Pixels that do not have the checksum that the block ends in are not taken."""
    content = bytearray(packed(WHOLE))
    content[place] ^= 1
    with pytest.raises(ValueError, match="cannot be unpacked"):
        numbers(0, bytes(content))


def test_raw_deflate_and_gzip_are_errors(inflater):
    """What carries no Adler-32 is no block of a TIFF."""
    for bits in (-15, 31):
        stream = zlib.compressobj(wbits=bits)
        with pytest.raises(ValueError, match="cannot be unpacked"):
            numbers(0, stream.compress(bytes(WHOLE)) + stream.flush() + bytes(64))


def test_a_bomb_takes_no_more_memory_than_its_pixels(inflater, monkeypatch):
    """A block that would unpack to gigabytes is given up after the bytes that its pixels need."""
    asked: list[int] = []
    stream = zlib.compressobj(9)
    bomb = b"".join(stream.compress(bytes(1 << 20)) for _ in range(64)) + stream.flush()
    if inflater == "libdeflate":
        known = blocks.deflate

        def decompress(content: bytes, most: int) -> bytes:
            asked.append(most)
            return known.zlib_decompress(content, most)

        monkeypatch.setattr(blocks, "deflate", SimpleNamespace(zlib_decompress=decompress, DeflateError=known.DeflateError))
    with pytest.raises(ValueError, match="cannot be unpacked"):
        numbers(0, bomb)
    assert asked in ([], [WHOLE])


def test_a_tiny_block_of_a_huge_size_is_refused_unread(inflater):
    """Memory is not taken for a block that no packing could have made so small."""
    huge = Packing(np.dtype("<u2"), high=4096, wide=4096, rows=4096)
    with pytest.raises(ValueError, match="too small"):
        huge.numbers(Block(0, 0, 0, 100), packed(40), (slice(0, 1), slice(0, 1)))
