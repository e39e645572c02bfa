"""Time ours on the same cube: `python -m benchmarks.speed.ours SIDE`; prints one JSON object."""

from __future__ import annotations

import json
import resource
import sys

import numpy as np
import xarray as xr

from benchmarks.speed.cube import season
from benchmarks.speed.timing import timed
from sentinel_watch.detectors.fitting import Fit, History, fit_tiles
from sentinel_watch.detectors.harmonics import design, penalties
from sentinel_watch.detectors.seasonal import Seasonal
from sentinel_watch.domain.look import MaskReason


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


def main(side: int) -> None:
    """Print the timings."""
    days, values, look = season(side)
    nothing = np.ones((len(values), side * side), bool)
    found = {
        f"{name}": timed(lambda steps=steps: harmonic_fit(days[:-1], values, nothing, steps))
        for name, steps in (("fit", 0), ("screened", 1))
    }
    detector, history, later = Seasonal(), dataset(days[:-1], values), dataset(days[-1:], look[None]).isel(time=0)
    found["whole fit"] = timed(lambda: detector.fit(history), runs=1)
    baseline = detector.fit(history.isel(time=slice(0, 60)))
    state = detector.start(baseline)
    found["update"] = timed(lambda: detector.update(baseline, state, later))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({**found, "peak_mb": peak_mb, "input_mb": values.nbytes / 2**20}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
