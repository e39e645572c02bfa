"""Unpacks the blocks of a GeoTIFF that is packed as the large archives do it: deflate over horizontal differences.

GDAL tells how a file is packed, and reads every file that is packed otherwise. What it would do here is done with less
work: only the rows and columns that are needed are summed up, blocks need no copy in a cache of GDAL's, and libdeflate
unpacks in about half the time. Every block's own checksum (Adler-32, RFC 1950) is checked on the way.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

try:
    import deflate
except ImportError:
    # the extra `fast` is not installed
    deflate = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from sentinel_watch.sources.resample import Placement

__all__ = ["Block", "Packing", "check_sums", "deflated_size", "packing_of", "unpack"]

DTYPES = ("uint8", "uint16", "int16")
MAX_RATIO = 1040
"""Deflate cannot pack tighter than 1032 to 1, so a block that is smaller for its size is broken."""


@dataclass(frozen=True, slots=True)
class Block:
    """One tile or strip of a raster, and where its bytes are in the file."""

    row: int
    """Its place among the blocks, from 0 at the top; in blocks, not pixels."""
    col: int
    start: int
    stop: int
    """The bytes [start, stop) of the file."""


@dataclass(frozen=True, slots=True)
class Packing:
    """How the numbers of a raster lie in its blocks: whole numbers, each row as differences from the pixel to the left, deflated."""

    dtype: np.dtype[np.integer]
    """As it lies in the file, byte order included."""
    high: int
    wide: int
    """Size of a block, pixels."""
    rows: int
    """Height of the raster, pixels: its last strip may be lower than the others."""

    def numbers(self, block: Block, packed: bytes, part: tuple[slice, slice]) -> NDArray[np.integer]:
        """Return `part` (rows, columns) of a block, given its `packed` bytes; raise ValueError where they are not those of one block."""
        whole = self.high * self.wide * self.dtype.itemsize
        last = (self.rows - block.row * self.high) * self.wide * self.dtype.itemsize
        if whole > len(packed) * MAX_RATIO:
            raise ValueError(f"block {block.row}, {block.col} is too small for its pixels: {len(packed)} bytes")
        raw = _inflated(packed, whole)
        if len(raw) not in {whole, min(whole, last)}:
            raise ValueError(f"block {block.row}, {block.col} unpacks to {len(raw)} bytes, not {whole}")
        rows, cols = part
        differences = np.frombuffer(raw, self.dtype).reshape(-1, self.wide)[rows, : cols.stop]
        # sums run over in the file's own type, as the differences did
        sums: NDArray[np.integer] = np.add.accumulate(differences, axis=1, dtype=self.dtype.newbyteorder("="))
        return sums[:, cols]


def packing_of(raster: DatasetReader, head: bytes) -> Packing | None:
    """Return how a single-band raster is packed, where that is a way that is unpacked here; None where GDAL must read it.

    `head` are the file's first bytes, which tell the byte order. Differences must be declared: a GDAL too old to tell
    of them would otherwise have them read as pixels.
    """
    packed, bits = raster.tags(ns="IMAGE_STRUCTURE"), raster.tags(1, ns="IMAGE_STRUCTURE")
    declared = packed.get("COMPRESSION") == "DEFLATE" and packed.get("PREDICTOR") == "2" and "NBITS" not in {*packed, *bits}
    if not declared or raster.dtypes[0] not in DTYPES or head[:2] not in {b"II", b"MM"}:
        return None
    high, wide = raster.block_shapes[0]
    return Packing(np.dtype(raster.dtypes[0]).newbyteorder("<" if head[:2] == b"II" else ">"), high, wide, raster.height)


def deflated_size(raster: DatasetReader) -> int:
    """Return how many bytes a deflated block of the raster's first band unpacks to at most; 0 where blocks are packed otherwise."""
    if raster.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION") != "DEFLATE":
        return 0
    size: int = math.prod(raster.block_shapes[0]) * np.dtype(raster.dtypes[0]).itemsize
    return size


def check_sums(most: int, blocks: Sequence[Block], read: Callable[[int, int], bytes]) -> None:
    """Raise ValueError where one of the deflated `blocks` is broken, or unpacks to more than `most` bytes.

    For those that GDAL unpacks: it stops at the last pixel and does not look at the checksum behind it.
    """
    for block in blocks:
        packed = read(block.start, block.stop)
        _inflated(packed, min(most, len(packed) * MAX_RATIO))


def unpack(packing: Packing, blocks: Sequence[Block], read: Callable[[int, int], bytes], at: Placement) -> NDArray[np.float32]:
    """Return the part of a raster that `at` needs, (at.height, at.width) float32, out of its `blocks`.

    `read` gives the bytes [start, stop) of the file. Raises ValueError where a block is broken.
    """
    values = np.empty((at.height, at.width), np.float32)
    for block in blocks:
        top, left = block.row * packing.high - at.top, block.col * packing.wide - at.left
        rows, cols = _overlap(top, packing.high, at.height), _overlap(left, packing.wide, at.width)
        part = slice(rows.start - top, rows.stop - top), slice(cols.start - left, cols.stop - left)
        values[rows, cols] = packing.numbers(block, read(block.start, block.stop), part)
    return values


def _overlap(start: int, length: int, side: int) -> slice:
    """Return which of the pixels 0 to `side` a block covers that begins at `start`."""
    return slice(max(start, 0), min(start + length, side))


def _inflated(packed: bytes, most: int) -> bytes | bytearray:
    """Return what a zlib stream holds, at most `most` bytes; raise ValueError where it is broken, cut off or longer."""
    if deflate is not None:
        try:
            return deflate.zlib_decompress(packed, most)
        except deflate.DeflateError as error:
            raise ValueError(f"a block cannot be unpacked: {error}") from error
    stream = zlib.decompressobj()
    try:
        # with room for one byte more it reads on to the end, where the checksum is
        raw = stream.decompress(packed, most + 1)
    except zlib.error as error:
        raise ValueError(f"a block cannot be unpacked: {error}") from error
    if len(raw) > most or not stream.eof:
        raise ValueError("a block cannot be unpacked: it is cut off or too long")
    return raw
