"""Wall and processor time of a piece of work."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

RUNS = 3


def timed(work: Callable[[], object], runs: int = RUNS) -> dict[str, float]:
    """Return wall and processor seconds of `work()`, the least of `runs`, the first of which may compile."""
    found = []
    for _ in range(runs):
        wall, processor = time.perf_counter(), time.process_time()
        work()
        found.append((time.perf_counter() - wall, time.process_time() - processor))
    wall, processor = map(min, zip(*found, strict=True))
    return {"wall_s": wall, "processor_s": processor}
