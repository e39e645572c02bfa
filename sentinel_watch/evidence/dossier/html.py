"""A dossier as one HTML file that needs nothing else: style, pictures and words in it, no script, no request."""

from __future__ import annotations

from base64 import b64encode
from functools import singledispatch
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from sentinel_watch.evidence.dossier.blocks import Bars, Bullets, Code, Facts, Heading, NewPage, Note, Paragraph, Picture, Row, Table

if TYPE_CHECKING:
    from sentinel_watch.evidence.dossier.blocks import Dossier

__all__ = ["to_html"]


def to_html(dossier: Dossier) -> str:
    """Return the dossier as HTML; the same dossier gives the same text.

    UTF-8, to be opened from a disk or a mail. Every text is escaped: names of sites come from files.
    """
    style = (Path(__file__).parent / "dossier.css").read_text("utf-8")
    body = "\n".join(_html(block) for block in dossier.blocks)
    # a page that was tampered with must not be able to send anything anywhere
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return f"""<!DOCTYPE html>
<html lang="{dossier.language}" dir="{dossier.direction}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(dossier.lead)}</title>
<style>
{style}</style>
</head>
<body>
<header><p>{escape(dossier.title)}</p><h1>{escape(dossier.lead)}</h1></header>
<main>
{body}
</main>
<footer>{escape(dossier.running)}</footer>
</body>
</html>
"""


@singledispatch
def _html(block: object) -> str:
    """Return one block as HTML."""
    raise TypeError(f"no HTML for {type(block).__name__}")


@_html.register
def _(block: Heading) -> str:
    return f"<h2>{escape(block.text)}</h2>"


@_html.register
def _(block: Paragraph) -> str:
    return f'<p class="{block.tone}">{escape(block.text)}</p>'


@_html.register
def _(block: Note) -> str:
    return f'<p class="note">{escape(block.text)}</p>'


@_html.register
def _(block: Facts) -> str:
    rows = (f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in block.rows)
    return f"<dl>{''.join(rows)}</dl>"


@_html.register
def _(block: Bullets) -> str:
    return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in block.items)}</ul>"


@_html.register
def _(block: Bars) -> str:
    rows = (
        f'<tr><td>{escape(name)}</td><td class="bar"><i style="width:{100 * share:.1f}%"></i></td><td>{escape(text)}</td></tr>'
        for name, share, text in block.rows
    )
    return f'<table class="bars">{"".join(rows)}</table>'


@_html.register
def _(block: Table) -> str:
    head = "".join(f"<th>{escape(cell)}</th>" for cell in block.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in block.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


@_html.register
def _(block: Code) -> str:
    return f'<pre dir="ltr">{escape(block.text)}</pre>'


@_html.register
def _(block: Picture) -> str:
    # inside the file, which may be mailed alone
    source = f"data:image/png;base64,{b64encode(block.content).decode()}"
    caption = f"<figcaption>{escape(block.caption)}</figcaption>" if block.caption else ""
    name = escape(block.caption or block.name, quote=True)
    return f'<figure><img src="{source}" alt="{name}" style="width:{100 * block.width:.0f}%">{caption}</figure>'


@_html.register
def _(block: Row) -> str:
    columns = (
        f'<div style="flex:{100 * width:.0f} 1 0">{"".join(_html(one) for one in column)}</div>'
        for column, width in zip(block.columns, block.widths, strict=True)
    )
    return f'<div class="row">{"".join(columns)}</div>'


@_html.register
def _(_block: NewPage) -> str:
    return ""
