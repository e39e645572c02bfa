"""What Sentinel Hub is asked, word for word: orders to its Process API, and what they cost.

Reflectance comes as REFLECTANCE with `harmonizeValues` off, which means: in units of 1 whatever the processing baseline, its
offset of -1000 already taken off by the service, and not clamped at 0. It travels as DN = 10 000 x reflectance + 1000 in 16 bits,
the encoding of Sentinel-2's own baseline 04.00, so that 0 is free for "no data" and dark water below 0 survives.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sentinelhub.api.process import SentinelHubRequest
from sentinelhub.constants import CRS, MimeType, MosaickingOrder, ResamplingType
from sentinelhub.data_collections import DataCollection
from sentinelhub.geometry import BBox

from sentinel_watch.domain.scene import SCL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from odc.geo.geobox import GeoBox

__all__ = ["COLLECTION", "MAX_SIDE_PX", "OFFSET", "SCALE", "Order", "input_data", "process_evalscript", "processing_units"]

COLLECTION = "sentinel-2-l2a"
MAX_SIDE_PX = 2500
"""Longest side of an image that the Process API makes."""
SCALE, OFFSET = 1e-4, -0.1
"""Reflectance = DN * SCALE + OFFSET of what `process_evalscript` gives."""

_EVALSCRIPT = """//VERSION=3
function setup() {{
  return {{
    input: [{{bands: {bands}}}],
    output: {{bands: {count}, sampleType: "UINT16"}},
    mosaicking: "SIMPLE"
  }};
}}
function number(reflectance) {{
  return Math.min(Math.max(Math.round(reflectance * 10000) + 1000, 1), 65535);
}}
function evaluatePixel(sample) {{
  if (!sample.dataMask) {{
    return {nothing};
  }}
  return [{values}];
}}
"""


@dataclass(frozen=True)
class Order:
    """One image that is asked for: bands of one acquisition on a grid of at most MAX_SIDE_PX a side.

    A value: equal orders have equal bodies, and so one key. CRS, shape and resolution are the grid's, so no pixel is
    resampled again here.
    """

    bands: tuple[str, ...]
    """In the order in which they come."""
    period: tuple[str, str]
    """First and last instant, ISO 8601, UTC."""
    grid: GeoBox
    """In a CRS with an EPSG number."""

    @property
    def units(self) -> float:
        """Return what it will cost, processing units.

        The estimate that is set aside before the request; the answer's header says what it has really cost.
        """
        return processing_units(self.grid.shape[0], self.grid.shape[1], len(self.bands))

    @cached_property
    def body(self) -> bytes:
        """The request to the Process API, JSON; the same order gives the same bytes."""
        height, width = self.grid.shape
        document = SentinelHubRequest.body(
            request_bounds=SentinelHubRequest.bounds(bbox=BBox(self.grid.boundingbox.bbox, _crs(self.grid))),
            request_data=[input_data(self.period)],
            evalscript=process_evalscript(self.bands),
            request_output=SentinelHubRequest.output([SentinelHubRequest.output_response("default", MimeType.TIFF)], size=(width, height)),
        )
        return json.dumps(document, sort_keys=True).encode()

    @property
    def key(self) -> str:
        """Return what tells the order from all others, 64 hexadecimal digits.

        It is kept with the image: where this program asks in other words (another script, another encoding) it orders
        anew.
        """
        return hashlib.sha256(self.body).hexdigest()


def process_evalscript(bands: Sequence[str]) -> str:
    """Return the script that gives `bands` as 16-bit numbers: reflectance encoded by SCALE and OFFSET, SCL as it is, 0 = no data.

    A value beyond 16 bits is cut off at 65535, reflectance 6.45; one below -0.1 at DN 1, so that 0 means "no data"
    alone. Where `dataMask` is 0, all bands are 0. Evalscript version 3.
    """
    values = ", ".join(f"sample.{band}" if band == SCL else f"number(sample.{band})" for band in bands)
    # dataMask tells a dark pixel from none
    asked, nothing = json.dumps([*bands, "dataMask"]), json.dumps([0] * len(bands))
    return _EVALSCRIPT.format(bands=asked, count=len(bands), nothing=nothing, values=values)


def processing_units(height_px: int, width_px: int, bands: int) -> float:
    """Return what a 16-bit image made of so many input bands, `dataMask` left out, costs, processing units.

    One unit is 512 x 512 pixels of 3 bands; an image counts as at least a hundredth of that area, and costs at least 0.005
    (Sentinel Hub, Processing Unit definition).

    16-bit output has factor 1, 32-bit would have 2. `height_px` and `width_px` are those of the output.
    """
    # the service rounds small images up, so many tiny orders are dear
    area = max(height_px * width_px / 512**2, 0.01)
    return max(area * bands / 3, 0.005)


def _crs(grid: GeoBox) -> CRS:
    """Return the grid's CRS in the package's words; raise ValueError where it has no EPSG number."""
    number = grid.crs.to_epsg() if grid.crs else None
    if number is None:
        raise ValueError("the grid's coordinate system has no EPSG number")
    return CRS(str(number))


def input_data(period: tuple[str, str] | None) -> dict[str, Any]:
    """Return the part of a request that names the data; nearest neighbour, since SCL's classes may not be mixed.

    `period` is (first, last) in ISO 8601, UTC; None where the request names it elsewhere, as the Statistical API's
    does. `harmonizeValues` off keeps reflectance below 0, see the head of this file.
    """
    return SentinelHubRequest.input_data(
        DataCollection.SENTINEL2_L2A,
        time_interval=period,
        mosaicking_order=MosaickingOrder.MOST_RECENT,
        upsampling=ResamplingType.NEAREST,
        downsampling=ResamplingType.NEAREST,
        other_args={"processing": {"harmonizeValues": False}},
    )
