"""How looks add up to a change: evidence with clipping, restart, reset, confirmation and an end, pixel by pixel.

Only pixels that are off their baseline, or were confirmed, have a track; the others have the day of their last clear
look and nothing else. So a state is small, and does not grow with the years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.detectors.rules import TRACK, judge
from sentinel_watch.domain.change import ChangeMap, PixelStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.rules import Anomalies, Rules
    from sentinel_watch.detectors.stack import View
    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.domain.grid import Block

__all__ = ["advance", "change_map", "fresh_state", "is_old"]


def fresh_state(last_clear: NDArray[np.int32], bands: int) -> Arrays:
    """Return the state before the first look; `last_clear` (P,) is the day of each pixel's last usable look so far, 0 = none."""
    return {
        "instant": np.full(1, np.iinfo(np.int64).min, np.int64),
        "last_clear": last_clear,
        "where": np.zeros(0, np.int32),
        "tracks": np.zeros(0, TRACK),
        "sums": np.zeros((0, 2, bands), np.float32),
    }


def is_old(state: Arrays, view: View) -> bool:
    """Return True where the state already holds this look or a later one."""
    return bool(view.instant <= state["instant"][0])


def advance(state: Arrays, view: View, off: Anomalies, rules: Rules) -> Arrays:
    """Return the state after a look; `off` holds each seen pixel that is anomalous or has a track."""
    where = np.union1d(state["where"], off.where).astype(np.int32)
    tracks, sums = np.zeros(where.size, TRACK), np.zeros((where.size, *state["sums"].shape[1:]), np.float32)
    tracks["last_clear"] = state["last_clear"][where]
    known = np.searchsorted(where, state["where"])
    tracks[known], sums[known] = state["tracks"], state["sums"]
    judge(tracks, sums, np.searchsorted(where, off.where), off, view.day, rules)
    alive = (tracks["onset"] > 0) | (tracks["held"] > 0) | (tracks["status"] > PixelStatus.STABLE)
    calm = view.seen.copy()
    calm[where[alive]] = False
    return {
        **state,
        "instant": np.array([view.instant]),
        "last_clear": np.where(calm, np.int32(view.day), state["last_clear"]).astype(np.int32),
        "where": where[alive],
        "tracks": tracks[alive],
        "sums": sums[alive],
    }


def change_map(state: Arrays, block: Block) -> ChangeMap:
    """Return the pixels that are off their baseline as they stand, in row-major order."""
    shown = np.greater(state["tracks"]["status"], PixelStatus.STABLE)
    tracks, sums = state["tracks"][shown], state["sums"][shown]
    rows, cols = np.divmod(state["where"][shown], block.grid.shape[1])
    counted = np.maximum(tracks["anomalous"], 1)
    mean = (sums / counted[:, None, None]).astype(np.float32)
    return ChangeMap(
        rows=(rows + block.top).astype(np.int32),
        cols=(cols + block.left).astype(np.int32),
        status=tracks["status"].copy(),
        evidence=tracks["evidence"].copy(),
        magnitude=(tracks["distance"] / counted).astype(np.float32),
        onset=tracks["onset"].copy(),
        confirmed=tracks["confirmed"].copy(),
        last_clear=tracks["last_clear"].copy(),
        last_look=tracks["last_look"].copy(),
        n_looks=tracks["looks"].copy(),
        n_anomalous=tracks["anomalous"].copy(),
        expected=mean[:, 1],
        observed=mean[:, 0] + mean[:, 1],
    )
