"""What fetching costs: counted as it comes, and held against what a run may spend."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sentinel_watch.sources.transfer import BudgetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["UNITS_HEADER", "Budget", "Spending", "units_of"]

UNITS_HEADER = "x-processingunits-spent"
"""In which Sentinel Hub tells what a request has cost, processing units."""


class Spending:
    """What one client has spent; counted by many threads.

    Since the client was made. Requests count each hop of a redirect; bytes are those received, cache left out.
    """

    def __init__(self) -> None:
        self.requests = 0
        self.retries = 0
        self.bytes = 0
        """Of the bodies, headers left out."""
        self.processing_units = 0.0
        self._lock = threading.Lock()

    def count(self, body_bytes: int, headers: Mapping[str, str]) -> None:
        """Count an answer of so many bytes, whatever it was worth: it has been paid for.

        Called for every answer, refused ones too; a connection that broke gave none and is not counted. `headers` has
        names in lower case.
        """
        with self._lock:
            self.requests += 1
            self.bytes += body_bytes
            self.processing_units += units_of(headers) or 0.0

    def retried(self) -> None:
        """Count a request that had to be asked again."""
        with self._lock:
            self.retries += 1

    def total(self) -> dict[str, float]:
        """Return what was spent so far, by name.

        Keys `requests`, `retries`, `bytes` and `processing_units`, the last to four decimals.
        """
        with self._lock:
            units = round(self.processing_units, 4)
            return {"requests": self.requests, "retries": self.retries, "bytes": self.bytes, "processing_units": units}


class Budget:
    """How many processing units a run may spend; asked before each request by many threads at once.

    `most_units` None = no limit. It is for one source and one run: what earlier runs have spent is not known to it.
    """

    def __init__(self, most_units: float | None) -> None:
        self._most = math.inf if most_units is None else most_units
        self._spent = 0.0
        self._lock = threading.Lock()

    @contextmanager
    def paying(self, estimate: float) -> Iterator[list[float]]:
        """Set `estimate` units aside while the block asks; what it really cost is put into the list that is yielded.

        Raises BudgetError, before anything is asked, where less than the estimate is left. A block that fails costs nothing
        but what is in the list.

        The list may get several numbers, one an answer, as bad images are paid for too. While requests are under way,
        their estimates count as spent, so that threads together keep to the budget.
        """
        with self._lock:
            if self._spent + estimate > self._most:
                raise BudgetError(
                    "the run's budget of processing units is spent",
                    found=f"{self._spent:.2f} spent, {estimate:.2f} needed",
                    allowed=f"{self._most:g} in a run; the next run goes on, and `budget_pu` in the source's configuration allows more",
                )
            # set aside at once: threads that ask together would all see the same room
            self._spent += estimate
        cost: list[float] = []
        try:
            yield cost
        finally:
            with self._lock:
                self._spent += sum(cost) - estimate


def units_of(headers: Mapping[str, str]) -> float | None:
    """Return the processing units that an answer says it has cost; None where it does not say so in a number.

    `headers` has names in lower case; negative numbers, infinity and NaN count as not said.
    """
    try:
        units = float(headers.get(UNITS_HEADER, ""))
    except ValueError:
        return None
    return units if math.isfinite(units) and units >= 0 else None
