"""What the sensor saw on a grid: cubes of looks, and why a pixel of a look is not usable.

A look is one scene on one grid, as an xarray Dataset with the dims `band`, `y`, `x`; a history adds `time` in front.
"""

from __future__ import annotations

from enum import IntFlag
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

__all__ = ["MaskReason", "day_number", "make_look", "stack_looks", "usable"]


class MaskReason(IntFlag):
    """Why a pixel is not usable; 0 means usable. Several reasons may hold at once.

    Flags fit uint8: `mask & np.uint8(MaskReason.CLOUD)` is not 0 where a pixel is cloud. SUSPECT alone leaves a pixel usable.
    """

    NODATA = 1
    DEFECT = 2
    """Saturated, defective or outside the physical range."""
    CLOUD = 4
    SHADOW = 8
    SNOW = 16
    # a power of two each, and stored in uint8: two more reasons fit
    SUSPECT = 32
    """Off the pixel's own history as a cloud or a shadow would be: usable only once it has persisted."""


UNUSABLE = MaskReason.NODATA | MaskReason.DEFECT | MaskReason.CLOUD | MaskReason.SHADOW | MaskReason.SNOW


def usable(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return True where nothing but suspicion speaks against a pixel; same shape as `mask` (MaskReason flags).

    `usable(np.array([0, 4, 32], np.uint8))` is [True, False, True]: clear, cloud, suspect.
    """
    # UNUSABLE leaves SUSPECT out: a change seen first must be able to persist
    usable_px: NDArray[np.bool_] = np.equal(mask & np.uint8(UNUSABLE), 0)
    return usable_px


def make_look(scene_id: str, time: datetime, bands: Sequence[str], reflectance: NDArray[np.float32], mask: NDArray[np.uint8]) -> xr.Dataset:
    """Return one look: `reflectance` (band, y, x) float32, NaN = nodata; `mask` (y, x) MaskReason flags.

    `time` is the UTC instant of sensing; its zone is dropped, since numpy's instants have none, so another zone would be wrong
    without an error. `bands` name the first dimension of `reflectance`.
    """
    instant = np.datetime64(time.replace(tzinfo=None), "ns")
    return xr.Dataset(
        {"reflectance": (("band", "y", "x"), reflectance), "mask": (("y", "x"), mask)},
        coords={"band": list(bands), "time": instant, "scene_id": scene_id},
    )


def stack_looks(looks: Sequence[xr.Dataset]) -> xr.Dataset:
    """Return the cube of the looks in their order: `reflectance` (time, band, y, x), `mask` (time, y, x).

    `looks` must not be empty and must have the same bands and grid; xarray raises ValueError where they differ.
    """
    return xr.concat(looks, dim="time", data_vars="all", coords=["time", "scene_id"], compat="equals", join="exact")


def day_number(time: xr.DataArray | np.datetime64) -> NDArray[np.int32]:
    """Return days since 1970-01-01 of one or many instants, int32; the UTC day, since numpy's instants are UTC here."""
    return np.asarray(time, "datetime64[D]").astype(np.int32)
