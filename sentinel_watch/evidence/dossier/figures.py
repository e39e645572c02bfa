"""The figures that only a dossier has: at the width of an A4 page, fine enough for print, without headings of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from sentinel_watch.evidence.before_after import look_day
from sentinel_watch.evidence.canvas import INK, ORANGE, WINE, house_style, to_png
from sentinel_watch.evidence.change_map import draw_change_map
from sentinel_watch.evidence.composites import composites_of, pictures
from sentinel_watch.evidence.map_axes import EVENT, draw_outline, draw_site, legend_entry, show_map
from sentinel_watch.evidence.samples import CLEAR
from sentinel_watch.evidence.series import all_series
from sentinel_watch.evidence.time_panels import days_of
from sentinel_watch.evidence.time_series import draw_time_series

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.event import Event
    from sentinel_watch.evidence.inputs import EvidenceInputs
    from sentinel_watch.evidence.samples import Samples

__all__ = ["LINE_IN", "area_png", "change_png", "pair_png", "place_png", "series_png", "strip_png", "strip_scenes"]

LINE_IN = 7.1
"""Width of a line on the page, inches: A4 less 15 mm on either side."""
SCREEN_IN = 8.8
"""Width at which a screen's figures are drawn, so that their words keep apart; the page shows them a fifth smaller."""
PRINT_DPI = 200

STRIP_BEFORE, STRIP_SINCE = 4, 8
"""Chips of the strip, before the event began and since."""
STRIP_COLUMNS = 6
STRIP_CLEAR = 0.9
"""How clear a chip of the strip is, of the clearest that there is."""


def pair_png(inputs: EvidenceInputs, titles: tuple[str, str], which: int = 0) -> bytes | None:
    """Return the looks before and after side by side at one stretch; `which` numbers the composite; None where there is no such one.

    A side without a look stays empty, under its title.

    RGB at PRINT_DPI, a line wide. `titles` stand above before and after, in the dossier's language.
    """
    looks = [look for look in (inputs.before, inputs.after) if look is not None]
    composites = composites_of([str(band) for band in looks[0]["band"].values]) if looks else []
    if which >= len(composites):
        return None
    shown = iter(pictures(looks, composites[which]))
    grid = inputs.chip.grid
    with house_style():
        figure = _figure(LINE_IN, (LINE_IN / 2 - 0.25) * min(grid.shape[0] / grid.shape[1], 0.95) + 0.55)
        for axes, look, title in zip(figure.subplots(1, 2), (inputs.before, inputs.after), titles, strict=True):
            axes.set_title(title, loc="left", weight="bold", size=9.5)
            if look is None:
                axes.set(facecolor="#EEEEEE", aspect=1, xticks=[], yticks=[])
                continue
            show_map(axes, next(shown), grid)
            draw_site(axes, inputs.site, grid)
            draw_outline(axes, inputs.event.region.geometry, EVENT)
        figure.axes[0].set_ylabel(composites[which].label, size=8)
        return to_png(figure)


def place_png(look: xr.Dataset | None, grid: GeoBox, inputs: EvidenceInputs) -> bytes:
    """Return the map of what the bundle holds of the site: AOI, permits and event, on a look on `grid` or on grey.

    `look` and `grid` are of all that the bundle holds; (y, x, 3) grey where there is none.
    """
    ground = np.full((*grid.shape, 3), 0.85, np.float32)
    if look is not None:
        ground = pictures([look], composites_of([str(band) for band in look["band"].values])[0])[0]
    with house_style():
        # no higher than wide, so that page one holds the pair of pictures too
        width = LINE_IN * 0.52
        figure = _figure(width, (width - 0.3) * min(max(grid.shape[0] / grid.shape[1], 0.5), 0.85) + 0.55)
        axes = figure.subplots()
        show_map(axes, ground, grid)
        pens = [EVENT, *draw_site(axes, inputs.site, grid)]
        draw_outline(axes, inputs.event.region.geometry, EVENT)
        labels, handles = zip(*map(legend_entry, pens), strict=True)
        figure.legend([handle[1] for handle in handles], labels, loc="outside lower center", ncols=3, facecolor="#BBBBBB", frameon=True)
        return to_png(figure)


def series_png(inputs: EvidenceInputs) -> bytes:
    """Return the time series at the page's width.

    Drawn at the width of a screen and shrunk by the page, so that its words keep their places.
    """
    with house_style():
        series = all_series(inputs.samples, inputs.normal, inputs.index, inputs.indices)
        return _print(draw_time_series(inputs, series, SCREEN_IN))


