"""Regions over time are events: the same place is one event with one id, through growth, merging, splitting and return.

Provisional, confirmed and finished as DIST-ALERT names them. Sameness is shared pixels, not nearness: two pits side by side
stay two events until they touch.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from sentinel_watch.domain.change import PixelStatus, Region
from sentinel_watch.domain.event import Detection, Event, EventStatus

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

__all__ = ["Sighting", "track"]

Pixel = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sighting:
    """The scene after which the regions stand as they do; `day` is its UTC day, which dates what ends."""

    site_id: str
    scene_id: str
    day: date


def track(events: Sequence[Event], regions: Sequence[Region], sighting: Sighting) -> tuple[Event, ...]:
    """Return the events as they stand after a scene, oldest first.

    `events` as they stood after the scene before, `regions` of the whole AOI after this one, on the same grid.
    A region continues the oldest event that it overlaps; younger ones that it also overlaps are merged into it. Of several
    regions over one event the one that shares most pixels continues it, the others are new events. A confirmed event
    that no region continues is finished, and comes back to life if a region returns; a provisional one is dropped.
    Called again with the same arguments, it gives the same ids.
    """
    heirs = inherit(events, regions)
    continued = [_continue(group, regions[index], sighting) for index, group in heirs.items()]
    new = [_begin(region, sighting) for index, region in enumerate(regions) if index not in heirs]
    taken = {event.event_id for group in heirs.values() for event in group}
    gone = [_finish(event, sighting) for event in events if event.event_id not in taken]
    return tuple(sorted([*continued, *new, *filter(None, gone)], key=_age))


def inherit(events: Sequence[Event], regions: Sequence[Region]) -> dict[int, list[Event]]:
    """Return region number -> the events that it continues, oldest first; each event goes to one region at most.

    Regions over no event are not in the mapping. Of equal overlaps the region with the lower number wins.
    """
    owners = defaultdict(list)
    for event in events:
        for pixel in _pixels(event.region):
            owners[pixel].append(event.event_id)
    shared = {index: Counter(owner for pixel in _pixels(region) for owner in owners.get(pixel, ())) for index, region in enumerate(regions)}
    heirs: dict[int, list[Event]] = defaultdict(list)
    for event in sorted(events, key=_age):
        overlap = {index: counts[event.event_id] for index, counts in shared.items() if event.event_id in counts}
        if overlap:
            heirs[max(overlap, key=lambda index: (overlap[index], -index))].append(event)
    return dict(heirs)


def _begin(region: Region, sighting: Sighting) -> Event:
    """Return the new event of a region, named by site, scene and place: a replay gives it the same id."""
    # a point on the surface, since the centroid of a crescent may lie in its neighbour
    x, y = region.geometry.representative_point().coords[0]
    name = f"{sighting.site_id}|{sighting.scene_id}|{x:.1f}|{y:.1f}"
    event = Event(
        event_id=sha256(name.encode()).hexdigest()[:16],
        region=region,
        status=EventStatus.PROVISIONAL,
        first_detected=region.onset,
        last_observed=region.last_observed,
    )
    return _stand(event, region, sighting)


def _continue(group: Sequence[Event], region: Region, sighting: Sighting) -> Event:
    """Return the oldest of `group` as it stands with `region`, the ids of the others noted in `merged`."""
    eldest, *younger = group
    merged = {*eldest.merged, *(event.event_id for event in younger), *(name for event in younger for name in event.merged)}
    return _stand(replace(eldest, merged=tuple(sorted(merged))), region, sighting)


def _stand(event: Event, region: Region, sighting: Sighting) -> Event:
    """Return the event as its region now makes it; once confirmed it stays so, and keeps its earliest onset and its day of confirmation."""
    if event.confirmed_at and event.region.onset < region.onset:
        # what was once confirmed began when it began, however its parts have come and gone since
        region = replace(region, onset=event.region.onset, last_clear=event.region.last_clear)
    # never taken back: an alert that was sent as confirmed must not become provisional again
    confirmed = event.confirmed_at or (region.confirmed if region.status is PixelStatus.CONFIRMED else None)
    now = replace(
        event,
        region=region,
        status=EventStatus.CONFIRMED if confirmed else EventStatus.PROVISIONAL,
        first_detected=region.onset,
        last_observed=region.last_observed,
        confirmed_at=confirmed,
        finished_at=None,
    )
    return _noted(now, sighting)


def _finish(event: Event, sighting: Sighting) -> Event | None:
    """Return the event as finished on the scene's day, itself where it was finished before, None where it was never confirmed."""
    if event.status is EventStatus.PROVISIONAL:
        return None
    if event.status is EventStatus.FINISHED:
        return event
    return _noted(replace(event, status=EventStatus.FINISHED, finished_at=sighting.day, last_observed=sighting.day), sighting)


def _noted(event: Event, sighting: Sighting) -> Event:
    """Return the event with the scene added to its history, unless neither area nor status changed."""
    entry = Detection(sighting.scene_id, sighting.day, event.region.area_ha, event.status, event.region.magnitude)
    last = event.history[-1] if event.history else None
    if last and (last.area_ha, last.status) == (entry.area_ha, entry.status):
        return event
    return replace(event, history=(*event.history, entry))


def _pixels(region: Region) -> Iterable[Pixel]:
    """Return the region's (row, column) pairs, plain numbers so that they can be keys."""
    return zip(region.rows.tolist(), region.cols.tolist(), strict=True)


def _age(event: Event) -> tuple[bool, date, str]:
    """Return what events are sorted by: confirmed ones first, then first detection, then id."""
    return event.confirmed_at is None, event.first_detected, event.event_id
