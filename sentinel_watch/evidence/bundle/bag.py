"""A folder as a BagIt bag, RFC 8493: what is in it, and the SHA-256 of every file.

The payload lies in `data/`; its manifest is the same whenever and wherever the same alert is bundled. When the bag was made
stands in `bag-info.txt`, which is a tag file and in the tag manifest only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sentinel_watch.evidence.bundle.files import manifest_of, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

__all__ = ["BAG_INFO", "DATA", "MANIFEST", "TAG_MANIFEST", "Line", "files_in", "read_manifest", "write_bag", "write_tag_manifest"]

DATA = "data"
DECLARATION, BAG_INFO = "bagit.txt", "bag-info.txt"
MANIFEST, TAG_MANIFEST = "manifest-sha256.txt", "tagmanifest-sha256.txt"
BAGIT = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
LINE = re.compile(r"([0-9a-f]{64})  (\S.*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a manifest; `sha256` is "" where the line is not one that this program writes."""

    sha256: str
    path: str
    """Relative to the bag, with slashes; of a line that cannot be read, the line itself."""


def write_bag(folder: Path, info: Mapping[str, str]) -> None:
    """Make a bag of `folder`, whose payload lies in `data/` already; `info` goes into `bag-info.txt` beside the payload's size.

    Four tag files: declaration, info, payload's manifest and tag manifest (RFC 8493 section 2). Payload-Oxum is bytes
    and number of files. A bag that is there already is written over.
    """
    payload = [folder / path for path in files_in(folder) if path.startswith(f"{DATA}/")]
    size = f"{sum(path.stat().st_size for path in payload)}.{len(payload)}"
    write_text(folder / DECLARATION, BAGIT)
    write_text(folder / BAG_INFO, "".join(f"{name}: {value}\n" for name, value in {**info, "Payload-Oxum": size}.items()))
    write_text(folder / MANIFEST, manifest_of(folder, [f"{path.relative_to(folder).as_posix()}" for path in payload]))
    write_tag_manifest(folder)


def write_tag_manifest(folder: Path) -> None:
    """Write the manifest of all that is not payload; to be written again after the seal."""
    tags = [path for path in files_in(folder) if not path.startswith(f"{DATA}/") and path != TAG_MANIFEST]
    write_text(folder / TAG_MANIFEST, manifest_of(folder, tags))


def files_in(folder: Path) -> list[str]:
    """Return the paths of all files below `folder`, sorted, with slashes; links are files too and are not followed.

    Folders are left out, as BagIt has none of its own.
    """
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())


def read_manifest(path: Path) -> Iterator[Line]:
    """Yield the lines of a manifest; those that are not of its form, or lead out of the bag, without a hash.

    Lines end in a line feed; bytes that are no UTF-8 are replaced and so match no file.
    """
    for text in path.read_bytes().decode("utf-8", "replace").split("\n"):
        found = LINE.fullmatch(text)
        # a bundle comes from others: its manifest may name any file of this machine
        if found and not _leads_out(found[2]):
            yield Line(found[1], found[2])
        elif text:
            yield Line("", text)


def _leads_out(path: str) -> bool:
    """Return whether a path of a manifest names anything outside of the bag.

    Absolute paths, `..`, backslashes and drive letters, on any system.
    """
    parts = PurePosixPath(path)
    return parts.is_absolute() or ".." in parts.parts or "\\" in path or ":" in path
