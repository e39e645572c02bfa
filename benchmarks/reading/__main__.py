"""Reads the same blocks in every way, on disk and at 0 and 30 ms latency, and prints a table.

    python -m benchmarks.reading [--folder DIR] [--rounds N] [--delays MS …]

Peers that are not installed are left out: `pip install odc-stac async-geotiff obstore` in an environment of its own.
Ways are run in turn, round by round, and the best round counts, so that a busy machine treats all alike.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.reading.archive import serving, write_archive
from benchmarks.reading.readers import DISK_READERS, READERS, plain_files, whole_files, with_cache

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the archive is written; left out, a temporary folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delays", type=float, nargs="+", default=[0, 30])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "archive"
        write_archive(folder)
        readers = {**READERS, "sentinel-watch, from its cache": with_cache(Path(temporary) / "cache")}
        _compare(DISK_READERS, str(folder), plain_files(str(folder)), ("on disk", options.rounds))
        for delay_ms in options.delays:
            with serving(folder, delay_ms) as url:
                _compare(readers, url, whole_files(url), (f"{delay_ms:g} ms latency", options.rounds))


def _compare(readers: dict[str, Callable[[str], np.ndarray]], url: str, truth: np.ndarray, how: tuple[str, int]) -> None:
    where, rounds = how
    best: dict[str, float] = {}
    work: dict[str, float] = {}
    notes: dict[str, str] = {}
    for _ in range(rounds):
        for name, reader in readers.items():
            if name in notes and not notes[name].startswith("same"):
                continue
            began, worked = perf_counter(), process_time()
            try:
                pixels = reader(url)
            except ImportError as error:
                notes[name] = f"not installed: {error.name}"
                continue
            best[name] = min(best.get(name, np.inf), perf_counter() - began)
            work[name] = min(work.get(name, np.inf), process_time() - worked)
            wrong = int((pixels != truth).sum()) if pixels.shape == truth.shape else truth.size
            notes[name] = "same pixels" if not wrong else f"{wrong} of {truth.size} pixels differ"
    print(f"\n{where}, {truth.shape[0]} scenes x {truth.shape[1]} bands, best of {rounds}: time, and processor time without the server's")
    for name in readers:
        seconds = " " * 36
        if name in best:
            times = (f"{spent[name]:6.2f} s x{spent[name] / spent['sentinel-watch']:5.2f}" for spent in (best, work))
            seconds = "   ".join(times)
        print(f"  {name:32}{seconds}  {notes[name]}")


if __name__ == "__main__":
    main()
