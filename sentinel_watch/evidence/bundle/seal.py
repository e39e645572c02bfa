"""The seal of a bundle: the hash of its manifest, where it was recorded, and who witnessed when.

Tag files, outside of the payload: the same content sealed twice has two seals and one hash.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sentinel_watch.errors import InputError, MissingExtraError
from sentinel_watch.evidence.bundle.authority import check_stamp
from sentinel_watch.evidence.bundle.bag import MANIFEST, write_tag_manifest
from sentinel_watch.evidence.bundle.files import sha256_of, write_json

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["SEAL", "STAMP", "SealCheck", "check_seal", "write_seal"]

SEAL, STAMP = "seal/seal.json", "seal/timestamp.tsr"
NO_AUTHORITY = "no time-stamp authority is configured: that the bundle existed then rests on the audit chain and the machine's clock alone"

SealCheck = tuple[list[str], list[str]]
"""What a seal says, and what is wrong with it, both in plain words."""


def write_seal(folder: Path, sealed_at: str, audit_entry: str, stamp: bytes | None, authority: str) -> None:
    """Seal a bag: write `seal/` and the tag manifest again.

    `sealed_at` ISO 8601, UTC; `audit_entry` the hash of the audit log's entry that records the seal; `stamp` the answer (DER) of the
    authority called `authority`, or None with the reason in its place, empty where none is configured.
    """
    document: dict[str, Any] = {
        "subject": MANIFEST,
        "sha256": sha256_of(folder / MANIFEST),
        "sealed_at": sealed_at,
        "audit_entry": audit_entry,
        "timestamp": {"file": STAMP, "authority": authority} if stamp else None,
    }
    if stamp is None:
        document["no_timestamp"] = authority or NO_AUTHORITY
    write_json(folder / SEAL, document)
    if stamp:
        (folder / STAMP).write_bytes(stamp)
    write_tag_manifest(folder)


def check_seal(folder: Path, roots: Path | None) -> SealCheck:
    """Return what the seal of a bundle says, and what is wrong with it; `roots` is a PEM file of trusted certificates, or None.

    A bundle without a seal is not wrong, and says so. Nothing is raised for a seal that cannot be read: it is a
    fault.
    """
    if not (folder / SEAL).is_file():
        return ["the bundle has no seal"], []
    try:
        document = json.loads((folder / SEAL).read_bytes())
        says = [f"sealed at {document['sealed_at']} by the machine's clock, entry {document['audit_entry']} of the audit log"]
        # a seal may be whole and lie beside another bundle
        if document["sha256"] != sha256_of(folder / MANIFEST):
            return says, [f"{SEAL} is of another manifest"]
        stamp = document["timestamp"]
        if stamp is None:
            return [*says, f"not time-stamped: {document['no_timestamp']}"], []
    except (ValueError, LookupError, TypeError, OSError) as error:
        return [], [f"{SEAL} cannot be read: {error}"]
    return _check_stamp(folder, says, roots)


def _check_stamp(folder: Path, says: list[str], roots: Path | None) -> SealCheck:
    """Return what `says` becomes with the time stamp's word, and what is wrong with it.

    Where the package that reads stamps is missing, the stamp is unchecked, which is said and is no fault.
    """
    try:
        instant = check_stamp((folder / STAMP).read_bytes(), (folder / MANIFEST).read_bytes(), roots)
    except MissingExtraError as error:
        return [*says, f"the time stamp was not checked: {error.what}"], []
    except (InputError, OSError) as error:
        return says, [f"{STAMP}: {error}"]
    trust = "signature checked" if roots else "signature not checked: give the authority's certificates with --ca"
    return [*says, f"time-stamped at {instant} ({trust})"], []
