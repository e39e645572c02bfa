"""Which labelled pairs are not worth learning from; each is counted under its reason, and none is changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import uniform_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.classification.training.labelled import LabelledSet
    from sentinel_watch.classification.training.recipe import Cleaning

__all__ = ["NOTHING_EMERGED", "faults", "tally"]

NOTHING_EMERGED = "nothing_emerged"
"""The one fault that a label may have, not the pictures."""
_RED, _NIR = 2, 3


def faults(pairs: LabelledSet, rule: Cleaning) -> NDArray[np.str_]:
    """Return (n,) why each pair is left out, empty where it is not: `duplicate`, `no_data` or `nothing_emerged`.

    The first of equal pairs stays. A label is doubted last, when the pictures are sound: `nothing_emerged` pairs can still be judged.
    """
    seen: set[str] = set()
    out = []
    for number, digest in enumerate(pairs.digests()):
        out.append("duplicate" if digest in seen else _fault(pairs, number, rule))
        seen.add(digest)
    return np.array(out, "U20")


def tally(found: NDArray[np.str_]) -> dict[str, int]:
    """Return reason -> number of pairs, those without a fault left out."""
    return dict(sorted(Counter(str(fault) for fault in found if fault).items()))


def _fault(pairs: LabelledSet, number: int, rule: Cleaning) -> str:
    """Return what speaks against one pair by itself.

    `no_data` goes by pixels that have any band both times. An unknown pixel never makes a pair emerge: it counts as no fall, and as green.
    """
    was, now = pairs.before[number], pairs.after[number]
    known = np.isfinite(was).any(axis=0) & np.isfinite(now).any(axis=0)
    if known.mean() < rule.min_known:
        return "no_data"
    if pairs.labels[number] != rule.emergent:
        return ""
    first, last = _ndvi(was), _ndvi(now)
    # means of 3 x 3, since a single pixel falls by a shift alone
    fall = uniform_filter(np.nan_to_num(first - last), 3).max()
    lowest = uniform_filter(np.nan_to_num(last, nan=1.0), 3).min()
    return NOTHING_EMERGED if fall < rule.min_ndvi_fall or lowest > rule.max_green else ""


def _ndvi(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (y, x) NDVI of a (6, y, x) picture.

    -1 to 1, NaN where either band is; reflectance counts as 0.001 at least.
    """
    red, nir = np.maximum(picture[_RED], 1e-3), np.maximum(picture[_NIR], 1e-3)
    return np.asarray((nir - red) / (nir + red), np.float32)
