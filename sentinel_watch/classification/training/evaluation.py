"""How a model does on labelled pairs that somebody brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.classification.training.cleaning import NOTHING_EMERGED, faults, tally
from sentinel_watch.classification.training.grouping import neighbourhoods
from sentinel_watch.classification.training.labelled import features_of
from sentinel_watch.classification.training.report import by_region, disturbed_features, matched, robustness, summary
from sentinel_watch.classification.training.scoring import Judged

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from sentinel_watch.classification.learned import Learned
    from sentinel_watch.classification.training.labelled import LabelledSet
    from sentinel_watch.classification.training.recipe import Recipe

__all__ = ["evaluate"]


def evaluate(model: Learned, recipe: Recipe, pairs: LabelledSet, trained_on: Collection[str]) -> dict[str, Any]:
    """Return the figures of `model` on `pairs` as plain JSON values: all with usable pictures, the same with cleaned labels, and more.

    `trained_on` are digests of pairs that the model saw in training: they are counted and left out. Labels must be the model's.
    """
    found, seen = faults(pairs, recipe.cleaning), np.isin(pairs.digests(), list(trained_on))
    # doubtful labels are judged as well: figures without them alone would flatter
    usable = ((found == "") | (found == NOTHING_EMERGED)) & ~seen
    sound, clean = pairs.subset(usable), found[usable] == ""
    judged = _judged(model, sound, recipe)
    trials = {name: model.predict(features) for name, features in disturbed_features(sound, recipe.seed).items()} if len(sound) else {}
    return {
        "model": model.name,
        "labels": list(model.labels),
        "pairs": len(pairs),
        "left_out": {**tally(found[found != NOTHING_EMERGED]), "seen_in_training": int((seen & (found != "duplicate")).sum())},
        "nothing_emerged": int((~clean).sum()),
        "all": summary(judged, model.labels, recipe.draws),
        "cleaned_labels": summary(judged.subset(clean), model.labels, recipe.draws),
        "matched_period": summary(judged.subset(clean & matched(sound)), model.labels, recipe.draws),
        "regions": by_region(judged, sound, model.labels) if len(sound) else [],
        "robustness": robustness(judged, trials, model.labels),
        "sets": {**_sets(model, judged), "promised": recipe.coverage},
        "predictions": _predictions(sound, judged, model.labels),
    }


def _judged(model: Learned, pairs: LabelledSet, recipe: Recipe) -> Judged:
    """Return the pairs with the model's probabilities.

    A label that the model does not have raises ValueError: reading the pairs has refused it before.
    """
    codes = np.array([model.labels.index(str(label)) for label in pairs.labels], np.int64)
    probs = model.predict(features_of(pairs.before, pairs.after)) if len(pairs) else np.zeros((0, len(model.labels)))
    return Judged(probs, codes, neighbourhoods(pairs.lon, pairs.lat, recipe.group_km))


def _sets(model: Learned, judged: Judged) -> dict[str, Any]:
    """Return how often the conformal set holds the truth, by label, and how many pairs have a set of each size.

    The share should come near the card's `coverage` for every label; far below it the place is not what the model was trained for.
    """
    inside = judged.probs >= model.least
    own: NDArray[np.bool_] = inside[np.arange(len(judged.codes)), judged.codes]
    covered = {label: round(float(own[judged.codes == k].mean()), 4) for k, label in enumerate(model.labels) if (judged.codes == k).any()}
    sizes = np.bincount(inside.sum(axis=1), minlength=len(model.labels) + 1)
    return {"covered": covered, "by_size": {str(size): int(count) for size, count in enumerate(sizes)}}


def _predictions(pairs: LabelledSet, judged: Judged, labels: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what was said of each pair.

    In the order of the pairs, so that two evaluations can be compared line by line.
    """
    return [
        {"sample_id": str(name), "label": str(label), "probs": {key: round(float(p), 4) for key, p in zip(labels, probs, strict=True)}}
        for name, label, probs in zip(pairs.names, pairs.labels, judged.probs, strict=True)
    ]
