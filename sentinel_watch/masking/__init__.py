"""What is not usable, and why: the registry of maskers, and how their findings are put together.

Each masker flags what it knows; `combine` adds them up, so that none can undo another. Only `trust_bright_targets` takes a
flag back, and turns it into a suspicion. Flags are `domain.look.MaskReason`; 0 = usable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.masking.bright_targets import bright_targets, never_clear, trust_bright_targets
from sentinel_watch.masking.combine import combine, physical
from sentinel_watch.masking.seasons import season_medians
from sentinel_watch.registry import Registry

if TYPE_CHECKING:
    from sentinel_watch.contracts import Masker

__all__ = ["MASKERS", "bright_targets", "combine", "never_clear", "physical", "season_medians", "trust_bright_targets"]

MASKERS: Registry[Masker] = Registry(
    "masker",
    {"scl": "sentinel_watch.masking.scl:SclMasker", "brightness": "sentinel_watch.masking.brightness:BrightnessMasker"},
)
