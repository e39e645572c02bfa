"""Everything that decides what a model will be, in one file: the same recipe and data give the same bytes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from sentinel_watch.registry import Part

__all__ = ["Cleaning", "Recipe"]

Copy = Literal["shift", "cloud", "level", "no_green", "no_swir2"]


class Cleaning(Part):
    """Which labelled pairs are left out of training, and counted."""

    min_known: float = Field(0.5, ge=0, le=1)
    """Share of the pixels that must hold data before and after."""
    emergent: str = ""
    """The label that says something new is there; empty for none."""
    min_ndvi_fall: float = Field(0.15, ge=0, le=1)
    """A pair of that label must show NDVI falling by this somewhere, mean of 3 x 3 pixels: else nothing emerged."""
    max_green: float = Field(0.6, ge=0, le=1)
    """And after it somewhere a lower NDVI than this."""


class Recipe(Part):
    """How a model is trained; options are to be chosen on grouped folds, without the hold-out."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    version: str = Field(pattern=r"^\d+\.\d+\.\d+$")
    summary: str
    data: str
    """What the data are, and under which licence."""
    labels: tuple[str, ...] = Field(min_length=2)
    """Labels in the data, in the order of the model's."""
    limits: tuple[str, ...] = ()
    """What the model cannot do, in plain words, for its card."""
    region: tuple[float, float, float, float]
    """West, south, east, north: where it may be believed, WGS84 degrees."""
    cleaning: Cleaning = Cleaning()
    group_km: float = Field(10.0, gt=0, le=500)
    """Pairs nearer than this, or joined by a chain of such, never stand on both sides of a fold."""
    folds: int = Field(5, ge=2, le=20)
    holdout_share: float = Field(0.17, ge=0, lt=0.5)
    """Share of the groups to leave out of the search for options: judged once by a model of the others, trained on in the end."""
    trees: int = Field(150, ge=10, le=1_000)
    min_leaf: int = Field(1, ge=1, le=100)
    features_tried: float = Field(0.15, gt=0, le=1)
    """Share of the features that a node may choose from."""
    forest_weight: float = Field(0.6, ge=0, le=1)
    """Against the logistic regression."""
    regularisation: float = Field(0.1, gt=0, le=100)
    """C of the logistic regression; lower holds the weights smaller."""
    copies: tuple[Copy, ...] = ("shift", "cloud", "level")
    """Disturbed copies of each pair that it learns from too; one named twice is drawn twice."""
    copy_weight: float = Field(0.3, gt=0, le=1)
    coverage: float = Field(0.9, gt=0.5, lt=1)
    """Share of each label's pairs whose conformal set holds the label."""
    draws: int = Field(200, ge=2, le=10_000)
    """Samples of whole neighbourhoods that the intervals come from."""
    seed: int = Field(0, ge=0)
