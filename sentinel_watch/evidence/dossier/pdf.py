"""A dossier as an A4 PDF, set by Typst: fonts embedded, no clock in it, nothing fetched."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

from sentinel_watch.errors import MissingExtraError
from sentinel_watch.evidence.dossier.blocks import Picture

if TYPE_CHECKING:
    from sentinel_watch.evidence.dossier.blocks import Dossier

__all__ = ["to_pdf"]

TEMPLATE = "dossier.typ"


def to_pdf(dossier: Dossier) -> bytes:
    """Return the dossier as PDF; the same dossier gives the same bytes with the same version of Typst.

    Raises MissingExtraError where Typst is not installed.

    Pictures are handed over as files, all else as JSON. The system's fonts are not used, so that letters are the same
    everywhere.
    """
    try:
        import typst  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("a PDF needs a package that is not installed", next_step="pip install 'sentinel-watch[dossier]'") from error
    # Typst reads only below its root, so everything is put into a folder of its own
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / TEMPLATE).write_bytes((Path(__file__).parent / TEMPLATE).read_bytes())
        (folder / "dossier.json").write_text(json.dumps(_plain(dossier, folder)), "utf-8")
        # the fonts that come with matplotlib: the same on every machine, with Cyrillic and Arabic letters
        fonts = [Path(mpl.get_data_path()) / "fonts" / "ttf"]
        compiled: bytes = typst.compile(folder / TEMPLATE, root=folder, font_paths=fonts, ignore_system_fonts=True)
        return compiled


def _plain(value: Any, folder: Path) -> Any:  # noqa: ANN401 - a tree of blocks
    """Return blocks as JSON can hold them, each with its `kind`; pictures are written into `folder`.

    Strings and numbers stay as they are; a picture's bytes are replaced by the name of its file.
    """
    if is_dataclass(value):
        document = {field.name: _plain(getattr(value, field.name), folder) for field in fields(value) if field.name != "content"}
        if isinstance(value, Picture):
            document["file"] = f"{value.name}.png"
            # Typst reads pictures from files, not from JSON
            (folder / document["file"]).write_bytes(value.content)
        return {"kind": type(value).__name__, **document}
    return [_plain(one, folder) for one in value] if isinstance(value, tuple | list) else value
