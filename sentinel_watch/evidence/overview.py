"""One picture of a run: the AOI with all its alerts, numbered by priority.

For a first glance and for print; for work there is `alerts.geojson` in a GIS.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patheffects import withStroke
from odc.geo.geom import Geometry

from sentinel_watch.evidence.before_after import look_day
from sentinel_watch.evidence.canvas import GREY, INK, PAGE_WIDTH_IN, Body, Captions, add_legend, fit, house_style, new_page, to_png
from sentinel_watch.evidence.composites import composite_of, pictures
from sentinel_watch.evidence.map_axes import STATUS_PENS, Pen, draw_outline, draw_site, legend_entry, show_map
from sentinel_watch.evidence.words import attribution, class_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.site import Site

__all__ = ["OverviewInputs", "draw_overview", "overview_png", "place_numbers", "ranked"]

MAX_ROWS = 18
"""Alerts that get a number and a line; the outlines of the others are drawn all the same."""

MAP_SHARE = 0.62
MAX_MAP_IN, ROW_IN = 7.0, 0.4
NUMBER_PT = 9.0
DISC = {"boxstyle": "circle,pad=0.25", "facecolor": "white", "edgecolor": INK, "linewidth": 0.9}
TURNS = np.deg2rad([45, 135, 315, 225, 0, 90, 180, 270])
DISTANCES = (0.035, 0.06, 0.09, 0.13)
"""How far a number may lie from its alert, in shares of the map's longer side."""


@dataclass(frozen=True, slots=True)
class OverviewInputs:
    """What a run's overview shows."""

    site: Site
    grid: GeoBox
    """The AOI's grid; a look of a large AOI may be read coarser, with the grid to match."""
    look: xr.Dataset | None
    """The latest clear look on that grid, `reflectance` (band, y, x) and `mask` (y, x); None where there is none."""
    alerts: Sequence[Alert]


def ranked(alerts: Sequence[Alert]) -> list[Alert]:
    """Return the alerts by priority, highest first; equals by their id, as triage orders them."""
    return sorted(alerts, key=lambda alert: (-alert.priority, alert.alert_id))


def overview_png(inputs: OverviewInputs) -> bytes:
    """Return the overview as PNG; without a clear look the outlines stand on even grey."""
    with house_style():
        return to_png(draw_overview(inputs))


