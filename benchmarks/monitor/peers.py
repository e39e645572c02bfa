"""The peers, on the very same cubes, in an environment of their own.

    python -m venv PEERS && PEERS/bin/python -m pip install -r benchmarks/peers.txt
    python -m benchmarks.monitor --role reporting --peers PEERS/bin/python --out OUT

`nrt` monitors (EWMA, CUSUM, MOSUM, IQR, CCDC) see NDVI or BSI, COLD and S-CCD the bands, with their authors' defaults for
fitting; trends are off where they may be, which helps on short histories. Looks are masked and thinned exactly as ours
are. A day of detection is the day on which the method had seen enough looks to say so. Answers are kept by content.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.monitor.alarms import Watched, alarms_from_days
from sentinel_watch.domain.look import day_number, usable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from benchmarks.monitor.runs import Run

__all__ = ["DEFAULTS", "PEER_NUISANCES", "PEER_SPANS", "SWEEP", "watch_with_peers"]

SCRIPT = Path(__file__).with_name("peer_script.py")
DEFAULTS = ("EWMA-NDVI", "CuSum-NDVI", "MoSum-NDVI", "IQR-NDVI", "CCDC-NDVI", "CCDC-BSI", "COLD", "S-CCD")
"""Every peer at its authors' settings."""
SWEEP = (
    'EWMA-NDVI:{"sensitivity":5}', 'EWMA-NDVI:{"sensitivity":15}', 'EWMA-NDVI:{"sensitivity":40}',
    'CuSum-NDVI:{"sensitivity":0.001}', 'MoSum-NDVI:{"sensitivity":0.001}',
    'IQR-NDVI:{"sensitivity":4}', 'IQR-NDVI:{"sensitivity":10}', 'IQR-NDVI:{"sensitivity":10,"boundary":6}',
    'CCDC-NDVI:{"sensitivity":6}', 'CCDC-NDVI:{"sensitivity":8,"boundary":6}',
    'CCDC-BSI:{"sensitivity":6}', 'CCDC-BSI:{"sensitivity":8,"boundary":6}', 'COLD:{"p_cg":0.9999,"conse":8}',
)  # fmt: skip
"""The same, made stricter, for operating points at equal false alarms."""
PEER_NUISANCES = ("offset", "dry_year")
PEER_SPANS = ("forest_29m", "forest_12m", "mine_24m", "mine_12m", "crop_12m")
"""What the peers are run on: a part of the whole, they are slow."""


def watch_with_peers(runs: Iterable[Run], methods: Sequence[str], python: Path, cache: Path) -> dict[tuple[str, str], Watched]:
    """Return (run name, method) -> what the peer said; cubes are written out, and only what is not known yet is run."""
    kept = cache / "peers"
    kept.mkdir(parents=True, exist_ok=True)
    order: list[tuple[str, str, NDArray[np.int32]]] = []
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        for run in runs:
            days = day_number(run.cube["time"])
            key = _written(run, days, Path(folder))
            order.append((run.name, key, days[days >= run.site.monitor_day]))
            if all((kept / _answer(key, method)).exists() for method in methods):
                (Path(folder) / f"{key}.npz").unlink()
        _asked(Path(folder), methods, python, kept)
    return {(name, method): _read(kept / _answer(key, method), days) for name, key, days in order for method in methods}


def _answer(key: str, method: str) -> str:
    return f"{key}@{hashlib.sha256(method.encode()).hexdigest()[:12]}.npz"


def _written(run: Run, days: NDArray[np.int32], folder: Path) -> str:
    seen = np.where(usable(run.cube["mask"].values)[:, None], run.cube["reflectance"].values, np.nan)
    # Pixels that are not scored cost a peer time and change nothing: none of them looks at its neighbours.
    seen[:, :, run.site.changed] = np.nan
    key = hashlib.sha256(seen.tobytes() + days.tobytes() + str(run.site.monitor_day).encode()).hexdigest()[:20]
    np.savez(
        folder / f"{key}.npz", reflectance=seen, days=days, bands=run.cube["band"].values.astype(str), monitor_day=run.site.monitor_day
    )
    return key


def _asked(folder: Path, methods: Sequence[str], python: Path, kept: Path) -> None:
    if not any(folder.iterdir()):
        return
    missing = [m for m in methods if any(not (kept / _answer(path.stem, m)).exists() for path in folder.glob("*.npz"))]
    subprocess.run([str(python), str(SCRIPT), str(folder), *missing], check=True)
    for path in folder.glob("*@*.npz"):
        key, _, number = path.stem.partition("@")
        shutil.move(path, kept / _answer(key, missing[int(number)]))


def _read(path: Path, monitored: NDArray[np.int32]) -> Watched:
    with np.load(path) as answer:
        first = alarms_from_days(answer["detected"].astype(np.int32), monitored)
        return Watched(first, fit_s=float(answer["seconds"]), note=str(answer["note"]))
