"""What opens the door: bearer tokens from the environment, and signatures that run out.

Secrets are read at the moment of use and are never kept in a Scene, in the cache or in an error: those hold URLs
without query.
"""

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
    """A bearer token from the environment, for a few hosts; it stays in here and in the requests to them.

    `variable` names the environment variable, empty = no token; `hosts` are exact names in lower case, without
    wildcards. A token that reaches the wrong host is lost for good, so a redirect to another host goes without it.
    """

    def __init__(self, variable: str, hosts: tuple[str, ...]) -> None:
        self._variable = variable
        self._hosts = hosts

    def of(self, url: str) -> str:
        """Return the token for `url`; empty where its host may not see it or the environment has none."""
        return os.environ.get(self._variable, "") if self._variable and urlsplit(url).hostname in self._hosts else ""


class Signer:
    """Signs the URLs of Azure's blob storage with what a token service gives for each container, as Planetary Computer's does.

    One signature is good for a whole container, so the service is asked once for each account and container and not
    once a file. `service` is the address to which `/<account>/<container>` is appended. May be used by many threads.
    """

    def __init__(self, http: Http, service: str) -> None:
        self._http = http
        self._service = service.rstrip("/")
        self._known: dict[str, tuple[str, datetime]] = {}
        self._lock = threading.Lock()

    def sign(self, href: str, deadline: Deadline) -> str:
        """Return `href` with a signature that is still valid; raise TransferError where none is to be had.

        `href` is `https://<account>.blob.core.windows.net/<container>/…`; the signature is appended to a query that
        it may have. The service's time counts against `deadline`. A signature is fetched anew SPARE before it runs
        out.
        """
        parts = urlsplit(href)
        place = f"{(parts.hostname or '').partition('.')[0]}/{parts.path.strip('/').partition('/')[0]}"
        with self._lock:
            # under the lock even while it is fetched: else each thread would ask for a signature of its own
            signature, until = self._known.get(place, ("", datetime.min.replace(tzinfo=UTC)))
            if until < datetime.now(UTC) + SPARE:
                self._known[place] = signature, until = self._fetch(place, deadline)
        return f"{href}{'&' if parts.query else '?'}{signature}"

    def forget(self, url: str) -> None:
        """Forget the signature that `url` carries: the server does not accept it any more.

        `url` is one that `sign` returned, which ends in its signature; one of another container stays.
        """
        with self._lock:
            self._known = {place: known for place, known in self._known.items() if not url.endswith(known[0])}

    def _fetch(self, place: str, deadline: Deadline) -> tuple[str, datetime]:
        """Return (signature, when it runs out) of `place`, account/container, from the token service; raise TransferError."""
        # checked inside the client, so that a page instead of a token is asked for again
        return _read(self._http.ask(Request(f"{self._service}/{place}", MAX_ANSWER_BYTES), deadline, check=_checked))


class Access:
    """Adds to the URL of a file what its server wants to see.

    Three ways in, of which a source has any: a bearer token in the header, a signature of a token service in the
    query, or an S3 signature that is computed here from keys in the environment.
    """

    def __init__(self, token: Token, signer: Signer | None = None, store: S3 | None = None) -> None:
        self._token = token
        self._signer = signer
        self._store = store

    def token(self, url: str) -> str:
        """Return the bearer token for `url`, or nothing."""
        return self._token.of(url)

    def signed(self, href: str, deadline: Deadline) -> str:
        """Return the URL to ask for the file at `href`; raise TransferError where it names none that can be asked for.

        For `s3://bucket/key` with a configured store, that is an https URL which is good for some minutes; for others
        `href` with the token service's signature, or as it is.
        """
        # an archive may list https and s3 side by side, and only s3 needs the store
        if self._store and href.startswith("s3://"):
            return self._store.url(href)
        return self._signer.sign(href, deadline) if self._signer else href

    def renewable(self, url: str) -> bool:
        """Return whether a refused `url` may be accepted once it is signed anew.

        True once there is a token service: what it gave for the URL is forgotten, so that the next `signed` asks it
        again. An S3 signature is computed afresh for each request and gains nothing by it.
        """
        if self._signer:
            self._signer.forget(url)
        return self._signer is not None


def _checked(answer: Answer) -> None:
    """Raise PassingError where an answer holds no signature, so that the client asks again."""
    _read(answer)


def _read(answer: Answer) -> tuple[str, datetime]:
    """Return (signature, when it runs out in UTC) from an answer; raise PassingError where it holds none.

    Fields `token` and `msft:expiry` are those of Planetary Computer's service. Only the error's type is told: the
    body holds a secret.
    """
    try:
        document = json.loads(answer.body)
        # a time without a zone is taken as UTC: the machine's own would be off by hours
        until = datetime.fromisoformat(document["msft:expiry"])
        return str(document["token"]), until if until.tzinfo else until.replace(tzinfo=UTC)
    except (ValueError, LookupError, TypeError) as error:
        raise PassingError("the service gave no signature", where=shown(answer.url), found=type(error).__name__) from None
