"""The parts of the time series figure; time runs in days since 1970-01-01, as matplotlib counts it.

Each function draws into axes that it is given and knows nothing of the page around them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from sentinel_watch.evidence.canvas import BLUE, GREY, INK, ORANGE, SIGMA
from sentinel_watch.evidence.samples import CLEAR, SUSPECT
from sentinel_watch.evidence.words import band_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import ArrayLike, NDArray

    from sentinel_watch.evidence.samples import Sample
    from sentinel_watch.evidence.series import Series

__all__ = ["Mark", "days_of", "draw_flags", "draw_hidden", "draw_lines", "draw_series", "hidden_dates", "hidden_rows", "say_nothing_seen"]

Mark: TypeAlias = "tuple[str, float, str]"
"""A milestone of the event: words, day, colour."""

SPREADS = 2.0
"""Half the width of the usual band, in robust standard deviations."""

NOT_HIDDEN = (CLEAR, SUSPECT, "duplicate", "too_old")
"""States that the strip of hidden dates leaves out: they were seen, or were never to be looked at."""

HISTORY_SHADE, BAND_SHADE = "#E3EAF1", "#B9BEC4"
"""Pale, so that neither competes with the looks."""


def days_of(times: ArrayLike) -> NDArray[np.float64]:
    """Return instants as days since 1970-01-01, with their fraction.

    `times` is one instant or an array of them; the shape stays.
    """
    return np.asarray(times, "datetime64[s]").astype(np.float64) / 86400


def draw_flags(axes: Axes, marks: Sequence[Mark], span: tuple[float, float]) -> None:
    """Write the milestones above the panels, each in its own lane, towards the side that has room.

    `marks` oldest first, `span` the first and last day of the time axis.

    A mark in the last fifth of the span has its words on the left of its line, all others on the right.
    """
    axes.set(ylim=(len(marks), 0), yticks=[])
    axes.axis("off")
    # The oldest milestone takes the top lane: no later line then runs through its words.
    late = span[0] + 0.8 * (span[1] - span[0])
    for lane, (text, day, colour) in enumerate(marks):
        axes.axvline(day, ymax=1 - (lane + 0.5) / len(marks), color=colour, linewidth=1.1, linestyle="--", clip_on=False)
        axes.annotate(
            text, (day, lane + 0.5), (-4 if day > late else 4, 0), textcoords="offset points", ha="right" if day > late else "left",
            va="center", color=colour, size=8.5, weight="bold", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            annotation_clip=False, zorder=4,
        )  # fmt: skip


def draw_lines(axes: Axes, marks: Sequence[Mark], history: Sequence[float]) -> None:
    """Draw the milestones through a panel, and shade the days of the `history`.

    `history` are the days of the scenes that the baseline was learnt from, oldest first; empty = no shade.

    `marks` as in `draw_flags`; in every panel, so that the eye can follow a milestone down.
    """
    if history and history[0] == history[-1]:
        axes.axvline(history[0], color=HISTORY_SHADE, linewidth=9, zorder=0, label="history: one scene")
    elif history:
        axes.axvspan(history[0], history[-1], color=HISTORY_SHADE, linewidth=0, zorder=0, label="history: the baseline")
    for _, day, colour in marks:
        axes.axvline(day, color=colour, linewidth=1.1, linestyle="--", zorder=2.5)


def draw_series(axes: Axes, one: Series, scenes: Sequence[Sample], onset: float) -> None:
    """Draw one band or index: looks as dots, the baseline as a line with its usual spread, the verdict as title.

    `scenes` are those of the samples, in the order of `one.observed`; `onset` is a day. Hidden scenes have no dot.

    Looks since the onset have a colour of their own, suspect ones are hollow. NaN gives no dot.
    """
    days, state = days_of([scene.time for scene in scenes]), np.array([scene.state for scene in scenes])
    clear, suspect, since = state == CLEAR, state == SUSPECT, days >= onset
    _draw_baseline(axes, one)
    for which, style in (
        (clear & ~since, {"color": BLUE, "label": "clear look"}),
        (clear & since, {"color": ORANGE, "label": "clear look since onset"}),
        (suspect, {"color": INK, "markerfacecolor": "white", "label": "suspect look"}),
    ):
        _draw_dots(axes, days[which], one.observed[which], style)
    axes.set_title(_verdict(one, (clear | suspect) & since), loc="left", size=9.5, weight="bold")
    axes.set_ylabel(band_words(one.name))
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    axes.spines[["top", "right"]].set_visible(False)


def hidden_dates(scenes: Sequence[Sample]) -> dict[str, list[float]]:
    """Return what hid the event -> days, the most frequent obstacle first.

    Copies and scenes older than the history are left out: nobody was ever to look at them.
    """
    rows: dict[str, list[float]] = {}
    for scene in scenes:
        if scene.state not in NOT_HIDDEN:
            rows.setdefault(scene.state, []).append(float(days_of(scene.time)))
    return dict(sorted(rows.items(), key=lambda row: (-len(row[1]), row[0])))


def hidden_rows(rows: Mapping[str, Sequence[float]]) -> list[str]:
    """Return the words of each row of hidden dates: what hid the event, and how often; `rows` as of `hidden_dates`."""
    return [f"{name.replace('_', ' ')} ({len(days)})" for name, days in rows.items()]


def draw_hidden(axes: Axes, rows: Mapping[str, Sequence[float]]) -> None:
    """Draw a tick for every date on which the event was hidden, one row an obstacle; the dates stand below.

    `rows` as of `hidden_dates`: a gap in the dots is explained, and does not pass for quiet.
    """
    for lane, days in enumerate(rows.values()):
        axes.plot(days, np.full(len(days), lane), linestyle="none", marker="|", markersize=7, color=GREY)
    axes.set_yticks(range(len(rows)), hidden_rows(rows))
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    # No date axis was ever declared: the numbers are matplotlib's own days, and only the labels need to know.
    locator = AutoDateLocator(minticks=4, maxticks=12)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]


def say_nothing_seen(axes: Axes) -> None:
    """Say in the panel's place that there is nothing to show.

    In place of an empty panel, which could pass for a quiet one.
    """
    axes.set(yticks=[])
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.text(0.5, 0.5, "No scene saw the event clear.", transform=axes.transAxes, ha="center", va="center", color=GREY)


def _draw_baseline(axes: Axes, one: Series) -> None:
    """Draw the expected curve and, where the spread is known, the usual band; nothing where no baseline is.

    The band is SPREADS robust standard deviations to either side.
    """
    if not np.isfinite(one.curve).any():
        return
    days = days_of(one.curve_times)
    axes.plot(days, one.curve, color=GREY, linewidth=1.3, label="expected", zorder=2)
    if one.spread > 0:
        half, words = SPREADS * one.spread, f"usual (± {SPREADS:g} {SIGMA} in history)"
        axes.fill_between(days, one.curve - half, one.curve + half, color=BAND_SHADE, alpha=0.55, linewidth=0, label=words, zorder=1)


def _draw_dots(axes: Axes, days: NDArray[np.float64], values: NDArray[np.float64], style: Mapping[str, Any]) -> None:
    """Draw looks as dots; none, no entry in the legend.

    `style` goes to `Axes.plot`; `days` and `values` are (n,).
    """
    if len(days):
        axes.plot(days, values, linestyle="none", marker="o", markersize=4.6, markeredgewidth=0.9, zorder=3, **style)


def _verdict(one: Series, since: NDArray[np.bool_]) -> str:
    """Return the panel's title: medians seen and expected over `since` (t,), their difference in value and in spreads.

    Only the name where nothing was seen or expected since then.
    """
    both = since & np.isfinite(one.observed) & np.isfinite(one.expected)
    if not both.any():
        return one.name
    seen, normal = float(np.median(one.observed[both])), float(np.median(one.expected[both]))
    looks = "1 look" if both.sum() == 1 else f"{both.sum()} looks"
    sigmas = f", {abs(seen - normal) / one.spread:.1f} {SIGMA}" if one.spread > 0 else ""
    return f"{one.name}: {seen:.2f} since the onset, {normal:.2f} expected ({seen - normal:+.2f}{sigmas}; {looks})"
