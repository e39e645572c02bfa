"""What a dossier is made of, before anybody sets it on a page: blocks of plain text and pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Bars", "Block", "Bullets", "Code", "Dossier", "Facts", "Heading", "NewPage", "Note", "Paragraph", "Picture", "Row", "Table"]


@dataclass(frozen=True, slots=True)
class Heading:
    """Begins a section."""

    text: str


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Running text: `plain`; `lead`, the answer in a sentence; or `quiet`, which explains what stands above it."""

    text: str
    tone: Literal["plain", "lead", "quiet"] = "plain"


@dataclass(frozen=True, slots=True)
class Note:
    """What nobody may overlook."""

    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and values, two columns."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list without order."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Shares as bars: name, share 0-1, and the share in words."""

    rows: tuple[tuple[str, float, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table; long ones run over pages with their head."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[float, ...]
    """Share of each column."""


@dataclass(frozen=True, slots=True)
class Code:
    """Commands or hashes, every character as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure, PNG or SVG, with what it shows in words."""

    name: str
    content: bytes
    caption: str
    width: float = 1.0
    """Share of the line's width."""


@dataclass(frozen=True, slots=True)
class NewPage:
    """What follows begins on a new page, where there are pages."""


@dataclass(frozen=True, slots=True)
class Row:
    """Blocks side by side."""

    columns: tuple[tuple[Block, ...], ...]
    widths: tuple[float, ...]
    """Share of each column."""


Block: TypeAlias = Heading | Paragraph | Note | Facts | Bullets | Bars | Table | Code | Picture | NewPage | Row


@dataclass(frozen=True, slots=True)
class Dossier:
    """A whole dossier in one language."""

    title: str
    lead: str
    """The answer in one line, below the title."""
    running: str
    """At the foot of every page."""
    page: str
    """How pages are numbered: `Page {page} of {pages}`."""
    language: str
    direction: str
    """`ltr` or `rtl`."""
    blocks: tuple[Block, ...]
