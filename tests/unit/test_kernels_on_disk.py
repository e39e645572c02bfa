"""Kernels that are kept on disk, and what makes them stale."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from sentinel_watch.compiled import drop_stale

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = """
from sentinel_watch.compiled import compiled
from room.limits import LIMIT

@compiled
def judge(x):
    return x > LIMIT
"""
TOLD = "from room.judge import judge\nprint(judge(1.0))"


def write_room(package: Path, limit: float) -> None:
    """Write a package of which one module's kernel uses another's constant."""
    package.mkdir(exist_ok=True)
    (package / "limits.py").write_text(f"LIMIT = {limit}\n")
    (package / "judge.py").write_text(KERNEL)


def judged(package: Path) -> str:
    """Return what a fresh process prints that asks the kernel whether 1 is above the limit."""
    asked = subprocess.run([sys.executable, "-c", TOLD], cwd=package.parent, check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def test_a_constant_of_another_module_makes_a_kernel_stale(tmp_path: Path) -> None:
    """A kernel on disk is compiled anew once a module that it takes a constant from has changed."""
    package = tmp_path / "room"
    write_room(package, 0.5)
    assert judged(package) == "True"
    (package / "limits.py").write_text("LIMIT = 2.0\n")
    drop_stale(package)
    assert judged(package) == "False"


def test_a_fresh_kernel_stays(tmp_path: Path) -> None:
    """Kernels that are younger than all modules are kept: compiling takes longer than most runs."""
    package = tmp_path / "room"
    write_room(package, 0.5)
    judged(package)
    kept = sorted(package.rglob("*.nb[ic]"))
    drop_stale(package)
    assert len(kept) >= 2
    assert sorted(package.rglob("*.nb[ic]")) == kept


def test_a_kernel_that_another_process_removed_is_no_error(tmp_path: Path) -> None:
    """A kernel that vanishes while stale ones are dropped stops nobody."""
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "gone.nbi").symlink_to(tmp_path / "nowhere")
    drop_stale(tmp_path)
