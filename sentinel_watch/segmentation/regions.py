"""Connected changed pixels become regions, measured in the grid's metres; blocks leave no seam.

Areas are pixel counts times the pixel's area on the UTM grid, which departs from that on the ground by about 0.2 % at most
inside a zone.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
from affine import Affine
from pydantic import Field
from rasterio.features import shapes
from shapely import MultiPolygon, Polygon, union_all
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
    """Which changed pixels make a region.

    A shift of the scene leaves slivers along every edge in the landscape: a larger `min_area_px` drops them, and with them the
    smallest events. `min_confirmed_px` confirms a region and dates it; larger is later and surer.
    """

    min_area_px: int = Field(5, ge=1, le=10_000)
    """Minimum mapping unit: regions of fewer pixels are left out."""
    min_confirmed_px: int = Field(3, ge=1, le=10_000)
    """A region is confirmed where at least so many of its pixels are."""

    def regions(self, changes: Sequence[ChangeMap], inside: NDArray[np.bool_], grid: GeoBox, bands: Sequence[str]) -> tuple[Region, ...]:
        """Return the regions of still changed pixels, top to bottom, left to right; 8-connected.

        `changes` are the maps of all blocks, `inside` (y, x) is True inside the AOI, `grid` the AOI's grid and `bands`
        name the columns of `expected` and `observed`. FINISHED pixels belong to no region; a region that is left without
        pixels is no longer returned, from which tracking sees that it ended.
        """
        if not changes:
            return ()
        change = concatenate(changes)
        off = np.isin(change.status, (PixelStatus.PROVISIONAL, PixelStatus.CONFIRMED))
        active = select(change, off & inside[change.rows, change.cols])
        parts = [(part, around) for part, around in components(active, grid) if part.rows.size >= self.min_area_px]
        pixel_m2 = abs(grid.resolution.x * grid.resolution.y)
        return tuple(self._measure(part, around, part.rows.size * pixel_m2 / 1e4, bands) for part, around in parts)

    def _measure(self, pixels: ChangeMap, around: Polygon | MultiPolygon, area_ha: float, bands: Sequence[str]) -> Region:
        """Return the region of `pixels`; dates and signal are of the confirmed ones alone once they suffice to confirm it."""
        sure = pixels.status == PixelStatus.CONFIRMED
        confirmed = int(sure.sum()) >= self.min_confirmed_px
        core = select(pixels, sure) if confirmed else pixels
        first = self._first(core) if confirmed else core
        # a median that is one of the days: the mean of two could be a day on which nobody looked
        onset = np.quantile(first.onset, 0.5, method="inverted_cdf")
        seen = core.last_clear[(core.last_clear > 0) & (core.onset <= onset)]
        return Region(
            rows=pixels.rows,
            cols=pixels.cols,
            geometry=around,
            area_ha=area_ha,
            status=PixelStatus.CONFIRMED if confirmed else PixelStatus.PROVISIONAL,
            onset=_date(onset),
            last_clear=_date(seen.max()) if seen.size else None,
            confirmed=_date(first.confirmed.max()) if confirmed else None,
            last_observed=_date(pixels.last_look.max()),
            magnitude=float(np.median(core.magnitude)),
            evidence=float(np.median(core.evidence)),
            n_looks=int(np.median(core.n_looks)),
            n_anomalous=int(np.median(core.n_anomalous)),
            expected=_by_band(core.expected, bands),
            observed=_by_band(core.observed, bands),
            still_clear=_by(core.last_clear[core.last_clear > 0], 0.8),
            half_by=_by(core.onset, 0.5),
            mostly_by=_by(core.onset, 0.8),
        )

    def _first(self, sure: ChangeMap) -> ChangeMap:
        """Return the pixels that were confirmed by the day on which enough of them were to confirm a region: they date it."""
        day = np.partition(sure.confirmed, self.min_confirmed_px - 1)[self.min_confirmed_px - 1]
        return select(sure, sure.confirmed <= day)


def components(change: ChangeMap, grid: GeoBox) -> Iterator[tuple[ChangeMap, Polygon | MultiPolygon]]:
    """Yield the 8-connected parts of the changed pixels, each in row-major order, with its outline in the CRS of `grid`."""
    if not change.rows.size:
        return
    top, left = int(change.rows.min()), int(change.cols.min())
    rows, cols = change.rows - top, change.cols - left
    canvas = np.zeros((int(rows.max()) + 1, int(cols.max()) + 1), bool)
    canvas[rows, cols] = True
    labelled = np.asarray(label(canvas, connectivity=2), np.int32)
    outlines = outline(labelled, grid.affine * Affine.translation(left, top))
    labels = labelled[rows, cols]
    # stable, so that each part keeps the row-major order of its pixels
    order = np.argsort(labels, kind="stable")
    for index in np.split(order, np.flatnonzero(np.diff(labels[order])) + 1):
        yield select(change, index), outlines[int(labels[index[0]])]


def outline(labels: NDArray[np.int32], transform: Affine) -> dict[int, Polygon | MultiPolygon]:
    """Return label -> outline along pixel edges, of every label but 0; valid, in the coordinates that `transform` leads to.

    `labels` (y, x) as of `skimage.measure.label`. A label whose pixels touch at corners only is a MultiPolygon.
    """
    parts: dict[int, list[Polygon]] = defaultdict(list)
    # 4-connected outlines stay valid where pixels touch only at a corner
    for part, value in shapes(labels, mask=labels > 0, connectivity=4, transform=transform):
        parts[int(value)].append(shape(part))
    return {value: (union_all(found) if len(found) > 1 else found[0]).normalize() for value, found in parts.items()}


def _date(day: float) -> date:
    """Return the day that is `day` days after 1970-01-01."""
    return EPOCH + timedelta(days=int(day))


def _by(days: NDArray[np.int32], share: float) -> date | None:
    """Return the day up to which that share of `days` lies, one of them; None where there are none.

    Never all of them, since single pixels at an edge turn late for no reason of their own.
    """
    return _date(np.quantile(days, share, method="inverted_cdf")) if days.size else None


def _by_band(values: NDArray[np.float32], bands: Sequence[str]) -> dict[str, float]:
    """Return band -> mean over the pixels, of `values` (n, band); NaN where no pixel has a value."""
    seen = {band: column[np.isfinite(column)].astype(float) for band, column in zip(bands, values.T, strict=True)}
    return {band: float(column.mean()) if column.size else float("nan") for band, column in seen.items()}
