"""The words of a dossier in one language, out of its catalogue."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentinel_watch.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Words", "languages", "words"]

FOLDER = Path(__file__).parent / "strings"


@dataclass(frozen=True, slots=True)
class Words:
    """All texts of one language."""

    language: str
    """ISO 639-1."""
    direction: str
    """`ltr` or `rtl`: which way lines run."""
    catalogue: Mapping[str, Mapping[str, Any]]

    def __call__(self, key: str, **values: object) -> str:
        """Return the text at `section.name` with `values` filled in; KeyError for a key that the catalogue lacks.

        `key` is section and name, as `title.dossier`; values are put in as `str.format` does.
        """
        section, _, name = key.partition(".")
        return str(self.catalogue[section][name]).format(**values)

    def known(self, key: str, otherwise: str) -> str:
        """Return the text at `section.name`, `otherwise` where there is none: a code that a later version brings is shown as it is.

        KeyError for a section that is not there.
        """
        section, _, name = key.partition(".")
        return str(self.catalogue[section].get(name, otherwise))

    def several(self, key: str) -> list[str]:
        """Return the texts at `section.name`, or all texts of a section; none where there is nothing.

        In the order of the catalogue.
        """
        section, _, name = key.partition(".")
        # a language may lack what another has: then the list is empty and nothing is made up
        found = self.catalogue[section].get(name, []) if name else list(self.catalogue[section].values())
        return [str(text) for text in found]


def languages() -> list[str]:
    """Return the languages that there is a catalogue of, sorted.

    By the TOML files in `strings`, as `en`.
    """
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def words(language: str = "en") -> Words:
    """Return the words of a language; raise InputError where there is no catalogue of it.

    Read anew at each call.
    """
    if language not in languages():
        raise InputError(f"there is no dossier in {language!r}", found=language, allowed=did_you_mean(language, languages()))
    document = tomllib.loads((FOLDER / f"{language}.toml").read_text("utf-8"))
    sections = {name: section for name, section in document.items() if isinstance(section, dict)}
    return Words(document["language"], document["direction"], sections)
