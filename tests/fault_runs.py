"""Whole runs over a server that fails: the alerts of a run that nothing disturbed, or exit code 3 and, once it is well, those alerts.

    python tests/fault_runs.py [--seeds N] [--kinds api hub] [--faults NAME …] [--minutes M]

Puts each fault into three of ten requests of a run over a corner of the Romanian forest, a few years of it, and prints what
came of each; ends with 1 where anything else came of one. Ten seeds of everything take some hours.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from collections import Counter
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fault_server import FAULTS, Archive, serving
from hub_server import CLIENT, HUB_FAULTS, SECRET, Hub, serving_hub
from served import QUICK
from shapely.geometry import box, mapping

from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.errors import SourceError
from sentinel_watch.pipeline.definition import load_pipeline
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.run import run
from sentinel_watch.register import read_site
from sentinel_watch.sources.settings import CONFIG_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentinel_watch.pipeline.deliver import RunResult

__all__ = ["CASE", "CORNER", "KINDS", "PERIOD", "Trial", "case_of"]

CASE = Path(__file__).resolve().parents[2] / "shared" / "cases" / "forest_romania"
CORNER = box(22.1455, 45.2030, 22.1500, 45.2058)
"""A part of the forest in which trees were cut."""
PERIOD = [datetime(year, 1, 1, tzinfo=UTC) for year in (2016, 2018, 2019)]
BUSY = ("busy_seconds", "busy_date", "busy_other_clock", "busy_silent", "busy_for_long")
API_FAULTS = tuple(f"api_{name}" for name in (*BUSY, "quota", "expired", "drop", "page", "sign_in"))
"""Faults of the API itself, beside those of the file server."""
CATALOGUE_FAULTS = ("hidden_items", "invented_items", "repeated_items", "empty_page", "page_loop")
KINDS = {"api": (*FAULTS, *API_FAULTS, *CATALOGUE_FAULTS), "hub": tuple(HUB_FAULTS)}
IMAGES: dict[str, bytes] = {}
"""What any hub has made: no trial hangs on how fast this machine makes them."""
SHARE = 0.3


@dataclass(frozen=True)
class Trial:
    """One run with a fault, and what must hold of it."""

    kind: str
    """`api` or `hub`."""
    fault: str
    seed: int

    def outcome(self, case: Path, expected: bytes) -> str:
        """Return `same` or `failed, then same`, or what was wrong; `expected` are the alerts of a run that nothing disturbed."""
        with tempfile.TemporaryDirectory() as folder, chdir(folder), _served(self.kind, case) as server:
            server.fault, server.seed, server.share = self.fault, self.seed, SHARE
            first = _attempt(Path(folder))
            wrong = _wrong(first, expected, Path(folder))
            if wrong or first.exit_code == 0:
                return wrong or "same"
            server.fault = ""
            second = _attempt(Path(folder))
            if second.exit_code:
                return f"WRONG: the rerun without a fault ended with {second.exit_code}: {second.said}"
            # what was never there counts as not observed for good: nobody can tell it from what was taken away
            alike = _seen if self.fault == "invented_items" else bytes
            same = alike(_alerts(Path(folder))) == alike(expected)
            return "failed, then same" if same else "WRONG: the rerun has other alerts"


@dataclass(frozen=True)
class _Attempt:
    """How a run ended."""

    exit_code: int
    said: str
    result: RunResult | None


def case_of(kind: str, case: Path = CASE) -> bytes:
    """Return the alerts of a run over a server of `kind` without any fault."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder), _served(kind, case):
        attempt = _attempt(Path(folder))
        assert attempt.exit_code == 0, attempt.said
        assert attempt.result is not None
        assert attempt.result.alerts, "a case without an alert shows nothing"
        return _alerts(Path(folder))


