"""What is said of a model: its figures on pairs that it did not see, by subset, by region, and when the pictures are disturbed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.classification.training.disturbances import TRIALS
from sentinel_watch.classification.training.grouping import regions
from sentinel_watch.classification.training.labelled import features_of
from sentinel_watch.classification.training.scoring import Judged, confusion, reliability, scores, with_intervals

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sentinel_watch.classification.training.labelled import LabelledSet

__all__ = ["by_region", "disturbed_features", "matched", "robustness", "summary"]


def summary(judged: Judged, labels: Sequence[str], draws: int) -> dict[str, Any]:
    """Return the figures with intervals, the confusion and the reliability tables of some pairs; counts alone where there are none."""
    if not len(judged.codes):
        return {"pairs": 0}
    tables = {"most_probable": reliability(judged), **{label: reliability(judged, k) for k, label in enumerate(labels)}}
    return {
        "pairs": len(judged.codes),
        "by_label": {label: int((judged.codes == k).sum()) for k, label in enumerate(labels)},
        "neighbourhoods": len(np.unique(judged.groups)),
        "figures": with_intervals(judged, labels, draws),
        "confusion": confusion(judged, labels),
        "reliability": tables,
    }


def matched(pairs: LabelledSet) -> NDArray[np.bool_]:
    """Return (n,) True for pairs of the periods that every label has: elsewhere the period alone would tell the label.

    Without a period that all labels share, none is left.
    """
    # catalogues of different labels were often made in different years
    periods = [set(pairs.period[pairs.labels == label]) for label in np.unique(pairs.labels)]
    return np.isin(pairs.period, sorted(set.intersection(*periods)) if periods else [])


def by_region(judged: Judged, pairs: LabelledSet, labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return the figures of each large region, without intervals: where it lies, how many pairs, how good.

    Centres are in degrees WGS84, to a tenth; regions are numbered anew for each set of pairs.
    """
    numbers = regions(pairs.lon, pairs.lat)
    return [
        {
            "centre": [round(float(pairs.lon[numbers == k].mean()), 1), round(float(pairs.lat[numbers == k].mean()), 1)],
            "pairs": int((numbers == k).sum()),
            "figures": scores(judged.subset(numbers == k), labels),
        }
        for k in np.unique(numbers)
    ]


def disturbed_features(pairs: LabelledSet, seed: int) -> dict[str, NDArray[np.float32]]:
    """Return trial -> (n, feature) of the pairs so disturbed; draws differ from those of the copies that were learnt from."""
    # added to the seed, so that no trial repeats a training copy
    rngs = [np.random.default_rng([seed, 1_000 + number]) for number in range(len(TRIALS))]
    return {name: features_of(*trial((pairs.before, pairs.after), rng)) for (name, trial), rng in zip(TRIALS.items(), rngs, strict=True)}


def robustness(plain: Judged, disturbed: Mapping[str, NDArray[np.float64]], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Return for each trial its figures, and by how much it raises the probability of the first label on pairs of the others.

    `disturbed` is trial -> (n, label) probabilities of the pairs of `plain`.
    """
    others = plain.codes != 0
    return [
        {
            "trial": name,
            "false_rise": round(float((probs[others, 0] - plain.probs[others, 0]).mean()), 4) if others.any() else None,
            "figures": scores(Judged(probs, plain.codes, plain.groups), labels),
        }
        for name, probs in disturbed.items()
    ]
