"""The words that the figures of one alert share.

Always *suspected*: a picture goes further than the report that it was made for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.evidence.canvas import Captions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.site import Site

__all__ = ["attribution", "band_words", "captions", "class_words", "place"]

_LIGHT = {
    "B01": "violet", "B02": "blue", "B03": "green", "B04": "red", "B05": "red edge", "B06": "red edge", "B07": "red edge",
    "B08": "near infrared", "B8A": "near infrared", "B11": "short-wave infrared", "B12": "short-wave infrared",
}  # fmt: skip


def captions(alert: Alert, site: Site, years: Iterable[int]) -> Captions:
    """Return title, facts and footer of an alert's figures; `years` are those of the scenes shown.

    What, how sure and how large; where and when; which alert, and the credit to Copernicus.

    Days are UTC, the area is in hectares. The title begins with "Suspected", whatever the class.
    """
    title = f"Suspected {class_words(alert.event_class)} · {alert.status} · {alert.area_ha:.2f} ha"
    dates = [f"first detected {alert.first_detected}", f"confirmed {alert.confirmed_at}" if alert.confirmed_at else "not confirmed yet"]
    if alert.finished_at:
        dates.append(f"finished {alert.finished_at}")
    facts = f"{place(alert.centroid_lon, alert.centroid_lat)} · {', '.join(dates)} · {site.name}"
    return Captions(title, facts, f"Alert {alert.alert_id} · {attribution(years)}")


def class_words(event_class: str) -> str:
    """Return an event class as words: `vegetation_loss` -> `vegetation loss`."""
    return event_class.replace("_", " ")


def band_words(name: str) -> str:
    """Return a Sentinel-2 band with its light: `B11` -> `B11, short-wave infrared`; another name, as of an index, as it is."""
    return f"{name}, {_LIGHT[name]}" if name in _LIGHT else name


def place(lon: float, lat: float) -> str:
    """Return coordinates as a GPS shows them: decimal degrees, about a metre.

    `place(23.12345, 46.3)` is `46.30000° N, 23.12345° E`: latitude first, as people read it.
    """
    return f"{abs(lat):.5f}° {'N' if lat >= 0 else 'S'}, {abs(lon):.5f}° {'E' if lon >= 0 else 'W'}"


def attribution(years: Iterable[int]) -> str:
    """Return the credit that Copernicus asks for; a span of years is shown as first-last.

    After the legal notice on the use of Copernicus Sentinel data, which asks for the year of the data. Without years
    none is claimed.
    """
    known = sorted(set(years))
    span = f" {known[0]}" if len(known) == 1 else f" {known[0]}-{known[-1]}" if known else ""
    return f"Contains modified Copernicus Sentinel data{span}"
