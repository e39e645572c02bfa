"""Named arrays as bytes: compressed npz, never pickle, with a SHA-256 that is checked on loading.

A workspace may come from elsewhere, and pickle would run what it holds.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.domain.change import Arrays

__all__ = ["load_arrays", "pack", "pack_columns", "unpack"]


def pack(arrays: Arrays) -> bytes:
    """Return `arrays` as npz bytes, the same for the same arrays; raise ValueError where one holds objects.

    Dtypes and shapes come back as they were; `numpy.load` reads the bytes too.
    """
    buffer = io.BytesIO()
    # Level 1: numpy's own writer takes level 6, half as long again for a hundredth of the size.
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, array in arrays.items():
            # Opened by name, a member is dated 1980 and not now: the bytes stay the same from run to run
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(array), allow_pickle=False)
    return buffer.getvalue()


def unpack(content: bytes) -> Arrays:
    """Return the arrays of npz bytes by name; raise ValueError where one holds objects. Trusts that the bytes are whole."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def pack_columns(arrays: Arrays) -> dict[str, object]:
    """Return the columns `arrays` and `arrays_sha256` of a row, the hash in hex over the compressed bytes."""
    content = pack(arrays)
    return {"arrays": content, "arrays_sha256": hashlib.sha256(content).hexdigest()}


def load_arrays(row: Mapping[str, Any], what: str) -> Arrays:
    """Return the arrays of a row; raise InputError where the bytes are not those that were saved.

    `what` names the row in the error: `the baseline of block r000c000`.
    """
    if hashlib.sha256(row["arrays"]).hexdigest() != row["arrays_sha256"]:
        raise InputError(
            f"the workspace is damaged: {what} is not what was saved",
            found="bytes with another SHA-256",
            next_step="restore the workspace from a backup, or start with an empty one",
        )
    return unpack(row["arrays"])
