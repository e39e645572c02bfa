"""One acquisition by one satellite over one tile, as a catalogue lists it.

What a catalogue says is a promise: files may be missing, and flags wrong. Sources check, radiometry doubts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["OPTICAL_BANDS", "SCL", "Asset", "Scene"]

# B10 is left out: L2A has none, as it sees cirrus and not the ground
OPTICAL_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
"""Sentinel-2's L2A reflectance bands, in order of wavelength."""

SCL = "SCL"
"""The scene classification layer of Sentinel-2 L2A."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One band's file and how its digital numbers become physical values: DN * scale + offset.

    Since baseline 04.00 Sentinel-2 L2A has scale 0.0001 and offset -0.1; SCL has 1 and 0, for its numbers are classes.
    """

    href: str
    scale: float = 1.0
    offset: float = 0.0
    # compared before scaling: with an offset, reflectance 0 is an honest dark pixel
    nodata: float | None = 0.0
    """The DN that means "no data", before scaling."""
    checksum: str = ""
    """Of the whole file, as a multihash in hexadecimal digits; empty where the catalogue does not say."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A catalogue's promise of an acquisition; `assets` holds the bands that it really has.

    Two scenes of one `acquisition` are copies (reprocessed, or from another station); the newest `baseline` is the one to use.
    """

    scene_id: str
    time: datetime
    """Start of sensing, UTC, timezone-aware."""
    platform: str
    """`sentinel-2a`, `sentinel-2b` …; `sentinel-2` where the catalogue does not say."""
    baseline: str
    """Processing baseline as `05.00`; empty where the catalogue does not say."""
    acquisition: str
    """Datatake, tile and level in one key: the same for every copy of the same observation."""
    assets: Mapping[str, Asset] = field(default_factory=dict)
    """Band name (`B02` … `B12`, `SCL`) -> file."""
    cloud_fraction: float | None = None
    """What the catalogue says of the whole scene, 0-1."""
    notes: tuple[str, ...] = ()
    """What was odd about the catalogue's entry, as codes: `offset_by_baseline` …"""
    # evidence must show what the catalogue said, also where the program came to know better
    declared: Mapping[str, Any] = field(default_factory=dict)
    """What the catalogue's entry says, word for word, tables and lists left out; nothing is computed from it but evidence."""
