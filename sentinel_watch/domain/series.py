"""What the scenes since an event was found have shown of it: counts that do not grow with the years."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SHOWN_FROM", "Series", "Sight"]

SHOWN_FROM, CALM_BELOW = 0.5, 0.25
"""Share of the event's change from which on a scene shows it, and below which it shows the ground as it was; between, it tells nothing."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one scene shows of an event; shares are of the event's mean change."""

    toward: float
    """Share of the change that the scene shows, beyond what the surroundings show: 1 = all of it, 0 = none."""
    around: float
    """Share of the change that the unchanged surroundings show as well."""
    veiled: float
    """Share of the event's pixels that look as cloud, haze or shadow would, 0-1."""
    displaced: float
    """Share of what the event's pixels show that the shift of their surroundings explains, 0-1."""
    tilled: bool = False
    """Whether the ground is as even as a field's, before and now, within edges that it had before."""


@dataclass(frozen=True, slots=True)
class Series:
    """Scenes counted by what they showed; whoever took a scene is named `satellite|orbit|baseline`."""

    shown: Mapping[str, int] = field(default_factory=dict)
    """Who took them -> scenes that showed the change."""
    calm: Mapping[str, int] = field(default_factory=dict)
    """Who took them -> scenes that showed the ground as it was."""
    veiled: int = 0
    around: int = 0
    displaced: int = 0
    tilled: int = 0
    """Of the scenes that showed it: as a cloud would, in the surroundings too, as a shift of the scene would, on ground like a field's."""

    @property
    def n_shown(self) -> int:
        """Return how many scenes showed the change."""
        return sum(self.shown.values())

    @property
    def n_calm(self) -> int:
        """Return how many scenes showed the ground as it was."""
        return sum(self.calm.values())

    def after(self, sight: Sight, taken_by: str) -> Series:
        """Return the counts with one scene more; one that neither shows the change nor the ground as it was changes nothing."""
        if CALM_BELOW <= sight.toward < SHOWN_FROM:
            return self
        if sight.toward < CALM_BELOW:
            return replace(self, calm=_one_more(self.calm, taken_by))
        return replace(
            self,
            shown=_one_more(self.shown, taken_by),
            veiled=self.veiled + (sight.veiled >= SHOWN_FROM),
            around=self.around + (sight.around >= SHOWN_FROM),
            displaced=self.displaced + (sight.displaced >= SHOWN_FROM),
            tilled=self.tilled + sight.tilled,
        )


def _one_more(counts: Mapping[str, int], key: str) -> dict[str, int]:
    """Return the counts, keys sorted, with one more under `key`."""
    return dict(sorted({**counts, key: counts.get(key, 0) + 1}.items()))
