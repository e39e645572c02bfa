"""How looks add up to a change: evidence with clipping, restart, reset, confirmation and an end, pixel by pixel.

Only pixels that are off their baseline, or were confirmed, have a track; the others have the day of their last clear
look and nothing else. So a state is small, and does not grow with the years.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numba import njit

from sentinel_watch.domain.change import ChangeMap, PixelStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sentinel_watch.detectors.stack import View
    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.domain.grid import Block

__all__ = ["TRACK", "Anomalies", "Rules", "advance", "change_map", "fresh_state", "is_old"]

TRACK = np.dtype([
    ("evidence", "f4"), ("pending", "f4"), ("distance", "f4"),
    ("onset", "i4"), ("confirmed", "i4"), ("last_clear", "i4"), ("last_look", "i4"), ("quiet_since", "i4"), ("pending_since", "i4"),
    ("looks", "u2"), ("anomalous", "u2"), ("quiet", "u2"), ("held", "u1"), ("status", "u1"),
])  # fmt: skip
"""What is remembered of a pixel that is off its baseline; days since 1970-01-01, 0 = none."""

DRIFT_GAIN = 0.25

_STABLE, _PROVISIONAL, _CONFIRMED, _FINISHED = (int(status) for status in PixelStatus)


class Rules(NamedTuple):
    """When evidence counts; distances are in units of a pixel's own noise."""

    quiet_below: float = 1.3
    """A look adds its distance less this, clipped to [-1, 1]."""
    drift_below: float = 4.0
    """The same for the running mean of deviations; as its looks are not independent, it adds at most DRIFT_GAIN a look."""
    provisional_at: float = 2.0
    confirm_at: float = 4.0
    confirm_looks: int = 4
    """Anomalous looks."""
    confirm_days: int = 30
    """Days between the first anomalous look and the confirmation."""
    turn_below: float = 0.7
    """Cosine of the deviation with the mean one so far, below which the count starts anew."""
    reset_looks: int = 3
    """Quiet looks in a row that end an unconfirmed track."""
    patience: int = 4
    """Doubtful looks (bright as a cloud) in a row until they count."""
    finish_looks: int = 6
    finish_days: int = 60
    """Quiet looks in a row, and the days that they span, that end a confirmed change."""


class Anomalies(NamedTuple):
    """What one look says about pixels that are off, or have a track; n pixels, in ascending order."""

    where: NDArray[np.int32]
    """(n,) index of the pixel in the block."""
    distance: NDArray[np.float32]
    """(n,) of the look from the baseline, in units of noise."""
    drift: NDArray[np.float32]
    """(n,) of the running mean of deviations, in units of its own noise."""
    doubtful: NDArray[np.bool_]
    """(n,) True = off as a cloud would be."""
    residual: NDArray[np.float32]
    """(n, B) reflectance seen minus expected."""
    expected: NDArray[np.float32]
    """(n, B) reflectance."""


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
    _judge_all(tracks, sums, np.searchsorted(where, off.where), off, view.day, rules)
    alive = (tracks["onset"] > 0) | (tracks["held"] > 0) | (tracks["status"] > _STABLE)
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
    shown = np.greater(state["tracks"]["status"], _STABLE)
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


@njit(cache=True)
def _restart(track, sums) -> None:  # type: ignore[no-untyped-def]
    """Forget what led to the present count; a confirmation and doubtful looks stay."""
    track.evidence = 0
    track.distance = 0
    track.onset = 0
    track.looks = 0
    track.anomalous = 0
    track.quiet = 0
    track.status = 0
    track.confirmed = 0
    sums[:] = 0


@njit(cache=True)
def _hold(track, gain, doubtful, day, rules) -> int:  # type: ignore[no-untyped-def]
    """Return how many looks count now: 0 while doubt lasts, all that were held back once it has persisted."""
    if not doubtful:
        track.held = 0
        track.pending = 0
        return 1
    track.held = min(track.held + 1, 250)
    if track.held == 1:
        track.pending_since = day
    if track.held < rules.patience:
        track.pending += gain
        return 0
    return track.held if track.held == rules.patience else 1


@njit(cache=True)
def _count_anomaly(track, sums, count, gain, distance, day) -> None:  # type: ignore[no-untyped-def]
    """Add `count` anomalous looks, of which the earlier ones had been held back."""
    if track.onset == 0:
        track.onset = track.pending_since if count > 1 else day
    track.evidence += gain + track.pending
    track.pending = 0
    track.distance += count * distance
    track.looks += count
    track.anomalous += count
    track.quiet = 0


@njit(cache=True)
def _count_quiet(track, sums, gain, day, rules) -> None:  # type: ignore[no-untyped-def]
    """Add a quiet look; enough of them end the track, or finish a confirmed change."""
    track.evidence = max(track.evidence + gain, 0)
    track.looks += 1
    track.quiet += 1
    if track.quiet == 1:
        track.quiet_since = day
    if track.status < _CONFIRMED:
        if track.evidence == 0 or track.quiet >= rules.reset_looks:
            _restart(track, sums)
    elif track.quiet >= rules.finish_looks and day - track.quiet_since >= rules.finish_days:
        track.status = _FINISHED


@njit(cache=True)
def _cosine(sums, residual) -> float:  # type: ignore[no-untyped-def]
    """Return the cosine of a deviation with the mean one so far; 1 where there is none yet."""
    dot, length, before = 0.0, 0.0, 0.0
    for b in range(residual.size):
        dot += residual[b] * sums[0, b]
        length += residual[b] ** 2
        before += sums[0, b] ** 2
    return dot / np.sqrt(length * before) if length * before > 0 else 1.0


@njit(cache=True)
def _judge_all(tracks, sums, rows, off, day, rules) -> None:  # type: ignore[no-untyped-def]
    """Apply the rules to each pixel of a look."""
    for n in range(rows.size):
        track, total = tracks[rows[n]], sums[rows[n]]
        track.last_look = day
        gain = min(max(off.distance[n] - rules.quiet_below, -1.0), 1.0)
        creeping = off.drift[n] > rules.drift_below and gain < DRIFT_GAIN
        if creeping:
            gain = max(gain, min(off.drift[n] - rules.drift_below, DRIFT_GAIN))
        if gain <= 0:
            track.held = 0
            track.pending = 0
            if track.status != _FINISHED and track.onset > 0:
                _count_quiet(track, total, gain, day, rules)
            continue
        count = _hold(track, gain, off.doubtful[n], day, rules)
        if count == 0:
            continue
        if track.status == _FINISHED or (track.status < _CONFIRMED and not creeping and _cosine(total, off.residual[n]) < rules.turn_below):
            _restart(track, total)
        _count_anomaly(track, total, count, gain, max(off.distance[n], off.drift[n]), day)
        total[0] += count * off.residual[n]
        total[1] += count * off.expected[n]
        if track.status == _CONFIRMED:
            continue
        lasting = track.anomalous >= rules.confirm_looks and day - track.onset >= rules.confirm_days
        if track.evidence >= rules.confirm_at and lasting:
            track.status = _CONFIRMED
            track.confirmed = day
        else:
            track.status = _PROVISIONAL if track.evidence >= rules.provisional_at else _STABLE
