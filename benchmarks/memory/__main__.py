"""Measure the peak memory of a run over N and 10 N monitored dates: `python -m benchmarks.memory [--dates N] [--side PX]`."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.memory.measure import measure

__all__ = ["main"]


def main() -> None:
    """Print a table of dates, peak memory and seconds, and what the longer archive cost more."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--dates", type=int, default=40, help="monitored dates of the shorter archive")
    parser.add_argument("--side", type=int, default=256, help="side of the AOI, pixels; 256 is one block")
    options = parser.parse_args()
    print("| monitored dates | alerts | peak memory, MB | seconds |\n|---|---|---|---|")
    peaks = []
    for dates in (options.dates, 10 * options.dates):
        with tempfile.TemporaryDirectory() as folder:
            found = measure(Path(folder), dates, options.side)
        peaks.append(found.peak_mb)
        print(f"| {dates} | {found.alerts} | {found.peak_mb:.0f} | {found.seconds:.0f} |", flush=True)
    print(f"\nTen times the dates cost {peaks[1] - peaks[0]:+.0f} MB, {peaks[1] / peaks[0] - 1:+.1%}.")


if __name__ == "__main__":
    main()
