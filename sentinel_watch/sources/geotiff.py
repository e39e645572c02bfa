"""Reads a single-band GeoTIFF that nobody vouches for: the header is checked before any pixel, each block before it is read.

A zeroed tile offset reads as silent nodata, a small file can declare a huge raster, and a VRT named .tif names other
files: so only GDAL's GTiff driver is let near it, or the one of JPEG 2000 where the first bytes say that, without sidecar
files, and everything odd is a SceneError.
"""

from __future__ import annotations

import logging
import math
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.errors import SceneError
from sentinel_watch.sources.blocks import Block, check_sums, deflated_size, packing_of, unpack
from sentinel_watch.sources.resample import place, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from rasterio.io import DatasetReader

    from sentinel_watch.sources.blocks import Packing
    from sentinel_watch.sources.resample import Placement

__all__ = [
    "GDAL_OPTIONS",
    "JP2",
    "Plan",
    "RasterFile",
    "driver_of",
    "heeding_warnings",
    "plan_reading",
    "read_band",
    "read_planned",
    "read_raster",
]

JP2 = "JP2OpenJPEG"
"""GDAL's driver for JPEG 2000."""
# signature box: length 12, `jP  `, and line ends that a text-mode transfer would spoil
JP2_MAGIC = b"\0\0\0\x0cjP  \r\n\x87\n"
DTYPES = ("uint8", "uint16", "int16", "float32")
MAX_SIDE_PX = 65_536
MAX_BLOCK_PX = 4096 * 4096
MAX_WINDOW_PX = 8192 * 8192
MAX_RATIO = 20_000
"""Declared bytes for each byte of the file; tiles of nothing but nodata reach some 10 000 with ZSTD."""

GDAL_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_NUM_THREADS": "1",
    "GTIFF_IGNORE_READ_ERRORS": "NO",
}
"""No sidecar files, and whatever the environment says, no threads inside GDAL and no read errors passed over."""


