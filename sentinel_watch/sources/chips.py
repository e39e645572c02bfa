"""The chip cache: what was fetched of remote files, kept as written once, so that a rerun or a replay needs no network.

Kept are the bytes as the server sent them, not the pixels made of them: only they can be held against the archive later,
by anybody, and all pixels follow from them. One folder a version of a file, one self-describing file a piece.

Layout: `files/<2 digits>/<SHA-256 of the URL>/<version>/<first byte>-<stop>.piece`. A piece is one line of JSON
(href, size, etag, last_modified, start, stop, sha256, fetched) and then the bytes. URLs are without signatures.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sentinel_watch.log import log
from sentinel_watch.sources.eviction import evict
from sentinel_watch.sources.ranges import Version
from sentinel_watch.sources.transfer import stable

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Chips", "Shelf"]

TOLERANCE = 0.05
"""The cache may grow by this share before its size is looked at again."""
PIECE = re.compile(r"(\d{12,})-(\d{12,})\.piece")


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is kept of one version of one file.

    A value without locks: pieces are written under a name of their own and renamed, so a reader sees a whole piece or
    none.
    """

    folder: Path
    href: str
    """Without signature."""
    version: Version

    def touch(self) -> None:
        """Note that the shelf is used now: eviction goes by that.

        By the folder's time of change, so that nothing has to be written into it; a read-only cache stays usable.
        """
        with suppress(OSError):
            # a cache on a read-only disk is read without note
            os.utime(self.folder)

    def spans(self) -> list[tuple[int, int]]:
        """Return the bytes, [start, stop), of every piece, in order.

        Pieces may overlap; they are known by their names alone and are not held against their checksums here.
        """
        return sorted((int(found[1]), int(found[2])) for found in map(PIECE.fullmatch, _names(self.folder)) if found)

    def load(self, span: tuple[int, int]) -> bytes | None:
        """Return the bytes of a piece; None where it is gone or damaged, and a damaged one is set aside.

        Sound means: the description is exactly that of this file, version and span, and the bytes have the SHA-256 it
        names. A damaged piece goes to the folder `quarantine` of the cache, so that somebody can look at it.
        """
        path = self.folder / _name(span)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        head, _, data = content.partition(b"\n")
        if _is_sound(head, data, self, span):
            return data
        # set aside and not deleted: a disk that spoils bytes is worth knowing of
        _set_aside(path)
        return None

    def save(self, start: int, data: bytes) -> int:
        """Keep a piece, and return how many bytes it takes; nothing where it is already kept.

        `start` is the place of `data` in the file, bytes. The count includes the line of JSON. Raises OSError where
        the disk does not take it.
        """
        span = (start, start + len(data))
        path = self.folder / _name(span)
        # the same span of the same version has the same bytes
        if path.exists():
            return 0
        head = json.dumps({**_head(self, span, data), "fetched": datetime.now(UTC).isoformat(timespec="seconds")}, sort_keys=True).encode()
        return _write(path, head + b"\n" + data)


