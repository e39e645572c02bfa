"""What a run of scenes gives away as no change of the ground: clouds that no mask found, scenes beside their place, one sensor's opinion.

Clouds and sensors are told by scenes that show the ground as it was among those that show a change, since what has really changed
stays: a white roof is as bright as a cloud, but in every scene.
"""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

from sentinel_watch.domain.event import EventStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.series import Series

__all__ = ["artefact", "by_chance"]

LEAST = 3
"""Scenes of a kind without which nothing is said of them."""
MOST = 0.75
"""Share of the scenes that show a change from which on they are taken to show it all for one reason."""
CALM_FOR_VEIL = 1.5
"""Scenes without the change for each with it, to call it cloud."""
SEEN_FOR_VEIL = 0.67
"""Share of the detector's own looks that may be anomalous for it."""
BY_CHANCE = 0.001
"""Probability at which one satellite, orbit or baseline would have so many of the scenes with the change and not be the reason."""
FACETS = ("satellite", "orbit", "processing baseline")


def artefact(event: Event) -> tuple[str, str, str] | None:
    """Return class, words and reason of what the event's scenes give away, None where they give nothing away."""
    series = event.series
    if series.n_shown >= LEAST and series.displaced >= MOST * series.n_shown:
        told = f"{series.displaced} of the {series.n_shown} scenes that show a change lie beside their place"
        return "misregistration", "An edge only seems to have moved", told
    if veil := _veil(event, series):
        return "cloud_artefact", *veil
    if facet := _only_one(series):
        return "sensor_artefact", "The sensors differ, and not the ground,", f"one {facet} alone shows it"
    return None


def _veil(event: Event, series: Series) -> tuple[str, str] | None:
    """Return words and reason for cloud or shadow: veiled in most scenes that show it, and gone in more; None where it is something else.

    The detector's own count is asked too: it holds a faint change to be there in scenes that show little of it.
    """
    if event.region.n_anomalous > SEEN_FOR_VEIL * max(event.region.n_looks, 1) or series.n_calm < LEAST:
        return None
    calm = f"{series.n_calm} show the ground as it was"
    if event.status is EventStatus.FINISHED and series.n_shown == 0:
        return "Cloud, haze or snow covered the ground", f"no scene after it was found shows it, and {calm}"
    many = series.n_shown >= LEAST and series.veiled >= MOST * series.n_shown
    if not many or series.n_calm < CALM_FOR_VEIL * series.n_shown:
        return None
    veiled = f"{series.veiled} of the {series.n_shown} scenes that show it are veiled"
    return "Cloud, haze or shadow that no mask found covered the ground", f"{veiled}, and {calm}"


def _only_one(series: Series) -> str:
    """Return which of FACETS tells the scenes with the change from those without, empty where none does."""
    for place, facet in enumerate(FACETS):
        shown, calm = (_counted(counts, place) for counts in (series.shown, series.calm))
        for name, with_it in shown.items():
            table = with_it, series.n_shown - with_it, calm.get(name, 0), series.n_calm - calm.get(name, 0)
            if with_it >= MOST * series.n_shown and by_chance(*table) < BY_CHANCE:
                return facet
    return ""


def _counted(counts: Mapping[str, int], place: int) -> dict[str, int]:
    """Return the scenes by one part of who took them."""
    out: dict[str, int] = {}
    for name, count in counts.items():
        key = name.split("|")[place]
        out[key] = out.get(key, 0) + count
    return out


def by_chance(shown: int, shown_by_others: int, calm: int, calm_by_others: int) -> float:
    """Return the probability that one sensor has so many of the scenes with the change by chance; Fisher's exact test, 1922, one-sided."""
    with_it, own, everything = shown + shown_by_others, shown + calm, shown + shown_by_others + calm + calm_by_others
    ways = sum(comb(own, k) * comb(everything - own, with_it - k) for k in range(shown, min(own, with_it) + 1))
    return ways / comb(everything, with_it)
