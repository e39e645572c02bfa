"""How long to wait for a server that is busy, and when to give up.

Waits double with jitter, so that clients which failed together do not come back together; a wait that the server asks
for (Retry-After, RFC 9110 section 10.2.3) is never cut short. A deadline ends it all, where no answer comes.
"""

from __future__ import annotations

import math
import random
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import Field

from sentinel_watch.log import log
from sentinel_watch.registry import Part
from sentinel_watch.sources.transfer import PassingError, TransferError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Deadline", "Patience", "Pulse", "asked_wait_s", "persist"]

T = TypeVar("T")

MILLISECONDS_FROM = 1000
"""Services send milliseconds without being known for it: a wait of a thousand seconds or more is read as that."""


class Patience(Part):
    """How requests are repeated."""

    first_wait_s: float = Field(default=0.5, gt=0, le=60)
    """Wait before the first repetition where the server does not say; doubles each time, with jitter."""
    max_wait_s: float = Field(default=30.0, gt=0, le=600)
    """Longest wait between two tries that the server did not ask for."""
    tries: int = Field(default=8, ge=1, le=50)
    """How often one request is tried at most."""
    deadline_s: float = Field(default=180.0, gt=0, le=3600)
    """Longest time without a whole answer, to any of the requests that share a line."""
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    """Longest silence of a server."""

    def deadline(self, pulse: Pulse | None = None) -> Deadline:
        """Return the deadline of what begins now, put off while `pulse` beats.

        Several requests share it: each of a scene's bands has the same time, not a time of its own.
        """
        return Deadline(time.monotonic() + self.deadline_s, self.deadline_s, pulse or Pulse())


@dataclass(slots=True)
class Pulse:
    """When a whole answer last came over a line; shared by all threads that wait for one another on it."""

    at: float = -math.inf
    """Seconds of the monotonic clock."""

    def beat(self) -> None:
        """Note that one came now."""
        self.at = time.monotonic()


@dataclass(frozen=True, slots=True)
class Deadline:
    """When to give up.

    On the monotonic clock, so that a clock set anew neither ends nor prolongs a wait. Clock-work and chance can be
    replaced.
    """

    at: float
    """Seconds of the monotonic clock."""
    span_s: float = 0.0
    pulse: Pulse = field(default_factory=Pulse)
    """It is put off to `span_s` after the pulse's last beat: a line that is slow, or a turn that comes late, is no failure."""
    sleep: Callable[[float], None] = field(default=time.sleep, compare=False)
    chance: Callable[[], float] = field(default=random.random, compare=False)
    """0-1, for jitter."""

    def left_s(self) -> float:
        """Return the seconds that are left, at least 0.

        0 = it has passed. A request that is under way is not cut off by it but by its own timeout and between pieces
        of its body.
        """
        return max(max(self.at, self.pulse.at + self.span_s) - time.monotonic(), 0.0)


def persist(ask: Callable[[], T], patience: Patience, deadline: Deadline) -> T:
    """Return what `ask` returns, asking again while it fails in ways that may pass; raise TransferError in the end.

    Only PassingError is tried again; all others pass at once. The last error is raised as it is, also where the wait
    would reach beyond the deadline: then nobody waits for what is given up anyway.
    """
    for attempt in range(1, patience.tries + 1):
        try:
            return ask()
        except PassingError as error:
            wait_s = _wait_s(error, patience, attempt, deadline)
            # to wait up to the deadline and then not ask would only cost time
            if attempt == patience.tries or wait_s >= deadline.left_s():
                raise
            log.info("%s; asking again", error.what)
            deadline.sleep(wait_s)
    raise TransferError("no try was allowed")


def asked_wait_s(headers: Mapping[str, str], now: datetime | None = None, *, milliseconds: bool = False) -> float | None:
    """Return the seconds that an answer's Retry-After asks for: seconds, milliseconds or a date; None where it is none of these.

    RFC 9110 10.2.3 knows seconds and an HTTP date. A date is held against the answer's own Date, by the server's clock, and
    only without one against `now` (UTC); one that has passed is 0. `headers` have names in lower case. `milliseconds` True =
    the service is known to send those; else whole numbers of MILLISECONDS_FROM and more are read as such.
    """
    text = headers.get("retry-after", "").strip()
    # isdigit alone takes digits of other scripts, which float reads and servers never send
    if text.isascii() and text.isdigit():
        number = float(text)
        return number / 1000 if milliseconds or number >= MILLISECONDS_FROM else number
    then = _http_date(text)
    if then is None:
        return None
    # a clock that is wrong, theirs or ours, would cut the wait short or stretch it beyond the deadline
    return max((then - (_http_date(headers.get("date", "")) or now or datetime.now(UTC))).total_seconds(), 0.0)


def _http_date(text: str) -> datetime | None:
    """Return an HTTP date, UTC; None where it is none."""
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return None
    # an HTTP date is always GMT, which the parser does not say for `-0000`
    return then if then.tzinfo else then.replace(tzinfo=UTC)


def _wait_s(error: PassingError, patience: Patience, attempt: int, deadline: Deadline) -> float:
    """Return the seconds to wait after try number `attempt` (from 1): what the server asked for, and at least the own wait.

    The own one is `first_wait_s` doubled each time, at most `max_wait_s`, times 0.5 to 1 by chance.
    """
    own_s = min(patience.first_wait_s * 2.0 ** (attempt - 1), patience.max_wait_s)
    # half of it is certain, so that the wait still grows
    jittered_s = own_s * (0.5 + deadline.chance() / 2)
    return max(error.wait_s or 0.0, jittered_s)
