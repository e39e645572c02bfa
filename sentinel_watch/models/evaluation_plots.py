"""The two figures of an evaluation: did probabilities come true, and what was taken for what."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from scipy.stats import binomtest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

__all__ = ["LEAST_PAIRS", "evaluation_plots"]

LEAST_PAIRS = 5
"""A mark stands for so many pairs at least: fewer say nothing of a rate."""


def evaluation_plots(part: Mapping[str, Any], labels: Sequence[str]) -> str:
    """Return reliability and confusion as inline SVG.

    `part` is the summary of one set of pairs. Letters stay text, so that the page's reader can search them; the XML head is cut off, for
    it may not stand inside of HTML.
    """
    # a fixed salt and no date, or the same figure would have other bytes each time
    with mpl.rc_context({"svg.hashsalt": "sentinel-watch", "svg.fonttype": "none"}):
        figure = Figure(figsize=(11, 4.8), layout="constrained")
        left, right = figure.subplots(1, 2)
        _reliability(left, part["reliability"], labels)
        _confusion(right, np.array(part["confusion"]), labels)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
    text = out.getvalue()
    return text[text.index("<svg") :]


def _reliability(axes: Axes, tables: Mapping[str, Any], labels: Sequence[str]) -> None:
    """Draw how often each probability came true, with 95 % intervals; the area of a mark grows with its pairs.

    `tables` is label -> rows of `said` and `was`, 0-1, and `n`. Bins of fewer than LEAST_PAIRS are not drawn. There are six marks: a
    seventh label would not be drawn.
    """
    axes.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--", label="as it should be")
    for number, (label, marker) in enumerate(zip(labels, "os^Dv*", strict=False)):
        rows = [row for row in tables[label] if row["n"] >= LEAST_PAIRS]
        said, was, n = (np.array([row[key] for row in rows]) for key in ("said", "was", "n"))
        low, high = _intervals(was, n)
        # a little aside, or labels of equal probability would hide each other
        at = said + 0.006 * (number - 1)
        name = label.replace("_", " ")
        axes.vlines(at, low, high, color=f"C{number}", lw=1, alpha=0.5)
        axes.scatter(at, was, s=15 + 120 * n / max(n.max(initial=1), 1), marker=marker, color=f"C{number}", alpha=0.8)
        # one size in the legend, whatever the first mark's
        axes.plot([], [], marker=marker, ls="", color=f"C{number}", alpha=0.8, label=name)
    axes.legend(frameon=False, fontsize=9, loc="upper left")
    _percent(axes)
    axes.set(xlabel="probability that was said", ylabel="share of pairs that had the label", title="Reliability")


def _intervals(was: np.ndarray[Any, Any], n: np.ndarray[Any, Any]) -> tuple[list[float], list[float]]:
    """Return the ends of the 95 % intervals of shares `was` of `n` pairs, Wilson 1927."""
    found = [binomtest(round(share * count), int(count)).proportion_ci(0.95, method="wilson") for share, count in zip(was, n, strict=True)]
    return [float(one.low) for one in found], [float(one.high) for one in found]


def _percent(axes: Axes) -> None:
    """Give both axes 0-100 % and room for marks at the ends."""
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(-0.05, 1.05), ylim=(-0.05, 1.05), aspect="equal")
    axes.grid(color="0.92")
    axes.set_axisbelow(True)


def _confusion(axes: Axes, table: np.ndarray[Any, Any], labels: Sequence[str]) -> None:
    """Draw truth by most probable label: counts and shares of the truth in the cells, shades by share.

    `table` is (label, label), truth in rows. Shades are shares, or a label with many pairs would hide the others.
    """
    # a label that no pair has would be divided by nought
    share = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for (row, col), count in np.ndenumerate(table):
        colour = "white" if share[row, col] > 0.6 else "black"
        axes.text(col, row, f"{count}\n{100 * share[row, col]:.0f} %", ha="center", va="center", color=colour)
    axes.set_xticks(range(len(labels)), [label.replace("_", "\n") for label in labels])
    axes.set_yticks(range(len(labels)), [label.replace("_", "\n") for label in labels])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="most probable label", ylabel="label of the data", title="Confusion: pairs, and share of the row")
