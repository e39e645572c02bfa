"""Asks servers, one request at a time, and believes nothing that was not checked.

Redirects are followed by hand, so that every hop is held against the rules. A body is complete or it is an error.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field, replace
from http.client import HTTPException
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urljoin, urlsplit

from sentinel_watch import __version__
from sentinel_watch.sources.connections import Connections
from sentinel_watch.sources.patience import Pulse, asked_wait_s, persist
from sentinel_watch.sources.proxies import Proxies
from sentinel_watch.sources.spending import Spending
from sentinel_watch.sources.transfer import ChangedError, PassingError, RefusedError, TransferError, UnauthorisedError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from http.client import HTTPResponse

    from sentinel_watch.sources.hosts import Hosts
    from sentinel_watch.sources.patience import Deadline, Patience

__all__ = ["Answer", "Asks", "Http", "Request"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 5
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
REFUSED = frozenset({401, 402, 403, 407})
PIECE_BYTES = 64 * 1024
"""Read at once: larger buffers come from the kernel anew each time, which took more time than all else of a request."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked.

    A value: the same request can be asked again. `url` is held against the rules for hosts at each try and each
    redirect.
    """

    url: str
    max_bytes: int
    """A longer body is refused."""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    token: str = field(default="", repr=False)
    """Bearer token for the URL's own host over TLS; never sent to another host that a redirect names."""
    confidential: bool = False
    """True = the body holds a secret, and goes nowhere but to the URL itself."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came, complete.

    Status 200 or 206 where `Http.ask` returns it. `url` is the last one, after redirects.
    """

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    url: str


class Asks(Protocol):
    """Whoever gets answers.

    `Http`, or something in front of it that adds a token to each request.
    """

    def ask(self, request: Request, deadline: Deadline, check: Callable[[Answer], None] | None = None) -> Answer:
        """Return the answer to `request`, checked; raise TransferError where there is none.

        `deadline` is for all tries together; `check` may refuse an answer, which is then asked for again or not, by
        its error.
        """


class Http:
    """Asks hosts that the rules allow; may be used by many threads at once.

    `at_once` is the most requests under way. `spending` counts every answer, also refused ones. Compression, cookies
    and caches are not used: what came must be what the server holds, byte for byte. `proxies` left out: the environment
    decides. `milliseconds` True = these servers name waits in milliseconds (Retry-After).
    """

    def __init__(
        self, hosts: Hosts, patience: Patience, at_once: int = 16, proxies: Proxies | None = None, *, milliseconds: bool = False
    ) -> None:
        self.patience = patience
        self._milliseconds = milliseconds
        self.spending = Spending()
        self.pulse = Pulse()
        """Beats with every whole answer that was as it must be."""
        self._hosts = hosts
        self._connections = Connections(hosts, patience.timeout_s, at_once, proxies or Proxies())

    def ask(self, request: Request, deadline: Deadline, check: Callable[[Answer], None] | None = None) -> Answer:
        """Return the answer, status 200 or 206, asking again while it fails in ways that may pass.

        `check` raises PassingError or TransferError where the answer is not what was asked for. Raises TransferError in the end.

        Tries, waits and their lengths are those of `Patience`; a wait that the server asks for (Retry-After, RFC 9110
        10.2.3) is kept to. RefusedError: 401, 402, 403, 407. ChangedError: 412. PassingError: 408, 425, 429, 500,
        502, 503, 504, broken connections and cut-off bodies, once there were tries enough.
        """
        tries = 0

        def _try() -> Answer:
            nonlocal tries
            if tries:
                self.spending.retried()
            tries += 1
            answer = self._follow(request, deadline)
            _check_status(answer, milliseconds=self._milliseconds)
            if check is not None:
                check(answer)
            self.pulse.beat()
            return answer

        return persist(_try, self.patience, deadline)

    def _follow(self, request: Request, deadline: Deadline) -> Answer:
        """Return the answer after at most MAX_REDIRECTS redirects; raise TransferError where there are more or a secret would leave.

        RFC 9110 15.4: after 303 the next request is a GET; the other codes keep method and body. The token goes along
        only within the same scheme, host and port.
        """
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._once(request, deadline)
            where = answer.headers.get("location")
            if answer.status not in REDIRECTS or not where:
                return answer
            # a 307 would send client id and secret to whatever host it names
            if request.confidential:
                raise TransferError("the server leads elsewhere, where a secret may not follow", where=shown(request.url))
            method, body = ("GET", None) if answer.status == 303 else (request.method, request.body)
            url = urljoin(request.url, where)
            token = request.token if _origin(url) == _origin(request.url) else ""
            request = replace(request, url=url, token=token, method=method, body=body)
        raise TransferError("the server redirects without end", where=shown(request.url))

    def _once(self, request: Request, deadline: Deadline) -> Answer:
        """Return the answer to one request, whatever its status; raise PassingError where the connection fails.

        A certificate that is not valid is a TransferError: no second try would mend it. What the answer cost is
        counted before anybody judges it.
        """
        target = self._hosts.target(request.url)
        if request.confidential and target.scheme != "https" and not self._hosts.allow_private:
            raise TransferError("a secret may only be sent over TLS", where=shown(request.url), allowed="https")
        # identity: a compressed answer would break ranges and the count of bytes
        headers = {"User-Agent": f"sentinel-watch/{__version__}", "Accept-Encoding": "identity", **request.headers}
        # a token over plain http can be read by anybody on the way
        if request.token and (target.scheme == "https" or self._hosts.allow_private):
            headers["Authorization"] = f"Bearer {request.token}"
        try:
            with self._connections.lent(target) as connection:
                response = connection.ask(request.method, target.path, request.body, headers)
                body = _read(response, request, deadline)
        except ssl.SSLCertVerificationError as error:
            raise TransferError("the server's certificate is not valid", where=shown(request.url), found=error.verify_message) from error
        except (OSError, HTTPException) as error:
            name = type(error).__name__
            raise PassingError("the connection failed", where=shown(request.url), found=name) from error
        answer = Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body, request.url)
        self.spending.count(len(body), answer.headers)
        return answer


