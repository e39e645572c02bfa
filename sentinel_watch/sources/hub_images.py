"""What the Process API sent, checked to be what was ordered, and kept so that any part of it can be read again.

An image is kept whole and as it was sent, with the order as its label. A later run on another block of the same
pixels takes from it what it has, and orders only the rest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning, RasterioError

from sentinel_watch.sources.hub_requests import Order
from sentinel_watch.sources.ranges import Version
from sentinel_watch.sources.raster_file import GDAL_OPTIONS, heeding_warnings
from sentinel_watch.sources.transfer import PassingError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

    from sentinel_watch.sources.chips import Chips, Shelf

__all__ = ["Image", "Kept", "decode"]

SHIFT_PX = 1e-3


@dataclass(frozen=True)
class Image:
    """Bands of a pass on a grid.

    Digital numbers in the encoding of `hub_requests` (SCALE, OFFSET), SCL as classes. `values.shape[1:]` is the
    order's grid.
    """

    order: Order
    values: NDArray[np.uint16]
    """(band, y, x), 0 = no data."""
    body: bytes
    """As the service sent it."""

    def paint(self, onto: NDArray[np.float32], missing: NDArray[np.bool_], bands: Sequence[str], grid: GeoBox) -> None:
        """Copy what this image has of `grid` to where `missing` (y, x) is True in `onto` (band, y, x), and clear it there.

        `bands` are those of `onto`, each of which the image must have; 0 becomes NaN. Both grids must be on one
        lattice of pixels. A pixel without data is painted too, and no longer missing: the service has none there.
        """
        rows, cols, top, left = _overlap(self.order.grid, grid)
        if rows.start >= rows.stop or cols.start >= cols.stop:
            return
        here = missing[rows, cols]
        for number, band in enumerate(bands):
            # by name: an image that was kept may have its bands in another order
            found = self.values[self.order.bands.index(band), top : top + here.shape[0], left : left + here.shape[1]]
            onto[number, rows, cols][here] = np.where(found == 0, np.nan, found.astype(np.float32))[here]
        missing[rows, cols] = False


class Kept:
    """The images of one pass in the chip cache; without a cache, none.

    `href` is that of the pass, without a secret; all images of a pass lie under it, as versions of one file.
    """

    def __init__(self, chips: Chips | None, href: str) -> None:
        self._chips = chips
        self._href = href

    def images(self, bands: Sequence[str], grid: GeoBox) -> Iterator[Image]:
        """Yield the kept images that have `bands` and lie on `grid`, the last fetched first.

        An image must have all of `bands`; one that has some is left, since its other bands would have to be ordered
        anyway. A damaged one is skipped; raises PassingError where one that is whole cannot be decoded.
        """
        for shelf in self._chips.shelves(self._href) if self._chips else ():
            # an image is used again whatever grid it was ordered for, if its pixels fit
            order = _order_of(shelf)
            if order is None or not set(bands) <= set(order.bands) or not _on_one_lattice(order.grid, grid):
                continue
            rows, cols, _, _ = _overlap(order.grid, grid)
            if rows.start < rows.stop and cols.start < cols.stop and (body := shelf.load((0, shelf.version.size))):
                # used now, so the cache keeps it longest
                shelf.touch()
                yield Image(order, decode(body, order), body)

    def keep(self, image: Image) -> None:
        """Keep an image, byte for byte as the service sent it.

        Its order stands in place of an ETag, so two images of one pass never overwrite each other.
        """
        if self._chips:
            self._chips.keep(self._chips.shelf(self._href, Version(len(image.body), _label(image.order))), 0, image.body)


def decode(body: bytes, order: Order) -> NDArray[np.uint16]:
    """Return the (band, y, x) numbers of a TIFF; raise PassingError where it is not the image that was ordered.

    The TIFF must be pixel-interleaved or planar uint16 with exactly the order's bands and shape, at its place within
    SHIFT_PX of a pixel, with every block inside the file. A warning of GDAL counts as an error.
    """
    try:
        with (
            heeding_warnings() as said,
            rasterio.Env(**GDAL_OPTIONS),
            rasterio.MemoryFile(body) as file,
            file.open(driver="GTiff") as raster,
        ):
            _check(raster, order, len(body))
            values: NDArray[np.uint16] = raster.read()
    except (RasterioError, NotGeoreferencedWarning, OSError, ValueError) as error:
        raise PassingError("the image is no readable GeoTIFF", found=str(error)) from error
    if said:
        raise PassingError("reading the image gave a warning", found=said[0])
    return values


def _check(raster: DatasetReader, order: Order, size: int) -> None:
    """Raise PassingError where a raster of `size` bytes has another shape, type or place than `order`, or lacks a block."""
    shape = (len(order.bands), *order.grid.shape)
    found = (raster.count, *raster.shape)
    # an image of another shape would be laid over the grid in the wrong place
    if found != shape or set(raster.dtypes) != {"uint16"}:
        raise PassingError("the image is not the one that was ordered", found=f"{found} of {raster.dtypes[0]}")
    # GDAL takes a file without a place for one at the origin
    if not raster.transform.is_identity and not _same_place(raster.transform, order.grid.affine):
        raise PassingError("the image is not of the place that was ordered", found=str(tuple(raster.transform)[:6]))
    for band in range(1, raster.count + 1):
        for (row, col), _ in raster.block_windows(band):
            offset, count = (int(raster.get_tag_item(f"BLOCK_{what}_{col}_{row}", "TIFF", bidx=band) or 0) for what in ("OFFSET", "SIZE"))
            if not (offset > 0 and count > 0 and offset + count <= size):
                raise PassingError("a block of the image is missing or cut off", found=f"block {row}, {col} of band {band}")


def _same_place(found: Affine, asked: Affine) -> bool:
    """Return whether two pixel-to-map transforms agree within a thousandth of a pixel's width."""
    return bool(np.allclose(tuple(found)[:6], tuple(asked)[:6], atol=abs(asked.a) * SHIFT_PX))


