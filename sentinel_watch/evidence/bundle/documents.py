"""What a bundle says in JSON: the alert, its history, the ledger, and the site, as they stood."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from odc.geo.geom import Geometry
from shapely.geometry import mapping

from sentinel_watch.domain.course import course_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.ledger import SceneRecord

__all__ = ["alert_document", "case_document", "event_document", "ledger_document"]


def alert_document(alert: Alert) -> dict[str, Any]:
    """Return an alert as a GeoJSON feature, WGS84, every coordinate in full.

    Properties are the alert's columns. RFC 7946, but for the number of decimals.
    """
    return {"type": "Feature", "id": alert.alert_id, "properties": dict(alert.properties()), "geometry": _geojson(alert.geometry)}


def event_document(event: Event, crs: str) -> dict[str, Any]:
    """Return an event with its life as a GeoJSON feature, WGS84; days are UTC, areas hectares, `crs` that of its outline.

    `classification` is null where nothing judged it; its opinion has the features that spoke for it. `course` is how the event went on,
    `scenes` what the scenes since it was found showed of it. Expected and observed are mean reflectance by band. Numbers that are not
    known are null.
    """
    region, label = event.region, event.classification
    # as the alert's columns call them
    days = ("first_detected", "confirmed_at", "last_observed", "finished_at")
    signal = {"magnitude": region.magnitude, "evidence": region.evidence, "n_looks": region.n_looks, "n_anomalous": region.n_anomalous}
    return {
        "type": "Feature",
        "id": event.event_id,
        "properties": {
            "event_id": event.event_id,
            "status": event.status.value,
            **{name: _day(getattr(event, name)) for name in days},
            "area_ha": float(region.area_ha),
            **_numbers(signal),
            **{name: _day(getattr(region, name)) for name in ("still_clear", "half_by", "mostly_by")},
            "course": _course(event),
            # not who took them: each source names that in its own way, and the evidence must not depend on it
            "scenes": {name: getattr(event.series, name) for name in ("n_shown", "n_calm", "veiled", "around", "displaced", "tilled")},
            "expected_reflectance": _numbers(region.expected),
            "observed_reflectance": _numbers(region.observed),
            "classification": label and {**asdict(label), "probs": _numbers(label.probs)},
            "history": [{**asdict(one), "day": one.day.isoformat(), "status": one.status.value} for one in event.history],
            "merged": list(event.merged),
            "flags": list(event.flags),
        },
        "geometry": _geojson(Geometry(region.geometry, crs).to_crs("EPSG:4326").geom),
    }


def ledger_document(records: Sequence[SceneRecord]) -> list[dict[str, Any]]:
    """Return the run ledger, oldest scene first; how long each took is left out, since it is of the machine and not of the scene.

    Keys are the fields of SceneRecord.
    """
    return [{name: value for name, value in asdict(record).items() if name != "seconds"} for record in records]


def case_document(alert: Alert, log: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what people have made of an alert, and `log`: the audit log's entries of it, each with the hash of the one before.

    Each entry of `log` has its hash, by which the chain can be followed outside of the program.
    """
    return {**{name: getattr(alert, name) for name in ("case_status", "decision", "rejection_reason", "assignee")}, "log": list(log)}


def _course(event: Event) -> dict[str, Any]:
    """Return what the series tells of the event beyond two dates."""
    course = course_of(event)
    begins = [day.isoformat() for day in course.begins]
    return {"onset": course.onset.value, "stay": course.stay.value, "begins": begins, "seasonal": course.seasonal}


def _geojson(shape: BaseGeometry) -> dict[str, Any]:
    """Return a shape as a GeoJSON geometry, coordinates in full.

    Longitude, latitude, WGS84.
    """
    return dict(mapping(shape))


def _numbers(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return the mapping as JSON can hold it: None where a value is not known."""
    return {name: float(value) if math.isfinite(value) else None for name, value in values.items()}


def _day(day: date | None) -> str | None:
    """Return a day as YYYY-MM-DD, None for None."""
    return day.isoformat() if day else None
