"""What the slopes of pictures tell: whether edges go one way, and whether the second picture is the first one moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from sentinel_watch.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["coherence", "displacement"]

Floats: TypeAlias = "NDArray[np.float32]"


@compiled
def coherence(picture: Floats) -> float:
    """Return how much the gradients lie along one line, 0-1; NaN where there are none.

    From the structure tensor (Bigün and Granlund, 1987), the difference of its eigenvalues over their sum: 1 where all edges are
    parallel, as on roads and dams, 0 where they go all ways. Pixels at the edge have no gradient.
    """
    xx, yy, xy = 0.0, 0.0, 0.0
    for y in range(1, picture.shape[0] - 1):
        for x in range(1, picture.shape[1] - 1):
            dy, dx = picture[y + 1, x] - picture[y - 1, x], picture[y, x + 1] - picture[y, x - 1]
            # false where one of the four neighbours is NaN
            if dx * dy == dx * dy:
                xx += dx * dx
                yy += dy * dy
                xy += dx * dy
    return np.hypot(xx - yy, 2 * xy) / (xx + yy) if xx + yy > 0 else np.nan


@compiled
def displacement(was: Floats, now: Floats, out: Floats) -> None:
    """Fill the length of the shift that explains the change best, pixels, and the share of the change that it explains.

    One step of Lucas and Kanade (1981), so right for a pixel or so; lengths are cut at 3. Left NaN where the window has no structure.
    """
    xx, yy, xy, xt, yt, tt = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for y in range(1, was.shape[0] - 1):
        for x in range(1, was.shape[1] - 1):
            dy, dx = (was[y + 1, x] - was[y - 1, x]) / 2, (was[y, x + 1] - was[y, x - 1]) / 2
            dt = now[y, x] - was[y, x]
            if dx * dy * dt == dx * dy * dt:
                xx, yy, xy = xx + dx * dx, yy + dy * dy, xy + dx * dy
                xt, yt, tt = xt + dx * dt, yt + dy * dt, tt + dt * dt
    area = xx * yy - xy * xy
    # edges of one direction alone cannot tell a shift along them
    if area > 1e-9 and tt > 0:
        u, v = (xt * yy - yt * xy) / area, (yt * xx - xt * xy) / area
        out[0] = min(np.hypot(u, v), 3.0)
        out[1] = min(max((u * xt + v * yt) / tt, 0.0), 1.0)
