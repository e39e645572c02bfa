"""What cloud, shadow and light do to a look: differences between two looks that are none of the ground.

Told by the spectrum alone, for few looks know nothing better: over a long history what lasts is the judge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["beside_cloud", "clouded", "greenness", "shaded"]

_LEAST_BLUE = 0.03
"""Rise of B02, reflectance; less is within what haze correction leaves."""
_WHITE, _DRY = 0.97, 0.95
"""Cloud raises blue by about as much as red, and by more than short-wave infrared; sand, salt and concrete do not."""
_EDGE_PX = 2
"""Bands look at a cloud one after the other, so that its edges have any colour."""
_DARKER, _DIMMED = 0.85, 0.5
"""Share of its light that ground must lose to count as shaded; bare ground that loses more than half was changed."""
_SAME_SHAPE = 0.25
"""Share of the difference that one factor for all bands may leave over."""
_VEGETATED = 0.45
_CLOUDY = 0.15
"""Share of cloud and shadow from which on a look has so much of them that masks leave some over."""
_NEAR_PX, _MOSTLY_NEAR = 6, 0.4
"""Distance from cloud or shadow within which their edges lie, and the share of a piece that makes it one of these edges."""
_LEAST_CLOUD_PX = 12


def clouded(residual: NDArray[np.float32], bands: Sequence[str]) -> NDArray[np.bool_]:
    """Return (y, x) True where `residual` (B, y, x), reflectance, is up as under a cloud, or beside it; NaN is no cloud.

    All of visible light is up alike, short-wave infrared by less, and near infrared is not down: ground that is laid bare loses that.
    Without B02 and B04 nothing is.
    """
    at = dict(zip(bands, residual, strict=True))
    if not {"B02", "B04"} <= set(at):
        return np.zeros(residual.shape[1:], np.bool_)
    blue = at["B02"]
    white = (blue > _LEAST_BLUE) & (blue > _WHITE * at["B04"]) & (blue > _DRY * at.get("B12", blue * 0)) & (at.get("B08", blue) > 0)
    # single pixels are noise, and must not hide what lies around them
    core = ndimage.binary_opening(white, np.ones((2, 2)))
    return np.asarray(white | ndimage.binary_dilation(core, np.ones((3, 3)), iterations=_EDGE_PX))


def shaded(dark: NDArray[np.float32], lit: NDArray[np.float32], bands: Sequence[str]) -> NDArray[np.bool_]:
    """Return (y, x) True where `dark` (B, y, x) shows the ground of `lit` (B, y, x) with less light; reflectance, NaN is not shaded.

    The spectrum keeps its shape. Vegetation may lose nearly all of its light; of other ground what loses more than half was wetted or
    covered.
    """
    factor = (dark * lit).sum(axis=0) / np.maximum((lit * lit).sum(axis=0), 1e-6)
    left, whole = np.square(dark - factor * lit).mean(axis=0), np.square(dark - lit).mean(axis=0)
    dimmed = (factor > _DIMMED) | (greenness(lit, bands) > _VEGETATED)
    # water takes the infrared alone, and no light is left to tell its shape by
    darker = (dark < lit).all(axis=0) & (factor < _DARKER)
    return np.asarray(darker & (left < _SAME_SHAPE**2 * whole) & dimmed)


def beside_cloud(pieces: NDArray[np.bool_], veiled: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return (y, x) True on those of the `pieces`, 8-connected, that lie along cloud or shadow, where there is much of either.

    `veiled` (y, x) is True under what was taken for cloud or shadow, `known` (y, x) True where both looks saw the ground. Haze around a
    cloud, and its shadow's rim, are as large as many an event.
    """
    clouds, _ = ndimage.label(veiled, np.ones((3, 3)))
    veiled = veiled & (np.bincount(clouds.ravel()) >= _LEAST_CLOUD_PX)[clouds]
    if veiled.sum() <= _CLOUDY * (veiled | known).sum():
        return np.zeros(pieces.shape, np.bool_)
    near = ndimage.distance_transform_edt(~veiled) <= _NEAR_PX
    numbers, count = ndimage.label(pieces, np.ones((3, 3)))
    share = ndimage.mean(near, numbers, np.arange(count + 1))
    return np.asarray(pieces & (share > _MOSTLY_NEAR)[numbers])


def greenness(image: NDArray[np.float32], bands: Sequence[str]) -> NDArray[np.float32]:
    """Return (y, x) NDVI of `image` (B, y, x), reflectance; NaN without B04 and B08.

    The sum counts as 0.02 at least, since over dark water the ratio of two errors would be anything.
    """
    at = dict(zip(bands, image, strict=True))
    if not {"B04", "B08"} <= set(at):
        return np.full(image.shape[1:], np.nan, np.float32)
    return np.asarray((at["B08"] - at["B04"]) / np.maximum(at["B08"] + at["B04"], 0.02))
