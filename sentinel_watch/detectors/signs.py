"""Signs by which a deviation looks like something else than a change of the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["bright_as_cloud", "browner", "greener", "water_level"]

_LEAST_BLUE = 0.03
"""Reflectance in B02; less is within what haze correction leaves."""
_WHITENESS = 0.8
"""Clouds and haze raise blue about as much as red; bare soil and rock raise it far less."""
_LEAST_GREENING = 0.03
"""Rise of NDVI; less is within noise."""
_LEAST_BROWNING, _VEGETATED = 0.06, 0.45
"""Fall of NDVI that is beyond noise, and the NDVI from which on ground counts as vegetated."""
_LEAST_NIR = 0.1
"""Reflectance in B08; what is darker is water, where green means algae and not a better season."""
_SHORT_WAVE, _BLACK = ("B11", "B12"), 0.5
"""Bands in which water is black whatever it carries, and their share of a deviation below which it is one of what water carries."""


def bright_as_cloud(residual: NDArray[np.float32], bands: Iterable[str]) -> NDArray[np.bool_]:
    """Return (n,) True where `residual` (B, n), reflectance, is up in blue as a cloud or haze would be.

    Without B02 nothing is; without B04 any rise in blue is.

    A reason to doubt and no mask: what such a pixel shows waits until it has lasted, since fresh concrete and salt are bright too.
    """
    rows = {str(band): row for band, row in zip(bands, residual, strict=True)}
    if "B02" not in rows:
        return np.zeros(residual.shape[1], np.bool_)
    blue = rows["B02"]
    bright: NDArray[np.bool_] = (blue > _LEAST_BLUE) & (blue > _WHITENESS * rows.get("B04", np.zeros_like(blue)))
    return bright


def greener(residual: NDArray[np.float32], expected: NDArray[np.float32], bands: Iterable[str]) -> NDArray[np.bool_]:
    """Return (n,) True where `residual` (B, n) over `expected` (B, n), reflectance, is denser vegetation than usual.

    Rain, a good season and regrowth do that; digging, dumping, burning and felling do the opposite. Near infrared is up, and more
    so than red and short-wave infrared. Without B04 and B08 nothing is; over water nothing is.
    """
    at = {str(band): row for row, band in enumerate(bands)}
    if not {"B04", "B08"} <= set(at):
        return np.zeros(residual.shape[1], np.bool_)
    usual, seen = ((part[at["B04"]], part[at["B08"]]) for part in (expected, expected + residual))
    rise = residual[at["B08"]]
    others = np.max([residual[at[band]] for band in ("B04", "B11", "B12") if band in at], axis=0)
    # haze and light raise all bands, leaves near infrared most of all
    denser = (_ndvi(*seen) - _ndvi(*usual) > _LEAST_GREENING) & (rise > 0) & (rise > others)
    return np.asarray(denser & (usual[1] > _LEAST_NIR))


def browner(residual: NDArray[np.float32], expected: NDArray[np.float32], bands: Iterable[str]) -> NDArray[np.bool_]:
    """Return (n,) True where `residual` (B, n) over `expected` (B, n), reflectance, is thinner vegetation than usual.

    Fire, felling and stress do that; light, haze and shadow act on red and near infrared alike. Without B04 and B08 nothing is.
    """
    at = {str(band): row for row, band in enumerate(bands)}
    if not {"B04", "B08"} <= set(at):
        return np.zeros(residual.shape[1], np.bool_)
    # a shadow can be corrected to less than nought, where a ratio means nothing
    usual, seen = ((part[at["B04"]], part[at["B08"]]) for part in (expected, np.maximum(expected + residual, 0)))
    before = _ndvi(*usual)
    return np.asarray((before > _VEGETATED) & (_ndvi(*seen) - before < -_LEAST_BROWNING) & (residual[at["B08"]] < 0))


def water_level(residual: NDArray[np.float32], bands: Iterable[str]) -> NDArray[np.bool_]:
    """Return (n,) True where `residual` (B, n), reflectance, may be water that rose or fell.

    Water is black in the short-wave infrared and ground is not; mud and algae in it show in the visible and leave that band black. Without
    B11 and B12 all are True, for nothing then tells the two apart.
    """
    infrared = np.array([str(band) in _SHORT_WAVE for band in bands])
    if not infrared.any():
        return np.ones(residual.shape[1], np.bool_)
    size = np.abs(residual)
    return np.asarray(size[infrared].max(axis=0) > _BLACK * size[~infrared].max(axis=0, initial=0))


def _ndvi(red: NDArray[np.float32], nir: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return NDVI of `red` and `nir` reflectance, in their shape.

    The sum counts as 0.02 at least, since over dark water the ratio of two errors would be anything.
    """
    return np.asarray((nir - red) / np.maximum(nir + red, 0.02))
