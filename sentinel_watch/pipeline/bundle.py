"""Building an alert's bundle: filled, bagged, and put where nothing ever overwrites it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sentinel_watch import __version__
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.evidence.bundle.bag import DATA, MANIFEST, write_bag
from sentinel_watch.evidence.bundle.files import sha256_of
from sentinel_watch.pipeline.bundling import Subject, fill
from sentinel_watch.pipeline.progress import Progress, Silent
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.store import Store, Watch

__all__ = ["Built", "build", "find_alert", "place"]


@dataclass(frozen=True, slots=True)
class Built:
    """A bundle on disk."""

    folder: Path
    manifest_sha256: str
    """SHA-256, in hex, of the payload's manifest: it stands for every file of the payload."""
    new: bool
    """Whether it was written now; else the same bundle was there already."""


def build(alert_id: str, workspace: Path | str, bundles: Path, progress: Progress | None = None) -> Built:
    """Build the bundle of the alert whose id begins with `alert_id`, below `bundles`, and return it.

    `<bundles>/<alert_id>/rev<NNN>`, NNN being the alert's revision; the same content is not written twice, and other content of the same
    revision gets a number behind it. Raises InputError for an alert that is not there, and what `fill` raises.
    """
    with open_store(workspace, must_exist=True) as store:
        watch, alert = find_alert(store, alert_id)
        home = bundles / alert.alert_id
        draft = home / f".rev{alert.revision:03d}.part"
        shutil.rmtree(draft, ignore_errors=True)
        (draft / DATA).mkdir(parents=True)
        try:
            # a run must not move the events on meanwhile
            with store.lock(alert.site_id):
                fill(draft / DATA, Subject(store, watch, alert, workspace, bundles.parent), progress or Silent())
            write_bag(draft, _info(alert, _earlier(home)))
            return place(draft, home / f"rev{alert.revision:03d}")
        finally:
            shutil.rmtree(draft, ignore_errors=True)


def find_alert(store: Store, alert_id: str) -> tuple[Watch, Alert]:
    """Return the alert whose id begins with `alert_id`, of the latest watch that has it; InputError for none and for several."""
    known = {alert.alert_id: (watch, alert) for watch in store.watches() for alert in store.alerts(watch)}
    found = [name for name in known if name.startswith(alert_id)]
    if not found:
        raise InputError(f"there is no alert {alert_id!r}", found=alert_id, allowed=did_you_mean(alert_id, known))
    if len(found) > 1:
        raise InputError("several alerts begin so", found=alert_id, allowed=f"one of: {', '.join(sorted(found))}")
    return known[found[0]]


def _earlier(home: Path) -> list[Path]:
    """Return the bundles that there are of the alert, oldest revision first."""
    return sorted(path.parent for path in home.glob(f"rev*/{MANIFEST}"))


def _info(alert: Alert, earlier: list[Path]) -> dict[str, str]:
    """Return what `bag-info.txt` says: what this is, when it was made, and which bundle it takes the place of."""
    last = {"Supersedes": f"{earlier[-1].name} {sha256_of(earlier[-1] / MANIFEST)}"} if earlier else {}
    return {
        "External-Identifier": f"{alert.alert_id} revision {alert.revision}",
        "External-Description": f"Evidence of a suspected event at {alert.site_id}; open data/dossier.html",
        "Bagging-Date": f"{datetime.now(UTC):%Y-%m-%d}",
        "Bag-Software-Agent": f"sentinel-watch {__version__}",
        **last,
    }


def place(draft: Path, wanted: Path) -> Built:
    """Move a finished draft to `wanted`, or behind what stands there, and return it; the same content is not put there twice."""
    digest, number, free = sha256_of(draft / MANIFEST), 1, wanted
    while free.exists():
        if (free / MANIFEST).is_file() and sha256_of(free / MANIFEST) == digest:
            return Built(free, digest, new=False)
        number += 1
        free = wanted.with_name(f"{wanted.name}-{number}")
    draft.rename(free)
    return Built(free, digest, new=True)
