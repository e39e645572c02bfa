"""When evidence counts, pixel by pixel: clipping, doubt, restart, reset, confirmation and an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from sentinel_watch.compiled import compiled
from sentinel_watch.domain.change import CONFIRMING_EVIDENCE, PixelStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["TRACK", "Anomalies", "Rules", "judge"]

TRACK = np.dtype([
    ("evidence", "f4"), ("pending", "f4"), ("distance", "f4"),
    ("onset", "i4"), ("confirmed", "i4"), ("last_clear", "i4"), ("last_look", "i4"), ("quiet_since", "i4"), ("pending_since", "i4"),
    ("looks", "u2"), ("anomalous", "u2"), ("quiet", "u2"), ("held", "u1"), ("status", "u1"),
])  # fmt: skip
"""What is remembered of a pixel that is off its baseline; days since 1970-01-01, 0 = none."""

Track: TypeAlias = Any
"""One record of TRACK."""
Floats: TypeAlias = "NDArray[np.float32]"

_STABLE, _PROVISIONAL, _CONFIRMED, _FINISHED = (int(status) for status in PixelStatus)


class Rules(NamedTuple):
    """When evidence counts; distances are in units of a pixel's own noise."""

    quiet_below: float = 1.4
    """A look adds its distance less this, clipped to [-1, 1]."""
    drift_below: float = 3.0
    """The same for the running mean of deviations; its looks are not independent."""
    drift_gain: float = 0.25
    """Most that a look adds by the running mean alone."""
    provisional_at: float = 2.0
    confirm_at: float = CONFIRMING_EVIDENCE
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
    lasting: NDArray[np.int16]
    """(n,) days that the pixel must have been off for, beside `Rules.confirm_days`."""


@compiled
def _restart(track: Track, sums: Floats) -> None:
    """Forget what led to the present count; a confirmation and doubtful looks stay.

    The last clear day stays as well: it is before the first anomaly of the old count, and so before that of the new one.
    """
    track.evidence = 0
    track.distance = 0
    track.onset = 0
    track.looks = 0
    track.anomalous = 0
    track.quiet = 0
    track.status = 0
    track.confirmed = 0
    sums[:] = 0


@compiled
def _hold(track: Track, gain: float, doubtful: np.bool_, day: int, rules: Rules) -> int:
    """Return how many looks count now: 0 while doubt lasts, all that were held back once it has persisted.

    A cloud that no mask caught looks like an event for one look; what lasts `rules.patience` looks in a row is none. The `gain` of a look
    that is held back waits in `track.pending`.
    """
    if not doubtful:
        track.held = 0
        track.pending = 0
        return 1
    # held is one byte
    track.held = min(track.held + 1, 250)
    if track.held == 1:
        track.pending_since = day
    if track.held < rules.patience:
        track.pending += gain
        return 0
    return track.held if track.held == rules.patience else 1


@compiled
def _count_anomaly(track: Track, count: int, gain: float, distance: float, day: int) -> None:
    """Add `count` anomalous looks, of which the earlier ones had been held back.

    `gain` is above 0 and 1 at most; the held ones' waits in `track.pending`, and the onset is the day of the first of them. Their own
    distances were not kept: this look's stands for all.
    """
    if track.onset == 0:
        track.onset = track.pending_since if count > 1 else day
    track.evidence += gain + track.pending
    track.pending = 0
    track.distance += count * distance
    track.looks += count
    track.anomalous += count
    track.quiet = 0


@compiled
def _count_quiet(track: Track, sums: Floats, gain: float, day: int, rules: Rules) -> None:
    """Add a quiet look; enough of them end the track, or finish a confirmed change.

    `gain` is 0 or less. Evidence never falls below nought, as in Page's cumulative sums (1954), so that a long calm does not delay the
    next change.
    """
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


@compiled
def _cosine(sums: Floats, residual: Floats) -> float:
    """Return the cosine of a deviation with the mean one so far; 1 where there is none yet.

    `residual` is (B,); `sums` (2, B) holds the summed residuals first, whose direction is that of their mean.
    """
    dot, length, before = 0.0, 0.0, 0.0
    for b in range(residual.size):
        dot += residual[b] * sums[0, b]
        length += residual[b] ** 2
        before += sums[0, b] ** 2
    return dot / np.sqrt(length * before) if length * before > 0 else 1.0


@compiled
def _settle(track: Track, day: int, least_days: int, rules: Rules) -> None:
    """Say how far an unconfirmed change has come.

    Looks and days are asked beside the evidence, which a single week of haze could bring as well; where water comes and goes, a dry
    month could: `least_days` is what the pixel asks for.
    """
    lasting = track.anomalous >= rules.confirm_looks and day - track.onset >= max(rules.confirm_days, least_days)
    if track.evidence >= rules.confirm_at and lasting:
        track.status = _CONFIRMED
        track.confirmed = day
    else:
        track.status = _PROVISIONAL if track.evidence >= rules.provisional_at else _STABLE


@compiled
def _judge_anomaly(track: Track, sums: Floats, off: Anomalies, n: int, gain: float, day: int, rules: Rules) -> None:  # noqa: PLR0913, PLR0917 - compiled
    """Apply the rules to a pixel that the look found off.

    `n` is the pixel's row in `off`. What creeps turns by degrees, and is not asked for its direction; a finished change that is off
    again is a new one; a confirmed one only counts on.
    """
    count = _hold(track, gain, off.doubtful[n], day, rules)
    if count == 0:
        return
    creeping = off.drift[n] > rules.drift_below
    turned = track.status < _CONFIRMED and not creeping and _cosine(sums, off.residual[n]) < rules.turn_below
    if track.status == _FINISHED or turned:
        _restart(track, sums)
    _count_anomaly(track, count, gain, max(off.distance[n], off.drift[n]), day)
    sums[0] += count * off.residual[n]
    sums[1] += count * off.expected[n]
    if track.status != _CONFIRMED:
        _settle(track, day, off.lasting[n], rules)


@compiled
def judge(tracks: NDArray[Any], sums: Floats, rows: NDArray[np.intp], off: Anomalies, day: int, rules: Rules) -> None:
    """Apply the rules to each pixel of a look; `tracks` (N,) and `sums` (N, 2, B) are changed in `rows` (n,).

    Pixel n of `off` has the track `rows[n]`; `day` is since 1970-01-01 and never before that of an earlier call.
    """
    for n in range(rows.size):
        track, total = tracks[rows[n]], sums[rows[n]]
        track.last_look = day
        # clipped, so that no single look confirms, however bright
        gain = min(max(off.distance[n] - rules.quiet_below, -1.0), 1.0)
        if off.drift[n] > rules.drift_below:
            gain = max(gain, min(off.drift[n] - rules.drift_below, rules.drift_gain))
        if gain > 0:
            _judge_anomaly(track, total, off, n, gain, day, rules)
            continue
        # one look as usual shows that the doubtful ones before it were clouds
        track.held = 0
        track.pending = 0
        if track.status != _FINISHED and track.onset > 0:
            _count_quiet(track, total, gain, day, rules)
