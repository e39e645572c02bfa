"""A quick look at an area before a full run: what Sentinel Hub's Statistical API says of each day, without an image."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from odc.geo.geom import Geometry as Shape
from sentinelhub.api.statistical import SentinelHubStatistical
from sentinelhub.constants import CRS
from sentinelhub.geometry import Geometry

from sentinel_watch.sources.hub_requests import input_data, processing_units
from sentinel_watch.sources.hub_till import Wanted
from sentinel_watch.sources.transfer import PassingError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.sources.http import Answer
    from sentinel_watch.sources.hub_till import Till

__all__ = ["Day", "quick_look", "statistics_body"]

BANDS = 5
MAX_SIDE_PX = 1000
"""A larger area is looked at in coarser pixels: means of thousands of pixels do not need them all."""
STRETCH = timedelta(days=90)
"""Asked for at once."""
MAX_BYTES = 32 * 1024**2

EVALSCRIPT = """//VERSION=3
function setup() {
  return {
    input: [{bands: ["B02", "B04", "B08", "B11", "SCL", "dataMask"]}],
    output: [{id: "index", bands: ["ndvi", "bsi"], sampleType: "FLOAT32"}, {id: "dataMask", bands: 1}]
  };
}
function evaluatePixel(sample) {
  const clear = [4, 5, 6, 7].includes(sample.SCL) ? sample.dataMask : 0;
  const soil = sample.B11 + sample.B04, green = sample.B08 + sample.B02;
  const ndvi = (sample.B08 - sample.B04) / (sample.B08 + sample.B04);
  return {index: [ndvi, (soil - green) / (soil + green)], dataMask: [clear]};
}
"""


@dataclass(frozen=True, slots=True)
class Day:
    """What was seen of an area on one day.

    Days without any image are left out by the service, so a gap between two is no observation.
    """

    day: date
    clear_fraction: float
    """Share of the area that SCL calls vegetation, bare, water or unclassified, 0-1."""
    ndvi: float | None
    """Mean over the clear pixels; None where there are none."""
    bare_soil: float | None
    """Mean bare soil index over the clear pixels, -1 to 1."""


def quick_look(till: Till, area: BaseGeometry, start: date, end: date) -> Iterator[Day]:
    """Yield the days from `start` to `end` on which `area` (WGS84) was seen, oldest first.

    Paid for at the `till`. Raises TransferError where the service does not answer as it must.

    Asked for in stretches of STRETCH days, in the area's UTM zone, at 10 m or coarser so that no side has more than
    MAX_SIDE_PX pixels. BudgetError where the estimate is more than is left.
    """
    shape = Shape(area, "EPSG:4326").to_crs("utm")
    bounds = shape.boundingbox
    # never finer than the sensor: it would cost more and show nothing
    resolution_m = max(10.0, math.ceil(max(bounds.span_x, bounds.span_y) / MAX_SIDE_PX))
    units = processing_units(math.ceil(bounds.span_y / resolution_m), math.ceil(bounds.span_x / resolution_m), BANDS)
    first, until = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (start, end + timedelta(days=1)))
    while first < until:
        last = min(first + STRETCH, until)
        body = statistics_body(shape.geom, str(shape.crs), (first, last), resolution_m)
        # a day costs as an image does; Sentinel-2 passes every second or third day at most
        yield from _ask(till, body, units * (last - first).days / 2)
        first = last


def statistics_body(area: BaseGeometry, crs: str, period: tuple[datetime, datetime], resolution_m: float) -> bytes:
    """Return a request to the Statistical API: each day's mean NDVI and bare soil index of the clear part of `area`.

    `area` is in `crs`, an EPSG code of metres.

    `period` is [first, last) in UTC. Sample size is `resolution_m` metres. Clear is SCL 4, 5, 6 or 7; the bare soil
    index is ((B11 + B04) - (B08 + B02)) / ((B11 + B04) + (B08 + B02)).
    """
    document = SentinelHubStatistical.body(
        request_bounds=SentinelHubStatistical.bounds(geometry=Geometry(area, CRS(crs))),
        request_data=[input_data(None)],
        aggregation=SentinelHubStatistical.aggregation(
            EVALSCRIPT, time_interval=period, aggregation_interval="P1D", resolution=(resolution_m, resolution_m)
        ),
        calculations=None,
    )
    return json.dumps(document, sort_keys=True).encode()


def _ask(till: Till, body: bytes, units: float) -> Iterator[Day]:
    """Yield the days of one stretch, at an estimated cost of `units`; raise BudgetError or TransferError."""
    wanted = Wanted("statistics", body, "application/json", MAX_BYTES)
    yield from _days(till.order(wanted, units, till.patience.deadline(), _check))


def _check(answer: Answer) -> None:
    """Raise PassingError where an answer is not whole, so that the client asks again."""
    _days(answer)


def _days(answer: Answer) -> list[Day]:
    """Return the days that an answer tells of; raise PassingError where it is not whole.

    The service sends status PARTIAL and an `error` in single days with HTTP status 200.
    """
    try:
        document = json.loads(answer.body)
        if document["status"] == "OK" and not any("error" in entry for entry in document["data"]):
            return [_day(entry) for entry in document["data"]]
        found = f"status {document['status']}"
    except (ValueError, LookupError, TypeError) as error:
        found = type(error).__name__
    raise PassingError("the service did not send the statistics that were asked for", where=shown(answer.url), found=found)


def _day(entry: dict[str, Any]) -> Day:
    """Return one entry of the answer as a Day; raise LookupError, ValueError or TypeError where it is malformed.

    `sampleCount` includes what the data mask leaves out, and `noDataCount` is that part; a day without clear pixels
    has no means.
    """
    ndvi, bare_soil = (entry["outputs"]["index"]["bands"][name]["stats"] for name in ("ndvi", "bsi"))
    # NDVI's counts stand for both indices, which share one mask
    clear = int(ndvi["sampleCount"]) - int(ndvi["noDataCount"])
    means = [float(stats["mean"]) if clear else None for stats in (ndvi, bare_soil)]
    return Day(date.fromisoformat(entry["interval"]["from"][:10]), clear / max(int(ndvi["sampleCount"]), 1), *means)
