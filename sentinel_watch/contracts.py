"""Every extension point on one page: what a part must offer to take its place in the line.

Parts are frozen pydantic models (`registry.Part`) and so are their own configuration. A folder's `__init__.py` holds
its registry; an outsider's part is found by an entry point in the group `sentinel_watch.<kind>`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox
    from shapely.geometry.base import BaseGeometry

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.change import Arrays, ChangeMap
    from sentinel_watch.domain.event import Classification, Event
    from sentinel_watch.domain.grid import Block
    from sentinel_watch.domain.opinion import Opinion
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.domain.site import Site

__all__ = ["Classifier", "Detector", "Masker", "Sink", "Source", "TimeAuthority"]


@runtime_checkable
class Source(Protocol):
    """Where imagery comes from."""

    def search(self, geometry: BaseGeometry, start: datetime | None, end: datetime | None) -> Sequence[Scene]:
        """Return the scenes that touch `geometry` (WGS84) in [start, end], oldest first, copies included.

        Raises SourceError where the catalogue cannot be read.
        """

    def read(self, scene: Scene, bands: Sequence[str], grid: GeoBox) -> Mapping[str, NDArray[np.float32]]:
        """Return band -> (y, x) float32 digital numbers on `grid`, NaN = no data, for those of `bands` that the scene has.

        Continuous bands are resampled bilinearly, SCL by nearest neighbour. Raises SceneError where a file is
        missing, broken or lies; never returns a pixel that was not read.
        """


@runtime_checkable
class Masker(Protocol):
    """Finds pixels that are not usable, for one reason or a few."""

    def mask(self, reflectance: xr.DataArray, scl: NDArray[np.uint8] | None, normal: NDArray[np.float32] | None) -> NDArray[np.uint8]:
        """Return (y, x) MaskReason flags of one look; 0 = usable.

        `reflectance` (band, y, x) float32, NaN = no data; `scl` (y, x) classes 0-11, None where there is no SCL;
        `normal` (band, y, x) the reflectance that is normal here at this time, None while nothing is known yet.
        """


@runtime_checkable
class Detector(Protocol):
    """Learns what is normal and says what is off: `fit` once, `update` a look at a time, `report` at will.

    Pure and deterministic: the same looks in the same order give the same bytes, whatever the number of threads.
    Baseline and state are plain arrays, so that the store can save them; the state is small and of constant size.
    """

    confidence_limit: ClassVar[float]
    """How sure an event may be called at best that this detector found, 0-1: lower for those that need less history."""

    def shortage(self, history: xr.Dataset) -> str:
        """Return why `history` does not suffice for this detector, in plain words; empty where it does."""

    def fit(self, history: xr.Dataset) -> Arrays:
        """Return the baseline of a block's history cube, `reflectance` (time, band, y, x) and `mask` (time, y, x)."""

    def start(self, baseline: Arrays) -> Arrays:
        """Return the state before the first monitored look."""

    def expect(self, baseline: Arrays, time: np.datetime64) -> NDArray[np.float32]:
        """Return the (band, y, x) reflectance that is normal at `time`; NaN where nothing is known."""

    def update(self, baseline: Arrays, state: Arrays, look: xr.Dataset) -> Arrays:
        """Return the state after `look`, `reflectance` (band, y, x) and `mask` (y, x), later than all looks before."""

    def report(self, baseline: Arrays, state: Arrays, block: Block) -> ChangeMap:
        """Return the changed pixels of the block as they stand."""


@runtime_checkable
class Classifier(Protocol):
    """Says what kind of event it probably is."""

    @property
    def asks(self) -> str:
        """Return the model whose opinion it takes, name and version as `pairs/1.0.0`; empty for none."""

    def classify(self, event: Event, site: Site, year: Mapping[str, NDArray[np.float32]], opinion: Opinion | None) -> Classification:
        """Return class, probabilities and a plain explanation, from what the event's region shows.

        `year` is what is normal there through the year: band -> (12,) mean reflectance in mid-month, NaN = not known. `opinion` is
        that of the model, None where it has none: out of its domain, or before it saw the place clear.
        """


@runtime_checkable
class Sink(Protocol):
    """Writes alerts where somebody reads them."""

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes."""


@runtime_checkable
class TimeAuthority(Protocol):
    """Witnesses that something existed at an instant, as RFC 3161 has it."""

    def stamp(self, content: bytes) -> bytes:
        """Return a time-stamp response (DER) over the SHA-256 of `content`; raise SourceError where there is none to be had."""
