"""Regions over time are events: the same place is one event with one id, through growth, merging, splitting and return."""

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
    """The scene after which the regions stand as they do."""

    site_id: str
    scene_id: str
    day: date


def track(events: Sequence[Event], regions: Sequence[Region], sighting: Sighting) -> tuple[Event, ...]:
    """Return the events as they stand after a scene, oldest first.

    A region continues the oldest event that it overlaps; younger ones that it also overlaps are merged into it. Of several
    regions over one event the one that shares most pixels continues it, the others are new events. A confirmed event
    that no region continues is finished; a provisional one is dropped.
    """
    heirs = inherit(events, regions)
    continued = [_continue(group, regions[index], sighting) for index, group in heirs.items()]
    new = [_begin(region, sighting) for index, region in enumerate(regions) if index not in heirs]
    taken = {event.event_id for group in heirs.values() for event in group}
    gone = [_finish(event, sighting) for event in events if event.event_id not in taken]
    return tuple(sorted([*continued, *new, *filter(None, gone)], key=_age))


def inherit(events: Sequence[Event], regions: Sequence[Region]) -> dict[int, list[Event]]:
    """Return region number -> the events that it continues, oldest first; each event goes to one region at most."""
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
    eldest, *younger = group
    merged = {*eldest.merged, *(event.event_id for event in younger), *(name for event in younger for name in event.merged)}
    return _stand(replace(eldest, merged=tuple(sorted(merged))), region, sighting)


def _stand(event: Event, region: Region, sighting: Sighting) -> Event:
    if event.confirmed_at and event.region.onset < region.onset:
        # what was once confirmed began when it began, however its parts have come and gone since
        region = replace(region, onset=event.region.onset, last_clear=event.region.last_clear)
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
    if event.status is EventStatus.PROVISIONAL:
        return None
    if event.status is EventStatus.FINISHED:
        return event
    return _noted(replace(event, status=EventStatus.FINISHED, finished_at=sighting.day, last_observed=sighting.day), sighting)


def _noted(event: Event, sighting: Sighting) -> Event:
    entry = Detection(sighting.scene_id, sighting.day, event.region.area_ha, event.status, event.region.magnitude)
    last = event.history[-1] if event.history else None
    if last and (last.area_ha, last.status) == (entry.area_ha, entry.status):
        return event
    return replace(event, history=(*event.history, entry))


def _pixels(region: Region) -> Iterable[Pixel]:
    return zip(region.rows.tolist(), region.cols.tolist(), strict=True)


def _age(event: Event) -> tuple[bool, date, str]:
    return event.confirmed_at is None, event.first_detected, event.event_id