def change_png(inputs: EvidenceInputs) -> bytes:
    """Return the change map at the page's width.

    As `series_png`: the screen's figure, fine enough for print.
    """
    with house_style():
        return _print(draw_change_map(inputs, SCREEN_IN))


def strip_scenes(samples: Samples, event: Event) -> list[str]:
    """Return the ids of the scenes of the strip, oldest first: clear ones, evenly over the looks before and since the onset.

    At most STRIP_BEFORE and STRIP_SINCE. Clear means: all of the event usable, and the chip nearly as clear as it
    ever is.
    """
    onset = np.datetime64(event.region.onset)
    # of the best that there is: an AOI's edge may hide part of the chip for good
    best = max((one.chip_clear for one in samples.scenes), default=0.0)
    clear = [one for one in samples.scenes if one.state == CLEAR and one.event_usable == 1 and one.chip_clear >= STRIP_CLEAR * best > 0]
    before = [one.scene_id for one in clear if one.time < onset]
    since = [one.scene_id for one in clear if one.time >= onset]
    return [*_evenly(before, STRIP_BEFORE), *_evenly(since, STRIP_SINCE)]


def strip_png(looks: Sequence[xr.Dataset], inputs: EvidenceInputs) -> bytes:
    """Return the looks on the chip as a strip at one stretch, each with its day, the event's outline on each; one look at least.

    STRIP_COLUMNS a row; days since the onset are in colour and bold. All looks must have the same bands.
    """
    rows = -(-len(looks) // STRIP_COLUMNS)
    side = LINE_IN / STRIP_COLUMNS
    onset, box = inputs.event.region.onset, inputs.chip.grid.boundingbox
    composite = composites_of([str(band) for band in looks[0]["band"].values])[0]
    with house_style():
        figure = _figure(LINE_IN, rows * (side + 0.12))
        panels = figure.subplots(rows, STRIP_COLUMNS, squeeze=False).ravel()
        for axes, look, picture in zip(panels, looks, pictures(list(looks), composite), strict=False):
            axes.imshow(picture, extent=(box.left, box.right, box.bottom, box.top), interpolation="nearest")
            draw_outline(axes, inputs.event.region.geometry, EVENT)
            day = look_day(look)
            axes.set_title(f"{day}", size=7.5, color=WINE if day >= onset else INK, weight="bold" if day >= onset else "normal", pad=3)
        for axes in panels:
            axes.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top), xticks=[], yticks=[])
        for axes in panels[len(looks) :]:
            axes.axis("off")
        return to_png(figure)


def area_png(event: Event) -> bytes:
    """Return the outline's area over time, hectares, with the day of confirmation.

    A step at each day on which it was measured; the last area holds until it was last observed. The event must have a
    history.
    """
    days = [np.datetime64(entry.day) for entry in event.history]
    areas = [entry.area_ha for entry in event.history]
    with house_style():
        figure = _figure(LINE_IN, 1.7)
        axes = figure.subplots()
        # a step and no slope: between two looks nothing was measured
        axes.step([*days, np.datetime64(event.last_observed)], [*areas, areas[-1]], where="post", color=ORANGE, linewidth=1.6)
        axes.plot(days, areas, "o", color=ORANGE, markersize=3)
        if event.confirmed_at:
            axes.axvline(float(days_of(np.datetime64(event.confirmed_at))), color=WINE, linewidth=1, linestyle="--")
        axes.set(ylim=(0, max(areas) * 1.15), ylabel="ha")
        axes.set_xlim(left=float(days_of(min(days[0], np.datetime64(event.first_detected)))) - 15)
        axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
        return to_png(figure)


def _figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure for print.

    Inches, PRINT_DPI pixels each; matplotlib finds room for the labels itself.
    """
    return Figure(figsize=(width_in, height_in), dpi=PRINT_DPI, facecolor="white", layout="constrained")


def _print(figure: Figure) -> bytes:
    """Return a screen's figure as a PNG that is fine enough for print."""
    figure.set_dpi(PRINT_DPI)
    return to_png(figure)


def _evenly(names: Sequence[str], count: int) -> list[str]:
    """Return `count` of the names, first and last among them, or all where there are no more.

    In their order; `count` is at least 2.
    """
    if len(names) <= count:
        return list(names)
    return [names[round(position)] for position in np.linspace(0, len(names) - 1, count)]
