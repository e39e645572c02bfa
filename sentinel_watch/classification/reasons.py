"""Words for the features that decided, for inspectors: at most two, and only those that say something on the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.domain.certainty import in_percent

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.domain.opinion import Opinion

__all__ = ["told"]

# the first that fits a feature's name is taken, so the narrow ones come first
WORDS = (
    ("bare_before", "bare ground that was there before"),
    ("water_before", "water beside it"),
    ("water_after", "water in it or beside it"),
    ("vegetation_before", "the green that was there before"),
    ("vegetation_to_bare", "bare ground in place of vegetation"),
    ("vegetation_to_water", "water in place of vegetation"),
    ("vegetation_to_mixed", "thinned vegetation"),
    ("bare_to_water", "water in place of bare ground"),
    ("texture_brightness", "its patchy brightness"),
    ("texture_", "its patchy surface"),
    ("brightness_change", "a change of brightness"),
    ("swir_change", "a change of dryness"),
    ("ndvi_change", "a change of greenness"),
    ("ndmi_", "how moist it is"),
    ("mndwi_", "how wet it is"),
    ("ndti_", "how turbid or red it is"),
    ("iron_", "the colour of its soil"),
    ("clay_", "the minerals of its soil"),
    ("bsi_", "how bare it is"),
    ("ndvi_", "how green it is"),
    ("nbr_", "how dry and bare it is"),
    ("brightness_", "how bright it is"),
)
MOST = 2
LABELS = {"mining_emergence": "new mining", "human_activity": "other works of people", "natural_change": "a change by nature"}
"""Labels in plain words."""


def told(opinion: Opinion, shares: Mapping[str, float], event_class: str) -> str:
    """Return the end of an explanation: how sure the model is, and what spoke for it; what it leaves open where it names nothing.

    `shares` is label -> probability as it holds at the place. A part of a sentence, with neither capital nor full stop. Features come in
    the model's own order, most telling first.
    """
    if event_class == "unknown_change":
        # an empty set leaves as much open as a full one
        likely = opinion.likely or tuple(opinion.probs)
        return f"the model cannot rule out {' or '.join(LABELS.get(label, label.replace('_', ' ')) for label in likely)}"
    # several features can have the same words, and are told once
    reasons = list(dict.fromkeys(filter(None, map(_word, opinion.measures))))[:MOST]
    because = f", mostly by {' and '.join(reasons)}" if reasons else ""
    return f"the model is {in_percent(max(shares.values()))} sure{because}"


def _word(feature: str) -> str:
    """Return the words for a feature, empty where it has none.

    One that has none, as `shift_px`, says nothing that an inspector could go and see.
    """
    return next((words for start, words in WORDS if feature.startswith(start)), "")
