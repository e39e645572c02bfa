"""What the pixels of each region say together, of all regions in one compiled pass.

Pixels are sorted by region once; a region is then a stretch of every column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from sentinel_watch.compiled import compiled
from sentinel_watch.domain.change import CONFIRMING_EVIDENCE, ChangeMap, PixelStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Summary", "summarise"]

Days: TypeAlias = "NDArray[np.int32]"

_CONFIRMED = int(PixelStatus.CONFIRMED)


class Summary(NamedTuple):
    """Of n regions; days since 1970-01-01, 0 = there is none."""

    sure: NDArray[np.bool_]
    """(n,) whether it is confirmed; onset, signal and spectra are of the confirmed pixels alone once these alone suffice for it."""
    onset: Days
    """(n,) median over the pixels that were confirmed first, or over all: one of their days."""
    last_clear: Days
    """(n,) last day before the onset on which one of the pixels was seen clear."""
    confirmed: Days
    """(n,) day by which so many pixels were confirmed, or of the last look where fewer are."""
    last_look: Days
    still_clear: Days
    half_by: Days
    mostly_by: Days
    """(n,) days up to which four fifths, half and four fifths of the pixels were last clear or first changed."""
    magnitude: NDArray[np.float32]
    evidence: NDArray[np.float32]
    n_looks: NDArray[np.int64]
    n_anomalous: NDArray[np.int64]
    """(n,) medians, rounded down where they count looks."""
    expected: NDArray[np.float64]
    observed: NDArray[np.float64]
    """(n, band) means of the pixels that have a value, NaN where none has."""


class _Columns(NamedTuple):
    """The columns of a change map, as compiled code takes them."""

    status: NDArray[np.uint8]
    evidence: NDArray[np.float32]
    magnitude: NDArray[np.float32]
    onset: Days
    confirmed: Days
    last_clear: Days
    last_look: Days
    n_looks: NDArray[np.uint16]
    n_anomalous: NDArray[np.uint16]
    expected: NDArray[np.float32]
    observed: NDArray[np.float32]


def summarise(change: ChangeMap, starts: NDArray[np.int64], min_evidence_px: int) -> Summary:
    """Return what the pixels of `change`, sorted by region, say of each region.

    `starts` (n + 1,) are the first pixel of each region and the end of the last; no region is empty. A region is confirmed by evidence
    worth `min_evidence_px` confirmed pixels, and dated by those that were confirmed by the day on which so many were; by all of them
    where fewer are.
    """
    out = _blank(starts.size - 1, change.expected.shape[1])
    _summarise(_Columns(*(getattr(change, name) for name in _Columns._fields)), starts, min_evidence_px, out)
    return out


def _blank(n: int, bands: int) -> Summary:
    """Return a summary of `n` regions that is to be filled."""
    days, signal, looks = np.zeros((7, n), np.int32), np.zeros((2, n), np.float32), np.zeros((2, n), np.int64)
    columns = (np.zeros(n, np.bool_), *days, *signal, *looks, *np.zeros((2, n, bands)))
    return Summary(**dict(zip(Summary._fields, columns, strict=True)))


@compiled
def _summarise(columns: _Columns, starts: NDArray[np.int64], enough: int, out: Summary) -> None:
    """Fill the rows of `out`, each from its own stretch of the columns."""
    for n in range(starts.size - 1):
        begin, end = starts[n], starts[n + 1]
        core = begin + np.flatnonzero(columns.status[begin:end] == _CONFIRMED)
        alone = core.size >= enough
        out.sure[n] = alone or (core.size > 0 and _worth(columns, begin, end) >= enough)
        out.last_look[n] = columns.last_look[begin:end].max()
        if alone:
            out.confirmed[n] = np.sort(columns.confirmed[core])[enough - 1]
        elif out.sure[n]:
            out.confirmed[n] = out.last_look[n]
        # one early pixel must not date what many have confirmed together
        core = core if alone else np.arange(begin, end)
        _date(columns, core, out, n)
        out.magnitude[n] = _median(columns.magnitude[core])
        out.evidence[n] = _median(columns.evidence[core])
        out.n_looks[n] = _median(columns.n_looks[core].astype(np.int64))
        out.n_anomalous[n] = _median(columns.n_anomalous[core].astype(np.int64))
        _mean(columns.expected, core, out.expected[n])
        _mean(columns.observed, core, out.observed[n])


@compiled
def _worth(columns: _Columns, begin: int, end: int) -> float:
    """Return how many confirmed pixels the evidence of the pixels from `begin` to `end` is worth.

    Neighbours that are off together speak for each other: noise seldom comes in patches. None counts for more than one.
    """
    worth = 0.0
    for pixel in range(begin, end):
        sure = columns.status[pixel] == _CONFIRMED
        worth += 1.0 if sure else min(columns.evidence[pixel] / CONFIRMING_EVIDENCE, 1.0)
    return worth


@compiled
def _date(columns: _Columns, core: NDArray[np.int64], out: Summary, n: int) -> None:
    """Fill the days of region `n` from the pixels `core`, but that of its confirmation, which is known."""
    onset, clear = columns.onset[core], columns.last_clear[core]
    first = onset[columns.confirmed[core] <= out.confirmed[n]] if out.sure[n] else onset
    out.onset[n] = _day(first, 0.5)
    out.half_by[n], out.mostly_by[n] = _day(onset, 0.5), _day(onset, 0.8)
    # never all of them, since single pixels at an edge turn late for no reason of their own
    out.still_clear[n] = _day(clear[clear > 0], 0.8)
    for k in range(core.size):
        if onset[k] <= out.onset[n]:
            out.last_clear[n] = max(out.last_clear[n], clear[k])


@compiled
def _day(days: Days, share: float) -> np.int32:
    """Return the first of `days` by which that share of them lies, 0 where there are none.

    One of the days: the mean of two could be a day on which nobody looked.
    """
    return np.sort(days)[max(int(np.ceil(days.size * share - 1)), 0)] if days.size else np.int32(0)


@compiled
def _median(values: NDArray[np.float32]) -> float:
    """Return the median, NaN where a value is; the two in the middle are added in the type of `values`."""
    ranked = np.sort(values)
    # NaN is sorted to the end
    if np.isnan(ranked[-1]):
        return np.nan
    return float((ranked[(values.size - 1) // 2] + ranked[values.size // 2]) / 2)


@compiled
def _mean(values: NDArray[np.float32], core: NDArray[np.int64], out: NDArray[np.float64]) -> None:
    """Fill `out` (band,) with the means of the known of `values` (pixel, band) at `core`.

    Sums of single precision in double precision are exact for reflectance, so that no order of the pixels shows.
    """
    for band in range(out.size):
        total, known = 0.0, 0
        for pixel in core:
            if np.isfinite(values[pixel, band]):
                total += values[pixel, band]
                known += 1
        out[band] = total / known if known else np.nan
