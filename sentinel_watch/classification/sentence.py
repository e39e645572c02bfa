"""The sentence of an alert, for people who have never seen a spectrum: what, where to what extent, since when, seen how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.domain.course import Course, Onset, Stay, course_of

if TYPE_CHECKING:
    from datetime import date

    from sentinel_watch.domain.change import Region
    from sentinel_watch.domain.event import Event

__all__ = ["sentence"]


def sentence(what: str, event: Event, *parts: str) -> str:
    """Return `what`, extent and course of the event, and `parts`, as one sentence with a full stop.

    `what` is a subject with its verb, `Bare ground replaced vegetation`; an empty part is left out. Counts are medians over the region's
    pixels, each since its own onset; areas are rounded to 100 square metres.
    """
    course, region = course_of(event), event.region
    began = f"{what} over {region.area_ha:.2f} ha{_when(event, course)}"
    return "; ".join(filter(None, (began, _seen(region, course), _since(event, course), *parts))) + "."


def _when(event: Event, course: Course) -> str:
    """Return between which days it came, to follow an area; the change lies between two looks, and which day it was nobody saw."""
    region = event.region
    end = region.mostly_by if course.onset is Onset.GRADUAL and region.mostly_by else region.onset
    # the area is today's, and the days are of the first time
    how = ", first " if len(course.begins) > 1 else " part by part " if course.onset is Onset.GRADUAL else " "
    return how + (_between(region.last_clear, end) if region.last_clear else f"by {_long(end)}")


def _seen(region: Region, course: Course) -> str:
    """Return how often it was seen; the look that found it counts."""
    seen, looks = region.n_anomalous, region.n_looks
    if looks <= 1:
        return "only one clear look has shown it"
    often = f"all {looks}" if seen >= looks > 2 else f"{seen} of {looks}"
    return f"{'a typical part of it was ' if course.onset is Onset.GRADUAL else ''}seen changed in {often} clear looks since"


def _since(event: Event, course: Course) -> str:
    """Return what became of it; empty where there is nothing to add."""
    latest = f"it was there again by {_long(course.begins[-1])}" if len(course.begins) > 1 else ""
    if course.stay is Stay.RECOVERED:
        ended = f"by {_long(event.finished_at)} the place was as before" if event.finished_at else "the place is as before"
        return f"{latest}, and {ended}" if latest else ended
    return latest or ("it has stayed" if course.stay is Stay.PERSISTENT else "")


def _between(first: date, last: date) -> str:
    """Return `between 3 and 28 April 2023`: what both days share is said once."""
    if first == last:
        return f"on {_long(first)}"
    begin = f"{first:%d %B %Y}" if first.year != last.year else f"{first:%d %B}" if first.month != last.month else f"{first:%d}"
    return f"between {begin.removeprefix('0')} and {_long(last)}"


def _long(day: date) -> str:
    """Return a day as in `7 August 2018`.

    Without a leading zero, by a format that not every operating system knows (`%-d`).
    """
    return f"{day:%d %B %Y}".removeprefix("0")
