"""A forest of decision trees as plain arrays: what scikit-learn grew, read without scikit-learn.

Arrays hold no code, so that a model file can be opened without trusting it, and they mean the same in every version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sentinel_watch.compiled import compiled, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Forest", "flatten", "vote"]


class Forest(NamedTuple):
    """All nodes of all trees, one after another, each tree from its root; the left branch of a node is the node after it."""

    roots: NDArray[np.int32]
    """(tree,) node at which each begins."""
    feature: NDArray[np.int16]
    """(node,) column that is asked; -1 at a leaf."""
    threshold: NDArray[np.float32]
    """(node,) left where the column is not above it."""
    right: NDArray[np.int32]
    """(node,) the other branch."""
    share: NDArray[np.float32]
    """(node, label) weighted share of each label at a leaf, 0-1; 0 elsewhere."""


def flatten(trees: Sequence[Any]) -> Forest:
    """Return the forest of scikit-learn's fitted `trees` (`estimators_` of an ensemble of classifiers).

    Trees must have one output and have been grown depth first, without `max_leaf_nodes`: only then the left branch is the next node.
    Thresholds become float32 as the features are; a value between a threshold and its rounding takes the other branch.
    """
    parts = [tree.tree_ for tree in trees]
    starts = np.cumsum([0, *(part.node_count for part in parts)]).astype(np.int32)
    leaf = np.concatenate([part.children_left < 0 for part in parts])
    # counts in older versions of scikit-learn, shares in newer ones: both are made shares below
    share = np.concatenate([part.value[:, 0] for part in parts])
    return Forest(
        roots=starts[:-1],
        feature=np.where(leaf, -1, np.concatenate([part.feature for part in parts])).astype(np.int16),
        threshold=np.where(leaf, 0, np.concatenate([part.threshold for part in parts])).astype(np.float32),
        right=np.where(leaf, 0, np.concatenate([part.children_right + start for part, start in zip(parts, starts, strict=False)])).astype(
            np.int32
        ),
        share=np.where(leaf[:, None], share / share.sum(axis=1, keepdims=True), 0).astype(np.float32),
    )


def vote(forest: Forest, features: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return (n, label) mean shares of the leaves in which `features` (n, column) end; no NaN may be among them.

    Bounds are not checked: `models.storage` does that once for a file. Trees are summed in their order, so that the last bits are
    always the same.
    """
    out = np.zeros((len(features), forest.share.shape[1]))
    spread(lambda *share: _vote(forest, features, out, share))
    return out / forest.roots.size


@compiled
def _vote(forest: Forest, features: NDArray[np.float32], out: NDArray[np.float64], share: tuple[int, int]) -> None:
    """Add the shares of all trees to the rows of `out` that are one thread's: every so-manieth, from its own on."""
    for n in range(share[0], features.shape[0], share[1]):
        for root in forest.roots:
            node = root
            while forest.feature[node] >= 0:
                # not above goes left, as scikit-learn has it
                node = node + 1 if features[n, forest.feature[node]] <= forest.threshold[node] else forest.right[node]
            for label in range(out.shape[1]):
                out[n, label] += forest.share[node, label]
