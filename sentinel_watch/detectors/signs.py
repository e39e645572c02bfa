"""Signs by which a deviation looks like something else than a change of the ground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["bright_as_cloud"]

_LEAST_BLUE = 0.03
"""Reflectance in B02; less is within what haze correction leaves."""
_WHITENESS = 0.8
"""Clouds and haze raise blue about as much as red; bare soil and rock raise it far less."""


def bright_as_cloud(residual: NDArray[np.float32], bands: Iterable[str]) -> NDArray[np.bool_]:
    """Return (n,) True where `residual` (B, n), reflectance, is up in blue as a cloud or haze would be.

    Without B02 nothing is; without B04 any rise in blue is.
    """
    rows = {str(band): row for band, row in zip(bands, residual, strict=True)}
    if "B02" not in rows:
        return np.zeros(residual.shape[1], np.bool_)
    blue = rows["B02"]
    bright: NDArray[np.bool_] = (blue > _LEAST_BLUE) & (blue > _WHITENESS * rows.get("B04", np.zeros_like(blue)))
    return bright
