"""What can go wrong between a server and us, and how a URL is shown without its secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sentinel_watch.domain.ledger import Reason
from sentinel_watch.errors import SceneError, SourceError

if TYPE_CHECKING:
    from urllib.parse import SplitResult

__all__ = ["BudgetError", "ChangedError", "PassingError", "RefusedError", "TransferError", "UnauthorisedError", "shown", "stable"]

SIGNATURES = frozenset({"se", "sig", "sip", "ske", "skoid", "sks", "skt", "sktid", "skv", "sp", "spr", "sr", "srt", "ss", "st", "sv"})
"""Query keys of Azure's shared access signatures."""
SECRETS = frozenset({"access_token", "apikey", "api_key", "expires", "key-pair-id", "policy", "signature", "subscription-key", "token"})


class TransferError(SourceError):
    """A request did not give what it must; asking again would not help."""

    reason: ClassVar[Reason] = Reason.UNREADABLE
    """What the ledger calls it."""

    def for_scene(self) -> SceneError:
        """Return the same for one scene: it ends as failed, and the next run tries again."""
        details = {name: self.details[name] for name in ("where", "found", "allowed")}
        return SceneError(self.reason, self.what, **details)


class RefusedError(TransferError):
    """The server refuses access: credentials, or a quota that is spent."""


class UnauthorisedError(RefusedError):
    """The server does not accept the credentials, or no longer: a token may have run out."""


class BudgetError(TransferError):
    """What the run may spend is spent, so nothing was asked."""

    reason = Reason.BUDGET


class ChangedError(TransferError):
    """The file is no longer the one whose first bytes were read."""


class PassingError(TransferError):
    """A request failed in a way that may pass; `wait_s` is how long the server asks to wait, seconds, None = it does not say."""

    def __init__(self, what: str, *, where: str = "", found: str = "", wait_s: float | None = None) -> None:
        super().__init__(what, where=where, found=found)
        self.wait_s = wait_s


def shown(url: str) -> str:
    """Return `url` as people may see it: without user, password, query and fragment."""
    parts = _split(url)
    if parts is None:
        return "(no valid URL)"
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def stable(url: str) -> str:
    """Return `url` without what changes from day to day: signatures, tokens, fragment; two files never share one."""
    parts = _split(url)
    if parts is None:
        return ""
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_secret(key)]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query), ""))


def _is_secret(key: str) -> bool:
    name = key.lower()
    return name in SIGNATURES or name in SECRETS or name.startswith(("x-amz-", "x-goog-"))


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None
