"""Measure an evidence bundle of the built-in sample, 1 km² and 140 scenes: `python -m benchmarks.evidence [--workspace DIR]`."""

from __future__ import annotations

import argparse
import tempfile
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

from sentinel_watch.evidence.bundle.verify import verify_bag
from sentinel_watch.pipeline.bundle import build
from sentinel_watch.pipeline.definition import pipeline_for
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.replay import replay
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site
from sentinel_watch.shipped import shipped
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["main"]


def main() -> None:
    """Print what building, verifying and replaying the bundle of the most urgent alert take, and how large it is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evidence", description=__doc__)
    parser.add_argument("--workspace", type=Path, help="of an earlier run of the sample; left out, it is run first")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace = options.workspace or run_sample(folder)
        with open_store(workspace) as store:
            urgent = store.alerts()[0]
        print("| | | CPU |\n|---|---|---|")
        with timed("build, s"):
            built = build(urgent.alert_id, workspace, folder / "bundles")
        with timed("verify, s"):
            verdict = verify_bag(built.folder)
        with timed("replay, s"):
            again = replay(built.folder, folder / "replay")
        files = [path for path in built.folder.rglob("*") if path.is_file()]
        print(f"| files | {len(files)} | |\n| size, MB | {sum(path.stat().st_size for path in files) / 1e6:.1f} | |")
        for part in ("imagery", "masks", "figures"):
            size = sum(path.stat().st_size for path in (built.folder / "data" / part).rglob("*.*"))
            print(f"| of which {part}, MB | {size / 1e6:.1f} | |")
        print(f"| verifies | {verdict.sound} | |\n| replay identical | {again.identical} | |")


def run_sample(folder: Path) -> Path:
    """Run the sample, and return the workspace."""
    site = read_site(shipped("aoi", "forest_romania.geojson"))
    run(RunRequest(site, "sample", pipeline_for(site.site_type), folder / "out", folder / "workspace"))
    return folder / "workspace"


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how many seconds the block took, by the clock and of processor, as a row of the table."""
    began, used = perf_counter(), process_time()
    yield
    print(f"| {what} | {perf_counter() - began:.0f} | {process_time() - used:.0f} |", flush=True)


if __name__ == "__main__":
    main()
