"""Time nrt, run by the interpreter that it is installed in: `python peer.py SIDE`; prints one JSON object."""

from __future__ import annotations

import datetime as dt
import json
import os
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from nrt.monitor.ewma import EWMA
from zeit._bfast import fit_bfast_monitor_batch

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.insert(0, str(Path(__file__).parent))
from cube import season

THREADS = int(os.environ.get("NUMBA_NUM_THREADS", "1"))


def timed(work: Callable[[], object], times: int = 2) -> dict[str, float]:
    """Return wall and processor seconds of `work()`, the least of a few runs, the first of which compiles."""
    runs = []
    for _ in range(times):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        runs.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = map(min, zip(*runs, strict=True))
    return {"wall_s": wall, "processor_s": processor}


def whole_series(values: np.ndarray) -> None:
    """Watch the last 49 looks after 100 of history; its time axis is regular, so looks count as evenly spaced."""
    series = np.ascontiguousarray(values.reshape(len(values), -1).T, dtype=np.float64)
    per_year = round(365.2425 * len(values) / 1500)
    begin = {"start_time": 2016.0, "monitor_start_time": 2016.0 + 100 / per_year}
    fit_bfast_monitor_batch(
        values_array=series, frequency=per_year, order=2, h=0.25, period=10, alpha=0.05, min_valid=10, n_jobs=THREADS, **begin
    )


def main(side: int) -> None:
    """Print the timings."""
    warnings.simplefilter("ignore")
    days, values, look = season(side)
    times = np.datetime64("1970-01-01", "ns") + days[:-1].astype("timedelta64[D]")
    cube = xr.DataArray(values, dims=("time", "y", "x"), coords={"time": times, "y": np.arange(side) * -10.0, "x": np.arange(side) * 10.0})
    options = {"trend": False, "harmonic_order": 2}
    fit = timed(lambda: EWMA(**options).fit(cube, method="OLS", screen_outliers=None, n_threads=THREADS))
    screened = timed(lambda: EWMA(**options).fit(cube, method="OLS", screen_outliers="Shewhart", L=5, n_threads=THREADS))
    monitor = EWMA(**options)
    monitor.fit(cube, method="OLS", screen_outliers=None)
    day = dt.datetime(1970, 1, 1) + dt.timedelta(days=int(days[-1]))  # noqa: DTZ001 - what nrt asks for
    update = timed(lambda: monitor.monitor(look, day), 9)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    series = timed(lambda: whole_series(season(side // 2)[1]))
    found = {"fit": fit, "screened": screened, "score": update, "update": update, "series": series}
    print(json.dumps({**found, "peak_mb": peak_mb, "input_mb": values.nbytes / 2**20}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
