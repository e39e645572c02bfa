"""Parts of a remote file, each checked: status, length, place in the file, and that it is still the same file."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentinel_watch.sources.http import Request
from sentinel_watch.sources.transfer import ChangedError, PassingError, RefusedError, TransferError, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.sources.access import Access
    from sentinel_watch.sources.http import Answer, Http
    from sentinel_watch.sources.patience import Deadline

__all__ = ["Piece", "RangeClient", "Version"]

MAX_WHOLE_BYTES = 64 * 1024**2
"""A larger file is not fetched whole, where the server does not serve parts."""
MAX_FILE_BYTES = 8 * 1024**3
CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})")
MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"\0\0\0\x0c")
"""First bytes of a TIFF, and of a JPEG 2000 file."""
NO_IMAGE = ("text/", "application/json", "application/xml", "application/xhtml")


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a remote file: two with the same version have the same bytes, as far as the server tells.

    Weak ETags (`W/…`, RFC 9110 8.8.1) tell versions apart too, but cannot be made a condition.
    """

    size: int
    """Length of the whole file, bytes."""
    etag: str = ""
    last_modified: str = ""
    """As the server sends it; counts only where there is no ETag."""

    @property
    def known(self) -> bool:
        """Return whether the server says anything by which a change would be noticed."""
        return bool(self.etag or self.last_modified)

    @property
    def key(self) -> str:
        """Return the version's name, 16 hexadecimal digits.

        Of size and ETag, or size and date where there is no ETag. Names a folder of the chip cache, so its form must
        not change.
        """
        return hashlib.sha256(f"{self.size}\n{self.etag or self.last_modified}".encode()).hexdigest()[:16]

    def condition(self) -> dict[str, str]:
        """Return the request headers that make an honest server refuse once the file has changed.

        RFC 9110 13.1: If-Match with a strong ETag, else If-Unmodified-Since; nothing where neither is known. The
        answer is held against the version as well, since not every server is honest.
        """
        if self.etag and not self.etag.startswith("W/"):
            return {"If-Match": self.etag}
        return {"If-Unmodified-Since": self.last_modified} if self.last_modified else {}


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes [start, start + len(data)) of a version of a file.

    May be longer than what was asked for: a server without ranges sends all of the file.
    """

    version: Version
    start: int
    data: bytes


class RangeClient:
    """Fetches parts of files; may be used by many threads at once."""

    def __init__(self, http: Http, access: Access, at_once: int = 16) -> None:
        self._http = http
        self._access = access
        # kept, as a new thread takes longer to start than a request to be written
        self._threads = ThreadPoolExecutor(at_once, "fetching")

    def fetch_all(self, href: str, spans: Sequence[tuple[int, int]], known: Version | None, deadline: Deadline) -> list[Piece]:
        """Return the pieces of several spans, in their order, all under way at once: each costs the way to the server and back.

        As `fetch` does for each of them; the first error is raised once all have ended.
        """
        first, *others = spans
        asked = [self._threads.submit(self.fetch, href, span, known, deadline) for span in others]
        try:
            # one of them in this thread, which would only wait
            return [self.fetch(href, first, known, deadline), *(future.result() for future in asked)]
        finally:
            wait(asked)

    def fetch(self, href: str, span: tuple[int, int], known: Version | None, deadline: Deadline) -> Piece:
        """Return at least the bytes [start, stop) of the file at `href`, or those up to its end.

        `known` is the version whose other parts are at hand. Raises ChangedError where the file is another one by now,
        TransferError where the bytes cannot be had.

        `span` is (start, stop) in bytes, `href` without signature. Where the server tells neither ETag nor date, the
        whole file is fetched in one answer, up to MAX_WHOLE_BYTES.
        """
        part = self._asked(href, span, known, deadline)
        if part.version.known or len(part.data) == part.version.size:
            return part
        # nothing tells whether two answers are of one file: so all of it in one answer
        return self._asked(href, None, known, deadline)

    def _asked(self, href: str, span: tuple[int, int] | None, known: Version | None, deadline: Deadline) -> Piece:
        """Return the checked answer for `span`, None = the whole file, with a new signature where the old one is refused, once."""
        # signed anew for each request: a long reading outlives a signature
        url = self._access.signed(href, deadline)
        try:
            return self._once(url, span, known, deadline)
        except RefusedError:
            if not self._access.renewable(url):
                raise
        return self._once(self._access.signed(href, deadline), span, known, deadline)

    def _once(self, url: str, span: tuple[int, int] | None, known: Version | None, deadline: Deadline) -> Piece:
        """Return the checked answer of one request to a signed URL; `known` becomes its condition."""
        headers = known.condition() if known else {}
        most = MAX_WHOLE_BYTES
        if span is not None:
            headers["Range"] = f"bytes={span[0]}-{span[1] - 1}"
            # a server may answer with the whole file, which is as good
            most = max(MAX_WHOLE_BYTES, span[1] - span[0])
        request = Request(url, most, headers=headers, token=self._access.token(url))
        return _part(self._http.ask(request, deadline, check=lambda answer: _check(answer, span, known)))


def _check(answer: Answer, span: tuple[int, int] | None, known: Version | None) -> None:
    """Raise PassingError or TransferError where an answer is not the part that was asked for.

    Refused are: a page in place of the file, whatever its status; a 206 whose Content-Range is another than `span`; a
    body of unknown length; first bytes of neither TIFF nor JPEG 2000; a file above MAX_FILE_BYTES.
    """
    where = shown(answer.url)
    kind = answer.headers.get("content-type", "").lower()
    if kind.startswith(NO_IMAGE) or answer.body[:16].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise PassingError("the server sent a page instead of the file", where=where, found=kind or "markup")
    if answer.status == 206:
        _check_place(answer, span)
    # a body that ends with the connection may have been cut off unseen
    elif "content-length" not in answer.headers and answer.headers.get("transfer-encoding", "") != "chunked":
        raise PassingError("the server does not say how long the file is", where=where)
    part = _part(answer)
    # some gateways send their error pages as octet-stream
    if part.start == 0 and part.data[:4] not in MAGIC:
        raise PassingError("this is neither TIFF nor JPEG 2000", where=where, found=repr(part.data[:4]))
    if part.version.size > MAX_FILE_BYTES:
        raise TransferError("the file is too large", where=where, found=f"{part.version.size} bytes", allowed=f"{MAX_FILE_BYTES} bytes")
    if known is not None and part.version.key != known.key:
        raise ChangedError("the file has changed on the server", where=where)


def _check_place(answer: Answer, span: tuple[int, int] | None) -> None:
    """Raise PassingError where a 206 is not exactly `span`, cut off at the end of the file (RFC 9110 14.4 and 15.3.7).

    The body's length is held against Content-Range too: a proxy may cut it and keep the header.
    """
    declared = answer.headers.get("content-range", "")
    found = CONTENT_RANGE.fullmatch(declared)
    if span is None or found is None:
        raise PassingError(
            "the server sent a part that is not the one asked for", where=shown(answer.url), found=declared or "no Content-Range"
        )
    first, last, size = (int(text) for text in found.groups())
    if (first, last) != (span[0], min(span[1], size) - 1) or len(answer.body) != last - first + 1:
        found_here = f"{declared}, {len(answer.body)} bytes"
        raise PassingError("the server sent a part that is not the one asked for", where=shown(answer.url), found=found_here)


def _part(answer: Answer) -> Piece:
    """Return an answer as a Piece: its place from Content-Range, or all of the file where the status is 200."""
    start, size = 0, len(answer.body)
    if answer.status == 206 and (found := CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))):
        start, size = int(found[1]), int(found[3])
    version = Version(size, answer.headers.get("etag", ""), answer.headers.get("last-modified", ""))
    return Piece(version, start, answer.body)
