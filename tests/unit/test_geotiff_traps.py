"""TIFFs that lie, break off or are something else: each must be an error, never a pixel."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import numpy as np
import pytest
from affine import Affine
from catalogs import ORIGIN, UTM, write_tiff
from odc.geo.geobox import GeoBox

from sentinel_watch.errors import SceneError
from sentinel_watch.sources.geotiff import read_band

if TYPE_CHECKING:
    from pathlib import Path


def grid_at(left: int, top: int, height: int = 256, width: int = 256) -> GeoBox:
    """Return a 10 m grid whose corner lies `left` and `top` pixels from ORIGIN."""
    return GeoBox((height, width), Affine(10, 0, ORIGIN[0] + 10 * left, 0, -10, ORIGIN[1] - 10 * top), UTM)


GRID = grid_at(0, 0)
RAMP = (np.arange(256 * 256, dtype=np.uint16).reshape(256, 256) % 5000) + 1
WIDTH, HEIGHT, TILE_OFFSETS, TILE_COUNTS, STRIP_OFFSETS = 256, 257, 324, 325, 273


def patch(path: Path, tag: int, *, value: int, index: int = 0) -> Path:
    """Overwrite one value of a tag in the first directory of a little-endian classic TIFF."""
    data = bytearray(path.read_bytes())
    (directory,) = struct.unpack_from("<I", data, 4)
    (entries,) = struct.unpack_from("<H", data, directory)
    for entry in range(directory + 2, directory + 2 + 12 * entries, 12):
        number, kind, count = struct.unpack_from("<HHI", data, entry)
        if number == tag:
            size, code = {3: (2, "<H"), 4: (4, "<I")}[kind]
            start = entry + 8 if size * count <= 4 else struct.unpack_from("<I", data, entry + 8)[0]
            struct.pack_into(code, data, start + size * index, value)
            path.write_bytes(data)
            return path
    raise AssertionError(f"tag {tag} is not in the file")


@pytest.fixture
def honest(tmp_path: Path) -> Path:
    """Return a sound file of four blocks on GRID."""
    return write_tiff(tmp_path / "honest.tif", RAMP, GRID.affine)


def refusal(path: Path, grid: GeoBox = GRID) -> str:
    """Return what the error says that reading `path` must end in."""
    with pytest.raises(SceneError) as caught:
        read_band(path, 0, grid, nearest=False)
    assert caught.value.reason == "unreadable"
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_a_sound_file_on_the_same_grid_is_copied(honest):
    """Every pixel of a file on the target's own grid comes back as it is."""
    np.testing.assert_array_equal(read_band(honest, 0, GRID, nearest=False), RAMP)


@pytest.mark.parametrize("tag", [TILE_OFFSETS, TILE_COUNTS])
def test_a_zeroed_block_is_an_error(honest, tag):
    """A block whose offset or length is zero is an error, although GDAL would return nodata."""
    assert "missing or cut off" in refusal(patch(honest, tag, value=0, index=3))


def test_a_zeroed_block_elsewhere_does_not_matter(honest):
    """A window that does not touch the broken block is read."""
    patch(honest, TILE_OFFSETS, value=0, index=3)
    np.testing.assert_array_equal(read_band(honest, 0, grid_at(0, 0, 100, 100), nearest=False), RAMP[:100, :100])


def test_a_block_beyond_the_end_of_the_file_is_an_error(honest):
    """A block that would end after the file's last byte is an error."""
    assert "missing or cut off" in refusal(patch(honest, TILE_OFFSETS, value=10**8, index=0))


def test_a_truncated_file_is_an_error(honest):
    """A download that broke off is an error, even where the header is whole."""
    honest.write_bytes(honest.read_bytes()[:-500])
    assert "missing or cut off" in refusal(honest)


def test_damaged_bytes_inside_a_block_are_an_error(honest):
    """A block that does not decompress is an error."""
    data = bytearray(honest.read_bytes())
    data[-3000:-1000] = b"\xff" * 2000
    honest.write_bytes(data)
    assert "cannot be unpacked" in refusal(honest)


