"""A signed request to a receiver's address: JSON, HMAC-SHA-256 over the body, and a key that is the same however often it is sent."""

from __future__ import annotations

import hmac
import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["post_alerts", "signature"]

TIMEOUT_S = 30


class _NoRedirect(HTTPRedirectHandler):
    """A signed body goes to the address that was configured, and nowhere else."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Return None: the redirection becomes an error."""
        return


def signature(secret: str, body: bytes) -> str:
    """Return what the header `X-Signature` says: `sha256=` and the HMAC of the body, hex."""
    return "sha256=" + hmac.new(secret.encode(), body, sha256).hexdigest()


def post_alerts(url: str, secret: str, key: str, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Post `alerts` (columns) to `url`; raise OSError where the receiver does not answer with 2xx, InputError for another scheme."""
    if not url.startswith(("http://", "https://")):
        raise InputError("a webhook's url is not http or https", found=url)
    body = json.dumps({"key": key, "alerts": list(alerts)}, ensure_ascii=False, sort_keys=True).encode()
    headers = {"Content-Type": "application/json", "Idempotency-Key": key, "X-Signature": signature(secret, body)}
    request = Request(url, body, headers, method="POST")  # noqa: S310 - the scheme is checked above
    try:
        build_opener(_NoRedirect).open(request, timeout=TIMEOUT_S).close()
    except HTTPError as error:
        with error:
            raise OSError(f"the receiver answered {error.code}") from error
