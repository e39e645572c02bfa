"""All that the pipeline hands over for one alert's evidence folder.

One noun in place of a dozen arguments. Indices come as a function, so that this stage imports neither.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr
    from numpy.typing import NDArray

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.change import ChangeMap
    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.site import Site
    from sentinel_watch.evidence.chip import Chip
    from sentinel_watch.evidence.samples import Samples
    from sentinel_watch.evidence.series import Index

__all__ = ["EvidenceInputs"]


@dataclass(frozen=True, slots=True)
class EvidenceInputs:
    """One alert with everything that its figures show; built in the order chip, samples, scene pair, inputs."""

    alert: Alert
    """Its columns; `evidence_sha256` is not read, since it follows from the folder."""
    event: Event
    site: Site
    chip: Chip
    samples: Samples
    """What every scene saw of the event, from `take_samples`."""
    before: xr.Dataset | None
    """The look before the event on the chip, `reflectance` (band, y, x) and `mask` (y, x); None where there is none."""
    after: xr.Dataset | None
    """The look after the event on the chip; None where there is none."""
    changes: tuple[ChangeMap, ...]
    """The changed pixels of the blocks that the chip touches; those off the chip are ignored."""
    index: Index
    """How an index is computed: the indices' own function."""
    indices: tuple[str, ...] = ()
    """Indices that the looks' bands allow; all go into the table, the one that moved most into the figure."""
    normal: NDArray[np.float32] | None = None
    """(instant, band, n) what the baseline expects of the samples' pixels at the `instants` of the series; None without a baseline."""
    neighbours: tuple[Event, ...] = ()
    """Other events whose outlines may cross the chip."""