@pytest.mark.parametrize("level", ["DEBUG", "CRITICAL"])
def test_a_warning_while_reading_is_an_error(honest, level, caplog):
    """What GDAL would repair with a mere warning (here a directory out of order) is an error, however logging is set."""
    caplog.set_level(level)
    data = bytearray(honest.read_bytes())
    start = struct.unpack_from("<I", data, 4)[0] + 2
    data[start : start + 24] = data[start + 12 : start + 24] + data[start : start + 12]
    honest.write_bytes(data)
    assert "warning" in refusal(honest)


def test_a_huge_declared_size_is_an_error(tmp_path):
    """A small file that declares a huge raster is refused by its header, and nothing is allocated for it."""
    path = write_tiff(
        tmp_path / "huge.tif", np.ones((16, 16), np.uint16), GRID.affine, driver="GTiff", tiled=False, blocksize=None, compress=None
    )
    patch(patch(path, WIDTH, value=60_000), HEIGHT, value=60_000)
    refusal(path)


def test_too_many_pixels_a_side_is_an_error(tmp_path):
    """A sparse file beyond the largest side is refused, whatever it holds."""
    path = write_tiff(tmp_path / "wide.tif", np.ones((1, 70_000), np.uint8), GRID.affine, driver="GTiff", blocksize=None)
    assert "size in pixels" in refusal(path)


def test_a_vrt_named_tif_is_an_error(tmp_path, honest):
    """A VRT is not opened, whatever its name: it could name any file of the machine."""
    path = tmp_path / "vrt.tif"
    path.write_text(
        '<VRTDataset rasterXSize="256" rasterYSize="256"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
        f"<SourceFilename>{honest}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    assert "no readable GeoTIFF" in refusal(path)


def test_an_html_page_named_tif_is_an_error(tmp_path):
    """An error page that was saved under a TIFF's name is an error."""
    path = tmp_path / "page.tif"
    path.write_text("<html><body>503 Service Unavailable</body></html>")
    assert "no readable GeoTIFF" in refusal(path)


def test_a_missing_file_is_an_error(tmp_path):
    """A file that is not there is named in the error."""
    assert "missing" in refusal(tmp_path / "gone.tif")


def test_a_folder_is_an_error(tmp_path):
    """A folder under a file's name is no file."""
    assert "missing" in refusal(tmp_path)


@pytest.mark.parametrize("dtype", ["float64", "int32", "complex64"])
def test_an_unexpected_data_type_is_an_error(tmp_path, dtype):
    """Only the data types that imagery comes in are read."""
    path = write_tiff(tmp_path / "type.tif", RAMP.astype(dtype), GRID.affine, driver="GTiff", blocksize=None, nodata=None)
    assert "data type" in refusal(path)


def test_two_bands_are_an_error(tmp_path):
    """A file with two bands is not guessed about."""
    path = write_tiff(tmp_path / "two.tif", np.stack([RAMP, RAMP]), GRID.affine)
    assert "number of bands" in refusal(path)


def test_no_georeference_is_an_error(tmp_path):
    """A raster without a place on Earth is refused."""
    path = tmp_path / "nowhere.tif"
    with pytest.warns(Warning, match="Affine.identity"):
        write_tiff(path, RAMP, Affine.identity())
    refusal(path)


def test_sidecar_files_are_not_read(honest):
    """A world file or statistics beside the raster change nothing."""
    honest.with_suffix(".tfw").write_text("99\n0\n0\n-99\n0\n0\n")
    honest.with_suffix(".tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:4326</SRS></PAMDataset>")
    np.testing.assert_array_equal(read_band(honest, 0, GRID, nearest=False), RAMP)


def test_outside_the_file_there_is_no_data(honest):
    """A grid that lies apart from the file is NaN all over, and one that overlaps it is NaN where it does not."""
    apart = grid_at(10_000, 0)
    assert np.isnan(read_band(honest, 0, apart, nearest=False)).all()
    half = read_band(honest, 0, grid_at(128, 0), nearest=False)
    np.testing.assert_array_equal(half[:, :128], RAMP[:, 128:])
    assert np.isnan(half[:, 128:]).all()
