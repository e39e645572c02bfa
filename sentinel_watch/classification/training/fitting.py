"""Fitting: a forest and a logistic regression on clean pairs and their disturbed copies, calibrated on folds that they did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from sentinel_watch.classification.forest import flatten
from sentinel_watch.classification.learned import Learned, Linear, heated
from sentinel_watch.classification.training.disturbances import copies
from sentinel_watch.classification.training.labelled import features_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sentinel_watch.classification.training.labelled import LabelledSet
    from sentinel_watch.classification.training.recipe import Recipe

__all__ = ["Material", "calibrated", "cross_fitted", "fit", "material"]


_DECIMALS = 5
"""Of the weights: sums differ from processor to processor in digits far behind."""


@dataclass(frozen=True, slots=True)
class Material:
    """What a model is fitted to: the features of all pairs and of their copies, each measured once."""

    features: NDArray[np.float32]
    """(1 + copies, n, column); the first are of the pairs as they are."""
    codes: NDArray[np.int64]
    """(n,) number of the label."""


def material(pairs: LabelledSet, recipe: Recipe) -> Material:
    """Return the features of `pairs` and of the copies that the recipe names; labels must be of the recipe.

    Measuring is what costs, so that each copy is measured once and not for each fold. Raises ValueError where a label is not the recipe's.
    """
    pair = pairs.before, pairs.after
    # a generator a copy, so that a recipe with one more leaves the others as they were
    rngs = [np.random.default_rng([recipe.seed, number]) for number in range(len(recipe.copies))]
    disturbed = [features_of(*copies(kind, pair, rng)) for kind, rng in zip(recipe.copies, rngs, strict=True)]
    codes = np.array([recipe.labels.index(str(label)) for label in pairs.labels], np.int64)
    return Material(np.stack([features_of(*pair), *disturbed]), codes)


def fit(stuff: Material, use: NDArray[np.bool_], recipe: Recipe) -> Learned:
    """Return the model of the pairs where `use` (n,), not yet calibrated: temperature 1, nothing ruled out.

    The same recipe, data and versions of libraries give the same bytes. `use` must hold a pair of every label, or arrays lack a column.
    """
    rows = stuff.features[:, use].reshape(-1, stuff.features.shape[2])
    codes = np.tile(stuff.codes[use], len(stuff.features))
    weight = np.repeat([1.0, *[recipe.copy_weight] * len(recipe.copies)], int(use.sum()))
    middle = _middle(stuff.features[0, use])
    known = np.where(np.isfinite(rows), rows, middle).astype(np.float32)
    mean, scale = known.mean(axis=0, dtype=np.float64), np.maximum(known.std(axis=0, dtype=np.float64), 1e-6)
    # one thread: sums in another order would change the last bits, and with them the file
    with threadpool_limits(1):
        trees = ExtraTreesClassifier(
            recipe.trees, min_samples_leaf=recipe.min_leaf, max_features=recipe.features_tried, random_state=recipe.seed
        ).fit(known, codes, sample_weight=weight)
        standard = Linear(middle, mean, scale, np.zeros((0, 0)), np.zeros(0)).standardised(known)
        # to the last digits: a solver that stops early stops elsewhere on another processor
        line = LogisticRegression(C=recipe.regularisation, solver="newton-cholesky", tol=1e-10).fit(standard, codes, sample_weight=weight)
    linear = Linear(middle, mean, scale, *_symmetric(line))
    prior = np.bincount(stuff.codes[use], minlength=len(recipe.labels)) / use.sum()
    name = f"{recipe.name}/{recipe.version}"
    return Learned(name, recipe.labels, flatten(trees.estimators_), linear, recipe.forest_weight, 1.0, prior, np.zeros(len(recipe.labels)))


def cross_fitted(
    stuff: Material, use: NDArray[np.bool_], folds: NDArray[np.int64], recipe: Recipe
) -> Iterator[tuple[NDArray[np.bool_], Learned]]:
    """Yield for each fold (n,) which pairs lie in it, and the model of those of `use` that do not.

    Copies go with their pair, so that no disturbed twin of a pair is learnt from while the pair is judged. A fold without which a label has
    no pair is passed over: nobody can judge it who has not seen it.
    """
    for number in np.unique(folds):
        others = use & (folds != number)
        if len(np.unique(stuff.codes[others])) == len(recipe.labels):
            yield folds == number, fit(stuff, others, recipe)


def calibrated(blends: NDArray[np.float64], codes: NDArray[np.int64], coverage: float) -> tuple[float, NDArray[np.float64]]:
    """Return the temperature with the least Brier score, and (label,) the least probability at which a label is not ruled out.

    `blends` (n, label) are of pairs that their models did not see. Class-conditional conformal sets, Vovk 2012: the set holds the
    true label in a share of `coverage` of each label's pairs.
    """
    truth = np.eye(blends.shape[1])[codes]

    def brier(temperature: float) -> float:
        return float(np.square(heated(blends, temperature) - truth).sum(axis=1).mean())

    # more digits would claim what so few pairs cannot give
    temperature = round(float(minimize_scalar(brier, bounds=(0.3, 3.0), method="bounded").x), 3)
    probs = heated(blends, temperature)
    least = [_conformal(probs[codes == label, label], coverage) for label in range(blends.shape[1])]
    return temperature, np.round(least, 6)


def _conformal(own: NDArray[np.float64], coverage: float) -> float:
    """Return the probability that a share of `coverage` of the label's own pairs reach, with the correction for few of them.

    `own` are probabilities of the label on pairs that have it. Fewer than about 1 / (1 - `coverage`) of them give 0: nothing is ruled out.
    """
    rank = int(np.floor((1 - coverage) * (own.size + 1)))
    return float(np.sort(own)[rank - 1]) if rank >= 1 else 0.0


def _middle(features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (column,) medians; 0 where a feature is nowhere known.

    The median of known values, so that it is no feature of how often a band was missing.
    """
    known = np.where(np.isfinite(features).any(axis=0), features, 0)
    return np.asarray(np.nanmedian(known, axis=0), np.float64)


def _symmetric(line: LogisticRegression) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (label, column) weights and (label,) bias, rounded; of two labels scikit-learn keeps one row.

    Halved and mirrored, which leaves the softmax of two labels what the logistic function of one was.
    """
    weights, bias = np.round(line.coef_.astype(np.float64), _DECIMALS), np.round(line.intercept_.astype(np.float64), _DECIMALS)
    return (np.concatenate([-weights, weights]) / 2, np.concatenate([-bias, bias]) / 2) if len(line.classes_) == 2 else (weights, bias)
