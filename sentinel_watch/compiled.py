"""Compiling with numba, typed: loops over pixels keep their signature for the reader and the type checker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from numba import get_num_threads, njit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "compiled_lanes", "drop_stale", "spread"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Return `function` compiled at its first call, and kept on disk for the next process; to divide by nought is no error."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))


def compiled_lanes(function: F) -> F:
    """Return `function` compiled with products and sums fused; inner loops run over all `lanes.LANES`, so that all round alike."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function))


def drop_stale(package: Path) -> None:
    """Delete the kernels kept on disk below `package` that are older than any of its modules.

    Numba asks whether a kernel's own module changed, but a kernel also holds what it calls, and constants, from others.
    """
    newest = max((module.stat().st_mtime for module in package.rglob("*.py")), default=0.0)
    for kept in package.rglob("__pycache__/*.nb[ic]"):
        # a process that begins at the same time may have been quicker
        with suppress(OSError):
            if kept.stat().st_mtime < newest:
                kept.unlink()


def spread(work: Callable[[int, int], object]) -> None:
    """Call `work(thread, threads)` for each of numba's threads at once, and return when all are done.

    Python's threads and not numba's own: compiled kernels let go of the interpreter.
    """
    threads = get_num_threads()
    if threads == 1:
        work(0, 1)
        return
    with ThreadPoolExecutor(threads) as pool:
        # list, since only who asks for the results hears of an error
        list(pool.map(work, range(threads), repeat(threads)))


drop_stale(Path(__file__).resolve().parent)
