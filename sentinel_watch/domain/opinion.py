"""What a trained model thinks of an event: its labels are those of its training data, not yet event classes.

Kept with the event, so that a scene that does not touch the event needs no picture of it to name it again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Opinion"]


@dataclass(frozen=True, slots=True)
class Opinion:
    """A model's probabilities for one event, and what they mean at the model's own error rate."""

    model: str
    """Name and version of the model: `pairs/1.0.0`."""
    probs: Mapping[str, float]
    """Label of the training data -> calibrated probability; sums to 1 but for rounding."""
    likely: tuple[str, ...]
    """The conformal set, most probable label first: what cannot be ruled out at the model's stated coverage."""
    prior: Mapping[str, float] = field(default_factory=dict)
    """Label -> share in the training data, which `probs` assume; `likely` assumes none."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """The features that decided, most telling first: name -> value."""

    def probs_where(self, shares: Mapping[str, float]) -> dict[str, float]:
        """Return the probabilities at a place where the labels have other shares; Saerens et al. 2002.

        `shares` is label -> share, 0-1; a label that it leaves out keeps that of the training data.

        Only what labels look like is held to be the same there as in training, not how frequent they are. Raises KeyError where
        `prior` lacks a label of `probs`, ZeroDivisionError where the shares leave nothing.
        """
        # each probability holds the share that its label had in training: it is divided out
        weighted = {label: value * shares.get(label, self.prior[label]) / self.prior[label] for label, value in self.probs.items()}
        total = sum(weighted.values())
        return {label: value / total for label, value in weighted.items()}
