"""Compiling with numba, typed: loops over pixels keep their signature for the reader and the type checker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from typing import TYPE_CHECKING, TypeVar, cast

from numba import get_num_threads, njit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "compiled_lanes", "spread"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Return `function` compiled at its first call, and kept on disk for the next process; to divide by nought is no error."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy")(function))


def compiled_lanes(function: F) -> F:
    """Return `function` compiled with products and sums fused; inner loops run over all `lanes.LANES`, so that all round alike."""
    return cast("F", njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function))


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
