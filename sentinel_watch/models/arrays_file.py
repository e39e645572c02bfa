"""Arrays as a skops file whose bytes depend on nothing but the arrays.

skops names what it writes by memory addresses and stamps it with the time; here both are replaced, so that the same model is the
same file. Reading trusts no type beyond plain arrays, so a file can do nothing when it is opened.
"""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING, cast

import skops.io

from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

# the earliest instant that a zip archive can tell
EPOCH = (1980, 1, 1, 0, 0, 0)
SCHEMA = "schema.json"
MOST_BYTES = 200_000_000
"""A model is a few megabytes; a file that unfolds to more is no model."""


def pack(arrays: Mapping[str, NDArray[np.generic]]) -> bytes:
    """Return the bytes of a skops file that holds `arrays`; the same arrays give the same bytes.

    Ids are renumbered in the order in which skops' schema names them, and entries follow that order. Another version of skops or zlib
    may write other bytes.
    """
    written = zipfile.ZipFile(BytesIO(skops.io.dumps(dict(arrays))))
    schema = written.read(SCHEMA).decode()
    numbers: dict[str, str] = {}
    # ids and file names are the same addresses, so that one numbering serves both
    for address in re.findall(r'"(?:__id__|file)": "?(\d+)', schema):
        numbers.setdefault(address, str(len(numbers)))
    schema = re.sub(r'("(?:__id__|file)": "?)(\d+)', lambda found: found[1] + numbers[found[2]], schema)
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name in sorted(set(written.namelist()) - {SCHEMA}, key=lambda name: int(numbers[name.split(".")[0]])):
            _write(target, f"{numbers[name.split('.')[0]]}.npy", written.read(name))
        _write(target, SCHEMA, schema.encode())
    return out.getvalue()


def unpack(content: bytes, where: str) -> dict[str, NDArray[np.generic]]:
    """Return the arrays of a skops file; raise InputError where it is none, holds other types, or unfolds to too much.

    `where` names the file in the error. Sizes are those that the archive declares; they are added up before anything is unfolded.
    """
    try:
        size = sum(entry.file_size for entry in zipfile.ZipFile(BytesIO(content)).infolist())
        foreign = skops.io.get_untrusted_types(data=content) if size <= MOST_BYTES else ["more than a model can be"]
        if foreign:
            raise InputError("the model file holds what no model holds", where=where, found=", ".join(foreign))
        # numpy's arrays and plain containers alone, or a model could run code when it is opened
        return cast("dict[str, NDArray[np.generic]]", skops.io.loads(content, trusted=[]))
    except (zipfile.BadZipFile, KeyError, ValueError) as error:
        raise InputError("the model file is damaged", where=where, found=str(error), next_step="install it again") from error


def _write(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Add one entry, compressed, without the time of day.

    Always deflated at the same level: the bytes of an archive depend on how hard it was pressed.
    """
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    target.writestr(entry, content, compresslevel=9)
