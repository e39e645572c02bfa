"""How a run tells what it is doing; the command line draws it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Progress", "Silent"]


class Progress(Protocol):
    """Receives the stages of a run and their steps."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of `total` steps; the stage before has ended."""

    def step(self, what: str = "") -> None:
        """Count one step of the stage, named by `what` (a scene, an alert)."""

    def say(self, text: str) -> None:
        """Tell something that the user should know: a decision, a band that is missing."""


class Silent:
    """Tells nothing."""

    def stage(self, name: str, total: int) -> None:
        """Ignore a stage."""

    def step(self, what: str = "") -> None:
        """Ignore a step."""

    def say(self, text: str) -> None:
        """Ignore a word."""
