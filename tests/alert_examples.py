"""Alerts to test with: one that is complete by default, and a hypothesis strategy for any."""

from __future__ import annotations

from typing import Any, get_args

from hypothesis import strategies as st
from shapely import MultiPolygon, Polygon, box

from sentinel_watch.domain.alert import Alert

__all__ = ["FORMULAS", "PIT", "alerts", "make_alert", "words"]

PIT = box(20.0, 45.0, 20.005, 45.003).difference(box(20.003, 45.001, 20.004, 45.002))

FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "'=1", "''-1", "=cmd|' /C calc'!A0")  # noqa: RUF001

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.sampled_from(FORMULAS)
_days = st.dates().map(lambda day: day.isoformat())
_shares = st.floats(0, 1)
_numbers = st.floats(-1e9, 1e9)


def make_alert(number: int = 0, **changes: Any) -> Alert:
    """Return alert `a<number>` with the given columns changed."""
    columns: dict[str, Any] = {
        "geometry": PIT, "alert_id": f"a{number}", "event_id": f"e{number}", "site_id": "quarry", "event_class": "excavation",
        "class_confidence": 0.75, "class_probs": '{"excavation": 0.75, "unknown_change": 0.25}', "explanation": "Bare ground has grown.",
        "last_clear_before": "2023-01-04", "first_detected": "2023-02-03", "confirmed_at": "2023-03-05", "last_observed": "2023-06-01",
        "finished_at": None, "status": "confirmed", "area_ha": 4.25, "centroid_lon": 20.0025, "centroid_lat": 45.0015,
        "location_uncertainty_m": 12.5, "country": "ROU", "admin": "Argeș", "magnitude": 7.5, "n_observations": 12, "n_anomalous": 9,
        "sensors": "S2A;S2B", "detection_confidence": 0.9, "permit_id": None, "outside_permit_pct": None, "protected_overlap_ha": None,
        "distance_to_water_m": 130.0, "suspected_violation": None, "reasons": "no_permit", "severity": "medium", "priority": 61.5,
        "qa_flags": "", "observability": 0.5, "pipeline": "mine", "model_version": "rule", "code_version": "0.1.0",
        "before_scene": "S2A_1", "after_scene": "S2B_2",
    }  # fmt: skip
    return Alert(**{**columns, **changes})


def alerts() -> st.SearchStrategy[Alert]:
    """Return alerts with any text, number and outline that the model allows."""
    columns = {name: _column(name, field.annotation) for name, field in Alert.model_fields.items()}
    return st.builds(Alert, **columns)


def _column(name: str, annotation: Any) -> st.SearchStrategy[Any]:
    known: dict[str, st.SearchStrategy[Any]] = {
        "geometry": _outlines(), "class_confidence": _shares, "detection_confidence": _shares, "observability": _shares,
        "area_ha": st.floats(1e-3, 1e6), "centroid_lon": st.floats(-180, 180), "centroid_lat": st.floats(-90, 90),
        "outside_permit_pct": st.none() | st.floats(0, 100), "priority": st.floats(0, 100),
        "status": st.sampled_from(["provisional", "confirmed", "finished"]), "severity": st.sampled_from(["low", "medium", "high"]),
        "last_clear_before": st.none() | _days, "first_detected": _days, "confirmed_at": st.none() | _days, "last_observed": _days,
        "finished_at": st.none() | _days,
    }  # fmt: skip
    plain = {str: words, int: st.integers(0, 2**31 - 1), float: _numbers, bool: st.booleans(), type(None): st.none()}
    return known[name] if name in known else st.one_of(*(plain[kind] for kind in get_args(annotation) or (annotation,)))


def _outlines() -> st.SearchStrategy[Polygon | MultiPolygon]:
    corners = st.tuples(st.floats(-179, 178), st.floats(-89, 88))
    pits = corners.map(lambda corner: Polygon(box(*corner, corner[0] + 0.1, corner[1] + 0.1).exterior))
    return pits | pits.map(lambda pit: MultiPolygon([pit, box(179, 88.9, 179.5, 89.5)]))
