"""Objects of an S3 store as URLs that anybody may ask for a while: AWS Signature Version 4 in the query.

Own code, as a signature is a page of text, and a client library would bring its own connections, which are not held
against the rules for hosts.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

from sentinel_watch.sources.transfer import TransferError, shown

__all__ = ["S3", "presigned"]

LIFE_S = 900
UNSIGNED = "UNSIGNED-PAYLOAD"


@dataclass(frozen=True, slots=True)
class S3:
    """A store, and the names of the environment variables that hold the credentials for it; never the credentials themselves.

    Path-style addresses: `endpoint`/bucket/key, which the Copernicus Data Space and MinIO take.
    """

    endpoint: str
    """https URL of the store; buckets are the first part of the path."""
    region: str
    key_env: str
    secret_env: str

    def url(self, href: str) -> str:
        """Return where the object at `href` (s3://bucket/key) is to be had, signed where the environment has credentials.

        Raises TransferError where `href` names no object.

        The URL is good for LIFE_S seconds. Credentials are looked up at each call; where one of the two is missing, a
        public bucket may still answer. In keys, unreserved signs and `/` stay and all else is percent-encoded (SigV4,
        UriEncode).
        """
        parts = urlsplit(href)
        if not parts.netloc or not parts.path.strip("/") or parts.query:
            raise TransferError("this is no address of an object", where=shown(href), allowed="s3://bucket/key")
        url = f"{self.endpoint}/{parts.netloc}{quote(parts.path, safe='/~')}"
        # at each call, since a run may outlive a rotated key
        key, secret = os.environ.get(self.key_env, ""), os.environ.get(self.secret_env, "")
        return presigned(url, (key, secret), self.region, datetime.now(UTC)) if key and secret else url


def presigned(url: str, credentials: tuple[str, str], region: str, now: datetime, life_s: int = LIFE_S) -> str:
    """Return `url`, which has no query, with a signature for a GET by (key, secret), good for `life_s` seconds from `now`.

    After "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)".

    `now` is UTC; where the clock is wrong, the store refuses. The payload stays unsigned, as a GET has none. Only the
    header `host` is signed, so a Range header may be added. `url` must be percent-encoded already.
    """
    key, secret = credentials
    parts, stamp = urlsplit(url), f"{now:%Y%m%dT%H%M%SZ}"
    scope = f"{now:%Y%m%d}/{region}/s3/aws4_request"
    asked = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"{key}/{scope}",
        "X-Amz-Date": stamp,
        "X-Amz-Expires": str(life_s),
        "X-Amz-SignedHeaders": "host",
    }
    # the names are in the order of their letters already, as the canonical request wants them
    query = "&".join(f"{name}={quote(value, safe='~')}" for name, value in asked.items())
    request = "\n".join(["GET", parts.path, query, f"host:{parts.netloc}", "", "host", UNSIGNED])
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    signing = f"AWS4{secret}".encode()
    # the key is derived by date, region, service and a constant, each signed with the one before
    for part in scope.split("/"):
        signing = hmac.digest(signing, part.encode(), "sha256")
    return f"{url}?{query}&X-Amz-Signature={hmac.digest(signing, text.encode(), 'sha256').hex()}"
