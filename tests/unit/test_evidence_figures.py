"""The figures of an alert: complete, honest, and nothing cut off."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from evidence_cases import Place, alert, aoi_grid, inputs, looks, site
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from sentinel_watch.domain.event import EventStatus
from sentinel_watch.domain.look import MaskReason
from sentinel_watch.evidence.before_after import before_after_png, draw_before_after
from sentinel_watch.evidence.canvas import fit, house_style
from sentinel_watch.evidence.change_map import draw_change_map, on_chip
from sentinel_watch.evidence.composites import composite_of, composites_of, pictures
from sentinel_watch.evidence.dossier.figures import SCREEN_IN
from sentinel_watch.evidence.overview import OverviewInputs, draw_overview, overview_png, ranked
from sentinel_watch.evidence.series import all_series, strongest
from sentinel_watch.evidence.time_series import draw_time_series, time_series_png

LONG = "A very long name of a landfill in a far district that somebody gave with $dollars$ and under_scores " * 2
PLACES = {
    "one pixel": Place(event_px=1, status=EventStatus.PROVISIONAL),
    "tiny site": Place(side_px=6, event_px=3),
    "long name": Place(name=LONG, status=EventStatus.FINISHED),
    "one band": Place(bands=("B8A",)),
    "never clear": Place(masked=MaskReason.CLOUD),
    "one date": Place(n_dates=1),
}


def figures(place: Place):
    """Yield all figures of a place, drawn."""
    made = inputs(place)
    run = OverviewInputs(made.site, aoi_grid(place), looks(place)[0], [alert(place), alert(place, alert_id="b", priority=90.0)])
    with house_style():
        series = all_series(made.samples, made.normal, made.index, made.indices)
        for figure in (draw_before_after(made), draw_change_map(made), draw_time_series(made, series), draw_overview(run)):
            FigureCanvasAgg(figure).draw()
            yield figure


def words(figure) -> str:
    """Return all text of a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


def outside(figure) -> list[str]:
    """Return the texts that reach over the figure's edge; ticks beyond an axis are not drawn and do not count."""
    renderer = figure.canvas.get_renderer()
    hidden = {label for axes in figure.axes for axis in (axes.xaxis, axes.yaxis) for label in _undrawn(axis)}
    found = []
    for text in figure.findobj(Text):
        if text.get_text().strip() and text.get_visible() and text not in hidden:
            box = text.get_window_extent(renderer)
            if box.x0 < 0 or box.y0 < 0 or box.x1 > figure.bbox.x1 or box.y1 > figure.bbox.y1:
                found.append(text.get_text())
    return found


def _undrawn(axis) -> list[Text]:
    drawn = set() if not axis.axes.axison else set(axis._update_ticks())
    return [label for tick in (*axis.majorTicks, *axis.minorTicks) if tick not in drawn for label in (tick.label1, tick.label2)]


@pytest.mark.parametrize("name", PLACES)
def test_no_text_is_cut_off(name: str):
    """Whatever the place, its name and its scenes: no text reaches over the edge of its figure."""
    assert [outside(figure) for figure in figures(PLACES[name])] == [[], [], [], []]


def test_the_words_of_a_dossiers_figures_keep_apart():
    """At a page's width, and with a footer of two lines, legend, footer and the labels of the axes are whole and do not overlap."""
    made = inputs(PLACES["long name"])
    made = replace(made, alert=made.alert.model_copy(update={"alert_id": "a-long-name-" * 8}))
    with house_style():
        series = all_series(made.samples, made.normal, made.index, made.indices)
        for figure in (draw_time_series(made, series, SCREEN_IN), draw_change_map(made, SCREEN_IN)):
            FigureCanvasAgg(figure).draw()
            assert outside(figure) == []
            renderer = figure.canvas.get_renderer()
            labels = [axes.xaxis.label for axes in figure.axes if axes.xaxis.label.get_text()]
            boxes = [part.get_window_extent(renderer) for part in (*figure.texts, *figure.legends, *labels)]
            assert [one for n, one in enumerate(boxes) if any(one.overlaps(other) for other in boxes[:n])] == []


