"""How an event went on in the series: at once or by parts, whether it stayed, ended or came back, and whether a season brings it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from sentinel_watch.domain.event import EventStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sentinel_watch.domain.event import Event

__all__ = ["Course", "Onset", "Stay", "course_of"]

SLOW_DAYS = 60
"""Days from which on a change by parts is gradual, and gaps between looks leave open what happened in them."""
LONG_DAYS = 365
MOSTLY = 0.75
"""Share of its looks that must show a change that persists."""
YEAR_DAYS, SAME_SEASON_DAYS = 365.25, 45


class Onset(StrEnum):
    """How it came."""

    ABRUPT = "abrupt"
    """Most of it turned within SLOW_DAYS."""
    GRADUAL = "gradual"
    """A part of it was still seen as it was SLOW_DAYS after the first had turned."""
    OPEN = "open"
    """Too few looks tell, or it has ended and come back since."""


class Stay(StrEnum):
    """Whether it is still there."""

    RECOVERED = "recovered"
    """It has ended: the place is as it was."""
    PERSISTENT = "persistent"
    """It has been there for a year or longer, in most looks."""
    PRESENT = "present"
    """It is there, not so long or not so often."""


@dataclass(frozen=True, slots=True)
class Course:
    """What the series tells beyond two dates."""

    onset: Onset
    stay: Stay
    begins: tuple[date, ...]
    """Its first day, and each on which it was found again after it had ended; UTC."""
    seasonal: bool
    """Whether it began in the same season of two years, and had ended in between."""


def course_of(event: Event) -> Course:
    """Return how the event went on; nothing but the event itself is asked, so that it can be told again from what is stored."""
    begins = _begins(event)
    return Course(Onset.OPEN if len(begins) > 1 else _onset(event), _stay(event, begins[-1]), begins, _same_season(begins))


def _begins(event: Event) -> tuple[date, ...]:
    """Return the days on which it began and came back.

    An event also ends and returns where it is in pieces that are now and then too small: then most of its pixels have been off all along.
    """
    again = [now.day for was, now in pairwise(event.history) if was.status is EventStatus.FINISHED is not now.status]
    half_by = event.region.half_by
    anew = again and half_by and (again[-1] - half_by).days <= SLOW_DAYS
    return event.first_detected, *(again if anew else ())


def _onset(event: Event) -> Onset:
    """Return how it came, by the days on which its pixels turned."""
    region = event.region
    if region.still_clear and (region.still_clear - region.onset).days >= SLOW_DAYS:
        return Onset.GRADUAL
    # pixels that no look saw meanwhile may have turned at any time
    seen = region.last_clear and (region.onset - region.last_clear).days <= SLOW_DAYS
    soon = region.mostly_by and (region.mostly_by - region.onset).days <= SLOW_DAYS
    return Onset.ABRUPT if seen and soon else Onset.OPEN


def _stay(event: Event, began: date) -> Stay:
    """Return whether it is still there since it last `began`; once confirmed, what left no region has ended."""
    region = event.region
    if event.status is EventStatus.FINISHED:
        return Stay.RECOVERED
    long = (event.last_observed - began).days >= LONG_DAYS
    return Stay.PERSISTENT if long and region.n_anomalous >= MOSTLY * region.n_looks > 0 else Stay.PRESENT


def _same_season(begins: Sequence[date]) -> bool:
    """Return whether two beginnings lie a whole number of years apart, give or take SAME_SEASON_DAYS."""
    gaps = [(later - first).days for number, first in enumerate(begins) for later in begins[number + 1 :]]
    return any(days > YEAR_DAYS / 2 and abs(days - YEAR_DAYS * round(days / YEAR_DAYS)) <= SAME_SEASON_DAYS for days in gaps)