class Chips:
    """All shelves in one folder; may be used by many threads and processes at once.

    `max_bytes` counts all pieces under `files`; it may be passed by TOLERANCE and by what other processes write
    meanwhile.
    """

    def __init__(self, folder: Path, max_bytes: int = 20 * 1024**3) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        # counts as over the limit at first: an earlier run may have left the cache too large
        self._unchecked_bytes = max_bytes
        """What was written since the size was last looked at."""

    def shelf(self, href: str, version: Version) -> Shelf:
        """Return the shelf of a version of the file at `href`, which may be empty.

        `href` may carry a signature, which is taken off. Nothing is written until a piece is kept.
        """
        return Shelf(self._home(href) / version.key, stable(href), version)

    def shelves(self, href: str) -> list[Shelf]:
        """Return the shelves of all versions of the file at `href` of which anything is kept, the last fetched first.

        Sorted by when their first piece was fetched, ISO 8601 to the second, ties by ETag. Folders without a readable
        piece are left out.
        """
        home = self._home(href)
        heads = [found for name in _names(home) for found in [_first_head(home / name)] if found]
        # the last fetched is most likely what the server still has
        heads.sort(key=lambda head: (head["fetched"], head["etag"]), reverse=True)
        return [self.shelf(href, Version(head["size"], head["etag"], head["last_modified"])) for head in heads]

    def newest(self, href: str) -> Shelf | None:
        """Return the shelf of the version that was fetched last; None where nothing is kept of the file.

        Marks the shelf as used. Ties within a second are broken by ETag, date and size, so that every run picks the
        same version.
        """
        home = self._home(href)
        known = [found for name in _names(home) for found in [_first_head(home / name)] if found]
        if not known:
            return None
        latest = max(known, key=lambda head: (head["fetched"], head["etag"], head["last_modified"], head["size"]))
        shelf = self.shelf(href, Version(latest["size"], latest["etag"], latest["last_modified"]))
        shelf.touch()
        return shelf

    def keep(self, shelf: Shelf, start: int, data: bytes) -> None:
        """Keep a piece on a shelf, and make room where the cache has grown too large.

        A disk that takes nothing is logged and not raised: the run has the bytes, and the next one fetches them
        again. Eviction runs under the lock, by one thread at a time.
        """
        try:
            written = shelf.save(start, data)
        except OSError as error:
            log.warning("what was fetched cannot be kept, and will be fetched again: %s", error.strerror)
            return
        with self._lock:
            self._unchecked_bytes += written
            if self._unchecked_bytes > self._max_bytes * TOLERANCE:
                evict(self._folder / "files", self._max_bytes)
                self._unchecked_bytes = 0

    def _home(self, href: str) -> Path:
        """Return the folder of all versions of the file at `href`; spread over 256 folders, as some file systems slow down in one."""
        key = hashlib.sha256(stable(href).encode()).hexdigest()[:32]
        return self._folder / "files" / key[:2] / key


def _name(span: tuple[int, int]) -> str:
    """Return a piece's file name; padded with zeros, so that names sort as positions do."""
    return f"{span[0]:012d}-{span[1]:012d}.piece"


def _names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; nothing where it is not there, as another process may evict at any time."""
    try:
        return sorted(path.name for path in folder.iterdir())
    except OSError:
        return []


def _head(shelf: Shelf, span: tuple[int, int], data: bytes) -> dict[str, Any]:
    """Return what a piece says of itself, but for when it was fetched, which differs between copies of the same bytes."""
    digest = hashlib.sha256(data).hexdigest()
    return {"href": shelf.href, **asdict(shelf.version), "start": span[0], "stop": span[1], "sha256": digest}


def _is_sound(head: bytes, data: bytes, shelf: Shelf, span: tuple[int, int]) -> bool:
    """Return whether `head` (a line of JSON) describes exactly this piece and `data` are the bytes that it describes."""
    try:
        document = json.loads(head)
        del document["fetched"]
    except (ValueError, LookupError, TypeError):
        return False
    return bool(document == _head(shelf, span, data)) and len(data) == span[1] - span[0]


def _first_head(folder: Path) -> dict[str, Any] | None:
    """Return the description of the first sound-looking piece in a folder.

    None where there is none. The version's key must be the folder's name: a folder that was renamed or mixed up is
    not trusted.
    """
    for path in (folder / name for name in _names(folder) if PIECE.fullmatch(name)):
        with suppress(OSError, ValueError, LookupError, TypeError), path.open("rb") as file:
            # bounded: the file may be anything, and megabytes without a line's end
            head = json.loads(file.readline(65536))
            datetime.fromisoformat(head["fetched"])
            if Version(head["size"], head["etag"], head["last_modified"]).key == folder.name:
                return dict(head)
    return None


def _write(path: Path, content: bytes) -> int:
    """Write a file whole or not at all, and return its bytes; raise OSError where the disk does not take it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name of its own: two runs may fetch the same piece at once
    partial = path.with_name(f".{uuid4().hex}.partial")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return len(content)


def _set_aside(path: Path) -> None:
    """Move a damaged piece into the cache's folder `quarantine`; an error of that is passed over, as the piece is fetched anyway."""
    # five up: version, file, spread folder, `files`, and the cache
    quarantine = path.parents[4] / "quarantine"
    log.warning("a kept piece of a file was damaged; it is set aside and fetched again: %s", path.name)
    with suppress(OSError):
        quarantine.mkdir(parents=True, exist_ok=True)
        path.replace(quarantine / f"{path.parent.name}-{uuid4().hex[:8]}-{path.name}")
