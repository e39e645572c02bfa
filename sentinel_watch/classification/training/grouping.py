"""Which pairs may not stand on both sides of a fold: neighbours look alike, and a model that has seen one knows the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from sklearn.model_selection import StratifiedGroupKFold

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fold_numbers", "held_out", "neighbourhoods", "regions"]

EARTH_KM = 6371.0


def neighbourhoods(lon: NDArray[np.float64], lat: NDArray[np.float64], km: float) -> NDArray[np.int64]:
    """Return (n,) group numbers: pairs of places nearer than `km`, and chains of such, are one group (single linkage).

    Degrees WGS84 on a sphere. Numbers begin at 1 and mean nothing by themselves.
    """
    return _clusters(lon, lat, "single", km, "distance")


def regions(lon: NDArray[np.float64], lat: NDArray[np.float64], most: int = 5) -> NDArray[np.int64]:
    """Return (n,) numbers of at most `most` large regions, by average linkage.

    For saying where a model is good, and for leaving each out once. Places on either side of a border may still be neighbours.
    """
    return _clusters(lon, lat, "average", most, "maxclust")


def fold_numbers(labels: NDArray[np.str_], groups: NDArray[np.int64], folds: int, seed: int) -> NDArray[np.int64]:
    """Return (n,) the fold of each pair, 0 to `folds` - 1; a group lies in one, the labels are spread as evenly as that allows.

    The same arguments give the same folds. scikit-learn warns where a label has fewer pairs than there are folds.
    """
    numbers = np.zeros(len(labels), np.int64)
    cut = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    for number, (_, inside) in enumerate(cut.split(np.zeros(len(labels)), labels, groups)):
        numbers[inside] = number
    return numbers


def held_out(groups: NDArray[np.int64], share: float, seed: int) -> NDArray[np.bool_]:
    """Return (n,) True for the pairs of that share of the groups which is drawn by `seed`.

    A share of groups and not of pairs, so that the number of pairs differs from it where groups differ in size.
    """
    drawn = np.random.default_rng(seed).permutation(np.unique(groups))
    return np.isin(groups, drawn[: round(share * len(drawn))])


def _clusters(lon: NDArray[np.float64], lat: NDArray[np.float64], method: str, limit: float, criterion: str) -> NDArray[np.int64]:
    """Return (n,) cluster numbers of places on the sphere; one place alone is one cluster."""
    if len(lon) < 2:
        return np.ones(len(lon), np.int64)
    east, north = np.radians(lon), np.radians(lat)
    # chords, which at such lengths differ from arcs by less than a metre in a kilometre
    places = EARTH_KM * np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1)
    return np.asarray(fcluster(linkage(places, method), limit, criterion), np.int64)
