"""The numbers behind the time series, one line a scene.

Scenes that saw nothing have a line too: that nothing was seen is part of the evidence.
"""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.evidence.samples import Samples
    from sentinel_watch.evidence.series import Series

__all__ = ["series_csv"]

SCENE_COLUMNS = ("date", "scene_id", "role", "state", "usable_fraction")


def series_csv(samples: Samples, series: Mapping[str, Series]) -> str:
    """Return every scene of the ledger with its means over the event, as CSV; empty = nothing was seen or is known.

    `usable_fraction` is that of the event's pixels; observed and expected means are over the same pixels.

    Columns: date (UTC), scene_id, role, state, usable_fraction, then for each band and index NAME_observed and
    NAME_expected. Oldest first, lines end in a line feed.
    """
    stream = StringIO()
    # the module's own line end is Windows', and the bytes must be one everywhere
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*SCENE_COLUMNS, *(f"{name}_{kind}" for name in series for kind in ("observed", "expected"))])
    for row, scene in enumerate(samples.scenes):
        values = (number for one in series.values() for number in (one.observed[row], one.expected[row]))
        day = scene.time.astype("datetime64[D]")
        writer.writerow([day, scene.scene_id, scene.role, scene.state, f"{scene.event_usable:.3f}", *map(_number, values)])
    return stream.getvalue()


def _number(value: float) -> str:
    """Return a value with 5 decimals, finer than one digital number (0.0001); "" where it is not finite."""
    return f"{value:.5f}" if np.isfinite(value) else ""
