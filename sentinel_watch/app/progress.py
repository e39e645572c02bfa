"""What a run shows of itself while it works: bars on a terminal, lines in a log.

Both are a `pipeline.progress.Progress`: the pipeline tells what it does, and does not know who listens.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sentinel_watch.pipeline.progress import Progress as RunProgress

__all__ = ["Bars", "Lines", "showing"]


@contextmanager
def showing() -> Iterator[RunProgress]:
    """Show the run's progress on standard error while the block runs: bars where it is a terminal, else lines.

    Results go to standard output, so `sentinel-watch alerts list > file` holds no bars.
    """
    # not standard output, which belongs to the results
    stream = sys.stderr
    if not stream.isatty():
        yield Lines(stream)
        return
    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=Console(file=stream)) as bars:
        drawn = Bars(bars)
        yield drawn
        drawn.clear()


class Bars:
    """One bar a stage, redrawn in place; for terminals.

    For one run at a time. Redrawn by a thread of rich's own, so `step` is cheap.
    """

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task: TaskID | None = None

    def stage(self, name: str, total: int) -> None:
        """Begin the bar of a stage of `total` steps.

        The bars of earlier stages stay above it, at their end.
        """
        self.clear()
        self._task = self._bars.add_task(name, total=total, what="")

    def step(self, what: str = "") -> None:
        """Move the bar on by one, and name `what` was done beside it; before the first stage, do nothing.

        `what` is mostly a scene's id.
        """
        if self._task is not None:
            self._bars.update(self._task, advance=1, what=what)

    def say(self, text: str) -> None:
        """Print a sentence above the bars."""
        # as Text: a path in brackets is no markup
        self._bars.console.print(Text(text))

    def clear(self) -> None:
        """Take the words beside the last bar away, as the last scene of a stage that has ended says nothing."""
        if self._task is not None:
            self._bars.update(self._task, what="")


class Lines:
    """One line a stage and one a sentence, for logs and pipes.

    Each line is flushed at once, so that a log shows a run that hangs.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def stage(self, name: str, total: int) -> None:
        """Write that a stage of `total` steps begins."""
        self.say(f"{name} ({total} steps)")

    def step(self, what: str = "") -> None:
        """Keep quiet about single steps: the ledger has them all.

        A run of a thousand scenes would otherwise fill the log.
        """

    def say(self, text: str) -> None:
        """Write a sentence."""
        self._stream.write(f"{text}\n")
        self._stream.flush()
