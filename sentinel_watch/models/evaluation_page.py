"""An evaluation as one page that needs nothing else: tables and two figures, in plain words."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.models.evaluation_plots import LEAST_PAIRS, evaluation_plots

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["evaluation_page", "interval"]

STYLE = """body{font:16px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.7rem 0}th,td{border-bottom:1px solid #ccc;padding:.25rem .8rem;text-align:right;vertical-align:top}
th{font-weight:600}th:first-child,td:first-child{text-align:left}td{font-variant-numeric:tabular-nums;white-space:nowrap}
p,dl{max-width:46rem}dt{font-weight:600;float:left;margin-right:.5rem}dd{margin:0 0 .2rem}svg{max-width:100%;height:auto}"""

SETS = {
    "all": "all pairs, labels as they came",
    "cleaned_labels": "labels cleaned",
    "matched_period": "cleaned, periods that all labels share",
}


def evaluation_page(result: Mapping[str, Any]) -> str:
    """Return the page as HTML; `result` is what `evaluate` gave, and `training` what the card measured. The same result, the same bytes.

    Sets without a pair are left out. The first label is the one that the model is for: AUC and false rises are its own. All text that
    came with the data is escaped, since the page is opened in a browser.
    """
    labels = result["labels"]
    left = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in result["left_out"].items() if count) or "none"
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(result["model"])}</title><style>{STYLE}</style>
<h1>{escape(result["model"])} on {result["pairs"]} labelled pairs</h1>
<p>Left out: {escape(left)}. Labels that claim something new where nothing emerged: {result["nothing_emerged"]}.
Intervals are 95 %, from samples of whole neighbourhoods.</p>
<h2>Figures</h2>{_figures(result)}{_meanings(labels[0])}
<h2>Did probabilities come true, and what was taken for what</h2>{_plots(result)}
<h2>What it stands (simulated)</h2>
<p>Each second picture is disturbed, and nothing on the ground: by how much the probability of {escape(_words(labels[0]))} rises on pairs
of other labels, and what is left of the figures.</p>{_trials(result)}
<h2>By region</h2>{_regions(result["regions"], labels)}
<h2>In regions that it had not seen</h2>{_unseen(result, labels)}
<h2>What it rules out</h2>{_sets(result["sets"])}</html>
"""


def _names(labels: Sequence[str]) -> dict[str, str]:
    """Return figure -> its name in words; average precision last, since narrower tables show the first four alone."""
    first = {f"auc_{labels[0]}": f"AUC of {_words(labels[0])}", "macro_f1": "macro-F1", "brier": "Brier", "ece": "ECE"}
    return {**first, **{f"ap_{label}": f"average precision of {_words(label)}" for label in labels}}


def _figures(result: Mapping[str, Any]) -> str:
    """Return the table of figures, a column for each set of pairs that holds one."""
    parts = [(title, result[key]) for key, title in SETS.items() if result[key]["pairs"]]
    rows = [[name, *(interval(part["figures"][key]) for _, part in parts)] for key, name in _names(result["labels"]).items()]
    counts = ["pairs (neighbourhoods)", *(f"{part['pairs']} ({part['neighbourhoods']})" for _, part in parts)]
    return _table(["", *(title for title, _ in parts)], [counts, *rows]) if parts else "<p>No pair is left to judge.</p>"


def _meanings(first: str) -> str:
    """Return what the figures mean, for those who do not use them every day."""
    told = {
        "AUC": f"how often a pair of {_words(first)} gets a higher probability of it than a pair of another label; 0.5 is guessing.",
        "macro-F1": "how well the most probable label meets the labels of the data, each label counting the same; 1 is best.",
        "Brier": "squared error of the probabilities, summed over labels, 0-2; lower is better.",
        "ECE": "by how much, on average, the most probable label's probability is off the share that came true; lower is better.",
    }
    return "<dl>" + "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in told.items()) + "</dl>"


def _plots(result: Mapping[str, Any]) -> str:
    """Return both figures of the first set that holds a pair, and how to read them."""
    shown = next(((title, result[key]) for key, title in SETS.items() if result[key]["pairs"]), None)
    if shown is None:
        return "<p>No pair is left to judge.</p>"
    title, part = shown
    how = (
        f"Of {title}. A mark stands for {LEAST_PAIRS} pairs at least, its bar for the 95 % interval (Wilson); larger marks for more pairs."
    )
    return f"{evaluation_plots(part, result['labels'])}<p>{escape(how)}</p>"


def _trials(result: Mapping[str, Any]) -> str:
    """Return the table of disturbances."""
    names = dict(list(_names(result["labels"]).items())[:4])
    rows = ([row["trial"], _signed(row["false_rise"]), *(_number(row["figures"][key]) for key in names)] for row in result["robustness"])
    return _table(["trial", "rise on others", *names.values()], rows)


def _regions(regions: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> str:
    """Return the table of large regions."""
    names = dict(list(_names(labels).items())[:4])
    rows = [[_place(*row["centre"]), row["pairs"], *(_number(row["figures"][key]) for key in names)] for row in regions]
    return _table(["centre", "pairs", *names.values()], rows) if rows else "<p>No pair is left to judge.</p>"


def _unseen(result: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Return what training measured of each large region with a model that had seen nothing of it."""
    training = result.get("training", {})
    whole = training.get("without_the_region", {})
    if not whole.get("pairs"):
        return "<p>Not measured in training.</p>"
    told = ", ".join(f"{name} {interval(whole['figures'][key])}" for key, name in list(_names(labels).items())[:4])
    head = f"<p>Measured in training on {whole['pairs']} of its own pairs, each large region by a model without it: {escape(told)}.</p>"
    return head + _regions(training.get("regions", []), labels)


def _sets(sets: Mapping[str, Any]) -> str:
    """Return how often the set of labels that are not ruled out held the true one, and how large the sets were."""
    size = ", ".join(f"{count} with {number}" for number, count in sets["by_size"].items())
    covered = _table(["label", "share of its pairs whose set holds it"], ([_words(k), f"{v:.2f}"] for k, v in sets["covered"].items()))
    return f"{covered}<p>Promised: {sets['promised']:.2f}. Pairs by the number of labels that are not ruled out: {escape(size)}.</p>"


def _words(label: str) -> str:
    """Return a label as words."""
    return label.replace("_", " ")


def _place(lon: float, lat: float) -> str:
    """Return a centre as people read it: latitude first."""
    return f"{abs(lat):.1f}° {'S' if lat < 0 else 'N'}, {abs(lon):.1f}° {'W' if lon < 0 else 'E'}"


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table.

    Heads and cells are escaped here, so callers give plain text.
    """
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def interval(figure: Mapping[str, float | None]) -> str:
    """Return a value with its interval, a dash where it is not known, as an AUC of a set without the label.

    `figure` holds `value`, `low` and `high`, the ends of the 95 % interval.
    """
    told = _number(figure["value"])
    return told if told == "-" else f"{told} [{_number(figure['low'])}-{_number(figure['high'])}]"


def _number(value: float | None) -> str:
    """Return a figure with three decimals, a dash where it has none."""
    return "-" if value is None or not np.isfinite(value) else f"{value:.3f}"


def _signed(value: float | None) -> str:
    """Return a difference with its sign.

    None is "there was no pair to measure it on", which is not the same as no difference.
    """
    return "-" if value is None else f"{value:+.3f}"
