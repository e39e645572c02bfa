"""How good probabilities are, with intervals: figures of merit over pairs, resampled by neighbourhood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score, confusion_matrix, f1_score, roc_auc_score

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

__all__ = ["Judged", "confusion", "reliability", "scores", "with_intervals"]

BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """Pairs with the truth and what a model said of them."""

    probs: NDArray[np.float64]
    """(n, label)"""
    codes: NDArray[np.int64]
    """(n,) number of the true label."""
    groups: NDArray[np.int64]
    """(n,) neighbourhood: pairs of one are resampled together."""

    def subset(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Judged:
        """Return the pairs at `which`, a mask or numbers."""
        return Judged(self.probs[which], self.codes[which], self.groups[which])


def scores(judged: Judged, labels: Sequence[str]) -> dict[str, float]:
    """Return the figures: AUC of the first label against the rest, macro-F1, Brier score, ECE, average precision of each label.

    Brier is the sum over labels of squared errors, 0-2; ECE that of the most probable label. NaN where a figure needs a label that
    no pair has.
    """
    truth = np.eye(len(labels))[judged.codes]
    named = {
        f"auc_{labels[0]}": _defined(roc_auc_score, truth[:, 0], judged.probs[:, 0]),
        "macro_f1": float(f1_score(judged.codes, judged.probs.argmax(axis=1), average="macro", zero_division=0)),
        "brier": float(np.square(judged.probs - truth).sum(axis=1).mean()),
        "ece": ece(judged),
    }
    precision = {f"ap_{label}": _defined(average_precision_score, truth[:, k], judged.probs[:, k]) for k, label in enumerate(labels)}
    return {name: round(value, 4) for name, value in {**named, **precision}.items()}


def with_intervals(judged: Judged, labels: Sequence[str], draws: int, seed: int = 0) -> dict[str, dict[str, float]]:
    """Return figure -> value and 95 % interval (`low`, `high`), from `draws` samples of whole neighbourhoods.

    Percentiles of the bootstrap (Efron, 1979) by cluster: neighbours are alike, and drawing single pairs would make intervals too short.
    A figure that is not defined in a sample is left out of it.
    """
    rng, groups = np.random.default_rng(seed), np.unique(judged.groups)
    members = [np.flatnonzero(judged.groups == group) for group in groups]
    drawn = []
    for _ in range(draws):
        chosen = np.concatenate([members[k] for k in rng.integers(len(groups), size=len(groups))])
        drawn.append(scores(judged.subset(chosen), labels))
    out = {}
    for name, value in scores(judged, labels).items():
        known = [draw[name] for draw in drawn if np.isfinite(draw[name])]
        low, high = np.quantile(known, [0.025, 0.975]) if known else (np.nan, np.nan)
        out[name] = {"value": value, "low": round(float(low), 4), "high": round(float(high), 4)}
    return out


def ece(judged: Judged) -> float:
    """Return the expected calibration error of the most probable label, over ten bins of equal width; Naeini et al. 2015."""
    table = reliability(judged)
    return sum(row["n"] * abs(row["said"] - row["was"]) for row in table) / max(len(judged.codes), 1)


def reliability(judged: Judged, label: int | None = None) -> list[dict[str, float]]:
    """Return for each bin how sure the model was on average (`said`), how often it was right (`was`), and of how many pairs (`n`).

    Of the most probable label, or of one `label`. Empty bins are left out.
    """
    said = judged.probs.max(axis=1) if label is None else judged.probs[:, label]
    right = judged.probs.argmax(axis=1) == judged.codes if label is None else judged.codes == label
    # a probability of exactly 1 belongs to the last bin
    number = np.minimum((said * BINS).astype(int), BINS - 1)
    rows = [(said[number == k], right[number == k]) for k in range(BINS)]
    return [{"said": float(s.mean()), "was": float(r.mean()), "n": float(s.size)} for s, r in rows if s.size]


def confusion(judged: Judged, labels: Sequence[str]) -> list[list[int]]:
    """Return the table truth by most probable label, counts, in the order of `labels`.

    Rows are the truth; a label that no pair has is a row of noughts.
    """
    table = confusion_matrix(judged.codes, judged.probs.argmax(axis=1), labels=range(len(labels)))
    return [[int(count) for count in row] for row in table]


def _defined(figure: Callable[..., float], truth: NDArray[np.float64], said: NDArray[np.float64]) -> float:
    """Return the figure, NaN where all pairs or none have the label."""
    return float(figure(truth, said)) if 0 < truth.sum() < truth.size else float("nan")
