"""Signs a client in by OAuth 2 (client credentials), and again when its token runs out.

RFC 6749 section 4.4. The secret is sent in the body over TLS, never to where a redirect leads, and never shown in an
error.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from sentinel_watch.sources.http import Request
from sentinel_watch.sources.transfer import PassingError, RefusedError, TransferError, UnauthorisedError, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentinel_watch.sources.credentials import Credentials
    from sentinel_watch.sources.http import Answer, Asks, Http
    from sentinel_watch.sources.patience import Deadline

__all__ = ["Login"]

SPARE_S = 60.0
"""A token is renewed this long before it runs out, or at nine tenths of a short life."""
MAX_ANSWER_BYTES = 256 * 1024


class Login:
    """One client's token for one service; used by many threads, who fetch it once between them.

    `token_url` is asked through `http`, whose rules must allow its host. The clock is the monotonic one, so a machine
    whose time is set anew keeps its token.
    """

    def __init__(self, http: Http, token_url: str, credentials: Credentials) -> None:
        self._http = http
        self._token_url = token_url
        self._credentials = credentials
        self._token = ""
        self._until = 0.0
        self._lock = threading.Lock()

    def asking(self, http: Http) -> Asks:
        """Return `http` with the token on every request.

        Take it for what goes to the service itself; the token must not reach an archive's other hosts.
        """
        return _SignedIn(self, http)

    def token(self, deadline: Deadline) -> str:
        """Return a token that is good for a while; raise TransferError where there is none to be had.

        "A while" is SPARE_S seconds, or a tenth of a shorter life. Threads wait for the one that fetches. Raises
        RefusedError where credentials are missing or not accepted.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                self._token, life_s = self._fetch(deadline)
                # the way back took some of the token's life, which the spare time covers
                self._until = time.monotonic() + max(life_s - SPARE_S, life_s * 0.9)
            return self._token

    def forget(self, token: str) -> None:
        """Forget `token`, which the service no longer accepts, unless it was renewed meanwhile.

        Two threads whose requests were refused with one old token would otherwise throw away the new one as well.
        """
        with self._lock:
            if token == self._token:
                self._until = 0.0

    def _fetch(self, deadline: Deadline) -> tuple[str, float]:
        """Return (token, its life in seconds); raise RefusedError where credentials are missing or not accepted."""
        name, secret = self._credentials.pair()
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
        # in the body and not in a URL, which proxies and servers write to logs
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        request = Request(self._token_url, MAX_ANSWER_BYTES, "POST", headers, urlencode(form).encode(), confidential=True)
        try:
            return _read(self._http.ask(request, deadline, check=_checked))
        except PassingError:
            raise
        except TransferError as error:
            # what the service says of them might repeat them
            raise RefusedError("the service gives no token for these credentials", **_place(error)) from None


class _SignedIn:
    """Asks through another client with a login's token; satisfies `Asks`."""

    def __init__(self, login: Login, http: Http) -> None:
        self._login = login
        self._http = http

    def ask(self, request: Request, deadline: Deadline, check: Callable[[Answer], None] | None = None) -> Answer:
        """Return the answer to `request`, with a new token where the old one is refused, once.

        A second 401 is passed on as UnauthorisedError: then it is not the token's age. `check` is held against both
        answers.
        """
        token = self._login.token(deadline)
        try:
            return self._http.ask(replace(request, token=token), deadline, check)
        except UnauthorisedError:
            self._login.forget(token)
        return self._http.ask(replace(request, token=self._login.token(deadline)), deadline, check)


def _place(error: TransferError) -> dict[str, str]:
    """Return where an error happened and the status that was found, without what the server said."""
    return {name: error.details[name] for name in ("where", "found")}


def _checked(answer: Answer) -> None:
    """Raise PassingError where an answer holds no token."""
    _read(answer)


def _read(answer: Answer) -> tuple[str, float]:
    """Return (token, life in seconds) of a token answer (RFC 6749 5.1); raise PassingError where it holds none that can be sent.

    A token with a line end would let the server write further headers into the next request, so only printable ASCII
    is taken.
    """
    try:
        document = json.loads(answer.body)
        token, life_s = str(document["access_token"]), float(document["expires_in"])
    except (ValueError, LookupError, TypeError) as error:
        raise PassingError("the service gave no token", where=shown(answer.url), found=type(error).__name__) from None
    # it goes into a header of each later request
    if not (token.isascii() and token.isprintable() and token and life_s > 0):
        raise PassingError("the service gave a token that cannot be sent", where=shown(answer.url))
    return token, life_s
