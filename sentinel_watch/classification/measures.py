"""What is measured of a place before and after: the one list of features that training and running share.

A feature is a number about a window, never about one pixel: quantiles, shares and textures stand a masked pixel, a small shift
and a region whose edge is not quite right. All come from `windows.measure`; here is what they are called and mean.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["BANDS", "COVERS", "FEATURES", "INDICES", "LEVELS", "TEXTURED", "TILES", "WHOLE", "Index"]

BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
"""The bands that features are made of, in the order of the arrays; one that is missing is NaN throughout."""

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Quantiles over the pixels of a window."""

TEXTURED = ("ndvi", "brightness", "swir")
"""Indices whose local deviation is measured."""

COVERS = ("vegetation", "bare", "water", "mixed")
"""Cover of a pixel: NDVI > 0.5; else MNDWI > 0 and NDVI < 0.3 for water; else BSI > 0 for bare ground; else mixed."""


TILES = 3
"""A window is cut into so many rows and as many columns of tiles, each measured by itself."""


class Index(NamedTuple):
    """A number that a pixel's reflectance gives; `low` and `high` are the range that is resolved, beyond it counts as its end."""

    name: str
    formula: str
    source: str
    low: float
    high: float


# pictures.indices computes them by their place in this list, not by name
INDICES = (
    Index("ndvi", "(B08 - B04) / (B08 + B04)", "Rouse et al. 1974", -1, 1),
    Index("bsi", "((B11 + B04) - (B08 + B02)) / ((B11 + B04) + (B08 + B02))", "Rikimaru et al. 2002", -1, 1),
    Index("nbr", "(B08 - B12) / (B08 + B12)", "Key and Benson 2006", -1, 1),
    Index("ndmi", "(B08 - B11) / (B08 + B11)", "Gao 1996", -1, 1),
    Index("mndwi", "(B03 - B11) / (B03 + B11); B04 for a missing B03", "Xu 2006", -1, 1),
    Index("ndti", "(B04 - B03) / (B04 + B03)", "Lacaux et al. 2007", -1, 1),
    Index("iron", "(B04 - B02) / (B04 + B02)", "Segal 1982, as a normalised difference", -1, 1),
    Index("clay", "(B11 - B12) / (B11 + B12)", "Drury 1987, as a normalised difference", -1, 1),
    Index("brightness", "mean of those of B02, B03, B04 that there are", "", 0, 1),
    Index("nir", "B08", "", 0, 1),
    Index("swir", "B11", "", 0, 1),
)
"""Reflectance below 0.001 counts as 0.001; NaN where a band is missing or masked."""


def _names() -> tuple[str, ...]:
    """Return the names of what is measured of a window or a tile, in the order of the columns.

    `windows._read` fills the columns in this order by counting: neither can be changed alone, and
    models that were trained before no longer fit then.
    """
    spread = [
        f"{index.name}_{when}_{round(level * 100)}" for index in INDICES for when in ("before", "after", "change") for level in LEVELS
    ]
    shares = [f"{cover}_{when}" for when in ("before", "after") for cover in COVERS]
    moves = [f"{was}_to_{now}" for was in COVERS for now in COVERS if was != now]
    texture = [f"texture_{name}_{when}_{level}" for name in TEXTURED for when in ("before", "after", "change") for level in (50, 90)]
    return (*spread, *shares, *moves, *texture, "coherence_before", "coherence_after", "shift_px", "shift_share")


WHOLE = _names()
"""What is measured of the window as a whole, and of each tile.

`<index>_<before|after|change>_<quantile>`: of the window's pixels; change is of means over 3 x 3 pixels, so that a shift tells less.

`<cover>_before`, `<cover>_after`, `<cover>_to_<cover>`: share of the pixels that are known before and after, 0-1.
`texture_<index>_<when>_<quantile>`: standard deviation in 3 x 3 pixels; change is the quantile after less that before.
`coherence_<when>`: 0-1, how much the gradients of NDVI lie along one line (structure tensor, Bigün and Granlund 1987).
`shift_px`, `shift_share`: the displacement that explains the change of NDVI best, and the share of it explained (Lucas and Kanade 1981).
"""

FEATURES = (*WHOLE, *(f"{name}_most" for name in WHOLE), *(f"{name}_least" for name in WHOLE))
"""Of the window, and what the tile with the most and the tile with the least has of it.

A change rarely fills a window and seldom lies in its middle: pooling over parts, as in learning from bags of instances (Dietterich
et al. 1997).
"""
