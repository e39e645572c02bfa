"""The event over time: what was seen, what was expected, when it was hidden, and when it was found.

It lets anybody check whether the place did that before, and whether one picture alone decided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.evidence.canvas import BLUE, INK, ORANGE, PAGE_WIDTH_IN, WINE, Body, add_legend, house_style, new_page, to_png, width_of
from sentinel_watch.evidence.samples import CLEAR, SUSPECT
from sentinel_watch.evidence.series import strongest
from sentinel_watch.evidence.time_panels import (
    Mark,
    days_of,
    draw_flags,
    draw_hidden,
    draw_lines,
    draw_series,
    hidden_dates,
    hidden_rows,
    say_nothing_seen,
)
from sentinel_watch.evidence.words import captions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from sentinel_watch.domain.event import Event
    from sentinel_watch.evidence.canvas import Captions
    from sentinel_watch.evidence.inputs import EvidenceInputs
    from sentinel_watch.evidence.series import Series

__all__ = ["draw_time_series", "time_series_png"]

PANEL_IN, LANE_IN, STRIP_ROW_IN = 2.35, 0.17, 0.17
LABELS_IN = 0.75
"""Left of the panels at least: a name and its numbers."""


def time_series_png(inputs: EvidenceInputs, series: Mapping[str, Series]) -> bytes:
    """Return the time series as PNG; `series` as `all_series` returns them."""
    with house_style():
        return to_png(draw_time_series(inputs, series))


def draw_time_series(inputs: EvidenceInputs, series: Mapping[str, Series], page_in: float = PAGE_WIDTH_IN) -> Figure:
    """Return the figure: milestones, a panel for the index and one for the band that moved most, the hidden dates.

    `series` as `all_series` returns them, `page_in` the width in inches. Draw it within `house_style`.

    All panels share the axis of time. The height grows with panels, milestones and kinds of obstacles.
    """
    scenes, marks = inputs.samples.scenes, _marks(inputs.event)
    onset = np.datetime64(inputs.event.region.onset)
    shown = _shown(inputs, series, onset)
    hidden = hidden_dates(scenes)
    heights = (LANE_IN * len(marks) + 0.05, *[PANEL_IN] * max(len(shown), 1), STRIP_ROW_IN * max(len(hidden), 1) + 0.05)
    # measured, since obstacles have names of very different lengths
    labels_in = max([LABELS_IN, *(width_of(row, 7.5) + 0.2 for row in hidden_rows(hidden))])
    body = Body(heights, left_in=labels_in, above_in=0.1, shared={"sharex": True})
    figure, axes_grid = new_page(body, _words(inputs), page_in)
    header, *panels = axes_grid[:, 0]
    for axes, one in zip(panels, shown, strict=False):
        draw_series(axes, one, scenes, float(days_of(onset)))
    if not shown:
        say_nothing_seen(panels[0])
    draw_hidden(panels[-1], hidden)
    for axes in panels:
        draw_lines(axes, marks, [float(days_of(scene.time)) for scene in scenes if scene.role == "history"])
    span = _span([float(days_of(scene.time)) for scene in scenes], marks)
    draw_flags(header, marks, span)
    header.set_xlim(*span)
    _add_legend(figure, panels[:-1])
    return figure


def _shown(inputs: EvidenceInputs, series: Mapping[str, Series], onset: np.datetime64) -> list[Series]:
    """Return the index and the band that moved most, the one that moved more first; more do not fit a screen.

    A pit in bare ground, or a heap beside one, hardly shows in an index of vegetation; felling shows in little else.
    """
    # where nobody knows how much is usual the longest wavelength comes first: it sees through haze
    kinds = (inputs.indices, inputs.samples.bands[::-1])
    best = [one.name for names in kinds for one in strongest(series, names, inputs.samples, onset)[:1]]
    return strongest(series, best, inputs.samples, onset)


def _words(inputs: EvidenceInputs) -> Captions:
    """Return title, facts and footer, with how many of the scenes saw the event clear.

    The credit is to the years of all scenes of the ledger.
    """
    scenes = inputs.samples.scenes
    words = captions(inputs.alert, inputs.site, [int(str(scene.time)[:4]) for scene in scenes])
    clear, suspect = (sum(scene.state == state for scene in scenes) for state in (CLEAR, SUSPECT))
    doubt = f", {suspect} as cloud or shadow might look" if suspect else ""
    return replace(words, footer=f"{words.footer} · mean over the event; {clear} of {len(scenes)} scenes saw it clear{doubt}")


def _marks(event: Event) -> list[Mark]:
    """Return the milestones that the event has reached, oldest first.

    Days are UTC; the words hold the day, so that nobody has to read it off the axis.
    """
    milestones = (
        ("onset", event.region.onset, INK), ("first detected", event.first_detected, ORANGE),
        ("confirmed", event.confirmed_at, WINE), ("finished", event.finished_at, BLUE),
    )  # fmt: skip
    return [(f"{name} {day}", float(days_of(np.datetime64(day))), colour) for name, day, colour in milestones if day is not None]


def _span(days: Sequence[float], marks: Sequence[Mark]) -> tuple[float, float]:
    """Return the first and last day of the time axis, with a margin.

    Days since 1970-01-01; a sixtieth of the span to either side, a day at least.
    """
    first, last = min([*days, *(day for _, day, _ in marks)]), max([*days, *(day for _, day, _ in marks)])
    margin = max((last - first) / 60, 1.0)
    return first - margin, last + margin


def _add_legend(figure: Figure, panels: Sequence[Axes]) -> None:
    """Draw one legend for all panels, each label once.

    The first panel's entry stands for those of the same name.
    """
    entries: dict[str, Artist] = {}
    for axes in panels:
        handles, labels = axes.get_legend_handles_labels()
        entries |= {label: handle for handle, label in zip(handles, labels, strict=True) if label not in entries}
    add_legend(figure, list(entries.items()))
