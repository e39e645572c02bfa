"""Run the comparison: `python -m benchmarks.speed --peers PYTHON [--side 500]`."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROWS = {"fit": "history fit, least squares", "screened": "history fit, screened once", "update": "one look taken in"}


def run(*command: str) -> dict[str, Any]:
    """Return the JSON object that `command` prints last."""
    printed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parents[1]).stdout
    found: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return found


def main() -> int:
    """Time both sides, one after the other, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("--peers", required=True, help="the Python that nrt is installed in")
    parser.add_argument("--side", type=int, default=500, help="pixels to a side")
    options = parser.parse_args()
    ours = run(sys.executable, "-m", "benchmarks.speed.ours", str(options.side))
    theirs = run(options.peers, str(HERE / "peer.py"), str(options.side))
    print(f"| {options.side}² pixels, 149 looks, 42 % cloud | ours s (processor) | nrt EWMA s (processor) | times faster (processor) |")
    print("| --- | --- | --- | --- |")
    for key, name in ROWS.items():
        mine, other = ours[key], theirs[key]
        ratio = f"{other['wall_s'] / mine['wall_s']:.1f} ({other['processor_s'] / mine['processor_s']:.1f})"
        print(
            f"| {name} | {mine['wall_s']:.4f} ({mine['processor_s']:.4f}) | {other['wall_s']:.4f} ({other['processor_s']:.4f}) | {ratio} |"
        )
    print(f"\nThe detector's whole fit: {ours['whole fit']['wall_s']:.2f} s ({ours['whole fit']['processor_s']:.2f}).")
    print(f"Peak memory: ours {ours['peak_mb']:.0f} MB, nrt {theirs['peak_mb']:.0f} MB; the input is {ours['input_mb']:.0f} MB.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
