"""Reads the same grids in every way, on disk and at 0 and 30 ms latency, and prints tables.

    python -m benchmarks.reading [--folder DIR] [--rounds N] [--delays MS …] [--ways TEXT …] [--no-disk]

Peers that are not installed are left out: `pip install odc-stac async-geotiff obstore` in an environment of its own.
Ways are run in turn, round by round, so that a busy machine treats all alike. Every round reads from addresses that
were not asked before: GDAL would keep headers and sizes of the round before, which a run never has.
"""

from __future__ import annotations

import argparse
import tempfile
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from benchmarks.reading.archive import AREAS, serving, write_archive
from benchmarks.reading.readers import DISK_READERS, READERS, plain_files, with_cache

if TYPE_CHECKING:
    import numpy as np
    from odc.geo.geobox import GeoBox

    from benchmarks.reading.readers import Reader


OURS = "sentinel-watch"
FRESH = count()
"""Numbers for addresses, each used once."""


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="where the archive is written; left out, a temporary folder")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--delays", type=float, nargs="+", default=[0, 30])
    parser.add_argument("--ways", nargs="+", default=[""], help="only the ways whose names hold one of these, beside our own")
    parser.add_argument("--no-disk", action="store_true", help="only over HTTP")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary) / "archive"
        write_archive(folder)
        for area, grid in AREAS.items():
            truth = plain_files(str(folder), grid)
            remote = {**READERS, f"{OURS}, from its cache": with_cache(Path(temporary) / "cache")}
            disk, remote = (_chosen(ways, options.ways) for ways in (DISK_READERS, remote))
            if not options.no_disk:
                _print(f"on disk, {area}", [_round(disk, str(folder), grid, truth) for _ in range(options.rounds)])
            for delay_ms in options.delays:
                with serving(folder, delay_ms) as url:
                    rounds = [_round(remote, f"{url}/{next(FRESH)}", grid, truth) for _ in range(options.rounds)]
                _print(f"{delay_ms:g} ms latency, {area}", rounds)


def _chosen(ways: dict[str, Reader], names: list[str]) -> dict[str, Reader]:
    return {way: reader for way, reader in ways.items() if way == OURS or any(name in way for name in names)}


def _round(readers: dict[str, Reader], url: str, grid: GeoBox, truth: np.ndarray) -> dict[str, tuple[float, float, int]]:
    """Return way -> (seconds, seconds of processor time, pixels that differ) of one round; ways that are not installed are left out."""
    spent = {}
    for way, reader in readers.items():
        began, worked = perf_counter(), process_time()
        try:
            # the address is another one for each way, or the second would find what the first has left in a cache
            pixels = reader(url if url.startswith("/") else f"{url}-{len(spent)}", grid)
        except ImportError:
            continue
        wrong = int((pixels != truth).sum()) if pixels.shape == truth.shape else truth.size
        spent[way] = perf_counter() - began, process_time() - worked, wrong
    return spent


def _print(title: str, rounds: list[dict[str, tuple[float, float, int]]]) -> None:
    print(f"\n{title}, {len(rounds)} rounds: s at best, s in the median, s of processor time at best, each x ours; pixels that differ")
    for way in rounds[0]:
        cells = []
        for best, which in ((min, 0), (median, 0), (min, 1)):
            theirs, ours = (best(each[name][which] for each in rounds) for name in (way, OURS))
            cells.append(f"{theirs:6.2f} x{theirs / ours:5.2f}")
        print(f"  {way:32}{'  '.join(cells)}  {max(each[way][2] for each in rounds)}", flush=True)


if __name__ == "__main__":
    main()
