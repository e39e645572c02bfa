"""What people's decisions say about the alerts: how many were right, by class and kind of site, and how soon it was known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from sentinel_watch.domain.case import CaseStatus

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentinel_watch.domain.case import Case

__all__ = ["Precision", "ResponseDays", "precision", "response_days"]


@dataclass(frozen=True, slots=True)
class Precision:
    """How many alerts of one class, at one type of site, were right."""

    event_class: str
    """As alerted; `all` for the sum."""
    site_type: str
    """`all` for the sum."""
    confirmed: int
    """Found to be something that matters, whatever its class."""
    as_another_class: int
    """Those of them that were of another class than alerted."""
    dismissed: int
    undecided: int

    @property
    def share(self) -> float | None:
        """Return the confirmed share of the decided, 0-1; None where nothing is decided.

        Percentages of few cases mean little: `interval` belongs beside it wherever it is shown.
        """
        decided = self.confirmed + self.dismissed
        return self.confirmed / decided if decided else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Return the 95 % interval of `share` after Wilson (1927); None where nothing is decided."""
        if self.share is None:
            return None
        interval = binomtest(self.confirmed, self.confirmed + self.dismissed).proportion_ci(0.95, method="wilson")
        return float(interval.low), float(interval.high)


@dataclass(frozen=True, slots=True)
class ResponseDays:
    """Days from the first telling of an alert to its last decision."""

    median: float
    p90: float
    count: int


def precision(cases: Iterable[Case]) -> tuple[Precision, ...]:
    """Return one line for each class and site type, sorted, and last the sum of all.

    What was decided counts, closed or not. Only alerts that somebody decided can tell, and which those are is seldom left to chance:
    the shares hold for alerts that were looked at.
    """
    counts: Counter[tuple[str, str, str]] = Counter()
    for case in cases:
        outcome = case.alert.decision or "undecided"
        other = outcome == CaseStatus.CONFIRMED and case.true_class not in {None, case.alert.event_class}
        for group in ((case.alert.event_class, case.site_type), ("all", "all")):
            counts[(*group, outcome)] += 1
            counts[(*group, "other")] += other
    # the sum last, whatever the classes are called
    groups = sorted({key[:2] for key in counts}, key=lambda group: (group == ("all", "all"), group))
    return tuple(
        Precision(*group, *(counts[(*group, what)] for what in ("confirmed", "other", "dismissed", "undecided"))) for group in groups
    )


def response_days(cases: Iterable[Case]) -> ResponseDays | None:
    """Return how long decisions took; None where nothing is decided.

    From the first telling to the last decision, so that a case which was reopened counts with its whole length.
    """
    # an old log may not say when an alert was told: its length is not known, rather than nought
    pairs = [(case.found_at, case.decided_at) for case in cases if case.decided_at and case.found_at]
    days = [(datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds() / 86400 for begin, end in pairs]
    return ResponseDays(float(np.median(days)), float(np.quantile(days, 0.9)), len(days)) if days else None