def test_the_picture_says_what_it_shows():
    """Dates, scene ids, bands, coordinates, area, outlines and the credit stand on the picture."""
    made = inputs(Place())
    with house_style():
        text = words(draw_before_after(made))
    for needed in ("Before · 2021-02-16", "S2A_20210216", "After · ", "true colour (B04 B03 B02)", "false colour (B11 B08 B04)", "0.64 ha",
                   "Suspected excavation", "40.64815° N", "event", "permit", "100 m", "N",
                   "Contains modified Copernicus Sentinel data 2021"):  # fmt: skip
        assert needed in text


@pytest.mark.parametrize("reason", [MaskReason.CLOUD, MaskReason.NODATA])
def test_a_place_never_seen_clear_is_said_to_be(reason: MaskReason):
    """An all-masked chip gives a figure that says so and counts the reasons, not an empty or a false one."""
    made = inputs(Place(masked=reason))
    with house_style():
        assert words(draw_before_after(made)).count("No scene saw the event clear") == 2
        text = words(draw_time_series(made, all_series(made.samples, made.normal, made.index, made.indices)))
    assert "No scene saw the event clear." in text
    assert f"{reason.name.lower()} (48)" in text
    assert "0 of 50 scenes saw it clear" in text


def test_the_time_series_marks_the_milestones():
    """Onset, first detection, confirmation and end stand on the figure with their days."""
    made = inputs(Place(status=EventStatus.FINISHED))
    with house_style():
        text = words(draw_time_series(made, all_series(made.samples, made.normal, made.index, made.indices)))
    for mark in ("onset 2021-03-01", "first detected 2021-03-06", "confirmed 2021-04-10", "finished 2021-07-01", "unreadable (1)"):
        assert mark in text
    assert "duplicate" not in text


def test_the_time_series_shows_an_index_and_a_band():
    """What hardly shows in an index of vegetation shows in a band: the one of each kind that moved most is drawn, the clearer first."""
    made = inputs(Place())
    series = all_series(made.samples, made.normal, made.index, made.indices)
    onset = np.datetime64(made.event.region.onset)
    index, band = (strongest(series, names, made.samples, onset)[0].name for names in (made.indices, made.samples.bands))
    with house_style():
        panels = [axes.get_title(loc="left").split(":")[0] for axes in draw_time_series(made, series).axes if axes.get_title(loc="left")]
    assert sorted(panels) == sorted([index, band])
    assert panels == [one.name for one in strongest(series, panels, made.samples, onset)]


def test_a_band_is_called_by_its_colour():
    """The axis of a band says which light it is, for those who do not know the numbers of the bands."""
    made = inputs(Place(bands=("B8A",)))
    with house_style():
        assert "B8A, near infrared" in words(draw_time_series(made, all_series(made.samples, made.normal, made.index, made.indices)))


def test_the_same_inputs_give_the_same_bytes():
    """Drawing twice gives identical files, and leaves the user's own matplotlib settings alone."""
    mpl.rcParams["font.size"] = 23
    made = inputs(Place(n_dates=20))
    series = all_series(made.samples, made.normal, made.index, made.indices)
    first = before_after_png(made), time_series_png(made, series)
    assert mpl.rcParams["font.size"] == 23
    mpl.rcParams["font.size"] = 10
    assert (before_after_png(inputs(Place(n_dates=20))), time_series_png(made, series)) == first


def test_a_large_site_still_gives_a_small_file():
    """A chip of 600 pixels a side, as noisy as can be, stays below the limit for a page of alerts."""
    place = Place(side_px=600, event_px=300, n_dates=1)
    picture = overview_png(OverviewInputs(site(place), aoi_grid(place), looks(place)[0], [alert(place)]))
    assert len(picture) < 300_000
    assert Image.open(BytesIO(picture)).size[0] > 1000


