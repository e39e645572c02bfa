"""A file that may be a GeoTIFF, wherever its bytes are, and how GDAL is let near it: one driver, no sidecars, and no warning ignored."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.errors import SceneError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from rasterio.io import DatasetReader

__all__ = ["GDAL_OPTIONS", "JP2", "LocalFile", "RasterFile", "driver_of", "heeding_warnings", "opened", "unreadable"]

JP2 = "JP2OpenJPEG"
"""GDAL's driver for JPEG 2000."""
# signature box: length 12, `jP  `, and line ends that a text-mode transfer would spoil
JP2_MAGIC = b"\0\0\0\x0cjP  \r\n\x87\n"

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
class LocalFile:
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


@contextmanager
def opened(file: RasterFile) -> Iterator[DatasetReader]:
    """Open a file for GDAL while the block runs; what GDAL says against it, warnings too, is a SceneError."""
    try:
        # the options are given here and not in the environment, which another library may have set
        with heeding_warnings() as said, rasterio.Env(**GDAL_OPTIONS), file.opened() as raster:
            yield raster
    except (RasterioError, NotGeoreferencedWarning, OSError, ValueError) as error:
        raise unreadable("the file is no readable GeoTIFF or JPEG 2000", file, found=str(error)) from error
    if said:
        raise unreadable("reading the file gave a warning", file, found=said[0])


def unreadable(what: str, file: RasterFile, *, found: str = "", allowed: str = "") -> SceneError:
    """Return the SceneError "unreadable" over `file`: what is wrong, what was found, what is allowed."""
    return SceneError(Reason.UNREADABLE, what, where=file.name, found=found, allowed=allowed)


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
