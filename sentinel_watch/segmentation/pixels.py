"""The changed pixels of all blocks as one table.

Joining before labelling is what makes block edges vanish: a pixel's row and column count from the AOI's corner, not the block's.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.change import ChangeMap

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["concatenate", "select"]


def concatenate(changes: Sequence[ChangeMap]) -> ChangeMap:
    """Return one map of the changed pixels of all blocks, in row-major order of the AOI's grid, whatever the order of the blocks.

    `changes` must not be empty: there is then no number of bands to give an empty map.
    """
    joined = ChangeMap(**{field.name: np.concatenate([getattr(change, field.name) for change in changes]) for field in fields(ChangeMap)})
    # lexsort's last key is its first: by row, then by column
    return select(joined, np.lexsort((joined.cols, joined.rows)))


def select(change: ChangeMap, index: NDArray[np.intp] | NDArray[np.bool_]) -> ChangeMap:
    """Return the pixels of `change` at `index`, numbers or a mask over its n pixels."""
    return ChangeMap(**{field.name: getattr(change, field.name)[index] for field in fields(ChangeMap)})
