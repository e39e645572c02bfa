"""Every error that a user can meet: what happened, where, what was found, what is allowed, what to do next."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "InputError",
    "MissingExtraError",
    "NotNormalisableError",
    "SceneError",
    "SentinelWatchError",
    "SourceError",
    "StaleRevisionError",
    "WorkspaceBusyError",
    "did_you_mean",
]


class SentinelWatchError(Exception):
    """Base of all errors that the program raises on purpose."""

    # kept here so that scripts tell a typing error (2) from a broken source (3)
    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str = "", found: str = "", allowed: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.details = {"where": where, "found": found, "allowed": allowed, "next_step": next_step}

    def __str__(self) -> str:
        """Return the message, one labelled line for each detail that is known."""
        return "\n".join([self.what, *(f"  {label.split('_')[0] + ':':9}{text}" for label, text in self.details.items() if text)])


class InputError(SentinelWatchError):
    """Something that the user gave is wrong: an AOI, an option, a pipeline file."""

    exit_code = 2


class MissingExtraError(InputError):
    """A part was asked for whose optional packages are not installed."""


class WorkspaceBusyError(InputError):
    """Another run holds the same site in the same workspace."""


class StaleRevisionError(InputError):
    """Somebody, or a run, has changed an alert since it was looked at."""


class SourceError(SentinelWatchError):
    """A source of imagery could not be asked, or did not answer as it must."""

    exit_code = 3


class SceneError(SourceError):
    """One scene cannot be read; `reason` is its code in the run ledger."""

    def __init__(self, reason: str, what: str, *, where: str = "", found: str = "", allowed: str = "") -> None:
        super().__init__(what, where=where, found=found, allowed=allowed)
        self.reason = reason


class NotNormalisableError(SentinelWatchError):
    """A look is too hazy or too far shifted to be compared with what is normal."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the known word nearest to `word`, or all known words if none is near."""
    known = sorted(known)
    near = get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"one of: {', '.join(known)}"