def _label(order: Order) -> str:
    """Return the order as text, in place of an ETag: it says all that is needed to use its image again.

    JSON with sorted keys: bands, period, SHA-256 of the request, CRS, shape (rows, columns) and transform (a, b, c,
    d, e, f).
    """
    place = {"crs": str(order.grid.crs), "shape": list(order.grid.shape), "transform": list(order.grid.affine)[:6]}
    what = {"bands": order.bands, "period": order.period, "request": order.key}
    return json.dumps({**what, **place}, sort_keys=True)


def _order_of(shelf: Shelf) -> Order | None:
    """Return the order whose image is kept on a shelf; None where this program would ask in other words."""
    try:
        known: dict[str, Any] = json.loads(shelf.version.etag)
        grid = GeoBox(tuple(known["shape"]), Affine(*known["transform"]), known["crs"])
        order = Order(tuple(known["bands"]), (known["period"][0], known["period"][1]), grid)
        # another version of this program may have asked for another encoding
        return order if order.key == known["request"] else None
    except (ValueError, LookupError, TypeError):
        return None


def _on_one_lattice(one: GeoBox, other: GeoBox) -> bool:
    """Return whether two grids have the same CRS and pixels, but for which of them they hold.

    Both must have the same resolution too. Off by less than SHIFT_PX of a pixel counts as the same.
    """
    if str(one.crs) != str(other.crs) or one.resolution != other.resolution:
        return False
    col, row = ~one.affine * (other.affine.c, other.affine.f)
    return bool(abs(col - round(col)) < SHIFT_PX and abs(row - round(row)) < SHIFT_PX)


def _overlap(one: GeoBox, other: GeoBox) -> tuple[slice, slice, int, int]:
    """Return rows and columns of `other` that `one` covers, and where they begin in `one`.

    In pixels; the slices are empty where they are apart. Takes grids on one lattice, as `_on_one_lattice` says.
    """
    col, row = (round(value) for value in ~one.affine * (other.affine.c, other.affine.f))
    rows = slice(max(-row, 0), max(min(other.shape[0], one.shape[0] - row), 0))
    cols = slice(max(-col, 0), max(min(other.shape[1], one.shape[1] - col), 0))
    return rows, cols, row + rows.start, col + cols.start