@contextmanager
def _served(kind: str, case: Path) -> Iterator[Archive | Hub]:
    """Serve the case while the block runs, and name the server `loop` in the configuration."""
    config = Path("config.toml").resolve()
    os.environ |= {CONFIG_VARIABLE: str(config), "SH_CLIENT_ID": CLIENT, "SH_CLIENT_SECRET": SECRET}
    if kind == "hub":
        with serving_hub(Hub(case / "items", page_size=50, images=IMAGES)) as hub:
            config.write_text(hub.config("loop").replace("timeout_s = 30", "timeout_s = 1.0"))
            yield hub
        return
    with serving(Archive(case / "items", page_size=50)) as archive:
        patience = "".join(f"{key} = {value}\n" for key, value in QUICK.items())
        config.write_text(f'[sources.loop]\nurl = "{archive.url}"\nallow_private = true\n[sources.loop.patience]\n{patience}')
        yield archive


def _attempt(folder: Path) -> _Attempt:
    """Run the corner once, in a workspace below `folder`; what the command line would exit with is its code."""
    aoi, out = folder / "corner.geojson", folder / "out"
    properties = {"site_id": "corner", "name": "Corner", "site_type": "protected_area"}
    aoi.write_text(json.dumps({"type": "Feature", "properties": properties, "geometry": mapping(CORNER)}))
    request = RunRequest(read_site(aoi), "loop", load_pipeline("protected_area"), out, out / "workspace", *PERIOD)
    try:
        result = run(request)
    except SourceError as error:
        return _Attempt(error.exit_code, error.what, None)
    return _Attempt(result.exit_code, "", result)


def _wrong(attempt: _Attempt, expected: bytes, folder: Path) -> str:
    """Return what a run with a fault did that it must not; empty where it ended as it may."""
    if attempt.exit_code not in {0, 3}:
        return f"WRONG: exit code {attempt.exit_code}"
    if attempt.result is None:
        return "" if attempt.exit_code == 3 else "WRONG: no result"
    failed = [record for record in attempt.result.records if record.outcome is Outcome.FAILED]
    if bool(failed) != (attempt.exit_code == 3):
        return f"WRONG: exit code {attempt.exit_code} with {len(failed)} failed scenes"
    if not all(record.detail for record in failed):
        return "WRONG: a scene failed without a reason"
    return "WRONG: other alerts, and no scene failed" if not failed and _alerts(folder) != expected else ""


def _alerts(folder: Path) -> bytes:
    """Return the alert file, but for how often an alert was revised and the seal over that: it was told with what was known then."""
    document = json.loads((folder / "out" / "alerts.geojson").read_bytes())
    for feature in document["features"]:
        feature["properties"] |= {"revision": None, "evidence_sha256": None}
    return json.dumps(document, sort_keys=True).encode()


def _seen(alerts: bytes) -> bytes:
    """Return what `_alerts` does, but for the share of looks that were to be had."""
    document = json.loads(alerts)
    for feature in document["features"]:
        feature["properties"]["observability"] = None
    return json.dumps(document, sort_keys=True).encode()


def main() -> None:
    """Run all trials, seed by seed, and print a line for each and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--kinds", nargs="+", choices=sorted(KINDS), default=sorted(KINDS))
    parser.add_argument("--faults", nargs="+")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further trial after this time")
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    began, counts = time.monotonic(), Counter()
    expected = {kind: case_of(kind) for kind in options.kinds}
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for kind in options.kinds:
            for fault in options.faults or sorted(KINDS[kind]):
                if time.monotonic() - began > 60 * options.minutes:
                    continue
                start = time.monotonic()
                outcome = Trial(kind, fault, seed).outcome(CASE, expected[kind])
                counts[outcome if not outcome.startswith("WRONG") else "WRONG"] += 1
                print(f"seed {seed}  {kind}  {fault:20} {outcome}  ({time.monotonic() - start:.0f} s)", flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items())))
    sys.exit(1 if counts["WRONG"] else 0)


if __name__ == "__main__":
    main()
