"""Maps with what makes them maps: coordinates, scale bar, north arrow, outlines.

Axes are in the grid's CRS, metres; degrees are only written beside them. A court wants to find the place without a GIS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrow
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator
from odc.geo.geom import Geometry
from pyproj import Transformer

from sentinel_watch.domain.event import EventStatus
from sentinel_watch.evidence.canvas import INK, Entry

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.site import Site

__all__ = ["AOI", "EVENT", "PERMIT", "STATUS_PENS", "Pen", "draw_outline", "draw_site", "legend_entry", "show_map"]


@dataclass(frozen=True, slots=True)
class Pen:
    """How an outline is drawn, and what the legend calls it; dashes are in units of the width."""

    label: str
    colour: str
    width_pt: float
    """Width without the dark rim."""
    dashes: Literal["-"] | tuple[float, tuple[float, ...]] = "-"


# White, yellow and light blue on a dark rim show on forest, sand, water and false colours alike.
EVENT = Pen("event", "#FFE04D", 1.8)
AOI = Pen("area of interest", "#FFFFFF", 1.3)
PERMIT = Pen("permit", "#56B4E9", 1.8, (0, (5, 2)))
STATUS_PENS = {
    EventStatus.PROVISIONAL: Pen("provisional", "#FFE04D", 1.8, (0, (3, 1.5))),
    EventStatus.CONFIRMED: Pen("confirmed", "#FFE04D", 1.8),
    EventStatus.FINISHED: Pen("finished", "#FFE04D", 1.8, (0, (1, 1.5))),
}

MAX_SIDE_PX = 220
"""A screen shows little more of a map in half a page, and the file stays small."""

RIM_PT, RIM_ALPHA = 1.6, 0.75
"""How far the rim reaches over its line, both sides together, and how dense it is."""

HALO = [withStroke(linewidth=2.4, foreground=INK)]


def show_map(axes: Axes, picture: NDArray[np.float32], grid: GeoBox) -> None:
    """Draw a (y, x, 3) picture on its grid, pixels as they are, with coordinates, scale bar and north arrow.

    `picture` in 0-1, its first row the northernmost. Pictures of more than MAX_SIDE_PX pixels a side are averaged down by a
    whole factor.

    `grid` must be in metres, north up. Averaging repeats the last pixels where a block overhangs, and the axes hide
    that.
    """
    box = grid.boundingbox
    factor = -(-max(grid.shape) // MAX_SIDE_PX)
    shown = _coarser(picture, factor)
    height, width = (side * factor * abs(step) for side, step in zip(shown.shape, (grid.affine.e, grid.affine.a), strict=False))
    axes.imshow(shown, extent=(box.left, box.left + width, box.top - height, box.top), interpolation="nearest")
    axes.set(xlim=(box.left, box.right), ylim=(box.bottom, box.top), aspect="equal")
    _label_coordinates(axes, grid)
    _draw_scale_bar(axes, grid)
    _draw_north(axes, grid)


def draw_outline(axes: Axes, geometry: BaseGeometry, pen: Pen) -> None:
    """Draw the rings of a polygon in the axes' CRS, with a dark rim so that it shows on any ground.

    `geometry` is a Polygon or MultiPolygon, holes included. The map's limits stay as they are.

    Coordinates beyond two are left out. The rim lies below the line of every outline.
    """
    parts = getattr(geometry, "geoms", [geometry])
    rings = [np.asarray(ring.coords)[:, :2] for part in parts for ring in (part.exterior, *part.interiors)]
    rim = LineCollection(rings, colors=INK, linewidths=pen.width_pt + RIM_PT, alpha=RIM_ALPHA, capstyle="round", zorder=3)
    line = LineCollection(rings, colors=pen.colour, linewidths=pen.width_pt, linestyles=pen.dashes, zorder=3.1)
    axes.add_collection(rim, autolim=False)
    axes.add_collection(line, autolim=False)


def draw_site(axes: Axes, site: Site, grid: GeoBox) -> list[Pen]:
    """Draw those outlines of the AOI and its permits that cross the map; return the pens used.

    The site's polygons are WGS84 and are projected to the CRS of `grid`.

    A permit or an AOI whose boundary does not touch the chip draws nothing.
    """
    frame = grid.extent.geom
    outlines = [(site.geometry, AOI), *((permit.geometry, PERMIT) for permit in site.permits)]
    used: dict[str, Pen] = {}
    for geometry, pen in outlines:
        shape = Geometry(geometry, "EPSG:4326").to_crs(str(grid.crs)).geom
        # A site that fills the chip has nothing to draw, and no line in the legend.
        if shape.boundary.intersects(frame):
            draw_outline(axes, shape, pen)
            used[pen.label] = pen
    return list(used.values())


def legend_entry(pen: Pen) -> Entry:
    """Return a pen's entry for a page's legend: its line on its dark rim.

    To be given to `add_legend`.
    """
    rim = Line2D([], [], color=INK, linewidth=pen.width_pt + RIM_PT, alpha=RIM_ALPHA)
    return pen.label, (rim, Line2D([], [], color=pen.colour, linewidth=pen.width_pt, linestyle=pen.dashes))


def _coarser(picture: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Return the picture averaged over blocks; where they overhang at the right and bottom, the edge is repeated.

    `picture` is (y, x, 3); `factor` pixels a side become one.
    """
    if factor == 1:
        return picture
    height, width, _ = picture.shape
    padded = np.pad(picture, ((0, -height % factor), (0, -width % factor), (0, 0)), mode="edge")
    blocks = padded.reshape(len(padded) // factor, factor, -1, factor, 3)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)


def _label_coordinates(axes: Axes, grid: GeoBox) -> None:
    """Label the axes in degrees, WGS84, at round values.

    Five ticks or so on each axis, away from the corners; `12.345° E`.
    """
    box = grid.boundingbox
    to_degrees = Transformer.from_crs(str(grid.crs), "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform([box.left, box.right, box.left], [box.bottom, box.bottom, box.top])
    for axis, edge, span in ((axes.xaxis, (lon[0], lon[1]), (box.left, box.right)), (axes.yaxis, (lat[0], lat[2]), (box.bottom, box.top))):
        ticks = MaxNLocator(5, steps=[1, 2, 5, 10]).tick_values(*edge)
        # Labels at the very corner would reach over the map and make it smaller.
        spare = 0.08 * (edge[1] - edge[0])
        ticks = ticks[(ticks > edge[0] + spare) & (ticks < edge[1] - spare)]
        letters = "EW" if axis is axes.xaxis else "NS"
        # As many decimals as tell neighbouring ticks apart, and three at least: a site is found by them.
        decimals = max(3, int(np.ceil(-np.log10(edge[1] - edge[0]) + 0.5)))
        # Along one edge of a chip, degrees and metres are linear to far less than a pixel.
        axis.set_ticks(np.interp(ticks, edge, span), [f"{abs(tick):.{decimals}f}° {letters[int(tick < 0)]}" for tick in ticks])
    axes.tick_params(length=3, color="#999999")
    axes.tick_params(axis="y", labelrotation=90)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")


def _draw_scale_bar(axes: Axes, grid: GeoBox) -> None:
    """Draw a scale bar of a round length in the lower left corner; grid metres, which are ground metres within 0.1 %.

    White on a dark rim, its length in words above it, metres or kilometres.
    """
    box = grid.boundingbox
    width, height = box.right - box.left, box.top - box.bottom
    # The longest of 1, 2, 5 times a power of ten that takes no more than a third of the map.
    power = 10.0 ** np.floor(np.log10(width / 3))
    length = max(step * power for step in (1, 2, 5) if step * power <= width / 3)
    x, y = box.left + 0.04 * width, box.bottom + 0.05 * height
    for colour, thick in ((INK, 5.5), ("white", 3)):
        axes.plot([x, x + length], [y, y], color=colour, linewidth=thick, solid_capstyle="butt", zorder=4)
    text = f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m"
    axes.annotate(
        text, (x + length / 2, y), (0, 5), textcoords="offset points", ha="center", color="white", size=8, path_effects=HALO, zorder=4
    )


def _draw_north(axes: Axes, grid: GeoBox) -> None:
    """Draw the arrow along true north, which is up to 3 degrees off the grid's.

    By the direction to a point a thousandth of a degree further north, at the middle of the map.
    """
    box = grid.boundingbox
    x, y = (box.left + box.right) / 2, (box.bottom + box.top) / 2
    to_degrees = Transformer.from_crs(str(grid.crs), "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(x, y)
    x_north, y_north = to_degrees.transform(lon, lat + 1e-3, direction="INVERSE")
    direction = np.array([x_north - x, y_north - y]) / np.hypot(x_north - x, y_north - y)
    tail, step = np.array([0.945, 0.87]), 0.07 * direction
    arrow = FancyArrow(
        *tail, *step, width=0.006, head_width=0.028, head_length=0.035, length_includes_head=True,
        transform=axes.transAxes, facecolor="white", edgecolor=INK, linewidth=0.9, zorder=4,
    )  # fmt: skip
    axes.add_patch(arrow)
    # behind the tail, so that the arrow does not run through its letter
    x_text, y_text = tail - 0.008 * direction
    axes.text(x_text, y_text, "N", transform=axes.transAxes, ha="center", va="top", size=8, color="white",
              weight="bold", path_effects=HALO, zorder=4)  # fmt: skip
