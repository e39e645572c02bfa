"""Event or not, then the group, then the class: rules where physics decides, a trained model where it has seen the like.

The model tells groups apart; which class a group is at this kind of site, and what nature does, the rules say. Where the model
has no opinion the rules stand alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from sentinel_watch.classification.cover import Cover, CoverType
from sentinel_watch.classification.reasons import told
from sentinel_watch.classification.rules import Rules
from sentinel_watch.classification.sentence import sentence
from sentinel_watch.domain.event import NON_EVENT_CLASSES, Classification, Event
from sentinel_watch.registry import Part

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sentinel_watch.domain.opinion import Opinion
    from sentinel_watch.domain.site import Site

__all__ = ["Hierarchy"]

MINING, WORKS, NATURE = "mining_emergence", "human_activity", "natural_change"
"""The labels that it understands; a model with others is asked for its own labels' names as classes."""

WORKS_AT = ("waste_deposit", "construction", "vegetation_loss", "tailings_change")
"""Classes by which a rule may name other works of people; else they are `construction`."""

PHRASES = {
    "excavation": "New mining ground appeared",
    "construction": "Works of people other than mining, as ponds, pits or buildings, appeared",
    "waste_deposit": "Works of people, at a landfill most probably a deposit, appeared",
    "tailings_change": "Works of people appeared on tailings",
    "vegetation_loss": "People cleared vegetation",
    "water_extent_change": "Nature changed the water's extent",
    "water_discolouration": "Nature changed the water's colour",
    "surface_burn": "Nature changed the ground, spectrally consistent with fire,",
    "seasonal": "Nature changed the ground",
    "unknown_change": "The surface changed",
}
"""Subject and verb of the sentence, where the labels are those known here."""


class Hierarchy(Part):
    """Names an event by rule and by a model's opinion.

    Snow, fields and greening are told first, by rule. Then the model's opinion stands: a single label names the group, two the more
    probable; where its conformal set rules nothing out the class is `unknown_change`, as it is where nature is more probable
    but works of people are not ruled out. Without an opinion it is what the rules say.
    """

    model: str = "mining-pairs/1.1.1"
    """Name and version of a shipped model, or a model's folder."""
    shares: dict[str, float] = Field(default_factory=dict)
    """Label of the model -> share that it has among the changes of this deployment, 0-1; left out, that of the training data."""
    rules: Rules = Field(default_factory=Rules)

    @property
    def asks(self) -> str:
        """Return the model whose opinion it takes."""
        return self.model

    def classify(self, event: Event, site: Site, year: Mapping[str, NDArray[np.float32]], opinion: Opinion | None) -> Classification:
        """Return the class of the event; its basis is the model's name where the opinion decided, else `rule`.

        `probs` are summed by class, since two labels can be one class, and always hold `unknown_change`. `event`, `site` and `year`
        are as `rules.Rules.classify` takes them.
        """
        ruled = self.rules.classify(event, site, year, opinion)
        # a season in the series is more than any pair of pictures can tell
        if opinion is None or ruled.event_class in NON_EVENT_CLASSES:
            return ruled
        names, shares = _names(event, ruled.event_class, opinion), opinion.probs_where(self.shares)
        # the class may come out as that, and must be among the probabilities
        probs = {"unknown_change": 0.0}
        for label, share in shares.items():
            probs[names[label]] = probs.get(names[label], 0.0) + share
        what = _decided(shares, opinion.likely, names)
        words = sentence(_phrase(what, opinion), event, told(opinion, shares, what))
        return Classification(what, probs, opinion.model, words, opinion)


def _phrase(what: str, opinion: Opinion) -> str:
    """Return subject and verb of the sentence; a model with labels of its own may name what no phrase here is meant for."""
    meant = what == "unknown_change" or {MINING, WORKS, NATURE} & set(opinion.probs)
    return PHRASES[what] if meant and what in PHRASES else f"The ground changed in a way that looks like {what.replace('_', ' ')}"


def _decided(shares: Mapping[str, float], likely: Sequence[str], names: Mapping[str, str]) -> str:
    """Return the class that the conformal set `likely` allows to name.

    `shares` is label -> probability at the place, 0-1, `names` label -> class. An empty set is as little of an answer as a full one: no
    label is likely at the model's own error rate.
    """
    first = max(shares, key=lambda label: shares[label])
    if not likely or len(likely) == len(shares):
        return "unknown_change"
    # what may be somebody's work must not end unseen
    if names[first] in NON_EVENT_CLASSES and tuple(likely) != (first,):
        return "unknown_change"
    return names[first]


def _names(event: Event, ruled: str, opinion: Opinion) -> dict[str, str]:
    """Return label -> event class, by what the rules see and by the cover before and after.

    The rules' class is taken where it says the same more closely, as `tailings_change` for works of people. A label that is not known
    here is its own class.
    """
    # the labels know no water: nature may have moved a shore or brought a season
    covers = Cover(event.region.expected).cover_type, Cover(event.region.observed).cover_type
    watery = ruled if ruled.startswith("water_") else "water_extent_change"
    nature = watery if CoverType.WATER in covers else ruled if ruled == "surface_burn" else "seasonal"
    known = {MINING: "excavation", WORKS: ruled if ruled in WORKS_AT else "construction", NATURE: nature}
    # another model's labels may be names of classes already
    return {label: known.get(label, label) for label in opinion.probs}
