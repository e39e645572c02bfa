"""What happens to a second picture without anything having happened on the ground; always simulated.

The same function makes the copies to learn from and the table of what a model stands; their draws differ by seed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sentinel_watch.classification.training.recipe import Copy

    Pictures = NDArray[np.float32]
    Pair = tuple[Pictures, Pictures]

__all__ = ["TRIALS", "copies"]

CLOUD = np.array([0.55, 0.53, 0.52, 0.55, 0.42, 0.32], np.float32)
"""Reflectance of an opaque cloud in the order of BANDS, rounded from clouds in Sentinel-2 scenes."""
_STEPS = [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x]
_GREEN, _SWIR2 = 1, 5


def shifted(pictures: Pictures, rng: np.random.Generator, px: int = 1) -> Pictures:
    """Return `pictures` (n, band, y, x), each moved by `px` pixels in one of eight directions; NaN moves in.

    Every picture has a direction of its own, drawn from `rng`. All bands move together, as a scene does.
    """
    out = np.full_like(pictures, np.nan)
    height, width = pictures.shape[-2:]
    for number, choice in enumerate(rng.integers(len(_STEPS), size=len(pictures))):
        y, x = (px * step for step in _STEPS[choice])
        target = slice(max(y, 0), height + min(y, 0)), slice(max(x, 0), width + min(x, 0))
        origin = slice(max(-y, 0), height + min(-y, 0)), slice(max(-x, 0), width + min(-x, 0))
        out[number][:, *target] = pictures[number][:, *origin]
    return out


def clouded(pictures: Pictures, rng: np.random.Generator, share: tuple[float, float], *, masked: bool = False) -> Pictures:
    """Return `pictures` with cloud over a share of each, drawn between the two of `share`; NaN instead where it is `masked`.

    Clouds are smooth random fields, thicker towards their middle and never quite opaque; each has a brightness of its own. With equal
    ends of `share` the share is fixed.
    """
    out = pictures.copy()
    for picture in out:
        field = gaussian_filter(rng.standard_normal(picture.shape[-2:]), 6, mode="wrap")
        # by rank, so that the share is met whatever the field
        edge = np.quantile(field, 1 - rng.uniform(*share))
        thickness = 0.9 * np.clip(3 * (field - edge) / (field.max() - edge + 1e-9), 0, 1)
        bright = CLOUD * rng.uniform(0.7, 1.2)
        picture[:] = np.where(field > edge, np.nan, picture) if masked else picture + thickness * (bright[:, None, None] - picture)
    return out


def levelled(pictures: Pictures, rng: np.random.Generator) -> Pictures:
    """Return `pictures` with a gain of 0.92-1.08 and an offset of up to 0.03, each its own.

    All bands of a picture have the same gain and offset.
    """
    gain, offset = rng.uniform(0.92, 1.08, len(pictures)), rng.uniform(-0.03, 0.03, len(pictures))
    return np.asarray(pictures * gain[:, None, None, None] + offset[:, None, None, None], np.float32)


def without(pictures: Pictures, band: int) -> Pictures:
    """Return `pictures` without one band.

    NaN throughout, as a catalogue that lacks the band gives it. `band` is the place in BANDS.
    """
    out = pictures.copy()
    out[:, band] = np.nan
    return out


def copies(kind: Copy, pair: Pair, rng: np.random.Generator) -> Pair:
    """Return the disturbed copy of all pairs that a recipe names.

    `pair` is before and after, (n, 6, y, x); only the second is disturbed, but for a missing band, which a sensor lacks both times.
    """
    before, after = pair
    if kind == "shift":
        return before, shifted(after, rng)
    if kind == "cloud":
        return before, clouded(after, rng, (0.05, 0.4))
    if kind == "level":
        return before, levelled(after, rng)
    band = _GREEN if kind == "no_green" else _SWIR2
    return without(before, band), without(after, band)


TRIALS: dict[str, Callable[[Pair, np.random.Generator], Pair]] = {
    "offset +0.02": lambda pair, _: (pair[0], pair[1] + np.float32(0.02)),
    "offset +0.10": lambda pair, _: (pair[0], pair[1] + np.float32(0.1)),
    "gain x1.05": lambda pair, _: (pair[0], pair[1] * np.float32(1.05)),
    "shift 1 px": lambda pair, rng: (pair[0], shifted(pair[1], rng)),
    "shift 3 px": lambda pair, rng: (pair[0], shifted(pair[1], rng, 3)),
    "cloud 20 %, masked": lambda pair, rng: (pair[0], clouded(pair[1], rng, (0.2, 0.2), masked=True)),
    "cloud 20 %, not masked": lambda pair, rng: (pair[0], clouded(pair[1], rng, (0.2, 0.2))),
    "no B03": lambda pair, _: (without(pair[0], _GREEN), without(pair[1], _GREEN)),
    "no B12": lambda pair, _: (without(pair[0], _SWIR2), without(pair[1], _SWIR2)),
}
"""What the table of robustness tries: name -> the pairs so disturbed."""
