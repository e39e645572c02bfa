"""A labelled set: pairs of pictures of the same place, and what people say happened between them."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.classification.windows import measure

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["LabelledSet", "features_of"]


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """n pairs; arrays are of one length and in one order."""

    before: NDArray[np.float32]
    """(n, 6, y, x) reflectance in the order of BANDS, NaN = no data."""
    after: NDArray[np.float32]
    labels: NDArray[np.str_]
    lon: NDArray[np.float64]
    lat: NDArray[np.float64]
    """(n,) WGS84, degrees."""
    period: NDArray[np.str_]
    """(n,) `2019-2021`: year in which the first window begins and year in which the second ends."""
    names: NDArray[np.str_]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.labels)

    def subset(self, which: NDArray[np.bool_]) -> LabelledSet:
        """Return the pairs where `which` (n,) is True."""
        return LabelledSet(*(getattr(self, name)[which] for name in self.__slots__))

    def digests(self) -> list[str]:
        """Return for each pair 16 hexadecimal digits of its pixels' SHA-256: the same picture, the same digits.

        By pixels and not by names, which differ between copies of one pair; NaN counts as it is stored.
        """
        pairs = zip(self.before, self.after, strict=True)
        # little-endian on every machine, or the digests of a card would not be found again
        return [sha256(was.astype("<f4").tobytes() + now.astype("<f4").tobytes()).hexdigest()[:16] for was, now in pairs]


def features_of(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (n, feature) of pairs (n, 6, y, x), each measured as one window.

    All pictures have one size. They are laid below each other, so that one call measures them all.
    """
    n, bands, height, width = before.shape
    was, now = (np.moveaxis(pictures, 1, 0).reshape(bands, n * height, width) for pictures in (before, after))
    boxes = np.array([[k * height, 0, height, width] for k in range(n)], np.int32).reshape(-1, 4)
    return measure(was, now, boxes)
