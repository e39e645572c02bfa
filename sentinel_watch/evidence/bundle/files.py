"""How evidence's text files and manifests are written: the same content is always the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["checksum", "manifest_of", "safe_name", "sha256_of", "write_json", "write_text"]

CHUNK_BYTES = 1024 * 1024
MULTIHASH_SHA256 = "1220"
"""How a SHA-256 begins as a multihash, which STAC's file extension asks for."""


def write_json(path: Path, document: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write `document` as indented UTF-8 JSON; ValueError for NaN, which JSON does not have.

    Keys stay in their order, so a document must be built in one order.
    """
    write_text(path, json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with the line ends that it has.

    Folders on the way are made. No line end is translated, on any system.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex, read piece by piece.

    64 digits; raises OSError where it cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(CHUNK_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def manifest_of(folder: Path, paths: Iterable[str]) -> str:
    """Return the manifest of files, sorted by path, in the format of `sha256sum`.

    `paths` are relative to `folder`, with slashes. Two spaces stand between hash and path, and every line ends in a line feed.
    """
    return "".join(f"{sha256_of(folder / path)}  {path}\n" for path in sorted(paths))


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file as a multihash, in hex."""
    return MULTIHASH_SHA256 + sha256_of(path)


def safe_name(name: str) -> str:
    """Return `name` where it can name a file everywhere, else a name made of its safe characters and its hash.

    At most 89 characters; letters, digits, dot, hyphen and underscore. Two names never give the same one, but for a
    clash of 32 bits.
    """
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).strip(".")[:80]
    return name if safe == name else f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
