"""What a raster's header says, checked before any pixel is read: its place on Earth, its blocks, and where they lie.

A zeroed tile offset reads as silent nodata, and a small file can declare a huge raster; everything odd is a SceneError.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.sources.blocks import Block, deflated_size, packing_of
from sentinel_watch.sources.raster_file import JP2, opened, unreadable
from sentinel_watch.sources.resample import place
from sentinel_watch.sources.tile_index import tile_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from affine import Affine
    from odc.geo.geobox import GeoBox
    from rasterio.io import DatasetReader

    from sentinel_watch.sources.blocks import Packing
    from sentinel_watch.sources.raster_file import RasterFile
    from sentinel_watch.sources.resample import Placement

__all__ = ["Plan", "plan_reading"]

DTYPES = ("uint8", "uint16", "int16", "float32")
MAX_SIDE_PX = 65_536
MAX_BLOCK_PX = 4096 * 4096
MAX_WINDOW_PX = 8192 * 8192
MAX_RATIO = 20_000
"""Declared bytes for each byte of the file; tiles of nothing but nodata reach some 10 000 with ZSTD."""


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


@dataclass(frozen=True, slots=True)
class Layout:
    """What a checked header says of a raster, but for where its blocks lie."""

    crs: str
    """As WKT."""
    transform: Affine
    shape: tuple[int, int]
    block_shape: tuple[int, int] | None
    """Rows and columns; None for JPEG 2000, whose blocks are its decoder's matter."""
    declared: int
    """Bytes of all pixels, unpacked."""
    packing: Packing | None
    deflated: int
    """Both as in `Plan`."""


LAYOUTS: dict[str, Layout] = {}
"""What headers said that GDAL has read, by their bytes."""
MAX_LAYOUTS = 1000


def plan_reading(file: RasterFile, grid: GeoBox) -> Plan:
    """Return what must be read of `file` for `grid`, by its header alone; raise as `read_raster` does.

    GDAL reads the header, unless it has read one before that differs only in where the tiles lie.
    """
    index = tile_index(file.read)
    layout = LAYOUTS.get(index.rest) if index else None
    if index and layout:
        _check_size(layout.declared, file)
        return _plan(layout, index.place, file, grid)
    with opened(file) as raster:
        _check_header(raster, file)
        layout = _layout(raster, file)
        plan = _plan(layout, index.place if index else partial(_told_by_gdal, raster), file, grid)
    # only now: GDAL may have warned until the file was closed
    if index:
        _remember(index.rest, layout)
    return plan


def _layout(raster: DatasetReader, file: RasterFile) -> Layout:
    """Return what the header says, once it was checked."""
    blocked = file.driver != JP2
    return Layout(
        crs=raster.crs.to_wkt(),
        transform=raster.transform,
        shape=raster.shape,
        # the decoder of JPEG 2000 is strict about its tiles itself
        block_shape=raster.block_shapes[0] if blocked else None,
        declared=_declared_bytes(raster),
        packing=packing_of(raster, file.read(0, 2)),
        deflated=deflated_size(raster),
    )


def _remember(key: str, layout: Layout) -> None:
    """Keep what a header says for the next file that says the same."""
    # a run reads a handful of kinds of file, and a hostile server may send any number
    if len(LAYOUTS) >= MAX_LAYOUTS:
        LAYOUTS.clear()
    LAYOUTS[key] = layout


def _plan(layout: Layout, place_of: Callable[[int], tuple[int, int]], file: RasterFile, grid: GeoBox) -> Plan:
    """Return what must be read for `grid` of a file with `layout`; `place_of` gives first byte and length of a block by its number."""
    try:
        at = place(layout.crs, layout.transform, layout.shape, grid)
    except ValueError as error:
        raise unreadable("the file cannot be brought onto the grid", file, found=str(error)) from error
    _check_window(at, file)
    # a tile may touch the area of interest and miss this block of it
    apart = at.height * at.width == 0
    blocks = () if apart else _checked_blocks(layout, place_of, at, file)
    return Plan(at, blocks, layout.packing, layout.deflated, (grid.shape[0], grid.shape[1]))