def test_before_and_after_share_one_stretch():
    """The same reflectance has the same colour in both pictures."""
    made = inputs(Place())
    before, after = pictures([made.before, made.after], composite_of(("B02", "B03", "B04")))
    reflectance = [look["reflectance"].sel(band="B04").values.ravel() for look in (made.before, made.after)]
    order = np.argsort(np.concatenate(reflectance))
    assert (np.diff(np.concatenate([before[..., 0].ravel(), after[..., 0].ravel()])[order]) >= 0).all()


@pytest.mark.parametrize("sand_share", [0.02, 0.2])
def test_bright_sand_does_not_leave_the_forest_black(sand_share: float):
    """Sand sets the stretch, and forest beside it is still to be seen, as dark as it is beside nothing bright."""
    look = looks(Place(n_dates=1))[0]
    rng = np.random.default_rng(0)
    values = np.array([0.03, 0.05, 0.03])[:, None, None] * rng.uniform(0.7, 1.3, (3, 60, 60))
    values[:, : round(60 * sand_share)] = np.array([0.4, 0.46, 0.52])[:, None, None]
    sandy = look.sel(band=["B02", "B03", "B04"]).copy(deep=True)
    sandy["reflectance"].values[:] = values
    (shown,) = pictures([sandy], composite_of(("B02", "B03", "B04")))
    assert np.median(shown[20:]) > 0.2
    assert shown[0].min() > 0.9


def test_a_single_day_has_no_colour_bar():
    """A change that came on one day needs no scale of days: the day stands in its place."""
    with house_style():
        figure = draw_change_map(inputs(PLACES["one pixel"]))
    assert "all of it first seen on 2021-03-01" in words(figure)
    assert "day of the first anomalous look" not in words(figure)


def test_a_history_of_one_scene_is_called_that():
    """One look before is no baseline, and is marked so that it can be seen."""
    made = inputs(Place(n_dates=1))
    with house_style():
        text = words(draw_time_series(made, all_series(made.samples, made.normal, made.index, made.indices)))
    assert "history: one scene" in text
    assert "the baseline" not in text


@pytest.mark.parametrize(
    ("bands", "first", "count"),
    [(("B02", "B03", "B04", "B08", "B11"), "B04", 2), (("B02", "B04", "B08", "B11", "B12"), "B12", 1), (("B04", "B8A", "B11"), "B11", 1),
     (("B02", "B03", "B04"), "B04", 1), (("B08",), "B08", 1)],
)  # fmt: skip
def test_composites_follow_the_bands_that_there_are(bands: tuple[str, ...], first: str, count: int):
    """True colour where it can be, with an infrared picture beside it; else a false colour; else one band."""
    assert composites_of(bands)[0].bands[0] == first
    assert len(composites_of(bands)) == count


def test_the_change_lies_where_it_was_found():
    """The change map shows each pixel's magnitude at its place, and nothing elsewhere."""
    made = inputs(Place())
    shown = on_chip(made, "magnitude")
    rows, cols = made.event.region.rows - made.chip.top, made.event.region.cols - made.chip.left
    assert shown[rows, cols] == pytest.approx(made.changes[0].magnitude)
    assert np.isfinite(shown).sum() == len(rows)


def test_alerts_are_numbered_by_priority():
    """The overview counts from the most urgent alert; equals keep a fixed order."""
    place = Place()
    alerts = [alert(place, alert_id="b"), alert(place, alert_id="a"), alert(place, alert_id="c", priority=95.0)]
    assert [one.alert_id for one in ranked(alerts)] == ["c", "a", "b"]


@pytest.mark.parametrize("text", ["short", "W" * 400, "many words " * 60])
def test_text_is_fitted_to_its_room(text: str):
    """Fitted text has at most the lines asked for, and says that it was cut."""
    lines = fit(text, 3.0, 9, 2).split("\n")
    assert len(lines) <= 2
    assert lines[-1].endswith("…") == (text != "short")
