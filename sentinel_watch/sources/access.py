"""What opens the door: bearer tokens from the environment, and signatures that run out."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sentinel_watch.sources.http import Request
from sentinel_watch.sources.transfer import PassingError, shown

if TYPE_CHECKING:
    from sentinel_watch.sources.http import Answer, Http
    from sentinel_watch.sources.patience import Deadline
    from sentinel_watch.sources.s3 import S3

__all__ = ["Access", "Signer", "Token"]

SPARE = timedelta(minutes=2)
"""A signature is renewed this long before it runs out."""
MAX_ANSWER_BYTES = 64 * 1024


class Token:
    """A bearer token from the environment, for a few hosts; it stays in here and in the requests to them."""

    def __init__(self, variable: str, hosts: tuple[str, ...]) -> None:
        self._variable = variable
        self._hosts = hosts

    def of(self, url: str) -> str:
        """Return the token for `url`; empty where its host may not see it or the environment has none."""
        return os.environ.get(self._variable, "") if self._variable and urlsplit(url).hostname in self._hosts else ""


class Signer:
    """Signs the URLs of Azure's blob storage with what a token service gives for each container, as Planetary Computer's does."""

    def __init__(self, http: Http, service: str) -> None:
        self._http = http
        self._service = service.rstrip("/")
        self._known: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def sign(self, href: str, deadline: Deadline) -> str:
        """Return `href` with a signature that is still valid; raise TransferError where none is to be had."""
        parts = urlsplit(href)
        place = f"{(parts.hostname or '').partition('.')[0]}/{parts.path.strip('/').partition('/')[0]}"
        with self._lock:
            signature, until = self._known.get(place, ("", datetime.min.replace(tzinfo=UTC)))
            if until < datetime.now(UTC) + SPARE:
                self._known[place] = signature, until = self._fetch(place, deadline)
        return f"{href}{'&' if parts.query else '?'}{signature}"

    def forget(self, url: str) -> None:
        """Forget the signature that `url` carries: the server does not accept it any more."""
        with self._lock:
            self._known = {place: known for place, known in self._known.items() if not url.endswith(known[0])}

    def _fetch(self, place: str, deadline: Deadline) -> tuple[str, datetime]:
        return _read(self._http.ask(Request(f"{self._service}/{place}", MAX_ANSWER_BYTES), deadline, check=_checked))


class Access:
    """Adds to the URL of a file what its server wants to see."""

    def __init__(self, token: Token, signer: Signer | None = None, store: S3 | None = None) -> None:
        self._token = token
        self._signer = signer
        self._store = store

    def token(self, url: str) -> str:
        """Return the bearer token for `url`, or nothing."""
        return self._token.of(url)

    def signed(self, href: str, deadline: Deadline) -> str:
        """Return the URL to ask for the file at `href`; raise TransferError where it names none that can be asked for."""
        if self._store and href.startswith("s3://"):
            return self._store.url(href)
        return self._signer.sign(href, deadline) if self._signer else href

    def renewable(self, url: str) -> bool:
        """Return whether a refused `url` may be accepted once it is signed anew."""
        if self._signer:
            self._signer.forget(url)
        return self._signer is not None


def _checked(answer: Answer) -> None:
    _read(answer)


def _read(answer: Answer) -> tuple[str, datetime]:
    try:
        document = json.loads(answer.body)
        until = datetime.fromisoformat(document["msft:expiry"])
        return str(document["token"]), until if until.tzinfo else until.replace(tzinfo=UTC)
    except (ValueError, LookupError, TypeError) as error:
        raise PassingError("the service gave no signature", where=shown(answer.url), found=type(error).__name__) from None