def _origin(url: str) -> tuple[str, str]:
    """Return scheme and network place of a URL, port included where it is written (RFC 6454, without default ports)."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _read(response: HTTPResponse, request: Request, deadline: Deadline) -> bytes:
    """Return the whole body; raise PassingError where it is cut off, TransferError where it is too long.

    Reads no more than `request.max_bytes` and a piece, whatever the header declares. A body without Content-Length is
    whole when http.client says so, by its chunks or by the connection's end.
    """
    declared = response.getheader("Content-Length", "")
    length = int(declared) if declared.isascii() and declared.isdigit() else None
    pieces: list[bytes] = []
    received = 0
    while piece := response.read1(PIECE_BYTES):
        pieces.append(piece)
        received += len(piece)
        if received > request.max_bytes:
            break
        # a server that drips bytes never reaches the timeout of a silence
        if deadline.left_s() == 0:
            raise PassingError("the server is too slow", where=shown(request.url))
    # the connection takes no other request before
    response.close()
    if max(received, length or 0) > request.max_bytes:
        raise TransferError("the answer is too long", where=shown(request.url), allowed=f"at most {request.max_bytes} bytes")
    if length is not None and received != length:
        raise PassingError("the answer was cut off", where=shown(request.url), found=f"{received} of {length} bytes")
    return b"".join(pieces)


def _check_status(answer: Answer, *, milliseconds: bool) -> None:
    """Raise what an answer's status means; nothing for 200 and 206.

    PassingError where asking again may help, ChangedError for 412 (a condition on ETag or date was not met),
    RefusedError for 401, 402, 403 and 407, TransferError for all others. An answer that is encoded though `identity`
    was asked for is refused: lengths and ranges would count encoded bytes.
    """
    status, where = answer.status, shown(answer.url)
    if status in {200, 206}:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise TransferError("the answer is encoded, which was not asked for", where=where, found=answer.headers["content-encoding"])
        return
    found = f"status {status}"
    # the wait is the server's to name; where it names none, the own one doubles
    if status in BUSY:
        wait_s = asked_wait_s(answer.headers, milliseconds=milliseconds)
        raise PassingError("the server is busy or broken", where=where, found=found, wait_s=wait_s)
    if status in REFUSED:
        error = UnauthorisedError if status == 401 else RefusedError
        raise error("access is refused: quota spent, or credentials missing or not accepted", where=where, found=found)
    if status == 412:
        raise ChangedError("the file has changed on the server", where=where, found=found)
    if status in {400, 422}:
        raise TransferError("the server does not understand what it is asked", where=where, found=found)
    raise TransferError("the server does not have this", where=where, found=found)
