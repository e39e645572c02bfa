"""Whether a bundle is as it was sealed: every file that was changed, is missing or was added is named.

Reads the bundle and nothing else: no network, no workspace, no program state.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sentinel_watch.errors import InputError
from sentinel_watch.evidence.bundle.bag import BAGIT, DATA, DECLARATION, MANIFEST, TAG_MANIFEST, files_in, read_manifest
from sentinel_watch.evidence.bundle.files import sha256_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["Verdict", "verify_bag"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found; paths are relative to the bundle."""

    manifest_sha256: str
    """SHA-256, in hex, of the payload's manifest as it is now; "" where there is none."""
    checked: int
    """Files that a manifest lists and that are there."""
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    faults: tuple[str, ...] = field(default=())
    """What else is wrong, in plain words: a manifest's line that cannot be read, a seal that does not fit."""

    @property
    def sound(self) -> bool:
        """Return whether nothing at all is wrong."""
        return not (self.changed or self.missing or self.added or self.faults)


def verify_bag(folder: Path) -> Verdict:
    """Return what became of each file of the bundle in `folder`; raise InputError where it is no bundle at all.

    Each file is held against the manifest that must list it. Links count as changed or added, since
    what they show lies elsewhere. Files that no manifest lists are named as added.
    """
    if not (folder / MANIFEST).is_file() and not (folder / DATA).is_dir():
        raise InputError("this is no evidence bundle", where=str(folder), allowed=f"a folder with {MANIFEST} and {DATA}/")
    there = [path for path in files_in(folder) if _plain(folder, path)]
    # a link may show the right bytes today and others tomorrow
    links = set(files_in(folder)) - set(there)
    listed, faults = _listed(folder, there)
    differing = {path for path in there if path in listed and sha256_of(folder / path) != listed[path]}
    # the declaration has one form only, whatever a manifest says of it
    if DECLARATION in there and (folder / DECLARATION).read_bytes() != BAGIT.encode():
        differing.add(DECLARATION)
    must = {DECLARATION, MANIFEST, TAG_MANIFEST}
    tags = sorted(path for path in differing if not path.startswith(f"{DATA}/"))
    return Verdict(
        sha256_of(folder / MANIFEST) if MANIFEST in there else "",
        sum(path in listed for path in there),
        changed=tuple(sorted({*differing, *(links & {*listed, *must})})),
        missing=tuple(sorted({*listed, *must} - {*there, *links})),
        added=tuple(sorted({*there, *links} - {*listed, *must})),
        # nothing lists the tag manifest, so it may be the one that is not as it was
        faults=(*faults, *(f"{path} and {TAG_MANIFEST} do not agree: one of the two was changed" for path in tags)),
    )


def _listed(folder: Path, there: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Return path -> SHA-256 of what the two manifests list, and what is wrong with the manifests themselves.

    Of two lines for one path the first counts, and the second is a fault.
    """
    listed: dict[str, str] = {}
    faults = []
    for name in (MANIFEST, TAG_MANIFEST):
        lines = list(read_manifest(folder / name)) if name in there else []
        for line in lines:
            # each manifest speaks for its own part: none may vouch for the other's files, or twice for one
            if not line.sha256 or line.path in listed or line.path.startswith(f"{DATA}/") != (name == MANIFEST):
                faults.append(f"{name} holds a line that cannot be right: {line.path[:200]}")
            listed.setdefault(line.path, line.sha256)
        if name in there and (folder / name).read_bytes() != "".join(f"{line.sha256}  {line.path}\n" for line in lines).encode():
            faults.append(f"{name} is not as it was written")
    return {path: digest for path, digest in listed.items() if digest}, faults


def _plain(folder: Path, path: str) -> bool:
    """Return whether a file of the bundle is a plain one that lies in it: a link shows what is somewhere else."""
    place = folder / path
    return place.is_file() and place.resolve() == folder.resolve() / path
