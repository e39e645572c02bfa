"""Run peers on cubes that the bench wrote; run by another interpreter, so it imports nothing of ours.

    python peer_script.py FOLDER METHOD...

FOLDER holds `<run>.npz` with `reflectance` (time, band, y, x; NaN = not usable), `days`, `bands` and `monitor_day`; for
every run and method, `<run>@<method>.npz` gets `detected` (y, x; day of confirmation since 1970-01-01, 0 = none) and `seconds`.
"""

from __future__ import annotations

import datetime as dt
import importlib
import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np

FAMILIES = {"EWMA": "ewma", "CuSum": "cusum", "MoSum": "mosum", "IQR": "iqr", "CCDC": "ccdc"}
EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - nrt wants naive instants
EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()


def index(run: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return (time, y, x) NDVI or BSI, NaN where not usable."""
    band = {str(b): run["reflectance"][:, i] for i, b in enumerate(run["bands"])}
    if name == "NDVI":
        return (band["B08"] - band["B04"]) / np.maximum(band["B08"] + band["B04"], 1e-3)
    dark, bright = band["B08"] + band["B02"], band["B11"] + band["B04"]
    return (bright - dark) / np.maximum(bright + dark, 1e-3)


def nrt_days(run: dict[str, np.ndarray], family: str, series: str, options: dict[str, float]) -> np.ndarray:
    """Return the day of detection of an `nrt` monitor with its own defaults for fitting."""
    import xarray as xr  # noqa: PLC0415 - only nrt needs it

    monitor_class = getattr(importlib.import_module(f"nrt.monitor.{FAMILIES[family]}"), family)
    values, days = index(run, series).astype(np.float64), run["days"]
    times = np.array([np.datetime64(int(day), "D") for day in days]).astype("datetime64[ns]")
    y, x = np.arange(values.shape[1]), np.arange(values.shape[2])
    cube = xr.DataArray(values, dims=("time", "y", "x"), coords={"time": times, "y": y, "x": x})
    before = days < run["monitor_day"]
    monitor = monitor_class(trend=family == "CCDC", **options)
    extra = {}
    if family == "CCDC":
        seen = {str(b): cube.copy(data=run["reflectance"][:, i].astype(np.float64)) for i, b in enumerate(run["bands"])}
        green = seen.get("B03", seen["B02"])
        extra = {"green": green[before], "swir": seen["B11"][before]}
    monitor.fit(cube[before], **extra)
    for at in np.flatnonzero(~before):
        monitor.monitor(values[at], EPOCH + dt.timedelta(days=int(days[at])))
    return np.zeros(values.shape[1:], np.int32) if monitor.detection_date is None else monitor.detection_date.astype(np.int32)


def stacked(run: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray, int]:
    """Return (time, band, pixel) reflectance x 10000 as integers, usable (time, pixel) and the SWIR's place, at most seven bands."""
    wanted = [b for b in ("B02", "B03", "B04", "B08", "B11", "B12") if b in run["bands"]]
    order = [list(run["bands"]).index(b) for b in wanted]
    values = run["reflectance"][:, order].reshape(len(run["days"]), len(order), -1)
    clear = np.isfinite(values).all(axis=1)
    return np.nan_to_num(values * 10000).clip(1, 10000).astype(np.int64), clear, wanted.index("B11") + 1


def cold_days(run: dict[str, np.ndarray], options: dict[str, float]) -> np.ndarray:
    """Return the day on which COLD, over the whole series, had seen enough looks of each pixel's first monitored break."""
    from pyxccd import cold_detect_flex  # noqa: PLC0415 - nrt runs without it

    values, clear, swir = stacked(run)
    return _by_pixel(run, values, clear, options, lambda days, seen, qas: cold_detect_flex(
        days, seen, qas, lam=20, tmask_b1_index=min(2, swir - 1), tmask_b2_index=swir, **options))  # fmt: skip


def sccd_days(run: dict[str, np.ndarray], options: dict[str, float]) -> np.ndarray:
    """Return the same of S-CCD: history by `sccd_detect_flex`, monitored looks by `sccd_update_flex`."""
    from pyxccd import sccd_detect_flex, sccd_update_flex  # noqa: PLC0415 - nrt runs without it

    values, clear, swir = stacked(run)
    bands = {"tmask_b1_index": min(2, swir - 1), "tmask_b2_index": swir}
    monitor_ordinal = int(run["monitor_day"]) + EPOCH_ORDINAL

    def breaks(days: np.ndarray, seen: np.ndarray, qas: np.ndarray) -> np.ndarray:
        old = days < monitor_ordinal
        pack = sccd_detect_flex(days[old], np.ascontiguousarray(seen[old]), qas[old], lam=20, **bands, **options)
        if (~old).any():
            pack = sccd_update_flex(pack, days[~old], np.ascontiguousarray(seen[~old]), qas[~old], lam=20, **bands, **options)
        return pack.rec_cg

    return _by_pixel(run, values, clear, options, breaks)


def _by_pixel(run, values, clear, options, find):  # noqa: ANN001, ANN202 - inner loop of a script
    days = run["days"].astype(np.int64) + EPOCH_ORDINAL
    monitor = int(run["monitor_day"]) + EPOCH_ORDINAL
    conse = int(options.get("conse", 6))
    detected = np.zeros(values.shape[2], np.int32)
    for pixel in range(values.shape[2]):
        use = clear[:, pixel]
        if use.sum() < 12:
            continue
        try:
            found = find(days[use], np.ascontiguousarray(values[use][:, :, pixel]), np.zeros(use.sum(), np.int64))
        except (RuntimeError, ValueError):
            continue
        if found is None or not hasattr(found, "dtype") or not found.dtype.names:
            continue
        broke = found["t_break"][(found["t_break"] >= monitor)]
        if "change_prob" in found.dtype.names:
            broke = found["t_break"][(found["t_break"] >= monitor) & (found["change_prob"] >= 100)]
        if len(broke):
            after = days[use][days[use] >= broke.min()]
            detected[pixel] = after[min(conse, len(after)) - 1] - EPOCH_ORDINAL
    return detected.reshape(run["reflectance"].shape[2:])


def detected_days(run: dict[str, np.ndarray], method: str) -> np.ndarray:
    """Return the (y, x) days of detection of `family-series:JSON` (nrt) or `COLD:JSON`, `S-CCD:JSON`."""
    name, _, text = method.partition(":")
    options = json.loads(text or "{}")
    if name == "COLD":
        return cold_days(run, options)
    if name == "S-CCD":
        return sccd_days(run, options)
    family, _, series = name.partition("-")
    return nrt_days(run, family, series, options)


def main(folder: Path, methods: list[str]) -> None:
    """Run all methods on all cubes; one that raises is reported as such, not as silence."""
    warnings.simplefilter("ignore")
    for path in sorted(p for p in folder.glob("*.npz") if "@" not in p.name):
        with np.load(path) as kept:
            run = {key: kept[key] for key in kept.files}
        for number, method in enumerate(methods):
            begun, note = time.perf_counter(), ""
            try:
                detected = detected_days(run, method)
            except Exception as error:  # whatever a peer raises becomes its result
                detected, note = np.zeros(run["reflectance"].shape[2:], np.int32), f"{type(error).__name__}: {error}"
            np.savez(folder / f"{path.stem}@{number}.npz", detected=detected, seconds=time.perf_counter() - begun, note=note[:200])


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
