"""Where a Sentinel Hub is paid: requests that cost processing units, signed in, and out of the run's budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sentinel_watch.sources.http import Request
from sentinel_watch.sources.spending import units_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentinel_watch.sources.http import Answer, Asks
    from sentinel_watch.sources.patience import Deadline, Patience
    from sentinel_watch.sources.spending import Budget

__all__ = ["Till", "Wanted"]


@dataclass(frozen=True, slots=True)
class Till:
    """Asks one service for what it makes on demand; may be used by many threads at once."""

    url: str
    """Landing page of the service."""
    asks: Asks
    """A client that is signed in."""
    budget: Budget
    """What the run may still spend."""
    patience: Patience

    def order(self, wanted: Wanted, units: float, deadline: Deadline, check: Callable[[Answer], None]) -> Answer:
        """Return the answer to what is wanted, at an estimated cost of `units`; raise TransferError.

        BudgetError, before anything is asked, where the estimate is more than is left. `check` raises PassingError
        where an answer is not whole, and is asked again.

        Every answer is paid for, bad ones too: what its header says, else the estimate, so that the budget holds in any
        case.
        """
        headers = {"Content-Type": "application/json", "Accept": wanted.kind}
        request = Request(f"{self.url}/api/v1/{wanted.what}", wanted.max_bytes, "POST", headers, wanted.body)
        with self.budget.paying(units) as cost:

            def note(answer: Answer) -> None:
                paid = units_of(answer.headers)
                # before anything is raised
                cost.append(units if paid is None else paid)
                check(answer)

            return self.asks.ask(request, deadline, check=note)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for."""

    what: str
    """Which API, by the last step of its address: `process` or `statistics`."""
    body: bytes
    """The request as JSON."""
    kind: str
    """Media type of the answer."""
    max_bytes: int
    """A longer answer is refused."""
