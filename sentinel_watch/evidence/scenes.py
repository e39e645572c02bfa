"""Which two scenes show an event best: one before it began, one after it was certain.

The clearest is not always the best: a picture in April beside one in August shows a season.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.domain.event import Event
    from sentinel_watch.evidence.samples import Sample, Samples

__all__ = ["ScenePair", "choose_scenes"]

RUNGS = ((1.0, 0.95, 0.02), (1.0, 0.7, 0.02), (0.9, 0.5, 0.04), (0.5, 0.2, np.inf), (1e-9, 0.0, np.inf))
"""(usable share of the event, clear share of the seen chip, haze): the first rung that any scene reaches decides."""


@dataclass(frozen=True, slots=True)
class ScenePair:
    """Ids of the scenes to show; None where no scene saw anything of the event."""

    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class _Ladder:
    """What "clear" means at this place: an AOI's edge hides part of the chip for good, and grounds differ in brightness."""

    best_chip_share: float
    usual_blue: float

    @classmethod
    def of(cls, samples: Samples) -> _Ladder:
        """Return the ladder that fits the place.

        Both are 0 where no scene saw the event.
        """
        seen = [s for s in samples.scenes if s.event_usable > 0]
        blues = [s.blue for s in seen if np.isfinite(s.blue)]
        return cls(max((s.chip_clear for s in seen), default=0.0), float(np.median(blues)) if blues else 0.0)

    def clearest(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return the samples on the highest rung that any of them reaches.

        Empty where none of them saw anything of the event. Haze is how much brighter the shortest band is than is
        usual here, reflectance.
        """
        for event_share, chip_share, haze in RUNGS:
            least = chip_share * self.best_chip_share
            clear = [s for s in samples if s.event_usable >= event_share and s.chip_clear >= least]
            # Written so that an unknown brightness (NaN) counts as no haze.
            if reached := [s for s in clear if not s.blue - self.usual_blue > haze]:
                return reached
        return []


def choose_scenes(samples: Samples, event: Event) -> ScenePair:
    """Return the scenes for the before/after picture.

    Before: of the clearest scenes up to the last look that saw the place unchanged (older than the onset where none did), the last
    one. After: of the clearest scenes from the confirmation on (the first detection where there is none) until the event finished,
    the one nearest to the season of the first, the later one of equals: a change of season must not look like an event. Seasons are
    compared in months of 30 days, so that a few days do not outweigh a later date.

    Both are None where no scene saw the event. Scenes between onset and confirmation are shown on neither side.
    """
    onset = np.datetime64(event.region.onset)
    ladder = _Ladder.of(samples)
    # what was seen between the last clear look and the onset may show a part of it already
    end = onset if event.region.last_clear is None else min(onset, np.datetime64(event.region.last_clear) + np.timedelta64(1, "D"))
    before = max(ladder.clearest([s for s in samples.scenes if s.time < end]), key=lambda s: s.time, default=None)
    # Without a picture before, the season of the onset is as good a guide.
    season = before.time if before else onset
    later = ladder.clearest([s for s in samples.scenes if _is_after(s, event)])
    after = max(later, key=lambda s: (-_season_gap(s.time, season), s.time), default=None)
    return ScenePair(before.scene_id if before else None, after.scene_id if after else None)


def _is_after(sample: Sample, event: Event) -> bool:
    """Return whether the sample is of the time in which the event was there, confirmed if it ever was.

    Days are UTC, the day of the end excluded.
    """
    start = np.datetime64(event.confirmed_at or event.first_detected)
    day = sample.time.astype("datetime64[D]")
    return bool(day >= start and (event.finished_at is None or day < np.datetime64(event.finished_at)))


def _season_gap(one: np.datetime64, other: np.datetime64) -> int:
    """Return how far apart two instants are in the year, in months of 30 days, 0-6.

    Over the turn of the year too: December and January are neighbours.
    """
    days = abs(int((one - other) / np.timedelta64(1, "D"))) % 365
    return min(days, 365 - days) // 30
