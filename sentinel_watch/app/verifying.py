"""The verb `evidence verify`: apart from the others, so that it needs no pipeline and is done in a second.

What is printed says first whether all is well, then every single thing that is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sentinel_watch.app.tables import console
from sentinel_watch.errors import InputError
from sentinel_watch.evidence.bundle.seal import check_seal
from sentinel_watch.evidence.bundle.verify import verify_bag

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

__all__ = ["verify_evidence"]


def verify_evidence(bundle: Path, roots: Path | None) -> int:
    """Print what became of a bundle's files and of its seal, and return the exit code: 0 where nothing is wrong, else 2.

    `roots` is a PEM file of the certificates by which time stamps are trusted; None leaves their signature unchecked, and says so.

    Changes nothing and asks no network. Raises InputError where it is no bundle; a PEM file that cannot be used counts as a fault.
    """
    verdict = verify_bag(bundle)
    says, wrong = check_seal(bundle, roots)
    out = console()
    # a whole bag under a seal of another one is not as it was made
    sound = verdict.sound and not wrong
    told = "as it was made" if sound else "NOT as it was made"
    out.print(f"The bundle is {told}: {verdict.checked} files checked.", highlight=False)
    _list(
        {"changed": verdict.changed, "missing": verdict.missing, "added": verdict.added, "fault": (*verdict.faults, *wrong), "seal": says}
    )
    out.print(f"manifest {verdict.manifest_sha256 or 'is missing'}", highlight=False, soft_wrap=True)
    return 0 if sound else InputError.exit_code


def _list(findings: dict[str, Iterable[str]]) -> None:
    """Print what was found, one line each, whole, so that a script can read it."""
    for kind, entries in findings.items():
        for entry in entries:
            console().print(f"{kind}: {entry}", highlight=False, soft_wrap=True, markup=False)
