"""An evaluation as one page that needs nothing else: tables and two figures, in plain words."""

from __future__ import annotations

from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from matplotlib.axes import Axes

__all__ = ["evaluation_page", "interval"]

STYLE = """body{font:16px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:.7rem 0}th,td{border-bottom:1px solid #ccc;padding:.25rem .7rem;text-align:right}
th:first-child,td:first-child{text-align:left}svg{max-width:100%;height:auto}"""

SETS = {
    "all": "all pairs, labels as they came",
    "cleaned_labels": "labels cleaned",
    "matched_period": "cleaned, periods that all labels share",
}


def evaluation_page(result: Mapping[str, Any]) -> str:
    """Return the page as HTML; `result` is what `evaluate` gave. The same result gives the same bytes.

    Sets without a pair are left out. The first label is the one that the model is for: AUC and false rises are its own. All text that
    came with the data is escaped, since the page is opened in a browser.
    """
    labels = result["labels"]
    # average precision last: the narrower tables show the first four alone
    names = [f"auc_{labels[0]}", "macro_f1", "brier", "ece", *(f"ap_{label}" for label in labels)]
    parts = [(SETS[key], result[key]) for key in SETS if result[key]["pairs"]]
    figures = _table(
        ["pairs", "n", *names],
        ([title, part["pairs"], *(interval(part["figures"][name]) for name in names)] for title, part in parts),
    )
    trials = _table(
        ["trial", f"rise of {labels[0]} on others", *names[:4]],
        (
            [row["trial"], _signed(row["false_rise"]), *(_number(row["figures"][name]) for name in names[:4])]
            for row in result["robustness"]
        ),
    )
    regions = _table(
        ["centre, degrees", "n", *names[:4]],
        (["{}, {}".format(*row["centre"]), row["pairs"], *(_number(row["figures"][n]) for n in names[:4])] for row in result["regions"]),
    )
    left = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in result["left_out"].items() if count) or "none"
    covered = ", ".join(f"{label} {share:.2f}" for label, share in result["sets"]["covered"].items())
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(result["model"])}</title><style>{STYLE}</style>
<h1>{escape(result["model"])} on {result["pairs"]} labelled pairs</h1>
<p>Left out: {escape(left)}. Labels that claim something new where nothing emerged: {result["nothing_emerged"]}.
Intervals are 95 %, from samples of whole neighbourhoods.</p>
<h2>Figures</h2>{figures}{_pictures(parts[0][1], labels) if parts else "<p>No pair is left to judge.</p>"}
<h2>What it stands (simulated)</h2>{trials}
<h2>By region</h2>{regions}
<h2>What it rules out</h2><p>Share of each label's pairs whose set holds the label: {escape(covered)}.
Pairs by size of the set: {escape(", ".join(f"{size}: {count}" for size, count in result["sets"]["by_size"].items()))}.</p></html>
"""


def _pictures(part: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Return reliability and confusion as inline SVG.

    `part` is the summary of one set of pairs. Letters stay text, so that the page's reader can search them; the XML head is cut off, for
    it may not stand inside of HTML.
    """
    # a fixed salt and no date, or the same figure would have other bytes each time
    with mpl.rc_context({"svg.hashsalt": "sentinel-watch", "svg.fonttype": "none"}):
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        _reliability(left, part["reliability"], labels)
        _confusion(right, np.array(part["confusion"]), labels)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _reliability(axes: Axes, tables: Mapping[str, Any], labels: Sequence[str]) -> None:
    """Draw how often each probability came true; the area of a mark grows with its pairs.

    `tables` is label -> rows of `said` and `was`, 0-1, and `n`. There are six marks: a seventh label would not be drawn.
    """
    axes.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--", label="as it should be")
    for label, marker in zip(labels, "os^Dv*", strict=False):
        said, was, n = (np.array([row[key] for row in tables[label]]) for key in ("said", "was", "n"))
        (line,) = axes.plot(said, was, lw=1, label=label)
        axes.scatter(said, was, s=8 + 160 * n / max(n.max(), 1), marker=marker, color=line.get_color(), alpha=0.7)
    axes.set(xlabel="probability that was said", ylabel="share that was so", xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), title="Reliability")
    axes.legend(frameon=False, fontsize=9)


def _confusion(axes: Axes, table: np.ndarray[Any, Any], labels: Sequence[str]) -> None:
    """Draw truth by most probable label, counts in the cells and shades by share of the truth.

    `table` is (label, label), truth in rows. Shades are shares, or a label with many pairs would hide the others.
    """
    # a label that no pair has would be divided by nought
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, col), count in np.ndenumerate(table):
        axes.text(col, row, str(count), ha="center", va="center", color="white" if share[row, col] > 0.6 else "black")
    axes.set_xticks(range(len(labels)), [label.replace("_", "\n") for label in labels])
    axes.set_yticks(range(len(labels)), [label.replace("_", "\n") for label in labels])
    axes.set(xlabel="most probable label", ylabel="label of the data", title="Confusion")


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return an HTML table.

    Heads and cells are escaped here, so callers give plain text.
    """
    top = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def interval(figure: Mapping[str, float]) -> str:
    """Return a value with its interval, a dash where it is not known, as an AUC of a set without the label.

    `figure` holds `value`, `low` and `high`, the ends of the 95 % interval.
    """
    if not np.isfinite(figure["value"]):
        return "-"
    return f"{_number(figure['value'])} [{_number(figure['low'])}-{_number(figure['high'])}]"


def _number(value: float) -> str:
    """Return a figure with three decimals, a dash where it has none."""
    return f"{value:.3f}" if np.isfinite(value) else "-"


def _signed(value: float | None) -> str:
    """Return a difference with its sign.

    None is "there was no pair to measure it on", which is not the same as no difference.
    """
    return "-" if value is None else f"{value:+.3f}"
