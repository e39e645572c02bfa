"""Days as the command line takes them: whole days, UTC, both ends included."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import pairwise

from sentinel_watch.errors import InputError

__all__ = ["Period", "read_period"]


@dataclass(frozen=True, slots=True)
class Period:
    """What is read and what is watched; all UTC, None = as far as the catalogue reaches.

    Everything from `start` to before `monitor_from` is history; with `monitor_from` None the pipeline's rule decides.
    """

    start: datetime | None
    """The first instant of the first day."""
    monitor_from: datetime | None
    """The first instant of the first day that is watched."""
    end: datetime | None
    """The last instant of the last day."""


def read_period(start: str | None, monitor_from: str | None, end: str | None) -> Period:
    """Return the period that the options name; raise InputError where one is no day or they are out of order.

    Days are `YYYY-MM-DD`, None = not given. `read_period("2017-01-01", None, "2018-12-31").end` is the last instant of that day.

    The days given must be in rising order and differ: a period of one day has its start alone.
    """
    options = {"--start": start, "--monitor-from": monitor_from, "--end": end}
    days = {option: _day(option, text) for option, text in options.items()}
    given = [(option, day) for option, day in days.items() if day]
    # only those that were given: with no --monitor-from, start and end are held against each other
    for (earlier, day), (later, next_day) in pairwise(given):
        if day >= next_day:
            raise InputError(f"{earlier} must lie before {later}", found=f"{day} and {next_day}", allowed="start < monitor-from < end")
    first, watched, last = days.values()
    # midnight would leave out every scene of the last day
    return Period(_midnight(first), _midnight(watched), datetime.combine(last, time.max, UTC) if last else None)


def _day(option: str, text: str | None) -> date | None:
    """Return the day that `text` names, None where it was not given; raise InputError, naming the option, where it is none."""
    if text is None:
        return None
    try:
        # fromisoformat takes other forms too, some of which people read as another day
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            raise ValueError("not of the form YYYY-MM-DD")  # noqa: TRY301 - one complaint for both
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{option} is not a day", found=text, allowed="YYYY-MM-DD, as in 2018-01-01") from error


def _midnight(day: date | None) -> datetime | None:
    """Return the first instant of the day in UTC, None for None."""
    return datetime.combine(day, time.min, UTC) if day else None
