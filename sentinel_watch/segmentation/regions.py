"""Connected changed pixels become regions, measured in the grid's metres; blocks leave no seam."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field
from rasterio.features import shapes
from shapely import MultiPolygon, Polygon, affinity, union_all
from shapely.geometry import shape
from skimage.measure import label

from sentinel_watch.domain.change import ChangeMap, PixelStatus, Region
from sentinel_watch.registry import Part
from sentinel_watch.segmentation.pixels import concatenate, select

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

__all__ = ["Segmentation"]

EPOCH = date(1970, 1, 1)


class Segmentation(Part):
    """Which changed pixels make a region."""

    min_area_px: int = Field(5, ge=1, le=10_000)
    """Minimum mapping unit: regions of fewer pixels are left out."""
    min_confirmed_px: int = Field(3, ge=1, le=10_000)
    """A region is confirmed where at least so many of its pixels are."""
    grow_evidence: float = Field(2.0, ge=0)
    """Provisional pixels join a region from this evidence on."""

    def regions(self, changes: Sequence[ChangeMap], inside: NDArray[np.bool_], grid: GeoBox, bands: Sequence[str]) -> tuple[Region, ...]:
        """Return the regions of still changed pixels, top to bottom, left to right; 8-connected.

        `changes` are the maps of all blocks, `inside` (y, x) is True inside the AOI, `grid` the AOI's grid and `bands`
        name the columns of `expected` and `observed`.
        """
        if not changes:
            return ()
        change = concatenate(changes)
        active = select(change, self._active(change) & inside[change.rows, change.cols])
        return tuple(self._measure(part, grid, bands) for part in components(active) if part.rows.size >= self.min_area_px)

    def _active(self, change: ChangeMap) -> NDArray[np.bool_]:
        provisional = (change.status == PixelStatus.PROVISIONAL) & (change.evidence >= self.grow_evidence)
        active: NDArray[np.bool_] = (change.status == PixelStatus.CONFIRMED) | provisional
        return active

    def _measure(self, pixels: ChangeMap, grid: GeoBox, bands: Sequence[str]) -> Region:
        sure = pixels.status == PixelStatus.CONFIRMED
        confirmed = int(sure.sum()) >= self.min_confirmed_px
        core = select(pixels, sure) if confirmed else pixels
        seen = core.last_clear[core.last_clear > 0]
        return Region(
            rows=pixels.rows,
            cols=pixels.cols,
            geometry=outline(pixels.rows, pixels.cols, grid),
            area_ha=pixels.rows.size * abs(grid.resolution.x * grid.resolution.y) / 1e4,
            status=PixelStatus.CONFIRMED if confirmed else PixelStatus.PROVISIONAL,
            onset=_day(core.onset, 0.1),
            last_clear=_day(seen, 0.5) if seen.size else None,
            confirmed=_nth_day(core.confirmed, self.min_confirmed_px) if confirmed else None,
            last_observed=_day(pixels.last_look, 1.0),
            magnitude=float(np.median(core.magnitude)),
            evidence=float(np.median(core.evidence)),
            n_looks=int(np.median(core.n_looks)),
            n_anomalous=int(np.median(core.n_anomalous)),
            expected=_by_band(core.expected, bands),
            observed=_by_band(core.observed, bands),
        )


def components(change: ChangeMap) -> Iterator[ChangeMap]:
    """Yield the 8-connected parts of the changed pixels, each in row-major order."""
    if not change.rows.size:
        return
    rows, cols = change.rows - change.rows.min(), change.cols - change.cols.min()
    canvas = np.zeros((rows.max() + 1, cols.max() + 1), bool)
    canvas[rows, cols] = True
    labels = np.asarray(label(canvas, connectivity=2))[rows, cols]
    order = np.argsort(labels, kind="stable")
    for index in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        yield select(change, index)


def outline(rows: NDArray[np.int32], cols: NDArray[np.int32], grid: GeoBox) -> Polygon | MultiPolygon:
    """Return the outline of pixels along their edges, in the CRS of `grid`; valid, exterior rings counterclockwise."""
    top, left = int(rows.min()), int(cols.min())
    canvas = np.zeros((int(rows.max()) - top + 1, int(cols.max()) - left + 1), np.uint8)
    canvas[rows - top, cols - left] = 1
    # 4-connected outlines stay valid where pixels touch only at a corner
    parts = [shape(part) for part, value in shapes(canvas, mask=canvas > 0, connectivity=4) if value]
    a, b, c, d, e, f = (grid.affine * grid.affine.translation(left, top))[:6]
    return affinity.affine_transform(union_all(parts), (a, b, d, e, c, f)).normalize()


def _day(days: NDArray[np.int32], quantile: float) -> date:
    return EPOCH + timedelta(days=int(np.quantile(days, quantile, method="inverted_cdf")))


def _nth_day(days: NDArray[np.int32], n: int) -> date:
    return EPOCH + timedelta(days=int(np.sort(days)[n - 1]))


def _by_band(values: NDArray[np.float32], bands: Sequence[str]) -> dict[str, float]:
    means = np.nanmean(values.astype(float), axis=0) if values.size else np.full(len(bands), np.nan)
    return {band: float(mean) for band, mean in zip(bands, means, strict=True)}
