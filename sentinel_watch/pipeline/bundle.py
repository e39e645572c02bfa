"""Building an alert's bundle: filled, bagged, and put where nothing ever overwrites it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sentinel_watch import __version__
from sentinel_watch.errors import InputError, MissingExtraError, SourceError, did_you_mean
from sentinel_watch.evidence.bundle.authority import AUTHORITIES
from sentinel_watch.evidence.bundle.bag import DATA, MANIFEST, write_bag
from sentinel_watch.evidence.bundle.files import sha256_of
from sentinel_watch.evidence.bundle.seal import write_seal
from sentinel_watch.log import log
from sentinel_watch.pipeline.bundling import Subject, fill
from sentinel_watch.pipeline.progress import Progress, Silent
from sentinel_watch.sources.settings import load_settings
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.store import Store, Watch

__all__ = ["Built", "build", "find_alert", "place_for", "seal"]


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
            free = place_for(draft, home / f"rev{alert.revision:03d}")
            digest, new = sha256_of(draft / MANIFEST), not free.exists()
            if new:
                seal(draft, store, alert, free.name)
                draft.rename(free)
            return Built(free, digest, new)
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


def place_for(draft: Path, wanted: Path) -> Path:
    """Return where a finished draft belongs: `wanted`, or behind what stands there; a place that is taken holds the same content."""
    digest, number, place = sha256_of(draft / MANIFEST), 1, wanted
    while place.exists() and not ((place / MANIFEST).is_file() and sha256_of(place / MANIFEST) == digest):
        number += 1
        place = wanted.with_name(f"{wanted.name}-{number}")
    return place


def seal(draft: Path, store: Store, alert: Alert, name: str) -> None:
    """Seal a bag: an entry of the audit log, and the witness of the authority that is configured; it says so where there is none.

    An authority that does not answer leaves the bundle without a time stamp, and the seal says why.
    """
    now, settings = datetime.now(UTC).isoformat(timespec="seconds"), load_settings()
    details = {"bundle": name, "revision": alert.revision, "manifest_sha256": sha256_of(draft / MANIFEST)}
    entry = store.audit.append("evidence", "evidence.sealed", alert.alert_id, details)
    stamp, authority = None, str(settings.timestamp.get("url", settings.timestamp.get("part", "")))
    try:
        if settings.timestamp and not settings.offline:
            stamp = AUTHORITIES.build(settings.timestamp).stamp((draft / MANIFEST).read_bytes())
    except (SourceError, MissingExtraError) as error:
        log.warning("the bundle is sealed without a time stamp: %s", error)
        authority = f"{authority} gave none: {error.what}"
    write_seal(draft, now, entry, stamp, authority)
