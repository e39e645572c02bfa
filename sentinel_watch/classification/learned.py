"""A trained model: a forest and a logistic regression that vote together, calibrated, with what they cannot rule out.

Everything it holds is an array or a number, and prediction is deterministic arithmetic on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.classification.forest import Forest, vote
from sentinel_watch.classification.measures import FEATURES
from sentinel_watch.classification.windows import measure
from sentinel_watch.domain.opinion import Opinion

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Learned", "Linear", "heated"]

TOLD = 6
"""Features that are named as those that decided."""


@dataclass(frozen=True, slots=True)
class Linear:
    """Multinomial logistic regression on standardised features."""

    middle: NDArray[np.float64]
    """(column,) median of the training set: what a feature that is not known counts as."""
    mean: NDArray[np.float64]
    scale: NDArray[np.float64]
    """(column,) of the training set."""
    weights: NDArray[np.float64]
    """(label, column)"""
    bias: NDArray[np.float64]
    """(label,)"""

    def standardised(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return `features` (n, column) in standard deviations from the mean, clipped at 8: a look that is off tells no more.

        No feature may be NaN; `blend` sees to that.
        """
        return np.clip((features - self.mean) / self.scale, -8, 8)

    def probabilities(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, label) softmax probabilities.

        Rows sum to 1. No feature may be NaN.
        """
        logits = self.standardised(features) @ self.weights.T + self.bias
        # the largest is taken off, or the power could overflow
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Learned:
    """One trained model; `labels` are those of its data, in the order of every array's label axis."""

    name: str
    """Name and version: `pairs/1.0.0`."""
    labels: tuple[str, ...]
    forest: Forest
    linear: Linear
    forest_weight: float
    """Share of the forest in the blend, 0-1."""
    temperature: float
    """Probabilities are raised to its inverse: below 1 sharpens."""
    prior: NDArray[np.float64]
    """(label,) shares of the labels that the training set had, which the probabilities assume."""
    least: NDArray[np.float64]
    """(label,) least probability at which a label is not ruled out."""

    def predict(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return (n, label) calibrated probabilities of `features` (n, column), NaN = not known."""
        return self.heat(self.blend(features))

    def heat(self, blends: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return (n, label) calibrated probabilities of what `blend` gave.

        The temperature is one number for all labels, so that the order of labels never changes by it.
        """
        return heated(blends, self.temperature)

    def blend(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the (n, label) probabilities before calibration.

        An unknown feature counts as the training set's median for both voters: no guess, but nothing that speaks for a label either.
        """
        known = np.where(np.isfinite(features), features, self.linear.middle).astype(np.float32)
        return self.forest_weight * vote(self.forest, known) + (1 - self.forest_weight) * self.linear.probabilities(known)

    def opinions(self, before: NDArray[np.float32], after: NDArray[np.float32], boxes: NDArray[np.int32]) -> tuple[Opinion, ...]:
        """Return what it thinks of each window of `boxes`; the arrays are those of `windows.measure`.

        `before` and `after` are (6, y, x) reflectance, `boxes` (n, 4); one opinion a box, in their order.
        """
        return self.opinions_of(measure(before, after, boxes))

    def opinions_of(self, features: NDArray[np.float32]) -> tuple[Opinion, ...]:
        """Return what it thinks of each row of `features` (n, column), NaN = not known."""
        probs = self.predict(features)
        # the first of equals, as `_opinion` puts them in order
        telling = self._telling(features, probs.argmax(axis=1))
        return tuple(map(self._opinion, probs, telling))

    def _opinion(self, probs: NDArray[np.float64], telling: dict[str, float]) -> Opinion:
        """Return the opinion that `probs` (label,) give; `telling` are the features that decided.

        `likely` may be empty, or hold every label: each is asked by itself whether it reaches its entry in `least`.
        """
        # sorted keeps ties in order, so that equal probabilities name the same label every time
        order = sorted(range(len(self.labels)), key=lambda k: -probs[k])
        likely = tuple(self.labels[k] for k in order if probs[k] >= self.least[k])
        named, prior = (dict(zip(self.labels, values.round(6).tolist(), strict=True)) for values in (probs, self.prior))
        return Opinion(self.name, named, likely, prior, telling)

    def _telling(self, features: NDArray[np.float32], labels: NDArray[np.intp]) -> list[dict[str, float]]:
        """Return for each row those features that spoke most for its label, by their part of the linear score against the others' mean.

        Forests have no such parts, so only the linear voter is asked; a feature that is unknown speaks for nothing. TOLD at most, those
        that spoke against it never.
        """
        weights, known = self.linear.weights, np.isfinite(features)
        contrasts = np.stack([weights[label] - np.delete(weights, label, axis=0).mean(axis=0) for label in range(len(weights))])
        standardised = self.linear.standardised(np.where(known, features, self.linear.middle).astype(np.float32))
        parts = np.where(known, standardised, 0) * contrasts[labels]
        columns = np.argsort(-parts, axis=1, kind="stable")[:, :TOLD]
        return [
            {FEATURES[k]: round(float(row[k]), 4) for k in best if spoke[k] > 0}
            for row, spoke, best in zip(features, parts, columns.tolist(), strict=True)
        ]


def heated(probs: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Return `probs` (n, label) raised to 1 / `temperature` and summing to 1 again; temperature scaling, Guo et al. 2017.

    A probability counts as 1e-6 at least, so that no label is out for good.
    """
    raised = np.power(np.clip(probs, 1e-6, 1), 1 / temperature)
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))
