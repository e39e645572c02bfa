"""Shares, areas, ranking and precision of what was said, with intervals from draws of whole neighbourhoods."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.monitor.score import wilson_interval
from benchmarks.pairs.looks import LABELS, MINING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.pairs.said import Said

__all__ = ["Figure", "alerted", "figure", "mining_auc", "mining_precision", "mining_recall", "ranking"]

DRAWS = 1000
NAMED = "excavation"
"""The class that the model's label for mining gets at a mine."""
Figure = tuple[float, float, float]
"""Value, and the ends of its 95 % interval; NaN where nothing is to be told."""


def figure(said: Sequence[Said], measure: Callable[[Sequence[Said]], float]) -> Figure:
    """Return `measure` of all, with percentiles over draws of clusters with replacement; Wilson's interval of a share of 0 or 1."""
    clusters: dict[int, list[Said]] = {}
    for one in said:
        clusters.setdefault(one.pair.cluster, []).append(one)
    groups, draw = list(clusters.values()), np.random.default_rng(0)
    values = [measure([one for n in draw.integers(0, len(groups), len(groups)) for one in groups[n]]) for _ in range(DRAWS)]
    low, high = np.nanquantile(values, [0.025, 0.975])
    value = measure(said)
    # no draw differs from another then, as if nothing were open
    if groups and value in (0, 1):
        return value, *wilson_interval(round(value * len(groups)), len(groups))
    return value, float(low), float(high)


def alerted(said: Sequence[Said]) -> float:
    """Return the share of pairs with an alert."""
    return float(np.mean([one.area_ha > 0 for one in said])) if said else np.nan


def ranking(one: Said) -> float:
    """Return the probability of mining that the first alert carries; -1, below all, without an alert."""
    return one.probs.get(NAMED, 0.0) if one.area_ha > 0 else -1.0


def mining_auc(said: Sequence[Said]) -> float:
    """Return the area under the curve of mining against the rest."""
    truth = [one.pair.kind == MINING for one in said if one.pair.kind in LABELS]
    return float(roc_auc_score(truth, [ranking(one) for one in said if one.pair.kind in LABELS])) if 0 < sum(truth) < len(truth) else np.nan


def mining_precision(said: Sequence[Said]) -> float:
    """Return the share of mining pairs among those whose first alert is an excavation."""
    named = [one.pair.kind == MINING for one in said if one.first == NAMED]
    return float(np.mean(named)) if named else np.nan


def mining_recall(said: Sequence[Said]) -> float:
    """Return the share of mining pairs whose first alert is an excavation."""
    named = [one.first == NAMED for one in said if one.pair.kind == MINING]
    return float(np.mean(named)) if named else np.nan
