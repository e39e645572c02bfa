"""Events as rows: columns to ask by, a JSON document for the rest, WKB for the outline, npz for the pixels.

What SQL may filter by is a column; what is only ever read whole is in the document, so that a new field needs no migration.
"""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any, cast

import shapely

from sentinel_watch.domain.change import PixelStatus, Region
from sentinel_watch.domain.event import Classification, Detection, Event, EventStatus
from sentinel_watch.domain.opinion import Opinion
from sentinel_watch.domain.series import Series
from sentinel_watch.store.arrays import load_arrays, pack_columns
from sentinel_watch.store.geometry import geometry_columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from shapely import MultiPolygon, Polygon

__all__ = ["event_of", "row_of"]

_REGION_NUMBERS = ("area_ha", "magnitude", "evidence")
_REGION_DAYS = ("onset", "last_clear", "confirmed", "last_observed", "still_clear", "half_by", "mostly_by")
_REGION_BANDS = ("expected", "observed")


def row_of(event: Event) -> dict[str, object]:
    """Return the columns of an event, `watch_id` left out.

    `event_class` and `class_confidence` are null while the event is not classified. The geometry is in the AOI grid's CRS, metres.
    """
    label = event.classification
    days = {name: getattr(event, name) for name in ("first_detected", "last_observed", "confirmed_at", "finished_at")}
    return {
        "event_id": event.event_id,
        "status": event.status.value,
        **days,
        "event_class": label.event_class if label else None,
        "class_confidence": label.confidence if label else None,
        "area_ha": float(event.region.area_ha),
        "document": _document(event),
        **geometry_columns(event.region.geometry),
        **pack_columns({"rows": event.region.rows, "cols": event.region.cols}),
    }


def event_of(row: Mapping[str, Any]) -> Event:
    """Return the event of a row, equal to the one that was written; raise InputError where its pixels are damaged.

    NaN, days and enums come back as they were, and the pixels with their dtype.
    """
    document = row["document"]
    return Event(
        event_id=row["event_id"],
        region=_region_of(row),
        status=EventStatus(row["status"]),
        first_detected=row["first_detected"],
        last_observed=row["last_observed"],
        confirmed_at=row["confirmed_at"],
        finished_at=row["finished_at"],
        classification=_classification_of(document["classification"]),
        history=tuple(_detection_of(entry) for entry in document["history"]),
        merged=tuple(document["merged"]),
        flags=tuple(document["flags"]),
        series=Series(**document.get("series", {})),
    )


def _document(event: Event) -> dict[str, object]:
    """Return what has no column of its own, as JSON can hold it."""
    region, label = event.region, event.classification
    return {
        "region": {
            "status": int(region.status),
            **{name: _number(getattr(region, name)) for name in _REGION_NUMBERS},
            **{name: _day(getattr(region, name)) for name in _REGION_DAYS},
            **{name: _numbers(getattr(region, name)) for name in _REGION_BANDS},
            "n_looks": int(region.n_looks),
            "n_anomalous": int(region.n_anomalous),
        },
        "classification": label and _label_document(label),
        "history": [[d.scene_id, d.day.isoformat(), _number(d.area_ha), d.status.value, _number(d.magnitude)] for d in event.history],
        "merged": list(event.merged),
        "flags": list(event.flags),
        "series": asdict(event.series),
    }


def _label_document(label: Classification) -> dict[str, object]:
    """Return a classification as JSON can hold it; the opinion as pairs, since their order tells and JSON stores may sort keys."""
    view = label.opinion
    told = view and {
        "model": view.model,
        "probs": _pairs(view.probs),
        "likely": list(view.likely),
        "prior": _pairs(view.prior),
        "measures": _pairs(view.measures),
    }
    words = {"event_class": label.event_class, "basis": label.basis, "explanation": label.explanation}
    return {**words, "probs": _numbers(label.probs), "opinion": told}


def _region_of(row: Mapping[str, Any]) -> Region:
    """Return the region of a row; raise InputError where the pixels' hash does not match."""
    document = row["document"]["region"]
    pixels = load_arrays(row, f"event {row['event_id']}")
    values: dict[str, Any] = {name: float(document[name]) for name in _REGION_NUMBERS}
    values |= {name: _day_of(document.get(name)) for name in _REGION_DAYS}
    values |= {name: _numbers_of(document[name]) for name in _REGION_BANDS}
    return Region(
        rows=cast("NDArray[np.int32]", pixels["rows"]),
        cols=cast("NDArray[np.int32]", pixels["cols"]),
        geometry=cast("Polygon | MultiPolygon", shapely.from_wkb(row["geometry"])),
        status=PixelStatus(document["status"]),
        **values,
        n_looks=document["n_looks"],
        n_anomalous=document["n_anomalous"],
    )


def _classification_of(document: Mapping[str, Any] | None) -> Classification | None:
    """Return the classification, None where the event had none."""
    if not document:
        return None
    told = document.get("opinion")
    opinion = told and Opinion(
        model=told["model"],
        likely=tuple(told["likely"]),
        **{name: _numbers_of(dict(told[name])) for name in ("probs", "prior", "measures")},
    )
    return Classification(**{**document, "probs": _numbers_of(document["probs"]), "opinion": opinion})


def _detection_of(entry: list[Any]) -> Detection:
    """Return one entry of the history out of its list."""
    scene_id, day, area_ha, status, magnitude = entry
    return Detection(scene_id, date.fromisoformat(day), float(area_ha), EventStatus(status), float(magnitude))


def _number(value: float) -> float | str:
    """Return `value` as JSON can hold it: NaN and infinity become the words that `float` reads."""
    # JSON has no NaN, and PostgreSQL refuses the one that Python writes.
    return float(value) if math.isfinite(value) else str(float(value))


def _numbers(values: Mapping[str, float]) -> dict[str, float | str]:
    """Return the mapping with values as JSON can hold them."""
    return {name: _number(value) for name, value in values.items()}


def _pairs(values: Mapping[str, float]) -> list[list[float | str]]:
    """Return the mapping as a list of pairs, in its order."""
    return [[name, _number(value)] for name, value in values.items()]


def _numbers_of(values: Mapping[str, float | str]) -> dict[str, float]:
    """Return the mapping with values as floats, the words of `_number` included."""
    return {name: float(value) for name, value in values.items()}


def _day(day: date | None) -> str | None:
    """Return the day as YYYY-MM-DD, None for None."""
    return day.isoformat() if day else None


def _day_of(text: str | None) -> date | None:
    """Return the day of a text, None for None."""
    return date.fromisoformat(text) if text else None