def place_numbers(points: NDArray[np.float64], reach: NDArray[np.float64], frame: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """Return (n, 2) where to write each number: beside its alert, inside the frame, clear of the numbers before it.

    `points` (n, 2) are the alerts' middles, `reach` (n,) how far each extends from its own, `frame` left, bottom, right,
    top, all in one unit. Where all is full, the number comes to lie on the last place tried.
    """
    left, bottom, right, top = frame
    # Greedy, in order of priority: the most urgent alerts get the nearest places.
    side = max(right - left, top - bottom)
    room = np.array([left, bottom]) + 0.02 * side, np.array([right, top]) - 0.02 * side
    placed: list[NDArray[np.float64]] = []
    for point, radius in zip(points, reach, strict=True):
        spots = [point + (radius + share * side) * np.array([np.cos(turn), np.sin(turn)]) for share in DISTANCES for turn in TURNS]
        spots = [np.clip(spot, *room) for spot in spots]
        free = (spot for spot in spots if all(np.hypot(*(spot - other)) > 0.045 * side for other in placed))
        placed.append(next(free, spots[-1]))
    return np.array(placed).reshape(-1, 2)


def draw_overview(inputs: OverviewInputs) -> Figure:
    """Return the figure: the map, and beside it the alerts in words.

    Numbers on the map are those of the list, from 1 for the most urgent. Draw it within `house_style`.
    """
    height, width = inputs.grid.shape
    alerts = ranked(inputs.alerts)
    map_in = min((PAGE_WIDTH_IN * MAP_SHARE - 0.5) * height / width, MAX_MAP_IN)
    rows_in = ROW_IN * (min(len(alerts), MAX_ROWS) + 1)
    body_in = max(map_in, rows_in)
    figure, ((axes, table),) = new_page(Body((body_in,), (MAP_SHARE, 1 - MAP_SHARE), 0.4, above_in=0.1), _words(inputs))
    show_map(axes, _ground(inputs), inputs.grid)
    # level with the first line of the list
    axes.set_anchor("N")
    pens = _draw_alerts(axes, alerts, inputs.grid)
    add_legend(figure, [legend_entry(pen) for pen in (*pens, *draw_site(axes, inputs.site, inputs.grid))])
    _draw_table(table, alerts, body_in)
    return figure


def _words(inputs: OverviewInputs) -> Captions:
    """Return title, facts and credit; the facts name the scene that the map is of."""
    count = len(inputs.alerts)
    title = f"{inputs.site.name}: {count} alert{'' if count == 1 else 's'}"
    if inputs.look is None:
        return Captions(title, "No clear scene to show.", attribution([]))
    day = look_day(inputs.look)
    composite = composite_of([str(band) for band in inputs.look["band"].values])
    return Captions(title, f"Latest clear scene {day}: {inputs.look['scene_id'].values}, {composite.label}", attribution([day.year]))


def _ground(inputs: OverviewInputs) -> NDArray[np.float32]:
    """Return the look as a (y, x, 3) picture in 0-1, even grey where there is none."""
    if inputs.look is None:
        return np.full((*inputs.grid.shape, 3), 0.9, np.float32)
    return pictures([inputs.look], composite_of([str(band) for band in inputs.look["band"].values]))[0]


def _draw_alerts(axes: Axes, alerts: Sequence[Alert], grid: GeoBox) -> list[Pen]:
    """Draw all alerts' outlines, and numbers for the most urgent; return the pens used."""
    shapes: list[BaseGeometry] = [Geometry(alert.geometry, "EPSG:4326").to_crs(str(grid.crs)).geom for alert in alerts]
    pens = {str(status): pen for status, pen in STATUS_PENS.items()}
    for alert, shape in zip(alerts, shapes, strict=True):
        draw_outline(axes, shape, pens[alert.status])
    box = grid.boundingbox
    points = np.array([shape.representative_point().coords[0] for shape in shapes]).reshape(-1, 2)
    # the radius of a circle of that area: a bounding box would push numbers far off long, thin events
    reach = np.array([np.sqrt(shape.area / np.pi) for shape in shapes])
    spots = place_numbers(points[:MAX_ROWS], reach[:MAX_ROWS], (box.left, box.bottom, box.right, box.top))
    for number, (point, spot) in enumerate(zip(points, spots, strict=False), 1):
        axes.plot(
            *zip(point, spot, strict=True), color="white", linewidth=1, path_effects=[withStroke(linewidth=2, foreground=INK)], zorder=5
        )
        axes.text(spot[0], spot[1], str(number), ha="center", va="center", size=NUMBER_PT, weight="bold", zorder=6, bbox=DISC)
    return [pen for status, pen in pens.items() if any(alert.status == status for alert in alerts)]


def _draw_table(axes: Axes, alerts: Sequence[Alert], height_in: float) -> None:
    """Write the most urgent alerts, a line each, beside their numbers, and how many more there are."""
    axes.axis("off")
    rows = min(len(alerts), MAX_ROWS)
    axes.set(ylim=(height_in / ROW_IN, 0), xlim=(0, 1))
    for row, alert in enumerate(alerts[:MAX_ROWS]):
        axes.text(0.04, row + 0.5, str(row + 1), ha="center", va="center", weight="bold", size=NUMBER_PT, bbox=DISC)
        axes.text(0.11, row + 0.28, fit(f"{class_words(alert.event_class)}, {alert.area_ha:.2f} ha", 2.9, 9, 1), va="center", weight="bold")
        facts = f"priority {alert.priority:.0f} · {alert.status} · since {alert.first_detected}"
        axes.text(0.11, row + 0.72, facts, va="center", size=7.5, color=GREY)
    if len(alerts) > MAX_ROWS:
        axes.text(0.11, rows + 0.5, f"and {len(alerts) - MAX_ROWS} more in alerts.csv", va="center", color=GREY)
    if not alerts:
        axes.text(0.04, 0.5, "No alerts.", va="center", color=GREY)
