"""Change maps and regions to test with: drawn as pictures, or cut from a grid at will."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from odc.geo.geobox import GeoBox
from shapely import box, union_all

from sentinel_watch.domain.change import ChangeMap, PixelStatus, Region

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["BANDS", "DAY", "GRID", "SMALL", "change_map", "cut", "drawn", "make_region", "pixels_of"]

BANDS = ("B04", "B08")
DAY = 18_000
"""Days since 1970-01-01 of the first anomaly in `change_map`."""
GRID = GeoBox((24, 30), GeoBox.from_bbox((500_000, 4_999_760, 500_300, 5_000_000), "EPSG:32634", resolution=10).affine, "EPSG:32634")
SMALL = GRID[:9, :11]


def change_map(status: NDArray[np.uint8], **changes: NDArray[Any]) -> ChangeMap:
    """Return the map of the pixels of `status` (y, x) that are not 0; `changes` are (y, x) and replace the defaults."""
    rows, cols = np.nonzero(status)
    sure = status[rows, cols] == PixelStatus.CONFIRMED
    columns: dict[str, NDArray[Any]] = {
        "status": status[rows, cols].astype(np.uint8),
        "evidence": np.full(rows.size, 3, np.float32),
        "magnitude": (5 + rows + 0.25 * cols).astype(np.float32),
        "onset": (DAY + rows).astype(np.int32),
        "confirmed": np.where(sure, DAY + 60 + cols, 0).astype(np.int32),
        "last_clear": (DAY + rows - 5).astype(np.int32),
        "last_look": np.full(rows.size, DAY + 100, np.int32),
        "n_looks": np.full(rows.size, 9, np.uint16),
        "n_anomalous": np.full(rows.size, 7, np.uint16),
        "expected": np.stack([0.05 + 0.001 * rows, 0.4 - 0.001 * cols], axis=1).astype(np.float32),
        "observed": np.stack([0.2 + 0.001 * cols, 0.25 + 0.001 * rows], axis=1).astype(np.float32),
    }
    columns.update({name: values[rows, cols] for name, values in changes.items()})
    return ChangeMap(rows.astype(np.int32), cols.astype(np.int32), **columns)


def drawn(*lines: str) -> NDArray[np.uint8]:
    """Return the status (y, x) of a picture: `.` stable, `p` provisional, `C` confirmed, `F` finished; the size of GRID."""
    status = np.zeros(GRID.shape, np.uint8)
    for row, line in enumerate(lines):
        for col, sign in enumerate(line):
            status[row, col] = ".pCF".index(sign)
    return status


def cut(change: ChangeMap, row_edges: Iterable[int], col_edges: Iterable[int]) -> list[ChangeMap]:
    """Return the map cut into blocks at the given rows and columns."""
    band, column = np.searchsorted(sorted(row_edges), change.rows, "right"), np.searchsorted(sorted(col_edges), change.cols, "right")
    names = [field.name for field in fields(ChangeMap)]
    parts = sorted(set(zip(band.tolist(), column.tolist(), strict=True)))
    return [ChangeMap(**{name: getattr(change, name)[(band == b) & (column == c)] for name in names}) for b, c in parts]


def pixels_of(region: Region) -> set[tuple[int, int]]:
    """Return the (row, column) pairs of a region."""
    return set(zip(region.rows.tolist(), region.cols.tolist(), strict=True))


def make_region(pixels: Sequence[tuple[int, int]], *, confirmed: bool = True, day: int = 0, **changes: Any) -> Region:
    """Return a region of the given (row, column) pixels, as it would stand `day` days after the first."""
    rows, cols = np.array(sorted(pixels), np.int32).T
    onset = date(2023, 5, 1) + timedelta(days=day)
    squares = [box(10 * col, -10 * row - 10, 10 * col + 10, -10 * row) for row, col in zip(rows.tolist(), cols.tolist(), strict=True)]
    fields: dict[str, Any] = {
        "rows": rows, "cols": cols, "geometry": union_all(squares), "area_ha": rows.size / 100,
        "status": PixelStatus.CONFIRMED if confirmed else PixelStatus.PROVISIONAL, "onset": onset, "last_clear": onset - timedelta(days=5),
        "confirmed": onset + timedelta(days=40) if confirmed else None, "last_observed": onset + timedelta(days=60), "magnitude": 8.0,
        "evidence": 5.0, "n_looks": 6, "n_anomalous": 5, "expected": {}, "observed": {},
    }  # fmt: skip
    return Region(**{**fields, **changes})
