"""Connected changed pixels become regions, measured in the grid's metres; blocks leave no seam.

Areas are pixel counts times the pixel's area on the UTM grid, which departs from that on the ground by about 0.2 % at most
inside a zone.
"""

from __future__ import annotations

from datetime import date, timedelta
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from affine import Affine
from pydantic import Field
from rasterio.features import shapes
from shapely import GeometryType, MultiPolygon, Polygon, from_ragged_array, multipolygons, normalize
from skimage.measure import label

from sentinel_watch.domain.change import ChangeMap, PixelStatus, Region
from sentinel_watch.registry import Part
from sentinel_watch.segmentation.pixels import concatenate, select
from sentinel_watch.segmentation.summary import summarise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.segmentation.summary import Summary

__all__ = ["Segmentation"]

EPOCH = date(1970, 1, 1)


class Segmentation(Part):
    """Which changed pixels make a region.

    A shift of the scene leaves slivers along every edge in the landscape: a larger `min_area_px` drops them, and with them the
    smallest events. A larger `min_evidence_px` is later and surer.
    """

    min_area_px: int = Field(5, ge=1, le=10_000)
    """Minimum mapping unit: regions of fewer pixels are left out."""
    min_evidence_px: int = Field(6, ge=1, le=10_000)
    """A region is confirmed by evidence worth so many confirmed pixels, one of which is confirmed: those on their way count in part."""

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
        if not active.rows.size:
            return ()
        parts = components(active, grid, self.min_area_px)
        told = summarise(parts.pixels, parts.starts, self.min_evidence_px)
        return tuple(_regions(parts, told, abs(grid.resolution.x * grid.resolution.y), bands))


class Parts(NamedTuple):
    """The 8-connected parts of the changed pixels, in row-major order of their first pixels."""

    pixels: ChangeMap
    """Sorted by part, those of each part in row-major order."""
    starts: NDArray[np.int64]
    """(n + 1,) first pixel of each part, and the end of the last."""
    outlines: Sequence[Polygon | MultiPolygon]
    """In the grid's CRS."""


def components(change: ChangeMap, grid: GeoBox, min_area_px: int) -> Parts:
    """Return the 8-connected parts of `min_area_px` pixels or more; `change` must have pixels."""
    top, left = int(change.rows.min()), int(change.cols.min())
    rows, cols = change.rows - top, change.cols - left
    canvas = np.zeros((int(rows.max()) + 1, int(cols.max()) + 1), bool)
    canvas[rows, cols] = True
    labelled = np.asarray(label(canvas, connectivity=2), np.int32)
    labels = labelled[rows, cols]
    labels[np.bincount(labels)[labels] < min_area_px] = 0
    labelled[rows, cols] = labels
    # stable, so that each part keeps the row-major order of its pixels
    order, sizes = np.argsort(labels, kind="stable"), np.bincount(labels)[1:]
    return Parts(
        select(change, order[np.count_nonzero(labels == 0) :]),
        _offsets(sizes[sizes > 0]),
        outlines(labelled, grid.affine * Affine.translation(left, top)) if labels.any() else (),
    )


def outlines(labels: NDArray[np.int32], transform: Affine) -> list[Polygon | MultiPolygon]:
    """Return the outlines along pixel edges of every label but 0, by rising label; valid, in the coordinates that `transform` leads to.

    `labels` (y, x) as of `skimage.measure.label`. A label whose pixels touch at corners only is a MultiPolygon.
    """
    # 4-connected outlines stay valid where pixels touch only at a corner, and so do several of them together
    parts = sorted(shapes(labels, mask=labels > 0, connectivity=4, transform=transform), key=itemgetter(1))
    rings = [part["coordinates"] for part, _ in parts]
    lines = list(chain.from_iterable(rings))
    polygons = from_ragged_array(
        GeometryType.POLYGON, np.array(list(chain.from_iterable(lines))), (_offsets(map(len, lines)), _offsets(map(len, rings)))
    )
    first, owner, count = np.unique([value for _, value in parts], return_index=True, return_inverse=True, return_counts=True)[1:]
    return list(normalize(np.where(count > 1, multipolygons(polygons, indices=owner), polygons[first])))


def _offsets(lengths: Iterable[int]) -> NDArray[np.int64]:
    """Return where each of parts of such lengths begins in the whole, and where the last one ends."""
    return np.cumsum([0, *lengths])


def _regions(parts: Parts, told: Summary, pixel_m2: float, bands: Sequence[str]) -> Iterator[Region]:
    """Yield the region of each part with what was `told` of it."""
    # plain numbers at once, since one by one they cost more than all the rest
    rows = zip(*(column.tolist() for column in told), strict=True)
    for begin, end, around, row in zip(parts.starts.tolist(), parts.starts[1:].tolist(), parts.outlines, rows, strict=False):
        sure, onset, last_clear, confirmed, last_look, still_clear, half_by, mostly_by, *signal, expected, observed = row
        magnitude, evidence, n_looks, n_anomalous = signal
        yield Region(
            # copies, or a region would keep the pixels of all others in memory
            rows=parts.pixels.rows[begin:end].copy(),
            cols=parts.pixels.cols[begin:end].copy(),
            geometry=around,
            area_ha=(end - begin) * pixel_m2 / 1e4,
            status=PixelStatus.CONFIRMED if sure else PixelStatus.PROVISIONAL,
            onset=_date(onset),
            last_clear=_date(last_clear) if last_clear else None,
            confirmed=_date(confirmed) if sure else None,
            last_observed=_date(last_look),
            magnitude=magnitude,
            evidence=evidence,
            n_looks=n_looks,
            n_anomalous=n_anomalous,
            expected=dict(zip(bands, expected, strict=True)),
            observed=dict(zip(bands, observed, strict=True)),
            still_clear=_date(still_clear) if still_clear else None,
            half_by=_date(half_by),
            mostly_by=_date(mostly_by),
        )


def _date(day: int) -> date:
    """Return the day that is `day` days after 1970-01-01."""
    return EPOCH + timedelta(days=day)
