"""A remote file as GDAL reads it: from bytes that were fetched and checked before, never from the network.

GDAL's own remote reads can give wrong pixels without an error. Here it sees a Python file; what is not at hand yet is
fetched by the checked client, and whatever fails there is raised again once GDAL is done, whatever GDAL made of it.
"""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING

import rasterio

from sentinel_watch.sources.checksum import agrees
from sentinel_watch.sources.raster_file import JP2, driver_of
from sentinel_watch.sources.transfer import ChangedError, TransferError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rasterio.io import DatasetReader

    from sentinel_watch.domain.scene import Asset
    from sentinel_watch.sources.chips import Chips, Shelf
    from sentinel_watch.sources.patience import Deadline
    from sentinel_watch.sources.ranges import Piece, RangeClient, Version

__all__ = ["RemoteFile"]

HEADER_BYTES = 32 * 1024
"""Fetched first, and the unit of what is fetched unasked: holds the header of a Sentinel-2 tile as a COG."""
GAP_BYTES = 16 * 1024
"""Blocks that lie nearer to each other than this are fetched in one request."""
PART_BYTES = 8 * 1024**2
"""A longer stretch is fetched in parts of this size."""
MAX_READ_BYTES = 512 * 1024**2


class RemoteFile:
    """One version of a file on a server, for one thread; satisfies `raster_file.RasterFile`.

    The version is fixed by the first answer or by the cache; every later piece must be of the same, or ChangedError
    is raised. Pieces stay in memory until the file is let go.
    """

    def __init__(
        self, asset: Asset, client: RangeClient | None, chips: Chips | None, deadline: Deadline, *, trust_chips: bool = True
    ) -> None:
        """Open the file of `asset`.

        Of JPEG 2000 all is fetched at once. Without a `client`, only what `chips` keep can be read. `trust_chips` False =
        begin anew with the version that the server has now. Raises TransferError where the file cannot be had.
        """
        self._href, self._client, self._chips, self._deadline = asset.href, client, chips, deadline
        self._checksum = asset.checksum
        self._pieces: list[tuple[int, bytes]] = []
        self._fresh: list[Piece] = []
        """Fetched, and not kept yet."""
        self._shelf: Shelf | None = chips.newest(asset.href) if chips and trust_chips else None
        self._version: Version | None = self._shelf.version if self._shelf else None
        self.from_chips = self._shelf is not None
        """Whether the version is one that was kept, which the server may have replaced."""
        # the first bytes tell the version to which all others are held
        if self._version is None:
            self._fetch(0, HEADER_BYTES)
        if self.driver == JP2:
            # its decoder walks through all of the tiles in front of those that it needs
            self.need([(0, self.size)])

    @property
    def name(self) -> str:
        """Return the URL as people may see it.

        Without query, so neither signature nor token reaches an error or the ledger.
        """
        return shown(self._href)

    @property
    def size(self) -> int:
        """Return the length of the file, bytes.

        As the server's Content-Range tells, or the kept version; 0 before anything is known.
        """
        return self._version.size if self._version else 0

    @property
    def driver(self) -> str:
        """Return the GDAL driver for it, by its first bytes.

        Fetches the header where it is not at hand; never goes by the file's name.
        """
        return driver_of(self.read(0, 12))

    def need(self, ranges: Sequence[tuple[int, int]]) -> None:
        """Fetch those of the bytes, [start, stop), that are not at hand, neighbours together.

        Raises TransferError where they cannot be had.

        Ranges nearer than GAP_BYTES are fetched as one, and longer ones in parts of PART_BYTES, all at once. More than
        MAX_READ_BYTES together is refused, as it would all be held in memory.
        """
        if sum(stop - start for start, stop in ranges) > MAX_READ_BYTES:
            raise TransferError("too much of the file would have to be read", where=self.name, allowed=f"at most {MAX_READ_BYTES} bytes")
        spans = _cut(_merged([span for span in ranges if not self._has(*span)]))
        for piece in self._ask(spans) if spans else ():
            self._take(piece)

    def keep(self) -> None:
        """Keep what was fetched in the cache; to be called once all that was wanted could be read.

        Bytes that cannot be unpacked may be the fault of one answer, and would come out of the cache for ever.
        """
        if self._chips is None:
            return
        for piece in self._fresh:
            self._shelf = self._shelf or self._chips.shelf(self._href, piece.version)
            self._chips.keep(self._shelf, piece.start, piece.data)
        self._fresh.clear()

    @contextmanager
    def opened(self) -> Iterator[DatasetReader]:
        """Open the file with its GDAL driver and no other; raise TransferError where bytes could not be had meanwhile.

        The dataset lives as long as the block. Where the whole file is at hand and the catalogue gives a checksum,
        that is compared first; of a part it says nothing. ChangedError where it differs.
        """
        self._compare_checksum()
        failures: list[Exception] = []
        try:
            # a name that says nothing, so that GDAL finds no format or sidecar by it
            with rasterio.open("file", driver=self.driver, opener=lambda *_, **__: _View(self, failures)) as raster:
                yield raster
        finally:
            if failures:
                raise failures[0]

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes [start, stop), up to the end of the file; raise TransferError where they cannot be had.

        May fetch, HEADER_BYTES at a time, what `need` was not told of.
        """
        stop = min(stop, self.size)
        parts = []
        while start < stop:
            at, data = self._piece(start)
            parts.append(data[start - at : stop - at])
            start += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _compare_checksum(self) -> None:
        """Raise ChangedError where all of the file is at hand and is not what the catalogue describes."""
        if self._checksum and self._has(0, self.size) and not agrees(self._checksum, [self.read(0, self.size)]):
            raise ChangedError(
                "the file is not the one that the catalogue describes", where=self.name, allowed=f"checksum {self._checksum}"
            )

    def _piece(self, position: int) -> tuple[int, bytes]:
        """Return a piece that holds `position`, fetched where it is not at hand."""
        found = self._at_hand(position)
        if found is None:
            begin = position // HEADER_BYTES * HEADER_BYTES
            self._fetch(begin, begin + HEADER_BYTES)
            found = self._at_hand(position)
        if found is None:
            raise TransferError("the server did not send what was asked for", where=self.name)
        return found

    def _at_hand(self, position: int) -> tuple[int, bytes] | None:
        """Return a piece that holds `position`, (start, bytes), from memory or the cache; None where there is none."""
        for start, data in self._pieces:
            if start <= position < start + len(data):
                return start, data
        return self._from_shelf(position, self._shelf) if self._shelf else None

    def _from_shelf(self, position: int, shelf: Shelf) -> tuple[int, bytes] | None:
        """Return the kept piece that holds `position`, and hold it in memory; None where it is gone or damaged."""
        for span in shelf.spans():
            if span[0] <= position < span[1]:
                # a damaged piece is no end: another may hold the same bytes
                data = shelf.load(span)
                if data is not None:
                    self._pieces.append((span[0], data))
                    return span[0], data
        return None

    def _has(self, start: int, stop: int) -> bool:
        """Return whether all the bytes [start, stop) are at hand; loads them from the cache on the way."""
        while start < stop:
            if (found := self._at_hand(start)) is None:
                return False
            start = found[0] + len(found[1])
        return True

    def _fetch(self, start: int, stop: int) -> None:
        """Fetch the bytes [start, stop) and keep them; raise TransferError where they cannot be had."""
        (piece,) = self._ask([(start, stop)])
        self._take(piece)

    def _ask(self, spans: Sequence[tuple[int, int]]) -> list[Piece]:
        """Return the bytes of `spans`, cut at the end of the file, from the server; raise TransferError without a client."""
        if self._client is None:
            raise TransferError("the bytes are not in the cache, and the network is not to be used", where=self.name)
        cut = [(start, min(stop, self.size or stop)) for start, stop in spans]
        return self._client.fetch_all(self._href, cut, self._version, self._deadline)

    def _take(self, piece: Piece) -> None:
        """Hold a piece in memory; raise ChangedError where it is of another version than the others."""
        if self._version is not None and piece.version.key != self._version.key:
            raise ChangedError("the file has changed on the server", where=self.name)
        self._version = piece.version
        # in front: the piece fetched last is the one that is read next
        self._pieces.insert(0, (piece.start, piece.data))
        self._fresh.append(piece)


class _View(io.RawIOBase):
    """What GDAL reads from: never raises, for GDAL could not tell anybody.

    A raw stream of positions and reads, of which rasterio's opener needs no more. Short reads mean the end of the
    file, or a failure that goes to `failures` and that `RemoteFile.opened` raises afterwards.
    """

    def __init__(self, file: RemoteFile, failures: list[Exception]) -> None:
        self._file = file
        self._failures = failures
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move, and return the position.

        `offset` is in bytes from the start, the position or the end, by `whence`; a place before the start is the
        start.
        """
        # GDAL asks for the size by seeking to the end
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._file.size}[whence]
        self._position = max(base + offset, 0)
        return self._position

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, up to the end; nothing where they cannot be had."""
        try:
            data = self._file.read(self._position, self._position + size if size >= 0 else self._file.size)
        except Exception as error:
            self._failures.append(error)
            return b""
        self._position += len(data)
        return data


def _cut(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return `spans` in parts of which a broken connection costs no more than one."""
    return [(begin, min(begin + PART_BYTES, stop)) for start, stop in spans for begin in range(start, stop, PART_BYTES)]


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ranges, [start, stop), sorted and joined where they overlap or lie GAP_BYTES or less apart."""
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(ranges):
        if merged and start <= merged[-1][1] + GAP_BYTES:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged
