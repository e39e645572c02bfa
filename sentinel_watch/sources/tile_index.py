"""Where the tiles of a TIFF lie, and a digest of all else that its first directory says: files that share that are packed alike.

What the bytes mean is GDAL's to say. It is asked once for all the files of a tile and a pixel size, whose headers differ in nothing but
the places of their tiles, and only these are read here (TIFF 6.0, section 2, and BigTIFF).
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Read = Callable[[int, int], bytes]

__all__ = ["TileIndex", "tile_index"]

OFFSETS, COUNTS = 324, 325
"""Tags TileOffsets and TileByteCounts."""
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Field type -> bytes of one value."""
NUMBERS = {3: "u2", 4: "u4", 16: "u8"}
"""Field types of places and lengths: SHORT, LONG and BigTIFF's LONG8."""
FORMS = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
"""First bytes -> byte order, and whether it is BigTIFF."""
HEAD_BYTES = 16 * 1024
MAX_ENTRIES = 200
MAX_VALUE_BYTES = 4 * 1024**2


@dataclass(frozen=True, slots=True)
class TileIndex:
    """The places of the tiles of a file's first image."""

    offsets: NDArray[np.uint64]
    counts: NDArray[np.uint64]
    """First byte and length of each tile, row by row; 0 = never written."""
    rest: str
    """SHA-256 of all else that the directory says, byte order included."""

    def place(self, number: int) -> tuple[int, int]:
        """Return first byte and length of a tile; zeros where the file has none of this number."""
        return (int(self.offsets[number]), int(self.counts[number])) if number < len(self.offsets) else (0, 0)


def tile_index(read: Read) -> TileIndex | None:
    """Return where the tiles of a file lie; None where it is no TIFF, has strips, or is not as it must be: GDAL says how.

    `read` gives the bytes [start, stop) of the file, fewer at its end. Raises what `read` raises.
    """
    head = read(0, HEAD_BYTES)
    if head[:4] not in FORMS:
        return None

    def at(start: int, size: int) -> bytes:
        """Return bytes of the file, mostly of its head; raise ValueError where they are too many, or it ends before."""
        # before anything is read: a header may claim what it likes
        if size > MAX_VALUE_BYTES:
            raise ValueError("a value is too long")
        found = head[start : start + size] if start + size <= len(head) else read(start, start + size)
        if len(found) != size:
            raise ValueError("a value lies behind the end of the file")
        return found

    try:
        return _index(head[:4], at)
    except (ValueError, LookupError, struct.error):
        return None


def _index(magic: bytes, at: Read) -> TileIndex:
    """Return what the first directory says; raise ValueError or LookupError where it has no tiles, or is broken."""
    order, _ = FORMS[magic]
    rest, places = hashlib.sha256(magic), {}
    for tag, kind, value in _entries(magic, at):
        if tag in {OFFSETS, COUNTS}:
            places[tag] = np.frombuffer(value, f"{order}{NUMBERS[kind]}").astype(np.uint64)
        else:
            # its length before each value, or two directories could run together to the same bytes
            rest.update(struct.pack("<HHQ", tag, kind, len(value)) + value)
    if len(places[OFFSETS]) != len(places[COUNTS]):
        raise ValueError("there are not as many places as lengths")
    return TileIndex(places[OFFSETS], places[COUNTS], rest.hexdigest())


def _entries(magic: bytes, at: Read) -> Iterator[tuple[int, int, bytes]]:
    """Yield tag, field type and bytes of the value of each entry of the first directory."""
    order, big = FORMS[magic]
    (start,) = struct.unpack(f"{order}{'Q' if big else 'I'}", at(8, 8) if big else at(4, 4))
    form, inline, wide = (f"{order}HHQ", 8, 8) if big else (f"{order}HHI", 4, 2)
    (count,) = struct.unpack(f"{order}{'Q' if big else 'H'}", at(start, wide))
    if count > MAX_ENTRIES:
        raise ValueError("too many entries")
    step = struct.calcsize(form) + inline
    table = at(start + wide, count * step)
    for first in range(0, len(table), step):
        tag, kind, values = struct.unpack_from(form, table, first)
        size, cell = SIZES[kind] * values, table[first + step - inline : first + step]
        place = struct.unpack(f"{order}{'Q' if big else 'I'}", cell)[0]
        yield tag, kind, cell[:size] if size <= inline else at(place, size)
