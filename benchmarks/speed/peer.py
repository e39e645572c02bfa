"""Time nrt, run by the interpreter that it is installed in: `python peer.py SIDE`; prints one JSON object."""

from __future__ import annotations

import datetime as dt
import json
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from nrt.monitor.ewma import EWMA

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent))
from cube import season


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Return wall and processor seconds of `work()`, the better of two runs, the first of which compiles."""
    runs = []
    for _ in range(2):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        runs.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = min(runs)
    return {"wall_s": wall, "processor_s": processor}


def main(side: int) -> None:
    """Print the timings."""
    warnings.simplefilter("ignore")
    days, values, look = season(side)
    times = np.datetime64("1970-01-01", "ns") + days[:-1].astype("timedelta64[D]")
    cube = xr.DataArray(values, dims=("time", "y", "x"), coords={"time": times, "y": np.arange(side) * -10.0, "x": np.arange(side) * 10.0})
    options = {"trend": False, "harmonic_order": 2}
    fit = timed(lambda: EWMA(**options).fit(cube, method="OLS", screen_outliers=None))
    screened = timed(lambda: EWMA(**options).fit(cube, method="OLS", screen_outliers="Shewhart", L=5))
    monitor = EWMA(**options)
    monitor.fit(cube, method="OLS", screen_outliers=None)
    day = dt.datetime(1970, 1, 1) + dt.timedelta(days=int(days[-1]))  # noqa: DTZ001 - what nrt asks for
    update = timed(lambda: monitor.monitor(look, day))
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"fit": fit, "screened": screened, "update": update, "peak_mb": peak_mb, "input_mb": values.nbytes / 2**20}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
