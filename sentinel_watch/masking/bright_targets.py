"""Ground that SCL takes for cloud on nearly every date: mine floors, salt, roofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter

from sentinel_watch.domain.look import MaskReason, usable

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["bright_targets", "never_clear", "trust_bright_targets"]

NEIGHBOURHOOD_PX = 31
"""Side of the square that is looked at around a pixel: 310 m, wider than most pits' floors, narrower than most clouds' gaps."""
CLEAR_AROUND = 0.7
CLOUD_CLASSES = (8, 9)
CLEAR_CLASSES = (4, 5, 6, 7)


def bright_targets(scl: NDArray[np.uint8], min_looks: int = 8, min_share: float = 0.8) -> NDArray[np.bool_]:
    """Return (y, x) True where SCL says cloud nearly every time although the neighbourhood is clear.

    `scl` (time, y, x) classes 0-11. A pixel counts only in looks that are clear over 70 % of the square of 31 pixels
    around it; it needs `min_looks` of them, `min_share` of which call it cloud. With fewer looks nothing is called bright.
    """
    looks = np.zeros(scl.shape[1:], np.int32)
    cloudy = np.zeros(scl.shape[1:], np.int32)
    for classes in scl:
        # Cloud comes in banks: a "cloud" alone in clear ground, at the same pixels each time, is the ground itself
        around_clear = _share_around(np.isin(classes, CLEAR_CLASSES)) >= CLEAR_AROUND
        looks += around_clear & (classes != 0)
        cloudy += around_clear & np.isin(classes, CLOUD_CLASSES)
    return (looks >= min_looks) & (cloudy >= min_share * looks)


def never_clear(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return (y, x) True where no look was usable: such ground was not observed. `mask` (time, y, x) MaskReason flags."""
    seen: NDArray[np.bool_] = np.logical_or.reduce(usable(mask), axis=0)
    return np.logical_not(seen)


def trust_bright_targets(mask: NDArray[np.uint8], targets: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return (y, x) `mask` with CLOUD turned into SUSPECT on bright targets, in a look that is clear around them.

    `mask` (y, x) MaskReason flags of one look, `targets` (y, x) as of `bright_targets`. The pixel's own history has then
    to tell cloud from bright ground. Other reasons stay. The targets themselves count as clear, for they would else spoil
    their own surroundings.
    """
    clear_around = _share_around(usable(mask) | targets) >= CLEAR_AROUND
    trusted = targets & clear_around & ((mask & np.uint8(MaskReason.CLOUD)) != 0)
    softer = (mask & ~np.uint8(MaskReason.CLOUD)) | np.uint8(MaskReason.SUSPECT)
    return np.where(trusted, softer, mask).astype(np.uint8)


def _share_around(where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the share of True pixels, 0-1, in the square around each pixel; edges are mirrored."""
    return np.asarray(uniform_filter(where.astype(np.float32), NEIGHBOURHOOD_PX, mode="reflect"))
