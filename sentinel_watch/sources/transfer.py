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
    """A request did not give what it must; asking again would not help.

    A SourceError: in a search it ends the run with exit code 3. In the reading of one scene, `for_scene` makes it
    that scene's matter.
    """

    reason: ClassVar[Reason] = Reason.UNREADABLE
    """What the ledger calls it."""

    def for_scene(self) -> SceneError:
        """Return the same for one scene: it ends as failed, and the next run tries again.

        With the same words, without the next step, and with `reason` as the ledger's code.
        """
        details = {name: self.details[name] for name in ("where", "found", "allowed")}
        return SceneError(self.reason, self.what, **details)


class RefusedError(TransferError):
    """The server refuses access: credentials, or a quota that is spent.

    HTTP 401, 402, 403 and 407, or credentials that are missing. Waiting does not help.
    """


class UnauthorisedError(RefusedError):
    """The server does not accept the credentials, or no longer: a token may have run out.

    HTTP 401 alone; whoever holds a token renews it once.
    """


class BudgetError(TransferError):
    """What the run may spend is spent, so nothing was asked.

    The next run goes on with a budget of its own, and what was fetched is kept.
    """

    reason = Reason.BUDGET


class ChangedError(TransferError):
    """The file is no longer the one whose first bytes were read.

    By ETag, date, length or checksum, or since the server says so (HTTP 412). Pieces of two versions must never be
    put together.
    """


class PassingError(TransferError):
    """A request failed in a way that may pass; `wait_s` is how long the server asks to wait, seconds, None = it does not say.

    Repeated by `patience.persist`; raised to the caller once tries or time are used up.
    """

    def __init__(self, what: str, *, where: str = "", found: str = "", wait_s: float | None = None) -> None:
        super().__init__(what, where=where, found=found)
        self.wait_s = wait_s


def shown(url: str) -> str:
    """Return `url` as people may see it: without user, password, query and fragment.

    Everything that reaches an error, a log or the ledger goes through here: signatures and keys mostly stand in the
    query. Never raises.
    """
    parts = _split(url)
    if parts is None:
        return "(no valid URL)"
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def stable(url: str) -> str:
    """Return `url` without what changes from day to day: signatures, tokens, fragment; two files never share one.

    For the cache's file names. Query keys that sign or authorise are left out (SIGNATURES, SECRETS, `x-amz-`,
    `x-goog-`); all others may name another file and stay, in their order. Empty for what is no URL.
    """
    parts = _split(url)
    if parts is None:
        return ""
    # blank values stay: `?a=` and `?` may be two files
    query = [(key, value) for key, value in parse_qsl(parts.query, keep_blank_values=True) if not _is_secret(key)]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(query), ""))


def _is_secret(key: str) -> bool:
    """Return whether a query key signs or authorises and so says nothing of which file it is; by name, in any case."""
    name = key.lower()
    return name in SIGNATURES or name in SECRETS or name.startswith(("x-amz-", "x-goog-"))


def _split(url: str) -> SplitResult | None:
    """Return the parts of a URL; None where it is none, as with half an IPv6 address."""
    try:
        return urlsplit(url)
    except ValueError:
        return None
