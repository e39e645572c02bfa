"""The dossier of a bundle: what it is made from is gathered from the bundle's own imagery, and written beside it."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING

from sentinel_watch.errors import MissingExtraError
from sentinel_watch.evidence.bundle.bag import files_in
from sentinel_watch.evidence.bundle.files import manifest_of, sha256_of, write_text
from sentinel_watch.evidence.dossier.content import Material, compose
from sentinel_watch.evidence.dossier.figures import strip_scenes
from sentinel_watch.evidence.dossier.html import to_html
from sentinel_watch.evidence.dossier.pdf import to_pdf
from sentinel_watch.evidence.dossier.words import words
from sentinel_watch.pipeline.window import Window

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.evidence.chip import Chip
    from sentinel_watch.evidence.inputs import EvidenceInputs
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.store import Store

__all__ = ["CONTENTS", "write_dossier"]

CONTENTS = "SHA256SUMS"
"""The list of all files of the payload but the dossier, which names its hash."""


def write_dossier(data: Path, job: Assignment, store: Store, inputs: EvidenceInputs, whole: Chip) -> None:
    """Write `dossier.pdf` and `dossier.html` into the payload `data`, and before them the list of what they speak of.

    `whole` is all that the bundle holds of the site. Raises MissingExtraError where the packages for it are not installed.
    """
    write_text(data / CONTENTS, manifest_of(data, files_in(data)))
    window = Window(job, store, [whole])
    rows, cols = window.part(inputs.chip)
    after = None if inputs.after is None else window.look(str(inputs.after["scene_id"].values))
    strip = [look for name in strip_scenes(inputs.samples, inputs.event) if (look := window.look(name)) is not None]
    material = Material(
        inputs=inputs,
        records=store.records(job.watch),
        scenes={scene.scene_id: scene for scene in job.archive.scenes},
        place=(after, whole.grid),
        strip=[look.isel(y=rows, x=cols) for look in strip],
        rates=json.loads((data / "error_rates.json").read_text("utf-8")),
        software=json.loads((data / "software.json").read_text("utf-8")),
        contents_sha256=sha256_of(data / CONTENTS),
    )
    dossier = compose(material, words(), _code(f"sha256:{material.contents_sha256} {inputs.alert.alert_id} rev {inputs.alert.revision}"))
    (data / "dossier.pdf").write_bytes(to_pdf(dossier))
    write_text(data / "dossier.html", to_html(dossier))


def _code(text: str) -> bytes:
    """Return a QR code of `text` as PNG; raise MissingExtraError where the package for it is not installed."""
    try:
        import segno  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError(
            "a dossier needs a package that is not installed", next_step="pip install 'sentinel-watch[dossier]'"
        ) from error
    stream = BytesIO()
    segno.make(text, error="m", micro=False).save(stream, kind="png", scale=8, border=2)
    return stream.getvalue()
