"""Who witnesses that a bundle existed at an instant: time-stamp authorities after RFC 3161.

Two ways to know an instant without believing this machine's clock: the authority signs hash and time, and its
certificate can be checked years later.
"""

from __future__ import annotations

import urllib.request
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.error import URLError

from pydantic import Field

from sentinel_watch.errors import InputError, MissingExtraError, SourceError
from sentinel_watch.registry import Part, Registry

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.contracts import TimeAuthority

__all__ = ["AUTHORITIES", "Rfc3161", "check_stamp"]

AUTHORITIES: Registry[TimeAuthority] = Registry("authority", {"rfc3161": "sentinel_watch.evidence.bundle.authority:Rfc3161"})

MAX_ANSWER_BYTES = 1_000_000


class Rfc3161(Part):
    """An authority that is asked over HTTP, as RFC 3161, section 3.4, has it."""

    url: str = Field(pattern=r"^https?://[^@?#]+$")
    """Where it answers; without user, password and query."""
    timeout_s: float = Field(30, gt=0, le=600)
    """How long an answer may take, seconds."""

    def stamp(self, content: bytes) -> bytes:
        """Return the authority's answer (DER) for the SHA-256 of `content`; raise SourceError where it gives none that fits.

        The content itself never leaves the machine, only its hash. The request has a nonce and asks for the
        certificate. At most MAX_ANSWER_BYTES are read. MissingExtraError where the package is absent.
        """
        client = _client()
        asked = (
            client.TimestampRequestBuilder()
            .data(content)
            .hash_algorithm(client.HashAlgorithm.SHA256)
            .cert_request(cert_request=True)
            .build()
        )
        request = urllib.request.Request(self.url, asked.as_bytes(), {"Content-Type": "application/timestamp-query"})  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:  # noqa: S310
                body: bytes = answer.read(MAX_ANSWER_BYTES)
            given = client.decode_timestamp_response(body)
            # an answer to another question, or one from a drawer
            fits = (
                given.status == 0
                and given.tst_info.nonce == asked.nonce
                and given.tst_info.message_imprint.message == asked.message_imprint.message
            )
        except (URLError, OSError, ValueError) as error:
            raise SourceError("the time-stamp authority gave no time stamp", where=self.url, found=str(error)) from error
        if not fits:
            raise SourceError("the time-stamp authority answered something else", where=self.url, found=f"status {given.status}")
        return body


def check_stamp(stamp: bytes, content: bytes, roots: Path | None) -> str:
    """Return the instant at which an authority saw `content`, ISO 8601, UTC.

    `roots` is a PEM file of the certificates that are trusted; None leaves the signature unchecked. Raises InputError where the stamp
    is broken or is not of `content`, MissingExtraError where the package that reads it is absent.

    `stamp` is a TimeStampResp in DER (RFC 3161 section 2.4.2).
    """
    client = _client()
    from cryptography.x509 import load_pem_x509_certificates  # noqa: PLC0415 - comes with the client

    try:
        given = client.decode_timestamp_response(stamp)
        # without trusted certificates anybody could have signed it: then only the content is compared
        if roots:
            builder = client.VerifierBuilder()
            for certificate in load_pem_x509_certificates(roots.read_bytes()):
                builder = builder.add_root_certificate(certificate)
            builder.build().verify_message(given, content)
        else:
            _check_imprint(given.tst_info.message_imprint.message, content)
    except (client.VerificationError, ValueError, OSError) as error:
        raise InputError("the time stamp does not hold", found=str(error)) from error
    return str(given.tst_info.gen_time.isoformat())


def _check_imprint(imprint: bytes, content: bytes) -> None:
    """Raise ValueError where a stamp's imprint is not the SHA-256 of `content`."""
    if imprint != sha256(content).digest():
        raise ValueError("it is of another content")


def _client() -> Any:  # noqa: ANN401 - a module
    """Return the package that speaks RFC 3161; raise MissingExtraError where it is not installed."""
    try:
        import rfc3161_client  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError(
            "time stamps need a package that is not installed", next_step="pip install 'sentinel-watch[timestamp]'"
        ) from error
    return rfc3161_client
