"""Looks as pictures: which bands as red, green and blue, and one stretch for all pictures of a figure.

For the eye only: stretched values are no reflectance any more, and nothing is measured on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.look import usable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Composite", "composite_of", "composites_of", "grey", "pictures"]

# Contrast of bare ground, vegetation and water first; bands of 10 m before those of 20 m where both would do.
CHOICES = (
    ("B04", "B03", "B02"), ("B12", "B08", "B04"), ("B12", "B8A", "B04"), ("B11", "B08", "B04"), ("B11", "B8A", "B04"),
    ("B08", "B04", "B03"), ("B08", "B04", "B02"),
)  # fmt: skip
PERCENTILES = (0.5, 99.5)
MIN_RANGE = 0.08
"""Reflectance; a narrower stretch would turn the noise of even ground into colours."""

MIDDLE = 0.35
"""Brightness that half of the ground is to lie above."""
GAMMAS = (0.4, 0.85)
"""Most and least that the shadows are brightened, where forest and water lie: sand that sets the stretch leaves them black else."""

NODATA_GREY = 0.82
"""Light, and told from cloud by its evenness."""


@dataclass(frozen=True, slots=True)
class Composite:
    """Three bands shown as red, green and blue, in this order."""

    bands: tuple[str, str, str]

    @property
    def label(self) -> str:
        """Return what the picture is called: `true colour (B04 B03 B02)`, `false colour (B12 B08 B04)`, `one band (B8A)`."""
        first = self.bands[0]
        kind = "true colour" if self.bands == CHOICES[0] else "one band" if set(self.bands) == {first} else "false colour"
        return f"{kind} ({first})" if kind == "one band" else f"{kind} ({' '.join(self.bands)})"


def composite_of(bands: Sequence[str]) -> Composite:
    """Return the first composite that `bands` allow, true colour before false colours; the last band alone at worst.

    `bands` must not be empty.

    By the order of CHOICES; bands as they are called in a look, `B04`.
    """
    fitting = (choice for choice in CHOICES if set(choice) <= set(bands))
    return Composite(next(fitting, (bands[-1], bands[-1], bands[-1])))


def composites_of(bands: Sequence[str]) -> list[Composite]:
    """Return what to show of a look: true colour, and with it a false colour if there is a short-wave infrared band.

    Dark forest and wet ground hardly differ in true colour; the short-wave infrared tells them apart.

    One or two, the first with the most familiar colours. `bands` must not be empty.
    """
    first = composite_of(bands)
    infrared = [Composite(choice) for choice in CHOICES if choice[0] in ("B11", "B12") and set(choice) <= set(bands)]
    return [first] if first in infrared else [first, *infrared[:1]]


def pictures(looks: Sequence[xr.Dataset], composite: Composite) -> list[NDArray[np.float32]]:
    """Return each look as (y, x, 3) in 0-1, stretched alike so that they compare; no data = light grey.

    The stretch runs from the 0.5th to the 99.5th percentile of each band over the usable pixels of all looks.

    Each look has `reflectance` (band, y, x) and `mask` (y, x); the composite's bands must be in all of them. Values
    are brightened and are no reflectance any more: the more, the darker most of the ground is beside the brightest.
    """
    stacks = [look["reflectance"].sel(band=list(composite.bands)).values for look in looks]
    pooled = _pooled(stacks, [usable(look["mask"].values) for look in looks])
    low, high = _limits(pooled)
    gamma = _gamma(_scaled(pooled[:, :, None], low, high))
    return [_stretched(stack, low, high, gamma) for stack in stacks]


def grey(picture: NDArray[np.float32], strength: float = 0.45) -> NDArray[np.float32]:
    """Return a (y, x, 3) picture as pale grey, so that colours laid over it stand out.

    Luminance by the weights of ITU-R BT.601; `strength` 0 gives white, 1 the full range of greys.
    """
    luminance = picture @ np.array([0.3, 0.59, 0.11], np.float32)
    return np.repeat((1 - strength + strength * luminance)[..., None], 3, axis=2)


def _pooled(stacks: Sequence[NDArray[np.float32]], masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.float32]:
    """Return (3, n) the pixels of all looks that are known in every band, and usable where any is.

    `stacks` are (3, y, x) reflectance, `masks` (y, x) True = usable, in the same order.
    """
    pooled = np.concatenate([stack[:, mask] for stack, mask in zip(stacks, masks, strict=True)], axis=1)
    # Nothing usable at all: better a picture stretched over the cloud than none.
    if not np.isfinite(pooled).all(axis=0).any():
        pooled = np.concatenate([stack.reshape(3, -1) for stack in stacks], axis=1)
    return pooled[:, np.isfinite(pooled).all(axis=0)]


def _limits(pooled: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return (3, 1, 1) lower and upper ends of the stretch over (3, n) pixels, at least MIN_RANGE apart; 0 and 1 without any."""
    if not pooled.size:
        return np.zeros((3, 1, 1), np.float32), np.ones((3, 1, 1), np.float32)
    low, high = np.percentile(pooled, PERCENTILES, axis=1).astype(np.float32)[..., None, None]
    spare = np.maximum(MIN_RANGE - (high - low), 0) / 2
    return low - spare, high + spare


def _gamma(scaled: NDArray[np.float32]) -> float:
    """Return the exponent that brings the median of what is `scaled` to 0-1 up to MIDDLE, within GAMMAS.

    One for all bands, or the hue would shift.
    """
    median = float(np.median(scaled)) if scaled.size else MIDDLE
    return float(np.clip(np.log(MIDDLE) / np.log(np.clip(median, 0.01, 0.99)), *GAMMAS))


def _scaled(stack: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (3, y, x) reflectance as 0-1 between `low` and `high`, (3, 1, 1) each."""
    return np.asarray(np.clip((stack - low) / (high - low), 0, 1), np.float32)


def _stretched(stack: NDArray[np.float32], low: NDArray[np.float32], high: NDArray[np.float32], gamma: float) -> NDArray[np.float32]:
    """Return a (3, y, x) look as (y, x, 3) in 0-1, no data in light grey.

    `low` and `high` are (3, 1, 1) reflectance that becomes 0 and 1.
    """
    scaled = _scaled(stack, low, high) ** np.float32(gamma)
    return np.where(np.isnan(stack).any(axis=0), NODATA_GREY, scaled).transpose(1, 2, 0).astype(np.float32)
