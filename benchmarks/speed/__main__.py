"""Run the comparison: `python -m benchmarks.speed --peers PYTHON [--side 500] [--rounds 3]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROWS = {
    "fit": "history fit, least squares, against `.fit(method='OLS')`",
    "screened": "history fit, reweighted once, against OLS screened once (Shewhart)",
    "score": "one look judged: `score` against `monitor`",
    "update": "one look taken in, all that a detector does: `Seasonal.update` against `monitor`",
    "series": "whole series, 100 looks learnt and 49 watched, against zeit-cdts `bfast_monitor`",
}


def run(*command: str) -> dict[str, Any]:
    """Return the JSON object that `command` prints last."""
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parents[1]).stdout
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def best(rounds: list[dict[str, Any]], key: str) -> tuple[float, float]:
    """Return the least wall and the least processor seconds of `key` over all rounds: what others do on the machine only adds."""
    return min(found[key]["wall_s"] for found in rounds), min(found[key]["processor_s"] for found in rounds)


def main() -> int:
    """Time both sides in turns, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--peers", required=True, help="the Python that nrt and zeit-cdts are installed in")
    parser.add_argument("--side", type=int, default=500, help="pixels to a side; half of it for whole series")
    parser.add_argument("--rounds", type=int, default=3, help="turns that each side gets")
    options = parser.parse_args()
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(run(sys.executable, "-m", "benchmarks.speed.ours", str(options.side)))
        theirs.append(run(options.peers, str(HERE / "peer.py"), str(options.side)))
    print(
        f"| {options.side}² pixels, one band, 149 looks, 42 % cloud | ours s (processor) | peer s (processor) | times faster (processor) |"
    )
    print("| --- | --- | --- | --- |")
    for key, name in ROWS.items():
        (wall, processor), (other_wall, other_processor) = best(ours, key), best(theirs, key)
        ratio = f"{other_wall / wall:.1f} ({other_processor / processor:.1f})"
        print(f"| {name} | {wall:.4f} ({processor:.4f}) | {other_wall:.4f} ({other_processor:.4f}) | {ratio} |")
    print("\nThe detector's whole fit: {:.2f} s ({:.2f}).".format(*best(ours, "whole fit")))
    peaks = (min(found["peak_mb"] for found in side) for side in (ours, theirs))
    print("Peak memory: ours {:.0f} MB, nrt {:.0f} MB; the input is {:.0f} MB.".format(*peaks, ours[0]["input_mb"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