class RasterFile(Protocol):
    """A file that may be a GeoTIFF, wherever its bytes are.

    For `read_raster`: a file on disk, or one on a server of which only some bytes are at hand.
    """

    @property
    def name(self) -> str:
        """Return what errors call the file; holds no secret."""

    @property
    def size(self) -> int:
        """Return the length of the file, bytes."""

    @property
    def driver(self) -> str:
        """Return the GDAL driver for it, by its first bytes."""

    def opened(self) -> AbstractContextManager[DatasetReader]:
        """Open the file with that driver and no other.

        A VRT or any other format under a name ending in .tif is an error of GDAL, since no other driver may try.
        """

    def need(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Tell which bytes, [start, stop), are about to be read.

        Called once before pixels are read, so that a remote file can fetch neighbours in one request. Raises
        TransferError.
        """

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), fewer at the end of the file; raise OSError or TransferError where they cannot be had."""


@dataclass(frozen=True, slots=True)
class _LocalFile:
    """A GeoTIFF or JPEG 2000 file in the file system; all of its bytes are at hand."""

    path: Path

    @property
    def name(self) -> str:
        """Return the path."""
        return str(self.path)

    @property
    def size(self) -> int:
        """Return the length of the file, bytes."""
        return self.path.stat().st_size

    @property
    def driver(self) -> str:
        """Return the GDAL driver for it, by its first bytes."""
        return driver_of(self.read(0, len(JP2_MAGIC)))

    def opened(self) -> AbstractContextManager[DatasetReader]:
        """Open the file with that driver and no other."""
        opened: AbstractContextManager[DatasetReader] = rasterio.open(self.path, driver=self.driver)
        return opened

    def need(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Ignore it: the file is here."""

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), fewer at the end of the file."""
        with self.path.open("rb") as file:
            file.seek(start)
            return file.read(stop - start)


def driver_of(head: bytes) -> str:
    """Return the GDAL driver for a file that begins with `head`: that of JPEG 2000, or else GTiff, which refuses what is none.

    `head` must have the 12 bytes of JPEG 2000's signature box (ISO/IEC 15444-1); a shorter one is taken for a TIFF's.
    """
    return JP2 if head.startswith(JP2_MAGIC) else "GTiff"


def read_band(path: Path, nodata: float | None, grid: GeoBox, *, nearest: bool) -> NDArray[np.float32]:
    """Return the digital numbers of the file at `path` on `grid`, as `read_raster` does; raise SceneError where it is missing.

    `nodata` is a digital number, NaN or None; `nearest` True = classes, which must not be mixed.
    """
    file = _LocalFile(path)
    # GDAL would say it in words of its own, which differ by version
    if not path.is_file():
        raise _unreadable("the file is missing", file)
    return read_raster(file, nodata, grid, nearest=nearest)


@dataclass(frozen=True, slots=True)
class Plan:
    """What must be read of a file for a grid, by its checked header."""

    at: Placement
    blocks: tuple[Block, ...]
    """Those that are needed; none for JPEG 2000, and where file and grid are apart."""
    packing: Packing | None
    """How they are packed; None where GDAL must read them."""
    deflated: int
    """What one of them unpacks to at most, bytes; 0 where they are not deflated and so carry no checksum."""
    shape: tuple[int, int]
    """Of the grid, (rows, columns)."""


def read_raster(file: RasterFile, nodata: float | None, grid: GeoBox, *, nearest: bool) -> NDArray[np.float32]:
    """Return the file's digital numbers on `grid`, (y, x) float32, NaN = no data or outside the file.

    `nodata` is the DN that means "no data". Pixels are copied where the grids match, else resampled: bilinearly, or by
    nearest neighbour. Raises SceneError("unreadable") where the file is broken or lies about its content.

    Scale and offset are not applied. The values pass through float32, exact for 16-bit numbers. What the file
    declares is held against its length first, so no memory is taken for a lie. A warning of GDAL counts as an error:
    it means that something was repaired or guessed. TransferError of a remote file passes through.
    """
    return read_planned(file, plan_reading(file, grid), nodata, nearest=nearest)


def plan_reading(file: RasterFile, grid: GeoBox) -> Plan:
    """Return what must be read of `file` for `grid`, by its header alone; raise as `read_raster` does."""
    with _opened(file) as raster:
        _check_header(raster, file)
        at = place(raster.crs.to_wkt(), raster.transform, raster.shape, grid)
        _check_window(at, file)
        # a tile may touch the area of interest and miss this block of it
        apart = at.height * at.width == 0
        blocks = () if apart else _checked_blocks(raster, at, file)
        return Plan(at, blocks, packing_of(raster, file.read(0, 2)), deflated_size(raster), (grid.shape[0], grid.shape[1]))


def read_planned(file: RasterFile, plan: Plan, nodata: float | None, *, nearest: bool) -> NDArray[np.float32]:
    """Return what `read_raster` does, by a plan that was made of the same file; may be another thread's matter."""
    at = plan.at
    if at.height * at.width == 0:
        return np.full(plan.shape, np.nan, np.float32)
    file.need([(block.start, block.stop) for block in plan.blocks])
    try:
        values = unpack(plan.packing, plan.blocks, file.read, at) if plan.packing else _by_gdal(file, plan)
    except ValueError as error:
        raise _unreadable("a block of the file cannot be unpacked", file, found=str(error)) from error
    if nodata is not None:
        # before resampling, or "no data" would be mixed into its neighbours
        values[values == nodata] = np.nan
    return sample(values, at, nearest=nearest)


def _by_gdal(file: RasterFile, plan: Plan) -> NDArray[np.float32]:
    """Return the part of the raster that is needed, (at.height, at.width) float32, as GDAL reads it; raise ValueError."""
    at = plan.at
    if plan.deflated:
        check_sums(plan.deflated, plan.blocks, file.read)
    with _opened(file) as raster:
        values: NDArray[np.float32] = raster.read(1, window=Window(at.left, at.top, at.width, at.height)).astype(np.float32)
        return values


@contextmanager
def _opened(file: RasterFile) -> Iterator[DatasetReader]:
    """Open a file for GDAL while the block runs; what GDAL says against it, warnings too, is a SceneError."""
    try:
        # the options are given here and not in the environment, which another library may have set
        with heeding_warnings() as said, rasterio.Env(**GDAL_OPTIONS), file.opened() as raster:
            yield raster
    except (RasterioError, NotGeoreferencedWarning, OSError, ValueError) as error:
        raise _unreadable("the file is no readable GeoTIFF or JPEG 2000", file, found=str(error)) from error
    if said:
        raise _unreadable("reading the file gave a warning", file, found=said[0])


def _unreadable(what: str, file: RasterFile, *, found: str = "", allowed: str = "") -> SceneError:
    """Return the SceneError "unreadable" over `file`: what is wrong, what was found, what is allowed."""
    return SceneError(Reason.UNREADABLE, what, where=file.name, found=found, allowed=allowed)


def _check_header(raster: DatasetReader, file: RasterFile) -> None:
    """Raise SceneError where the header declares anything but a plausible single-band raster with a place on Earth.

    Bounds: MAX_SIDE_PX a side, MAX_BLOCK_PX a block, and MAX_RATIO declared bytes for each byte of the file. Nothing
    is decoded yet, so a decompression bomb costs only its header.
    """
    block = math.prod(raster.block_shapes[0])
    declared = raster.width * raster.height * np.dtype(raster.dtypes[0]).itemsize
    # before any pixel is read: memory is taken by what the header declares
    ratio = declared / max(file.size, 1)
    checks = (
        (raster.driver == file.driver, "the driver", raster.driver, file.driver),
        (raster.count == 1, "the number of bands", raster.count, "1"),
        (raster.dtypes[0] in DTYPES, "the data type", raster.dtypes[0], ", ".join(DTYPES)),
        (raster.crs is not None, "the coordinate system", raster.crs, "any that PROJ knows"),
        (not raster.transform.is_identity and not raster.transform.is_degenerate, "the georeference", raster.transform, "a transform"),
        (max(raster.shape) <= MAX_SIDE_PX, "the size in pixels", raster.shape, f"at most {MAX_SIDE_PX} a side"),
        (block <= MAX_BLOCK_PX, "the block size", raster.block_shapes[0], f"at most {MAX_BLOCK_PX} pixels"),
        (ratio <= MAX_RATIO, "the declared size", f"{ratio:.0f} times that of the file", f"at most {MAX_RATIO} times"),
    )
    for fine, what, found, allowed in checks:
        if not fine:
            raise _unreadable(f"{what} in the file's header cannot be right", file, found=str(found), allowed=allowed)


def _check_window(at: Placement, file: RasterFile) -> None:
    """Raise SceneError where far more pixels would have to be read than the grid has.

    Pixels of the source, MAX_WINDOW_PX at most: a block of 512 x 512 at 10 m from a source finer than 0.6 m.
    """
    if at.height * at.width > MAX_WINDOW_PX:
        raise _unreadable("the file's pixels are too fine for the grid", file, found=f"{at.height} x {at.width} pixels")


def _checked_blocks(raster: DatasetReader, at: Placement, file: RasterFile) -> tuple[Block, ...]:
    """Return the blocks that are to be read, row by row; none for JPEG 2000.

    Raises SceneError where one is not in the file: GDAL would return nodata, and no error.

    Offsets and lengths are TIFF's TileOffsets and TileByteCounts, or those of strips, as GDAL tells them. Bytes of a
    planar second band do not occur: the header check allows one band.
    """
    # the decoder of JPEG 2000 is strict about them itself
    if file.driver == JP2:
        return ()
    high, wide = raster.block_shapes[0]
    size = file.size
    blocks = []
    for row in range(at.top // high, (at.top + at.height - 1) // high + 1):
        for col in range(at.left // wide, (at.left + at.width - 1) // wide + 1):
            # an offset of 0 is what GDAL calls a sparse block, and reads as nodata without a word
            offset, count = (int(raster.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) or 0) for what in ("OFFSET", "SIZE"))
            if not (offset > 0 and count > 0 and offset + count <= size):
                found = f"block {row}, {col}: offset {offset}, bytes {count}, file size {size}"
                raise _unreadable("a block of the file is missing or cut off", file, found=found)
            blocks.append(Block(row, col, offset, offset + count))
    return tuple(blocks)


class _Warnings(logging.Handler):
    """Collects what GDAL says in this thread; rasterio only logs it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.thread = threading.get_ident()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the message if it was said in this thread.

        Other threads read other files at the same time, and their warnings go to their own handlers.
        """
        if record.thread == self.thread:
            self.messages.append(record.getMessage())


@contextmanager
def heeding_warnings() -> Iterator[list[str]]:
    """Yield a list into which goes what GDAL warns of in this thread: what it repairs in silence is no evidence.

    The list fills while the block runs. Works by a handler on rasterio's logger, which stays only as long as the
    block.
    """
    handler = _Warnings()
    logger = logging.getLogger("rasterio")
    # an application that silences rasterio would silence the check as well
    if not logger.isEnabledFor(logging.WARNING):
        logger.setLevel(logging.WARNING)
    logger.addHandler(handler)
    try:
        yield handler.messages
    finally:
        logger.removeHandler(handler)