def _check_header(raster: DatasetReader, file: RasterFile) -> None:
    """Raise SceneError where the header declares anything but a plausible single-band raster with a place on Earth.

    Bounds: MAX_SIDE_PX a side, MAX_BLOCK_PX a block, and MAX_RATIO declared bytes for each byte of the file. Nothing
    is decoded yet, so a decompression bomb costs only its header.
    """
    block = math.prod(raster.block_shapes[0])
    checks = (
        (raster.driver == file.driver, "the driver", raster.driver, file.driver),
        (raster.count == 1, "the number of bands", raster.count, "1"),
        (raster.dtypes[0] in DTYPES, "the data type", raster.dtypes[0], ", ".join(DTYPES)),
        (raster.crs is not None, "the coordinate system", raster.crs, "any that PROJ knows"),
        (not raster.transform.is_identity and not raster.transform.is_degenerate, "the georeference", raster.transform, "a transform"),
        (max(raster.shape) <= MAX_SIDE_PX, "the size in pixels", raster.shape, f"at most {MAX_SIDE_PX} a side"),
        (block <= MAX_BLOCK_PX, "the block size", raster.block_shapes[0], f"at most {MAX_BLOCK_PX} pixels"),
    )
    for fine, what, found, allowed in checks:
        if not fine:
            raise unreadable(f"{what} in the file's header cannot be right", file, found=str(found), allowed=allowed)
    _check_size(_declared_bytes(raster), file)


def _declared_bytes(raster: DatasetReader) -> int:
    """Return what the header declares, bytes of all pixels unpacked."""
    return int(raster.width * raster.height * np.dtype(raster.dtypes[0]).itemsize)


def _check_size(declared: int, file: RasterFile) -> None:
    """Raise SceneError where a header declares far more bytes than the file could hold: memory is taken by what it declares."""
    ratio = declared / max(file.size, 1)
    if ratio > MAX_RATIO:
        what, allowed = "the declared size in the file's header cannot be right", f"at most {MAX_RATIO} times"
        raise unreadable(what, file, found=f"{ratio:.0f} times that of the file", allowed=allowed)


def _check_window(at: Placement, file: RasterFile) -> None:
    """Raise SceneError where far more pixels would have to be read than the grid has.

    Pixels of the source, MAX_WINDOW_PX at most: a block of 512 x 512 at 10 m from a source finer than 0.6 m.
    """
    if at.height * at.width > MAX_WINDOW_PX:
        raise unreadable("the file's pixels are too fine for the grid", file, found=f"{at.height} x {at.width} pixels")


def _checked_blocks(layout: Layout, place_of: Callable[[int], tuple[int, int]], at: Placement, file: RasterFile) -> tuple[Block, ...]:
    """Return the blocks that are to be read, row by row, none of JPEG 2000; raise SceneError where one is not in the file.

    GDAL would return nodata for it, and no error. Bytes of a planar second band do not occur: the header check allows one band.
    """
    if layout.block_shape is None:
        return ()
    high, wide = layout.block_shape
    across, size = -(-layout.shape[1] // wide), file.size
    blocks = []
    for row in range(at.top // high, (at.top + at.height - 1) // high + 1):
        for col in range(at.left // wide, (at.left + at.width - 1) // wide + 1):
            # an offset of 0 is what GDAL calls a sparse block, and reads as nodata without a word
            offset, count = place_of(row * across + col)
            if not (offset > 0 and count > 0 and offset + count <= size):
                found = f"block {row}, {col}: offset {offset}, bytes {count}, file size {size}"
                raise unreadable("a block of the file is missing or cut off", file, found=found)
            blocks.append(Block(row, col, offset, offset + count))
    return tuple(blocks)


def _told_by_gdal(raster: DatasetReader, number: int) -> tuple[int, int]:
    """Return first byte and length of a block, zeros where it was never written: of strips, which GDAL may cut anew."""
    across = -(-raster.width // raster.block_shapes[0][1])
    row, col = divmod(number, across)
    offset, count = (int(raster.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=1) or 0) for what in ("OFFSET", "SIZE"))
    return offset, count
