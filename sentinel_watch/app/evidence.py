"""The verbs about evidence that run a pipeline: build and replay.

What is printed says first whether all is well, then every single thing that is not.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from sentinel_watch.app.progress import showing
from sentinel_watch.app.tables import console, fact_table
from sentinel_watch.errors import InputError
from sentinel_watch.evidence.bundle.verify import verify_bag
from sentinel_watch.pipeline.bundle import build
from sentinel_watch.pipeline.replay import replay
from sentinel_watch.store import is_address

__all__ = ["build_evidence", "replay_evidence"]

WRONG = InputError.exit_code
"""Exit code of a bundle that is not as it should be."""


def build_evidence(alert_id: str, workspace: str, out: Path | None) -> None:
    """Build the bundle of the alert whose id begins with `alert_id`, below `out`, and print where it is.

    `out` None is `bundles` in the workspace, or below `out` where that is a database.

    Raises InputError where there is no such workspace or alert, SourceError where a scene can no longer be read.

    Built from the store and the source alone, so the same alert gives the same payload; one that is there already and
    the same is left as it is.
    """
    bundles = out or Path("out" if is_address(workspace) else workspace) / "bundles"
    with showing() as progress:
        built = build(alert_id, workspace, bundles, progress)
    facts = {
        "Bundle": str(built.folder) + ("" if built.new else ", which was there already, the same"),
        "SHA-256": f"{built.manifest_sha256} (of manifest-sha256.txt)",
        "Next": f"sentinel-watch evidence verify {built.folder}\nsentinel-watch evidence replay {built.folder}",
    }
    console().print(fact_table(facts), highlight=False, soft_wrap=False)


def replay_evidence(bundle: Path) -> int:
    """Run a bundle's detection again, print how it compares, and return the exit code: 0 where it is the same, else 2.

    The replay has a workspace of its own, which is gone afterwards, and asks no network. A bundle that was changed is
    replayed all the same, and said to be so. Raises InputError where it is no bundle.
    """
    # a replay of changed pixels may well give the same alert
    verdict = verify_bag(bundle)
    with TemporaryDirectory() as workspace, showing() as progress:
        result = replay(bundle, Path(workspace), progress)
    out = console()
    same = "the same alert: geometry, dates and class are identical" if result.identical else "ANOTHER RESULT"
    out.print(f"The replay of {result.alert_id} gives {same}.", highlight=False)
    for line in result.explanation():
        out.print(line, highlight=False, soft_wrap=True, markup=False)
    if not verdict.sound:
        out.print("The bundle is not as it was made: sentinel-watch evidence verify says what was changed.", highlight=False)
    return 0 if result.identical and verdict.sound else WRONG
