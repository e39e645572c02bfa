"""A model's card: what it is, what it was made of, how good it is and where it may be believed; one JSON file."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["FORMAT", "Card"]

FORMAT = 1
"""Layout of the arrays; rises when they are named or mean otherwise."""


class Card(BaseModel):
    """Everything about a model but its arrays; unknown keys are refused."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: int = FORMAT
    name: str
    version: str
    summary: str
    sha256: str
    """Of `model.skops`, in hex."""
    labels: tuple[str, ...]
    features: tuple[str, ...]
    """In the order of the columns."""
    bands: tuple[str, ...]
    data: str
    """What it was trained on, and under which licence."""
    region: tuple[float, float, float, float]
    """West, south, east, north: where it may be believed, WGS84 degrees."""
    limits: tuple[str, ...]
    prior: dict[str, float]
    """Label -> share in the training set, which the probabilities assume."""
    temperature: float
    least_probability: dict[str, float]
    """Label -> least probability at which it is not ruled out."""
    coverage: float
    versions: dict[str, str]
    """Libraries that it was trained with."""
    recipe: dict[str, Any]
    # thousands of digests would bury the rest of a printed card
    trained_on: tuple[str, ...] = Field(repr=False)
    """Digests of the pairs that it saw, so that an evaluation can say which of its pairs are no test."""
    left_out: dict[str, int]
    """Reason -> pairs of the data that it did not see."""
    neighbourhoods: int
    figures: dict[str, Any]
    """What was measured; `docs/reference/models.md` says what each means."""

    def believes(self, lon: float, lat: float) -> bool:
        """Return whether a place, WGS84 degrees, lies where the model may be believed.

        The edges belong to it. A region cannot cross the antimeridian: with its west beyond its east it would hold no place at all.
        """
        west, south, east, north = self.region
        return west <= lon <= east and south <= lat <= north
