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
    """Return the state before the first look; `last_clear` (P,) is the day of each pixel's last usable look so far, 0 = none.

    `instant` (1,) is that of the last look, nanoseconds since 1970-01-01; `where` (N,) the pixels with a track, ascending, `tracks` (N,)
    their records, `sums` (N, 2, B) residual and expected reflectance summed over the anomalous looks. N is 0 at first.
    """
    return {
        "instant": np.full(1, np.iinfo(np.int64).min, np.int64),
        "last_clear": last_clear,
        "where": np.zeros(0, np.int32),
        "tracks": np.zeros(0, TRACK),
        "sums": np.zeros((0, 2, bands), np.float32),
    }


def is_old(state: Arrays, view: View) -> bool:
    """Return True where the state already holds this look or a later one.

    So a rerun changes nothing. A scene that turns up late is old too, and counts only if the watch is replayed from the baseline.
    """
    return bool(view.instant <= state["instant"][0])


def advance(state: Arrays, view: View, off: Anomalies, rules: Rules) -> Arrays:
    """Return the state after a look; `off` holds each seen pixel that is anomalous or has a track.

    Pixels of `off` are ascending. A seen pixel that is neither in `off` nor on a track is calm: its last clear day moves, and that is all.
    What else `state` holds is handed on untouched, so that a detector can keep arrays of its own in it. Nothing is changed in place.
    """
    either = np.zeros(view.seen.size, np.bool_)
    either[state["where"]] = either[off.where] = True
    where = np.flatnonzero(either).astype(np.int32)
    tracks, sums = np.zeros(where.size, TRACK), np.zeros((where.size, *state["sums"].shape[1:]), np.float32)
    # a new track begins on the pixel's last calm day; the known ones get their own back below
    tracks["last_clear"] = state["last_clear"][where]
    known = np.searchsorted(where, state["where"])
    tracks[known], sums[known] = state["tracks"], state["sums"]
    judge(tracks, sums, np.searchsorted(where, off.where), off, view.day, rules)
    # a look that is held back has no onset yet, and must not be forgotten
    alive = (tracks["onset"] > 0) | (tracks["held"] > 0) | (tracks["status"] > PixelStatus.STABLE)
    calm = view.seen.copy()
    # the day before the onset must stay that while the pixel is off
    calm[where[alive]] = False
    return {
        **state,
        "instant": np.array([view.instant]),
        "last_clear": np.where(calm, np.int32(view.day), state["last_clear"]),
        "where": where[alive],
        "tracks": tracks[alive],
        "sums": sums[alive],
    }


def change_map(state: Arrays, block: Block) -> ChangeMap:
    """Return the pixels that are off their baseline as they stand, in row-major order.

    `block` says where the block lies in the AOI's grid. Pixels whose evidence does not yet make them provisional are left out. Means are
    over the anomalous looks; `observed` is expectation plus residual, so the look as the detector levelled it.
    """
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
