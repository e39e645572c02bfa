"""The run ledger: what became of every scene that the catalogue promised.

"Not observed" is a result and never "no change": a scene is used, rejected for a reason, or failed and tried again.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Outcome", "Reason", "SceneRecord"]


class Outcome(StrEnum):
    """How a scene ended; the values are those of `run.json`."""

    USED = "used"
    REJECTED = "rejected"
    # kept apart from rejected: a rejection stands, a failure is tried again
    FAILED = "failed"
    """Could not be read; the next run tries again."""


class Reason(StrEnum):
    """Why a scene was not used; empty for a used one.

    The values are codes for programs; the words for people are in `SceneRecord.detail`.
    """

    NONE = ""
    NODATA = "nodata"
    """No pixel of the AOI holds data."""
    CLOUD = "cloud"
    """Too little of the AOI is clear."""
    NOT_NORMALISABLE = "not_normalisable"
    """Haze or a shift that could not be taken out."""
    MISSING_BAND = "missing_band"
    """The scene lacks a band that the run looks at."""
    # the same datatake comes again with tile overlap and reprocessing, and must not count as a second look
    DUPLICATE = "duplicate"
    """Another copy of the same observation was used."""
    TOO_OLD = "too_old"
    """Older than the history that the pipeline reads."""
    UNREADABLE = "unreadable"
    """A file is missing, broken, or lies about its content."""
    # a rejection would be for good, but the next run may spend anew
    BUDGET = "budget"
    """What the run might spend was spent before the scene was read."""
    DELISTED = "delisted"
    """It could not be read while the catalogue listed it, and by now the catalogue does not: there is nothing left to try."""


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """One line of the ledger.

    Fractions are None where the scene was never read, and 0 where it was and nothing was there.
    """

    scene_id: str
    time: str
    """Start of sensing, ISO 8601, UTC."""
    role: str
    """`history` or `monitoring`."""
    outcome: Outcome
    reason: Reason = Reason.NONE
    detail: str = ""
    """In plain words: what was missing, which file; of a used scene, what is doubtful: `offset_missing` …"""
    clear_fraction: float | None = None
    """Usable share of the AOI, 0-1."""
    data_fraction: float | None = None
    """Share of the AOI that holds data, 0-1."""
    seconds: float = 0.0
    """Time spent on the scene."""
