"""Regions tracked over time, and what kind of event they probably are.

The classes are a fixed list, so that agencies' statistics stay comparable: EVENT_CLASSES may become alerts, NON_EVENT_CLASSES
are named to be counted and never do.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from sentinel_watch.domain.series import Series

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from sentinel_watch.domain.change import Region
    from sentinel_watch.domain.opinion import Opinion

__all__ = ["EVENT_CLASSES", "NON_EVENT_CLASSES", "Classification", "Detection", "Event", "EventStatus"]

# permits, stored events and exports name these words: add to them, but rename none
EVENT_CLASSES = (
    "excavation", "waste_deposit", "tailings_change", "water_discolouration", "water_extent_change", "surface_burn",
    "vegetation_loss", "vegetation_stress", "construction", "oil_slick", "gas_plume", "unknown_change",
)  # fmt: skip
# what is no event is named too, since a count of what was held back shows what the filter does
NON_EVENT_CLASSES = ("agriculture", "seasonal", "snow", "cloud_artefact", "misregistration", "sensor_artefact")


class EventStatus(StrEnum):
    """The life of an event, as OPERA DIST-ALERT names its stages.

    `provisional` -> `confirmed` -> `finished`; a finished event whose place changes again is confirmed once more.
    """

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class Classification:
    """What an event probably is.

    `event_class` is a key of `probs`, not always the most probable: a rule is at most half sure of the class that it names.
    """

    event_class: str
    """One of EVENT_CLASSES or NON_EVENT_CLASSES."""
    probs: Mapping[str, float]
    """Class -> probability; sums to 1."""
    basis: str
    """`rule` or the model's name and version: what the probabilities rest on."""
    explanation: str
    """One plain sentence."""
    opinion: Opinion | None = None
    """What a model thinks of it, whether or not the class rests on that; None where none was asked."""

    @property
    def confidence(self) -> float:
        """Return the probability of the event class, 0-1; 0 for `unknown_change`, which claims nothing.

        Raises KeyError where `probs` lacks the event class: whoever makes a classification puts it there, if with 0.
        """
        return 0.0 if self.event_class == "unknown_change" else self.probs[self.event_class]


@dataclass(frozen=True, slots=True)
class Detection:
    """One entry of an event's history: its region as it stood after a scene.

    `day` is the scene's UTC day; `magnitude` is in units of the pixels' own noise.
    """

    scene_id: str
    day: date
    area_ha: float
    status: EventStatus
    magnitude: float


@dataclass(frozen=True, slots=True)
class Event:
    """One change at one place, followed over time.

    `first_detected` is the onset as it is now known, a UTC day; it may move while the event is provisional, afterwards only back.
    `flags` are codes of what limits the trust in it. A change is a new Event by `dataclasses.replace`.
    """

    event_id: str
    region: Region
    """As it stands after the last scene."""
    status: EventStatus
    first_detected: date
    last_observed: date
    confirmed_at: date | None = None
    finished_at: date | None = None
    classification: Classification | None = None
    history: tuple[Detection, ...] = ()
    """One entry a scene on which area or status changed, oldest first."""
    merged: tuple[str, ...] = ()
    """Ids of younger events that grew into this one."""
    # codes and not sentences: exports are sorted and filtered by them
    flags: tuple[str, ...] = field(default_factory=tuple)
    series: Series = field(default_factory=Series)
    """What the scenes since it was found have shown of it."""
