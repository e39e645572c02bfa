"""One acquisition by one satellite over one tile, as a catalogue lists it.

What a catalogue says is a promise: files may be missing, and flags wrong. Sources check, radiometry doubts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["OPTICAL_BANDS", "SCL", "Asset", "Scene"]

ORBIT = re.compile(r"_R(\d{3})(?=_|\b)")
"""The relative orbit in a product's name."""

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
    """What the catalogue's entry says, word for word, tables and lists left out; only evidence and `taken_by` are made of it."""

    @property
    def taken_by(self) -> str:
        """Return who took it, as `satellite|orbit|baseline`.

        Where no relative orbit is declared the day of Sentinel-2's cycle stands for it: its satellites follow each other on an orbit
        every five days, and come back to it after ten.
        """
        named = ORBIT.search(f"{self.scene_id} {self.declared.get('s2:product_uri', '')}")
        orbit = self.declared.get("sat:relative_orbit") or (named and int(named[1])) or f"cycle day {self.time.toordinal() % 5}"
        return f"{self.platform}|{orbit}|{self.baseline}"
