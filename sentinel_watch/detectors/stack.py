"""Looks as plain arrays, pixels last: how every detector here sees a cube."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sentinel_watch.domain.look import MaskReason, day_number, usable

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

__all__ = ["Stack", "View", "observed_bands", "stack_of", "view_of"]


@dataclass(frozen=True, slots=True)
class Stack:
    """A history cube, flattened over space; T looks, B bands, P pixels in row-major order."""

    values: NDArray[np.float32]
    """(T, B, P) reflectance."""
    clear: NDArray[np.bool_]
    """(T, P) True = usable, known in every band, and not under suspicion."""
    days: NDArray[np.int32]
    """(T,) days since 1970-01-01."""
    bands: tuple[str, ...]
    shape: tuple[int, int]
    """(rows, columns) of the block."""

    def last_clear(self) -> NDArray[np.int32]:
        """Return (P,) the day of each pixel's last usable look, days since 1970-01-01; 0 = none.

        A look that is under suspicion does not count: it may be the first of an event.
        """
        last = np.zeros(self.clear.shape[1], np.int32)
        for clear, day in zip(self.clear, self.days, strict=True):
            np.maximum(last, clear * day, out=last)
        return last


@dataclass(frozen=True, slots=True)
class View:
    """One look, flattened over space; B bands, P pixels in row-major order."""

    values: NDArray[np.float32]
    """(B, P) reflectance."""
    seen: NDArray[np.bool_]
    """(P,) True = usable and known in every band."""
    suspect: NDArray[np.bool_]
    """(P,) True = seen, but as a cloud or a shadow would be."""
    veiled: NDArray[np.bool_]
    """(P,) True = masked as cloud or shadow."""
    day: int
    """Days since 1970-01-01."""
    instant: int
    """Nanoseconds since 1970-01-01."""


def observed_bands(cube: xr.Dataset) -> tuple[str, ...]:
    """Return the bands that hold a value anywhere in `cube`, in its order.

    A band that the catalogue never delivers is NaN throughout; kept, it would leave no pixel that is known in every band.
    """
    held = [name for name, band in zip(cube.band.values, _bands_first(cube), strict=True) if any(np.isfinite(look).any() for look in band)]
    return tuple(str(name) for name in held)


def stack_of(history: xr.Dataset) -> Stack:
    """Return the looks of a history cube, `reflectance` (time, band, y, x) and `mask` (time, y, x).

    Suspect pixels are not clear: what may be a cloud or an event must not be learnt as normal. Bands without a value are left out.
    """
    bands = observed_bands(history)
    chosen = history if len(bands) == history.sizes["band"] else history.sel(band=list(bands))
    values = np.ascontiguousarray(chosen["reflectance"].values, np.float32)
    looks, rows, cols = history["mask"].shape
    values = values.reshape(looks, len(bands), rows * cols)
    flags = history["mask"].values.reshape(looks, rows * cols)
    clear = np.equal(flags & np.uint8(MaskReason.SUSPECT), 0) & usable(flags)
    # look by look, or the test would need a quarter of the cube's memory again
    for at, look in enumerate(values):
        clear[at] &= np.isfinite(look).all(axis=0)
    return Stack(values, clear, day_number(history["time"]), bands, (rows, cols))


def view_of(look: xr.Dataset, bands: tuple[str, ...]) -> View:
    """Return one look, `reflectance` (band, y, x) and `mask` (y, x), reduced to `bands`.

    Suspect pixels are seen, for an event must be able to persist. xarray raises KeyError where the look lacks one of `bands`.
    """
    values = np.ascontiguousarray(look["reflectance"].sel(band=list(bands)).values, np.float32).reshape(len(bands), -1)
    flags = look["mask"].values.reshape(-1)
    seen = usable(flags) & np.isfinite(values).all(axis=0)
    suspect = seen & np.not_equal(flags & np.uint8(MaskReason.SUSPECT), 0)
    veiled = np.not_equal(flags & np.uint8(MaskReason.CLOUD | MaskReason.SHADOW), 0)
    instant: Any = look["time"].values.astype("datetime64[ns]")
    return View(values, seen, suspect, veiled, int(day_number(instant)), int(instant.astype(np.int64)))


def _bands_first(cube: xr.Dataset) -> NDArray[np.float32]:
    """Return the reflectance of `cube` with the band axis first, whether it has a time axis or not."""
    return np.moveaxis(np.asarray(cube["reflectance"].values), cube["reflectance"].dims.index("band"), 0)
