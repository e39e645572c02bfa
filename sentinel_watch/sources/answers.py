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
    """The last answer to every question, in one folder.

    One gzip file a question, named by the question's SHA-256. It holds the question itself too, so that a clash or a
    moved file is noticed, and a SHA-256 of the items as text. Same question and items give the same bytes: gzip's
    time stamp is 0.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, question: dict[str, Any], items: list[dict[str, Any]]) -> None:
        """Keep `items` as the answer to `question`.

        `question` must be of plain JSON values, as `Question.describe` gives them; `items` are STAC items as
        received. A full disk is only logged: the run has its answer, and only a later offline run would miss it.
        """
        text = json.dumps(items, sort_keys=True)
        document = {"question": question, "sha256": _digest(text), "items": text}
        path = self._path(question)
        # written beside and renamed: another run may be reading the answer meanwhile
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
        """Return the last answer to `question`; raise SourceError where there is none, or it is damaged.

        The question must be equal in all its values: another end date or another cloud limit is another question.
        Never asks the network.
        """
        with suppress(OSError, EOFError, ValueError, LookupError, TypeError):
            document = json.loads(gzip.decompress(self._path(question).read_bytes()))
            # a damaged answer is as good as none: part of a catalogue would look like fewer scenes
            if document["question"] == question and _digest(document["items"]) == document["sha256"]:
                return list(json.loads(document["items"]))
        raise SourceError(
            "the network is not to be used, and the cache has no answer to this search",
            where=str(self._folder),
            next_step="run once with the network and the same AOI, dates and source",
        )

    def _path(self, question: dict[str, Any]) -> Path:
        """Return where the answer to `question` is kept; keys are sorted, so that their order makes no other question."""
        return self._folder / f"{_digest(json.dumps(question, sort_keys=True))[:32]}.json.gz"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
