"""The same observation may be listed more than once: reprocessed, or by several stations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentinel_watch.domain.scene import Scene

__all__ = ["newest_copies"]


def newest_copies(scenes: Sequence[Scene]) -> tuple[list[Scene], list[Scene]]:
    """Return (kept, dropped), both in the order of `scenes`: of every acquisition the copy of the newest baseline.

    A copy whose entry could be read goes before one that could not; then the newest baseline, the most bands and the last
    id decide, so that the order of the catalogue does not.

    Copies are scenes with the same `acquisition` (datatake, tile and level). Nothing is lost: what is dropped goes
    into the ledger as a duplicate.
    """
    best: dict[str, Scene] = {}
    for scene in scenes:
        # over every rank and not by catalogue order, so that a reordered answer keeps the same copy
        best[scene.acquisition] = max(best.get(scene.acquisition, scene), scene, key=_rank)
    kept = {id(scene) for scene in best.values()}
    return [scene for scene in scenes if id(scene) in kept], [scene for scene in scenes if id(scene) not in kept]


def _rank(scene: Scene) -> tuple[bool, str, int, str, tuple[tuple[str, str], ...]]:
    """Return the order among copies, highest best: readable, baseline as `05.00`, number of bands, id, files.

    Baselines are compared as text, which is right as long as they have two digits on both sides. The files come last
    and only make the order total.
    """
    hrefs = tuple(sorted((band, asset.href) for band, asset in scene.assets.items()))
    return bool(scene.assets), scene.baseline, len(scene.assets), scene.scene_id, hrefs
