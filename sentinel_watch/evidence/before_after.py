"""The picture that decides most cases: the place before and after, at the same stretch.

Two looks each stretched by itself would turn haze or season into a change, and hide a true one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from sentinel_watch.evidence.canvas import GREY, PAGE_WIDTH_IN, Body, Captions, add_legend, fit, house_style, new_page, to_png
from sentinel_watch.evidence.composites import Composite, composites_of, pictures
from sentinel_watch.evidence.map_axes import EVENT, Pen, draw_outline, draw_site, legend_entry, show_map
from sentinel_watch.evidence.words import captions

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    import numpy as np
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.evidence.inputs import EvidenceInputs

__all__ = ["before_after_png", "draw_before_after", "look_day", "map_height_in"]

MAX_MAP_IN = 5.4
SMALL_PAGE_IN = 8.8
"""Width of a page with two rows of maps, which must still fit a screen."""

SIDES_IN = 0.5
"""What a map's panel needs beside the map: coordinates and padding."""

LABELS_IN = 0.65
"""Left of the maps: coordinates, and the bands of the row."""


def before_after_png(inputs: EvidenceInputs) -> bytes:
    """Return the before/after picture as PNG; a side without a look says so in words.

    One row in true colour, and one in the infrared where the bands allow it.
    """
    with house_style():
        return to_png(draw_before_after(inputs))


def look_day(look: xr.Dataset) -> date:
    """Return the UTC day of a look.

    From the look's scalar coordinate `time`, start of sensing.
    """
    return cast("date", look["time"].values.astype("datetime64[D]").item())


def map_height_in(grid: GeoBox, page_in: float = PAGE_WIDTH_IN) -> float:
    """Return how high a map in half a page is, in inches, at most MAX_MAP_IN.

    `grid` is the chip's, `page_in` the page's width in inches.

    The map keeps its proportions up to that height; a taller one is drawn narrower.
    """
    height, width = grid.shape
    return float(min((page_in / 2 - SIDES_IN) * height / width, MAX_MAP_IN))


def draw_before_after(inputs: EvidenceInputs) -> Figure:
    """Return the figure: before and after side by side, a row for true colour and one for the infrared.

    All maps are of the chip, with the event's outline, coordinates and scale. Draw it within `house_style`.

    A side without a look is grey and says so. Each row has one stretch over both looks, without which they would not
    compare.
    """
    looks = [look for look in (inputs.before, inputs.after) if look is not None]
    # by the first look's bands: both come from one pipeline and have the same
    composites = composites_of([str(band) for band in looks[0]["band"].values]) if looks else []
    rows = max(len(composites), 1)
    page_in = PAGE_WIDTH_IN if rows == 1 else SMALL_PAGE_IN
    heights = (map_height_in(inputs.chip.grid, page_in),) * rows
    body = Body(heights, (1.0, 1.0), LABELS_IN, above_in=0.5, gaps_in=(0.2, 0.2), shared={"sharex": "col", "sharey": "row"})
    figure, panels = new_page(body, _words(inputs, looks, composites), page_in)
    pens: list[Pen] = []
    for row, composite in zip(panels, composites, strict=False):
        stretched = iter(pictures(looks, composite))
        for axes, look in zip(row, (inputs.before, inputs.after), strict=True):
            pens = _draw_look(axes, next(stretched), inputs) if look is not None else pens
        row[0].set_ylabel(composite.label, size=8.5)
    for axes, name, look in zip(panels[0], ("Before", "After"), (inputs.before, inputs.after), strict=True):
        _title(axes, name, look, page_in)
    for axes in panels[:, [look is None for look in (inputs.before, inputs.after)]].flat:
        _say_nothing_seen(axes)
    add_legend(figure, [legend_entry(pen) for pen in pens])
    return figure


def _words(inputs: EvidenceInputs, looks: Sequence[xr.Dataset], composites: Sequence[Composite]) -> Captions:
    """Return title, facts and footer; the years credited are those of the looks shown.

    The footer says that rows share a stretch only where there is a picture.
    """
    words = captions(inputs.alert, inputs.site, [look_day(look).year for look in looks])
    return replace(words, footer=f"{words.footer} · each row at one stretch") if composites else words


def _draw_look(axes: Axes, picture: NDArray[np.float32], inputs: EvidenceInputs) -> list[Pen]:
    """Draw a look with the outlines of event, AOI and permits; return the pens used.

    `picture` is (y, x, 3) in 0-1 on the chip's grid.
    """
    show_map(axes, picture, inputs.chip.grid)
    # both looks are of one place: coordinates once a row and column are enough
    axes.label_outer()
    pens = draw_site(axes, inputs.site, inputs.chip.grid)
    draw_outline(axes, inputs.event.region.geometry, EVENT)
    return [EVENT, *pens]


def _title(axes: Axes, name: str, look: xr.Dataset | None, page_in: float) -> None:
    """Write which side it is, the UTC day, and below it the scene's id.

    The id is cut with an ellipsis where it is wider than the map.
    """
    axes.set_title(f"{name} · {look_day(look)}" if look is not None else name, weight="bold", loc="left", pad=18)
    scene_id = "" if look is None else str(look["scene_id"].values)
    words = fit(scene_id, page_in / 2 - SIDES_IN, 7, 1)
    axes.annotate(words, (0, 1), (0, 5), xycoords="axes fraction", textcoords="offset points", size=7, color=GREY)


def _say_nothing_seen(axes: Axes) -> None:
    """Write in a map's place that no scene saw the event clear."""
    axes.set(facecolor="#EEEEEE", aspect=1)
    axes.tick_params(bottom=False, left=False, labelbottom=False, labelleft=False)
    text = "No scene saw the event clear\nin this period."
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center", va="center", color=GREY)
