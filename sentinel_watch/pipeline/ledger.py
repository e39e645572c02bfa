"""What became of a scene, summed up over the blocks of an AOI.

A scene may be clear on one block and cloudy on the next; the ledger has one line for it all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.domain.ledger import Outcome, Reason, SceneRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.store import Look

__all__ = ["left_out", "sum_up"]

GRAVEST = (Reason.UNREADABLE, Reason.BUDGET, Reason.NOT_NORMALISABLE, Reason.MISSING_BAND, Reason.CLOUD, Reason.NODATA)
"""Which reason speaks for a scene whose blocks give several."""


def sum_up(scene: Scene, role: str, looks: Mapping[str, Look], seconds: float = 0.0) -> SceneRecord:
    """Return a scene's line of the ledger: failed where any block failed, used where any block was, else rejected.

    `looks` holds one look at least, by block key; `role` is `history` or `monitoring`. The gravest reason of the blocks that
    decided speaks for the scene. Fractions are shares of the whole AOI, 0-1.
    """
    outcomes = {look.outcome for look in looks.values()}
    # failed before used: one block that was not read is enough to try the scene again
    outcome = next(one for one in (Outcome.FAILED, Outcome.USED, Outcome.REJECTED) if one in outcomes)
    blamed = [look for look in looks.values() if look.outcome is outcome]
    worst = min(blamed, key=lambda look: GRAVEST.index(look.reason)) if outcome is not Outcome.USED else None
    aoi_px = max(sum(look.aoi_px for look in looks.values()), 1)
    return SceneRecord(
        scene_id=scene.scene_id,
        time=scene.time.isoformat(),
        role=role,
        outcome=outcome,
        reason=worst.reason if worst else Reason.NONE,
        detail=worst.detail if worst else next((look.detail for look in blamed if look.detail), ""),
        clear_fraction=round(sum(look.clear_px for look in looks.values()) / aoi_px, 4),
        data_fraction=round(sum(look.data_px for look in looks.values()) / aoi_px, 4),
        seconds=round(seconds, 3),
    )


def left_out(scene: Scene, role: str, reason: Reason) -> SceneRecord:
    """Return the line of a scene that was never read, for `reason`; its fractions are None, for nobody looked."""
    return SceneRecord(scene.scene_id, scene.time.isoformat(), role, Outcome.REJECTED, reason)
