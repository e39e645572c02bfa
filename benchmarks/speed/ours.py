"""Time ours on the same cube: `python -m benchmarks.speed.ours SIDE`; prints one JSON object."""

from __future__ import annotations

import json
import resource
import sys
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from benchmarks.speed.cube import season
from benchmarks.speed.timing import timed
from sentinel_watch.detectors.fitting import Fit, History, fit_tiles
from sentinel_watch.detectors.harmonics import design, penalties
from sentinel_watch.detectors.scoring import Look, score
from sentinel_watch.detectors.seasonal import Seasonal, known
from sentinel_watch.domain.look import MaskReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from sentinel_watch.domain.change import Arrays


def dataset(days: np.ndarray, values: np.ndarray) -> xr.Dataset:
    """Return looks (T, y, x) as the one-band cube that a detector takes."""
    mask = np.where(np.isnan(values), np.uint8(MaskReason.CLOUD), np.uint8(0))
    times = np.datetime64("1970-01-01", "ns") + days.astype("timedelta64[D]")
    coords = {"band": ["B08"], "time": times, "scene_id": ("time", [f"look{day}" for day in days])}
    return xr.Dataset({"reflectance": (("time", "band", "y", "x"), values[:, None]), "mask": (("time", "y", "x"), mask)}, coords=coords)


def harmonic_fit(days: np.ndarray, values: np.ndarray, mask: np.ndarray, steps: int) -> None:
    """Fit the second-order seasonal model, from reflectance with gaps to coefficients; `mask` hides nothing, as for the peer."""
    looks, pixels = len(values), values[0].size
    history = History(values.reshape(looks, 1, pixels), mask, np.zeros((looks, 1), np.float32), np.ones((looks, 1), np.float32))
    fit_tiles(history, Fit(design(days, 2), penalties(2, 0.0), np.full(pixels, 2, np.uint8), np.full(1, 50.0), steps))


def judged(detector: Seasonal, baseline: Arrays, day: int, look: np.ndarray) -> Callable[[], object]:
    """Return the work of judging one look, (side, side) reflectance: deviation from the model, own spectra, running mean."""
    seen, row = np.isfinite(look.reshape(-1)), design(np.array([day]), baseline["coefficients"].shape[0] // 2)[0]
    usual, drift = baseline["usual"] * np.float32(detector.quiet_below), np.zeros((1, seen.size), np.float32)
    learnt = known(baseline)
    return lambda: score(Look(look.reshape(1, -1), row, day, usual, 1.0, seen), *learnt, drift)


def whole_series(detector: Seasonal, days: np.ndarray, values: np.ndarray) -> None:
    """Learn 100 looks and watch the rest."""
    baseline = detector.fit(dataset(days[:100], values[:100]))
    state = detector.start(baseline)
    for at in range(100, len(values)):
        state = detector.update(baseline, state, dataset(days[at : at + 1], values[at : at + 1]).isel(time=0))


def main(side: int) -> None:
    """Print the timings."""
    days, values, look = season(side)
    nothing = np.ones((len(values), side * side), bool)
    found = {
        "fit": timed(lambda: harmonic_fit(days[:-1], values, nothing, 0)),
        "screened": timed(lambda: harmonic_fit(days[:-1], values, nothing, 1)),
    }
    detector, history, later = Seasonal(), dataset(days[:-1], values), dataset(days[-1:], look[None]).isel(time=0)
    found["whole fit"] = timed(lambda: detector.fit(history), runs=1)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    baseline = detector.fit(history.isel(time=slice(0, 100)))
    state = detector.start(baseline)
    found["score"] = timed(judged(detector, baseline, int(days[-1]), look), runs=9)
    found["update"] = timed(lambda: detector.update(baseline, state, later), runs=9)
    small = season(side // 2)
    found["series"] = timed(lambda: whole_series(detector, small[0][:-1], small[1]), runs=2)
    print(json.dumps({**found, "peak_mb": peak_mb, "input_mb": values.nbytes / 2**20}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
