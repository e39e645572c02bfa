"""A small made-up place for the tests of the evidence: a field that is dug up in the spring of 2021."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from odc.geo.geom import Geometry

from sentinel_watch.domain.alert import Alert
from sentinel_watch.domain.change import ChangeMap, PixelStatus, Region
from sentinel_watch.domain.event import Event, EventStatus
from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord
from sentinel_watch.domain.look import MaskReason, make_look
from sentinel_watch.domain.site import Permit, Site
from sentinel_watch.evidence.chip import chip_around
from sentinel_watch.evidence.inputs import EvidenceInputs
from sentinel_watch.evidence.samples import take_samples
from sentinel_watch.evidence.scenes import choose_scenes
from sentinel_watch.evidence.series import instants

if TYPE_CHECKING:
    import xarray as xr

ONSET = date(2021, 3, 1)
LEVEL = {"B02": 0.05, "B03": 0.08, "B04": 0.06, "B08": 0.35, "B8A": 0.36, "B11": 0.2, "B12": 0.12}
DUG = {"B02": 0.12, "B03": 0.16, "B04": 0.2, "B08": 0.25, "B8A": 0.26, "B11": 0.32, "B12": 0.3}


@dataclass(frozen=True)
class Place:
    """What the made-up place looks like."""

    side_px: int = 60
    event_px: int = 8
    bands: tuple[str, ...] = ("B02", "B03", "B04", "B08", "B11")
    n_dates: int = 48
    masked: MaskReason | None = None
    """Hides every date where given; every fourth one is cloudy anyway."""
    name: str = "Test field"
    status: EventStatus = EventStatus.CONFIRMED


def index(name: str, reflectance: xr.DataArray) -> xr.DataArray:
    """Return a normalised difference: NDVI or NDMI."""
    first, second = {"NDVI": ("B08", "B04"), "NDMI": ("B08", "B11")}[name]
    one, other = reflectance.sel(band=first, drop=True), reflectance.sel(band=second, drop=True)
    return (one - other) / (one + other)


def aoi_grid(place: Place) -> GeoBox:
    """Return the place's grid in UTM 38N."""
    left, top = 500_000, 4_500_000
    side = place.side_px * 10
    return GeoBox.from_bbox((left, top - side, left + side, top), crs="EPSG:32638", resolution=10)


def day_of(number: int) -> date:
    """Return the day of the n-th scene: one every twelve days from 2020 on."""
    return date(2020, 1, 5) + timedelta(days=12 * number)


def event(place: Place) -> Event:
    """Return the event: a square in the middle."""
    start = (place.side_px - place.event_px) // 2
    rows, cols = (a.ravel().astype(np.int32) + start for a in np.mgrid[: place.event_px, : place.event_px])
    origin = 500_000 + start * 10, 4_500_000 - start * 10
    outline = shapely.box(origin[0], origin[1] - place.event_px * 10, origin[0] + place.event_px * 10, origin[1])
    region = Region(
        rows=rows, cols=cols, geometry=outline, area_ha=place.event_px**2 / 100, status=PixelStatus.CONFIRMED, onset=ONSET,
        last_clear=ONSET - timedelta(days=9), confirmed=date(2021, 4, 10), last_observed=day_of(place.n_dates - 1), magnitude=7.0,
        evidence=30.0, n_looks=12, n_anomalous=11, expected={}, observed={},
    )  # fmt: skip
    seen = {"first_detected": date(2021, 3, 6), "confirmed_at": date(2021, 4, 10)}
    if place.status is EventStatus.PROVISIONAL:
        seen["confirmed_at"] = None
    finished = date(2021, 7, 1) if place.status is EventStatus.FINISHED else None
    return Event("e1", region, place.status, last_observed=day_of(place.n_dates - 1), finished_at=finished, **seen)


def expected(place: Place, day: np.datetime64) -> np.ndarray:
    """Return the place as it was before, with a mild season in the near infrared."""
    season = 0.04 * np.sin(2 * np.pi * day.astype("datetime64[D]").astype(int) / 365.25)
    levels = np.array([LEVEL[band] + season * (band == "B08") for band in place.bands], np.float32)
    return np.broadcast_to(levels[:, None, None], (len(place.bands), place.side_px, place.side_px))


def looks(place: Place) -> list[xr.Dataset]:
    """Return every look on the AOI's grid."""
    rng = np.random.default_rng(7)
    found = event(place)
    result = []
    for number in range(place.n_dates):
        day = day_of(number)
        reflectance = expected(place, np.datetime64(day)) + rng.normal(0, 0.01, (len(place.bands), place.side_px, place.side_px))
        if day >= ONSET:
            reflectance[:, found.region.rows, found.region.cols] = np.array([[DUG[band]] for band in place.bands])
        mask = np.full((place.side_px, place.side_px), place.masked or (MaskReason.CLOUD if number % 4 == 3 else 0), np.uint8)
        if place.masked is MaskReason.NODATA:
            reflectance[:] = np.nan
        instant = datetime(day.year, day.month, day.day, 10, 5, tzinfo=UTC)
        result.append(make_look(f"S2A_{day:%Y%m%d}", instant, place.bands, reflectance.astype(np.float32), mask))
    return result


