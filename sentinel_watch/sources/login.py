"""Signs a client in by OAuth 2 (client credentials), and again when its token runs out."""

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
    """One client's token for one service; used by many threads, who fetch it once between them."""

    def __init__(self, http: Http, token_url: str, credentials: Credentials) -> None:
        self._http = http
        self._token_url = token_url
        self._credentials = credentials
        self._token = ""
        self._until = 0.0
        self._lock = threading.Lock()

    def asking(self, http: Http) -> Asks:
        """Return `http` with the token on every request."""
        return _SignedIn(self, http)

    def token(self, deadline: Deadline) -> str:
        """Return a token that is good for a while; raise TransferError where there is none to be had."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._token, life_s = self._fetch(deadline)
                self._until = time.monotonic() + max(life_s - SPARE_S, life_s * 0.9)
            return self._token

    def forget(self, token: str) -> None:
        """Forget `token`, which the service no longer accepts, unless it was renewed meanwhile."""
        with self._lock:
            if token == self._token:
                self._until = 0.0

    def _fetch(self, deadline: Deadline) -> tuple[str, float]:
        name, secret = self._credentials.pair()
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": secret}
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
    def __init__(self, login: Login, http: Http) -> None:
        self._login = login
        self._http = http

    def ask(self, request: Request, deadline: Deadline, check: Callable[[Answer], None] | None = None) -> Answer:
        """Return the answer to `request`, with a new token where the old one is refused, once."""
        token = self._login.token(deadline)
        try:
            return self._http.ask(replace(request, token=token), deadline, check)
        except UnauthorisedError:
            self._login.forget(token)
        return self._http.ask(replace(request, token=self._login.token(deadline)), deadline, check)


def _place(error: TransferError) -> dict[str, str]:
    return {name: error.details[name] for name in ("where", "found")}


def _checked(answer: Answer) -> None:
    _read(answer)


def _read(answer: Answer) -> tuple[str, float]:
    try:
        document = json.loads(answer.body)
        token, life_s = str(document["access_token"]), float(document["expires_in"])
    except (ValueError, LookupError, TypeError) as error:
        raise PassingError("the service gave no token", where=shown(answer.url), found=type(error).__name__) from None
    if not (token.isascii() and token.isprintable() and token and life_s > 0):
        raise PassingError("the service gave a token that cannot be sent", where=shown(answer.url))
    return token, life_s
