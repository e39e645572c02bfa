"""What every scene saw of one event: its pixels, how much of it was clear, and what stood in the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sentinel_watch.domain.look import MaskReason, usable
from sentinel_watch.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.evidence.chip import Chip

__all__ = ["CLEAR", "MIN_USABLE", "SUSPECT", "Sample", "Sampler", "Samples", "take_samples"]

CLEAR = "clear"
SUSPECT = "suspect"
MIN_USABLE = 0.5
"""Share of the event's pixels that must be usable before their mean is shown as a look."""

MAX_PIXELS = 4096
"""Of a larger event every k-th pixel is sampled: the mean hardly moves, and memory stays small."""

OBSTACLES = (MaskReason.NODATA, MaskReason.CLOUD, MaskReason.SHADOW, MaskReason.SNOW, MaskReason.DEFECT)


@dataclass(frozen=True, slots=True)
class Sample:
    """One scene's view of the event."""

    scene_id: str
    time: np.datetime64
    """Start of sensing, UTC."""
    role: str
    """`history` or `monitoring`."""
    state: str
    """`clear`, `suspect`, or what hid most of the event: `cloud`, `shadow`, `snow`, `nodata` …, or the ledger's reason."""
    event_usable: float
    """Usable share of the event's pixels, 0-1."""
    chip_clear: float
    """Share of the chip's pixels with no flag at all, 0-1."""
    blue: float
    """Median reflectance of the shortest band over the chip's clear pixels, NaN = none: haze shows in it first."""
    reflectance: NDArray[np.float32] | None
    """(band, n) reflectance of the event's pixels, NaN = not usable; None where the scene was never read."""


@dataclass(frozen=True, slots=True)
class Samples:
    """All scenes' views of one event, oldest first."""

    bands: tuple[str, ...]
    y: NDArray[np.intp]
    """(n,) row on the chip; of a very large event every k-th pixel."""
    x: NDArray[np.intp]
    """(n,) column on the chip."""
    scenes: tuple[Sample, ...]


def take_samples(looks: Iterable[xr.Dataset], records: Sequence[SceneRecord], chip: Chip, event: Event) -> Samples:
    """Return what each scene of the ledger saw of `event`.

    `looks` are on the chip's grid, `reflectance` (band, y, x) and `mask` (y, x), and are taken one at a time, so that
    memory does not grow with their number. Scenes of the ledger without a look, rejected or failed, are in the result too,
    with the reason as their state. Raises InputError where a look has no line in `records`.
    """
    sampler = Sampler(records, chip, event)
    for look in looks:
        sampler.see(look)
    return sampler.samples()


class Sampler:
    """Takes an event's samples look by look, so that many events can share one reading of the scenes.

    `see` every look once, in any order, then ask for `samples`.
    """

    def __init__(self, records: Sequence[SceneRecord], chip: Chip, event: Event) -> None:
        self._ledger = {record.scene_id: record for record in records}
        self._event_id = event.event_id
        self._pixels = _event_pixels(chip, event)
        self._bands: tuple[str, ...] = ()
        self._seen: dict[str, Sample] = {}

    def see(self, look: xr.Dataset) -> None:
        """Keep what a look on the chip's grid shows of the event; raise InputError where the ledger has no line for it.

        A second look of one scene replaces the first. Memory holds the event's pixels alone, not the look.
        """
        scene_id = str(look["scene_id"].values)
        if scene_id not in self._ledger:
            raise InputError("a look has no line in the run ledger", found=scene_id, where=self._event_id)
        # of the last look: one pipeline reads the same bands of every scene
        self._bands = tuple(str(band) for band in look["band"].values)
        self._seen[scene_id] = _see(look, self._ledger[scene_id], *self._pixels)

    def samples(self) -> Samples:
        """Return what each scene of the ledger saw, oldest first; those that were never seen with the ledger's reason.

        May be asked for at any time; looks that come later are in the next answer.
        """
        unread = (_unread(record) for record in self._ledger.values() if record.scene_id not in self._seen)
        scenes = sorted([*self._seen.values(), *unread], key=lambda sample: (sample.time, sample.scene_id))
        return Samples(self._bands, *self._pixels, tuple(scenes))


def _event_pixels(chip: Chip, event: Event) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns on the chip of the event's pixels, every k-th of a very large one; those off the chip are left out.

    (n,) each, n at most MAX_PIXELS.
    """
    # rounded up: never more than MAX_PIXELS
    step = -(-len(event.region.rows) // MAX_PIXELS)
    rows, cols = event.region.rows[::step], event.region.cols[::step]
    on_chip = chip.holds(rows, cols)
    return (rows[on_chip] - chip.top).astype(np.intp), (cols[on_chip] - chip.left).astype(np.intp)


def _see(look: xr.Dataset, record: SceneRecord, y: NDArray[np.intp], x: NDArray[np.intp]) -> Sample:
    """Return the sample of one look at the pixels `y`, `x` of the chip.

    Bands are in the order of the look, and the first is taken for the shortest: haze is judged by it.
    """
    reflectance, mask = look["reflectance"].values, look["mask"].values
    flags, unflagged = mask[y, x], mask == 0
    clear = usable(flags)
    pixels = reflectance[:, y, x].astype(np.float32)
    # a mean over cloud would look like an event
    pixels[:, ~clear] = np.nan
    blue = float(np.median(reflectance[0][unflagged])) if unflagged.any() else float("nan")
    return Sample(
        record.scene_id, np.datetime64(str(look["time"].values)[:19], "s"), record.role, _state(flags),
        float(clear.mean()), float(unflagged.mean()), blue, pixels,
    )  # fmt: skip


def _state(flags: NDArray[np.uint8]) -> str:
    """Return `clear` or `suspect` where half of the flags are usable, else the name of what hides most.

    `flags` (n,) MaskReason bits of the event's pixels; SUSPECT is usable.
    """
    if usable(flags).mean() >= MIN_USABLE:
        return SUSPECT if (flags & MaskReason.SUSPECT).astype(bool).mean() >= MIN_USABLE else CLEAR
    # The order of the obstacles breaks ties.
    hidden = max(OBSTACLES, key=lambda reason: np.count_nonzero(flags & reason))
    return str(hidden.name).lower()


def _unread(record: SceneRecord) -> Sample:
    """Return the sample of a scene that gave no look: nothing seen, its reason as state.

    The brightness is NaN, and the shares are 0: nothing is claimed of a scene that was not read.
    """
    instant = np.datetime64(record.time[:19], "s")
    return Sample(record.scene_id, instant, record.role, str(record.reason) or str(record.outcome), 0.0, 0.0, float("nan"), None)
