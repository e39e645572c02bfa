"""Sentinel Hub's catalogue lists tiles; its Process API gives what a satellite saw in one pass, whatever the tiles."""

from __future__ import annotations

from datetime import timedelta
from statistics import fmean
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from sentinel_watch.domain.scene import OPTICAL_BANDS, SCL, Asset, Scene
from sentinel_watch.sources.hub_requests import COLLECTION, OFFSET, SCALE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

__all__ = ["period_of", "to_passes"]

SAME_PASS = timedelta(minutes=15)
"""Tiles of one satellite that are nearer in time are of one pass; the next pass is 100 minutes later."""
SLACK = timedelta(seconds=1)
"""The catalogue's instants are cut to seconds."""


def to_passes(tiles: Sequence[Scene], url: str) -> list[Scene]:
    """Return one Scene a pass of a satellite, oldest first, from the catalogue's tiles, oldest first.

    An entry that cannot be read stays as it is. Where a pass has several tiles, the first gives it its name and the others are
    in its notes; copies of a tile are of the same pass, and the service takes the latest. `url` is the service's.

    Passes are told apart by satellite and by SAME_PASS. Raises nothing: tiles are whole scenes already.
    """
    # without a platform there is no telling of which pass it is
    broken = [tile for tile in tiles if not tile.platform]
    groups = [group for platform in sorted({tile.platform for tile in tiles} - {""}) for group in _groups(tiles, platform)]
    return sorted([*broken, *(_pass(group, url) for group in groups)], key=lambda scene: (scene.time, scene.scene_id))


def period_of(href: str) -> tuple[str, str]:
    """Return the first and the last instant of the pass that an asset's `href` stands for; raise ValueError where it is none.

    ISO 8601, UTC, to the second. The period stands in the href so that a scene needs no field of its own for it, and
    the cache has one address for each pass.
    """
    asked = parse_qs(urlsplit(href).query)
    if not {"from", "to"} <= asked.keys():
        raise ValueError("this is no address of a pass")
    return asked["from"][0], asked["to"][0]


def _groups(tiles: Sequence[Scene], platform: str) -> Iterator[list[Scene]]:
    """Yield the tiles of each pass of `platform`; `tiles` are oldest first.

    Each is held against the one before it, not against the first, so that a pass along a whole continent stays one.
    """
    group: list[Scene] = []
    for tile in tiles:
        if tile.platform != platform:
            continue
        # measured against the last tile: a pass along a continent takes minutes
        if group and tile.time - group[-1].time > SAME_PASS:
            yield group
            group = []
        group.append(tile)
    if group:
        yield group


def _pass(tiles: Sequence[Scene], url: str) -> Scene:
    """Return `tiles` of one pass, oldest first, as a Scene; `url` is the service's.

    Cloud is the mean of the tiles, not weighted by area. The baseline is the newest of them. Notes about offsets are
    left out, as the service has taken the offset off and the scene declares the script's own.
    """
    # by id, since several tiles of a pass may have one time
    first = min(tiles, key=lambda tile: tile.scene_id)
    clouds = [tile.cloud_fraction for tile in tiles if tile.cloud_fraction is not None]
    period = urlencode({"collection": COLLECTION, "from": _stamp(tiles[0].time - SLACK), "to": _stamp(tiles[-1].time + 2 * SLACK)})
    # never asked as it stands; it names the pass in the cache and in the ledger
    href = f"{url}/api/v1/process?{period}"
    others = tuple(f"with {tile.scene_id}" for tile in tiles if tile is not first)
    return Scene(
        scene_id=first.scene_id,
        time=tiles[0].time,
        platform=first.platform,
        baseline=max(tile.baseline for tile in tiles),
        acquisition=f"{first.platform}/{tiles[0].time:%Y%m%dT%H%M%S}/{COLLECTION}",
        assets={band: Asset(href) if band == SCL else Asset(href, SCALE, OFFSET) for band in (*OPTICAL_BANDS, SCL)},
        cloud_fraction=fmean(clouds) if clouds else None,
        notes=tuple(dict.fromkeys((*(note for tile in tiles for note in tile.notes if not note.startswith("offset")), *others))),
    )


def _stamp(time: datetime) -> str:
    """Return an instant, UTC, as the service writes it: ISO 8601, whole seconds, Z."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
