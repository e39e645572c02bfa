"""Where the change is, how strong it is, and since when.

Every changed pixel of the chip is shown, those of other events and of none too: what the event's outline leaves out is to
be seen.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import Normalize

from sentinel_watch.evidence.before_after import look_day, map_height_in
from sentinel_watch.evidence.canvas import PAGE_WIDTH_IN, Body, add_legend, house_style, new_page, to_png
from sentinel_watch.evidence.composites import composite_of, grey, pictures
from sentinel_watch.evidence.map_axes import STATUS_PENS, Pen, draw_outline, draw_site, legend_entry, show_map
from sentinel_watch.evidence.words import captions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage
    from numpy.typing import NDArray

    from sentinel_watch.evidence.inputs import EvidenceInputs

__all__ = ["change_map_png", "draw_change_map", "on_chip"]

COLOURS = "plasma"
"""Evenly spaced to the eye, also to a colour-blind one, and nowhere near the grey of the ground."""

PALE = 0.9
BAR_IN = 0.12
BAR_DATES = 4
"""Dates below the colour bar; more would touch each other."""


def change_map_png(inputs: EvidenceInputs) -> bytes:
    """Return the change map as PNG: left the strength of the change, right the day on which it began.

    Strength is in units of each pixel's own noise, the day is that of the first anomalous look, UTC.

    Pixels that did not change show the ground in grey.
    """
    with house_style():
        return to_png(draw_change_map(inputs))


def on_chip(inputs: EvidenceInputs, column: str) -> NDArray[np.float32]:
    """Return one column of the changed pixels as a (y, x) picture of the chip; NaN = not changed.

    `column` is a field of ChangeMap with one number a pixel, such as `magnitude` or `onset`. Days of this century are whole in
    float32.
    """
    picture = np.full(inputs.chip.grid.shape, np.nan, np.float32)
    for change in inputs.changes:
        here = inputs.chip.holds(change.rows, change.cols)
        picture[change.rows[here] - inputs.chip.top, change.cols[here] - inputs.chip.left] = getattr(change, column)[here]
    return picture


def draw_change_map(inputs: EvidenceInputs, page_in: float = PAGE_WIDTH_IN) -> Figure:
    """Return the figure: the change over the place as pale grey, once by strength and once by day.

    Neighbouring events are outlined more thinly, `page_in` is the width in inches. Draw it within `house_style`.

    Both maps have the same ground and outlines; below each lies its colour bar.
    """
    grid = inputs.chip.grid
    # the ground is of the look after alone, and credit goes to what is shown
    years = [] if inputs.after is None else [look_day(inputs.after).year]
    body = Body((map_height_in(grid, page_in), BAR_IN), (1.0, 1.0), 0.4, 0.35, below_in=0.45, gaps_in=(0.5, 0.35))
    figure, (panels, bars) = new_page(body, captions(inputs.alert, inputs.site, years), page_in)
    ground = _ground(inputs)
    pens: list[Pen] = []
    for axes in panels:
        show_map(axes, ground, grid)
        pens = [*_draw_events(axes, inputs), *draw_site(axes, inputs.site, grid)]
    _draw_strength(panels[0], bars[0], inputs)
    _draw_onset(panels[1], bars[1], inputs)
    add_legend(figure, [legend_entry(pen) for pen in pens])
    return figure


def _ground(inputs: EvidenceInputs) -> NDArray[np.float32]:
    """Return the look after the event as a pale (y, x, 3) picture, even grey where there is none."""
    if inputs.after is None:
        return np.full((*inputs.chip.grid.shape, 3), PALE, np.float32)
    bands = [str(band) for band in inputs.after["band"].values]
    return grey(pictures([inputs.after], composite_of(bands))[0])


def _draw_events(axes: Axes, inputs: EvidenceInputs) -> list[Pen]:
    """Draw the event and those neighbours that cross the chip, by status; return the pens used, in the order of the statuses."""
    frame = inputs.chip.grid.extent.geom
    crossing = [event for event in inputs.neighbours if event.region.geometry.intersects(frame)]
    for event in (*crossing, inputs.event):
        pen = STATUS_PENS[event.status]
        draw_outline(axes, event.region.geometry, pen if event is inputs.event else replace(pen, width_pt=1.0))
    # the legend explains what is on the map and no more
    drawn = {event.status for event in (*crossing, inputs.event)}
    return [pen for status, pen in STATUS_PENS.items() if status in drawn]


def _draw_strength(axes: Axes, below: Axes, inputs: EvidenceInputs) -> None:
    """Lay the magnitude over a map, from 0 to the 98th percentile; its colour bar goes `below`.

    The bar reaches at least 1, so that a faint change does not look like a strong one.
    """
    magnitude = on_chip(inputs, "magnitude")
    known = magnitude[np.isfinite(magnitude)]
    # One wild pixel must not turn all others dark.
    top = max(float(np.percentile(known, 98)), 1.0) if len(known) else 1.0
    axes.set_title("How strong the change is", weight="bold", loc="left")
    bar = axes.figure.colorbar(_lay_over(axes, magnitude, inputs, Normalize(0, top)), cax=below, orientation="horizontal")
    bar.set_label("mean distance from the baseline, units of its noise")


def _draw_onset(axes: Axes, below: Axes, inputs: EvidenceInputs) -> None:
    """Lay the day of onset over a map, from the first to the last that is on it; its colour bar goes `below`.

    Days since 1970-01-01; the bar has BAR_DATES dates. A single day needs no bar, and is written in its place.
    """
    # as numbers: a colour scale knows no dates
    days = on_chip(inputs, "onset")
    known = days[np.isfinite(days)]
    first, last = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    axes.set_title("Since when", weight="bold", loc="left")
    if first == last:
        _lay_over(axes, days, inputs, Normalize(first - 1, first + 1))
        below.axis("off")
        below.text(0.5, 0.5, f"all of it first seen on {np.datetime64(int(first), 'D')}", ha="center", va="center")
        return
    shown = _lay_over(axes, days, inputs, Normalize(first, last))
    bar = axes.figure.colorbar(shown, cax=below, orientation="horizontal")
    ticks = np.unique(np.linspace(first, last, BAR_DATES).round().astype(int))
    bar.set_ticks(ticks.tolist(), labels=[str(np.datetime64(int(day), "D")) for day in ticks])
    bar.set_label("day of the first anomalous look")


def _lay_over(axes: Axes, values: NDArray[np.float32], inputs: EvidenceInputs, norm: Normalize) -> AxesImage:
    """Lay a (y, x) picture of the chip over a map, NaN left clear, and return it.

    By nearest neighbour: each pixel is one measurement.
    """
    box = inputs.chip.grid.boundingbox
    return axes.imshow(
        values, extent=(box.left, box.right, box.bottom, box.top), cmap=COLOURS, norm=norm, interpolation="nearest", zorder=2
    )
