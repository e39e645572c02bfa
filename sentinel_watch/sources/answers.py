"""What a catalogue answered, kept beside the chips: a replay without the network asks the same and gets the same."""

from __future__ import annotations

import gzip
import hashlib
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sentinel_watch.errors import SourceError
from sentinel_watch.log import log

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Answers"]


class Answers:
    """The last answer to every question, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, question: dict[str, Any], items: list[dict[str, Any]]) -> None:
        """Keep `items` as the answer to `question`."""
        text = json.dumps(items, sort_keys=True)
        document = {"question": question, "sha256": _digest(text), "items": text}
        path = self._path(question)
        partial = path.with_name(f".{uuid4().hex}.partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(gzip.compress(json.dumps(document, sort_keys=True).encode(), mtime=0))
            partial.replace(path)
        except OSError as error:
            log.warning("the catalogue's answer cannot be kept: %s", error.strerror)
        finally:
            partial.unlink(missing_ok=True)

    def recall(self, question: dict[str, Any]) -> list[dict[str, Any]]:
        """Return the last answer to `question`; raise SourceError where there is none, or it is damaged."""
        with suppress(OSError, EOFError, ValueError, LookupError, TypeError):
            document = json.loads(gzip.decompress(self._path(question).read_bytes()))
            if document["question"] == question and _digest(document["items"]) == document["sha256"]:
                return list(json.loads(document["items"]))
        raise SourceError(
            "the network is not to be used, and the cache has no answer to this search",
            where=str(self._folder),
            next_step="run once with the network and the same AOI, dates and source",
        )

    def _path(self, question: dict[str, Any]) -> Path:
        return self._folder / f"{_digest(json.dumps(question, sort_keys=True))[:32]}.json.gz"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