def records(place: Place) -> list[SceneRecord]:
    """Return the ledger: every look, one scene that could not be read, one that was another copy."""
    lines = [
        SceneRecord(
            f"S2A_{day_of(n):%Y%m%d}", f"{day_of(n)}T10:05:00Z", "history" if day_of(n) < date(2021, 1, 1) else "monitoring", Outcome.USED
        )
        for n in range(place.n_dates)
    ]
    broken = SceneRecord("S2B_20210210", "2021-02-10T10:05:00Z", "monitoring", Outcome.FAILED, Reason.UNREADABLE)
    copy = SceneRecord("S2A_20210222_old", "2021-02-22T10:05:00Z", "monitoring", Outcome.REJECTED, Reason.DUPLICATE)
    return [*lines, broken, copy]


def site(place: Place) -> Site:
    """Return the site: an AOI a little inside the grid, with a permit for its western half."""
    grid = aoi_grid(place)
    box = grid.boundingbox
    aoi = shapely.box(box.left + 15, box.bottom + 15, box.right - 15, box.top - 15)
    half = shapely.box(box.left + 30, box.bottom + 30, (box.left + box.right) / 2, box.top - 30)
    aoi, half = (Geometry(shape, str(grid.crs)).to_crs("EPSG:4326").geom for shape in (aoi, half))
    return Site("test_field", place.name, "mine", aoi, "GEO", permits=(Permit("P1", half),))


def alert(place: Place, **columns: object) -> Alert:
    """Return the event's alert."""
    found = event(place)
    shape = Geometry(found.region.geometry, "EPSG:32638").to_crs("EPSG:4326").geom
    values = {
        "geometry": shape, "alert_id": "test_field-0001", "event_id": "e1", "site_id": "test_field", "event_class": "excavation",
        "class_confidence": 0.8, "class_probs": "{}", "explanation": "Bare ground where there was none.", "last_clear_before": "2021-02-20",
        "first_detected": str(found.first_detected), "confirmed_at": found.confirmed_at and str(found.confirmed_at),
        "last_observed": str(found.last_observed), "finished_at": found.finished_at and str(found.finished_at), "status": str(found.status),
        "area_ha": found.region.area_ha, "centroid_lon": shape.centroid.x, "centroid_lat": shape.centroid.y, "location_uncertainty_m": 10.0,
        "country": "GEO", "admin": "", "magnitude": 7.0, "n_observations": 12, "n_anomalous": 11, "sensors": "sentinel-2a",
        "detection_confidence": 0.9, "permit_id": "P1", "outside_permit_pct": 50.0, "protected_overlap_ha": None,
        "distance_to_water_m": None,
        "suspected_violation": True, "reasons": "outside_permit", "severity": "high", "priority": 80.0, "qa_flags": "",
        "observability": 0.7,
        "pipeline": "mine", "model_version": "rule", "code_version": "0", "before_scene": None, "after_scene": "S2A_20210617",
    }  # fmt: skip
    return Alert(**{**values, **columns})


def changes(place: Place) -> ChangeMap:
    """Return the changed pixels of the event, the strength rising from left to right."""
    rows, cols = event(place).region.rows, event(place).region.cols
    n, onset, right = len(rows), (ONSET - date(1970, 1, 1)).days, cols - cols.min()
    days, nothing, counts = (onset + right).astype(np.int32), np.zeros((n, len(place.bands)), np.float32), np.ones(n, np.uint16)
    return ChangeMap(
        rows=rows, cols=cols, status=np.full(n, 2, np.uint8), evidence=np.ones(n, np.float32), magnitude=(3 + right).astype(np.float32),
        onset=days, confirmed=days + 40, last_clear=days - 9, last_look=days + 90, n_looks=counts, n_anomalous=counts,
        expected=nothing, observed=nothing,
    )  # fmt: skip


def inputs(place: Place) -> EvidenceInputs:
    """Return all that the evidence of the event is made from."""
    found, seen = event(place), looks(place)
    chip = chip_around(found, aoi_grid(place))
    rows, cols = chip.window()
    chips = {str(look["scene_id"].values): look.isel(y=rows, x=cols) for look in seen}
    samples = take_samples(chips.values(), records(place), chip, found)
    pair = choose_scenes(samples, found)
    indices = ("NDVI", "NDMI") if {"B04", "B08", "B11"} <= set(place.bands) else ()
    return EvidenceInputs(
        alert=alert(place), event=found, site=site(place), chip=chip, samples=samples, before=chips.get(pair.before or ""),
        after=chips.get(pair.after or ""), changes=(changes(place),), index=index, indices=indices,
        normal=np.stack([expected(place, day)[:, rows, cols][:, samples.y, samples.x] for day in instants(samples)]).astype(np.float32),
        neighbours=(replace(found, event_id="e2", status=EventStatus.PROVISIONAL),),
    )  # fmt: skip
