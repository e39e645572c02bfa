"""Reason codes in words, from the alert's own columns: one sentence each, the same wherever an alert is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sentinel_watch.domain.alert import Alert

__all__ = ["sentences"]

SENTENCES = {
    "no_permit_in_force": "No permit of the site was in force on {first_detected}.",
    "activity_not_permitted": "No permit in force on {first_detected} covers this activity.",
    "outside_permit": "{outside_permit_pct:.0f} % of it lies outside every permit that covers it; the nearest is {permit_id}.",
    "over_permitted_area": "Its {area_ha:.2f} ha are more than permit {permit_id} allows.",
    "waste_without_permit": "It looks like new waste, and the site has no permit on file.",
    "under_embargo": "An embargo was in force at this place on {first_detected}.",
    "in_protected_area": "{protected_overlap_ha:.2f} ha of it lie in a protected area.",
    "near_water": "It lies {distance_to_water_m:.0f} m from the nearest water.",
    "near_settlement": "A settlement is close by.",
}


def sentences(alert: Alert) -> tuple[str, ...]:
    """Return a plain sentence for each reason code of the alert, in their order; a code of an outside rule stands for itself.

    `alert.reasons` holds codes separated by `;`. Raises KeyError where a sentence asks for a column that alerts no longer have.
    """
    columns = alert.properties()
    codes = [code for code in alert.reasons.split(";") if code]
    # "0" for a figure that a rule does not need to have looked at
    known = {name: 0.0 if value is None and name not in {"permit_id"} else value for name, value in columns.items()}
    return tuple(SENTENCES.get(code, code.replace("_", " ")).format_map(known) for code in codes)
