"""From a scene to a look on a block: read, turn into reflectance, mask.

The one place of a run that asks a source for pixels. Reading is slow and may fail, and runs ahead in threads; what follows it
is done in order.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sentinel_watch.domain.ledger import Outcome, Reason
from sentinel_watch.domain.look import MaskReason, make_look, usable
from sentinel_watch.domain.scene import SCL
from sentinel_watch.masking import combine, physical, trust_bright_targets
from sentinel_watch.radiometry import offset_doubt, put_right, to_reflectance
from sentinel_watch.store import Look

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    import xarray as xr
    from numpy.typing import NDArray
    from odc.geo.geobox import GeoBox

    from sentinel_watch.contracts import Masker, Source
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.definition import Scenes

__all__ = ["View", "Viewer", "ahead", "assess"]

GROUND = (2, 4, 5, 6, 7)
"""Classes of SCL that are neither cloud, shadow, snow nor unknown: dark, vegetation, bare, water, unclassified."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class View:
    """What was read of one scene on one grid, before masking; `scl` is (y, x) classes 0-11, None where the scene has no SCL."""

    scene: Scene
    reflectance: xr.DataArray
    """(band, y, x) float32, NaN = no data."""
    scl: NDArray[np.uint8] | None


@dataclass(frozen=True, slots=True)
class Viewer:
    """Looks at scenes with the bands and masks of a run; a look has all `bands`, NaN throughout where a scene lacks one."""

    source: Source
    bands: tuple[str, ...]
    maskers: tuple[Masker, ...]

    def read(self, scene: Scene, grid: GeoBox) -> View:
        """Return the scene on `grid`; raise SceneError where it cannot be read. May be called from any thread.

        Reflectance is not clipped, and 1.0 is all light. SCL is 0, its class for no data, wherever it was not read.
        """
        numbers = self.source.read(scene, (*self.bands, SCL), grid)
        classes = numbers.get(SCL)
        scl = None if classes is None else np.nan_to_num(classes, nan=0).astype(np.uint8)
        return View(scene, to_reflectance(numbers, scene, self.bands), scl)

    def mask(self, view: View, normal: NDArray[np.float32] | None, bright: NDArray[np.bool_] | None = None) -> xr.Dataset:
        """Return the look that is left once every masker has spoken.

        It holds `reflectance` (band, y, x) and `mask` (y, x) MaskReason flags; its attribute `doubt` says what is doubtful of the scene's
        offset, empty for nothing. An offset that is seen to be wrong against what is normal is put right first: every band higher by 0.1
        would pass for haze.
        `normal` (band, y, x) is what they compare with; `bright` (y, x) is where SCL is not believed when it says cloud.
        """
        doubt = offset_doubt(view.reflectance, self._judging(view), normal)
        reflectance = view.reflectance if normal is None else put_right(view.reflectance, doubt)
        mask = combine(self.maskers, reflectance, view.scl, normal)
        if bright is not None and bright.any():
            mask = trust_bright_targets(mask, bright)
        look = make_look(view.scene.scene_id, view.scene.time, self.bands, reflectance.to_numpy(), mask)
        return look.assign_attrs(doubt=doubt)

    def _judging(self, view: View) -> NDArray[np.bool_]:
        """Return (y, x) True where a pixel may judge the offset: it holds data, and SCL, which no offset touches, calls it ground."""
        known: NDArray[np.bool_] = (physical(view.reflectance) & np.uint8(MaskReason.NODATA)) == 0
        return known if view.scl is None else known & np.isin(view.scl, GROUND)


def assess(look: xr.Dataset, aoi: NDArray[np.bool_], rule: Scenes) -> Look:
    """Return what a look is worth on its block; `aoi` (y, x) is True inside the AOI.

    The block is judged as a whole, the counts are of the AOI in it. Too little data goes before a missing band, and that before
    cloud.
    """
    mask = look["mask"].to_numpy()
    data = (mask & np.uint8(MaskReason.NODATA)) == 0
    clear = usable(mask)
    counts = int((clear & aoi).sum()), int((data & aoi).sum()), int(aoi.sum())
    if data.mean() < rule.min_data_fraction:
        return Look(Outcome.REJECTED, Reason.NODATA, *counts)
    # whatever is clear, nothing was seen with all bands: no pixel counts
    if absent := [str(band["band"].values) for band in look["reflectance"] if not np.isfinite(band).any()]:
        return Look(Outcome.REJECTED, Reason.MISSING_BAND, 0, *counts[1:], detail=f"no {', '.join(absent)}")
    # of what holds data: a swath's edge is not a cloud
    if clear.sum() < rule.min_clear_fraction * data.sum():
        return Look(Outcome.REJECTED, Reason.CLOUD, *counts)
    return Look(Outcome.USED, Reason.NONE, *counts)


def ahead(work: Callable[[T], R], items: Iterable[T], *, workers: int = 8, depth: int = 8) -> Iterator[tuple[T, Future[R]]]:
    """Yield each item with its future, in order, while up to `depth` further ones are already under way.

    The future's `result` waits, and raises what `work` raised. Whoever stops early leaves what has not begun undone.
    """
    with ThreadPoolExecutor(workers) as pool:
        queue: deque[tuple[T, Future[R]]] = deque()
        try:
            for item in items:
                queue.append((item, pool.submit(work, item)))
                # bounded, since each result that waits is a whole look in memory
                if len(queue) > depth:
                    yield queue.popleft()
            while queue:
                yield queue.popleft()
        finally:
            # or the pool would finish them all before it lets go
            for _, future in queue:
                future.cancel()
