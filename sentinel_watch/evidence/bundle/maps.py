"""What was made of the imagery, as rasters: the mask of every scene, and the map of change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.evidence.bundle.files import safe_name
from sentinel_watch.evidence.bundle.raster import write_cog

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import xarray as xr
    from numpy.typing import DTypeLike, NDArray

    from sentinel_watch.domain.change import ChangeMap
    from sentinel_watch.domain.event import Event
    from sentinel_watch.evidence.chip import Chip

__all__ = ["CHANGE_COLUMNS", "write_changes", "write_mask"]

CHANGE_COLUMNS: dict[str, DTypeLike] = {"status": np.uint8, "magnitude": np.float32, "onset": np.int32, "confirmed": np.int32}
"""Columns of the change map that are written, each with the type of its file; days count from 1970-01-01, 0 = none."""


def write_mask(folder: Path, look: xr.Dataset, chip: Chip) -> None:
    """Write the MaskReason flags of a look on the chip, (y, x) uint8, 0 = usable, as `<scene>.tif`.

    The bits are those of MaskReason. `look` must be on the chip's grid.
    """
    path = folder / f"{safe_name(str(look['scene_id'].values))}.tif"
    write_cog(path, look["mask"].to_numpy(), chip.grid)


def write_changes(folder: Path, changes: Sequence[ChangeMap], event: Event, chip: Chip) -> None:
    """Write the change map on the chip, a file a column, and `event.tif`, 1 where the event lies; 0 = not changed, NaN for magnitude.

    Days are days since 1970-01-01; status has the numbers of the change map.
    """
    for column, kind in CHANGE_COLUMNS.items():
        picture: NDArray[Any] = np.full(chip.grid.shape, np.nan if np.issubdtype(kind, np.floating) else 0, kind)
        for change in changes:
            _draw(picture, change.rows, change.cols, getattr(change, column), chip)
        write_cog(folder / f"{column}.tif", picture, chip.grid)
    outline = np.zeros(chip.grid.shape, np.uint8)
    _draw(outline, event.region.rows, event.region.cols, np.ones(len(event.region.rows), np.uint8), chip)
    write_cog(folder / "event.tif", outline, chip.grid)


def _draw(picture: NDArray[Any], rows: NDArray[np.int32], cols: NDArray[np.int32], values: NDArray[Any], chip: Chip) -> None:
    """Set the pixels of the AOI's grid that lie on the chip.

    `rows`, `cols` and `values` are (n,); pixels off the chip are left out.
    """
    here = chip.holds(rows, cols)
    picture[rows[here] - chip.top, cols[here] - chip.left] = values[here]
