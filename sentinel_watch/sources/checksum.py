"""Checksums as STAC's file extension gives them: multihashes, which name their own algorithm.

Catalogues give checksums as multihash in hexadecimal digits (STAC file extension, `file:checksum`): code and length
of the digest as unsigned varints, and then the digest.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["agrees"]

ALGORITHMS = {"d50110": "md5", "1114": "sha1", "1220": "sha256", "1340": "sha512", "1620": "sha3_256", "1440": "sha3_512"}
"""Code and length of a digest, as they stand in front of it -> its name in hashlib."""


def agrees(multihash: str, pieces: Iterable[bytes]) -> bool:
    """Return whether the bytes of `pieces`, one after the other, have the checksum `multihash`, hexadecimal digits.

    True where it is empty or of a kind that is not known here: then nothing is said.

    Compared without regard to case. Used against a file that was replaced or damaged, not against a forger: MD5 and
    SHA-1 count as well. Reads `pieces` once, and only where the kind is known.
    """
    text = multihash.lower()
    for head, name in ALGORITHMS.items():
        # machines in FIPS mode refuse MD5 unless told that no security rests on it
        digest = hashlib.new(name, usedforsecurity=False)
        if text.startswith(head) and len(text) == len(head) + 2 * digest.digest_size:
            for piece in pieces:
                digest.update(piece)
            return digest.hexdigest() == text[len(head) :]
    return True
