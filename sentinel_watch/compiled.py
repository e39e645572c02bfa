"""Compiling with numba, typed: loops over pixels keep their signature for the reader and the type checker."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from numba import njit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "compiled_lanes", "compiled_parallel"]

F = TypeVar("F", bound="Callable[..., object]")


def compiled(function: F) -> F:
    """Return `function` compiled at its first call, and kept on disk for the next process."""
    return cast("F", njit(cache=True)(function))


def compiled_lanes(function: F) -> F:
    """Return `function` compiled with products and sums fused; inner loops run over all `lanes.LANES`, so that all round alike."""
    return cast("F", njit(cache=True, fastmath={"contract"})(function))


def compiled_parallel(function: F) -> F:
    """Return `function` compiled with its `prange` loops spread over the threads."""
    return cast("F", njit(cache=True, parallel=True)(function))
