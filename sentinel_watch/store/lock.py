"""One run a site and workspace at a time.

By flock, which the system lets go of when a process dies. It holds between processes of one machine; network file systems
may not pass it on.
"""

from __future__ import annotations

import fcntl
import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sentinel_watch.errors import WorkspaceBusyError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["file_lock", "site_lock"]


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold `path` locked, waiting for whoever holds it; the lock ends with the process, however that ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # To append, since nothing is written: the file must be there, and stay the same one for all.
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def site_lock(workspace: Path, site_id: str) -> Iterator[None]:
    """Hold the site locked in the workspace; raise WorkspaceBusyError at once where another run holds it.

    Other sites in the same workspace can run meanwhile; their writes take turns in the database.
    """
    # A hash, because a site's id may hold what a file name must not.
    # The file stays when the run ends: if it went, two runs could each lock a file of that name.
    path = workspace / "locks" / f"{hashlib.sha256(site_id.encode()).hexdigest()[:16]}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise WorkspaceBusyError(
                f"another run is working on site {site_id!r}",
                where=str(workspace),
                next_step="wait for it to end, or give this run a workspace of its own (--workspace)",
            ) from None
        yield
