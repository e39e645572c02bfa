"""The page that every figure is drawn on: one style, fixed margins for header and footer, the same bytes each time.

Drawn on a canvas of its own and not through pyplot, which keeps figures for ever and looks for a screen. PNG without dates
or versions inside.
"""

from __future__ import annotations

import textwrap
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.legend_handler import HandlerTuple
from matplotlib.textpath import text_to_path
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "BLUE",
    "GREY",
    "INK",
    "ORANGE",
    "PAGE_WIDTH_IN",
    "SIGMA",
    "WINE",
    "Body",
    "Captions",
    "Entry",
    "add_legend",
    "fit",
    "house_style",
    "new_page",
    "to_png",
    "width_of",
]

BLUE, ORANGE, WINE, INK, GREY = "#0072B2", "#D55E00", "#882255", "#222222", "#6B6B6B"
"""Of the palettes of Okabe and Ito and of Tol, which colour-blind readers can tell apart; two neutrals beside them."""

SIGMA = "\N{GREEK SMALL LETTER SIGMA}"
"""The sign of the standard deviation, spelt out because it looks like a Latin letter."""

PAGE_WIDTH_IN = 10.6
DPI = 115
"""Some 1200 pixels across: a page fits a laptop's screen unscaled."""

MARGIN_IN, LEGEND_IN = 0.12, 0.3
TITLE_PT, TEXT_PT, SMALL_PT = 13.0, 9.0, 7.5
LINE_IN = 1.45 / 72
"""Height of a line of text in inches for each point of its size."""

FOOTER = "footer"
"""By which the legend knows the footer's text."""

MAX_BYTES = 300_000
"""Above this size a picture's colours are reduced, so that a list of alerts still loads over a slow line."""

STYLE: Any = {
    # The font comes with matplotlib, so every machine has it; "$" and "_" in a site's name are not formulas.
    "font.family": "DejaVu Sans", "font.size": TEXT_PT, "text.color": INK, "text.parse_math": False, "axes.edgecolor": "#999999",
    "axes.labelcolor": INK, "axes.linewidth": 0.8, "axes.titlesize": 10, "axes.unicode_minus": False, "xtick.color": GREY,
    "ytick.color": GREY, "xtick.labelsize": 7.5, "ytick.labelsize": 7.5, "legend.fontsize": 8, "legend.frameon": False,
    "hatch.linewidth": 0.6, "timezone": "UTC",
}  # fmt: skip


Entry: TypeAlias = "tuple[str, Any]"
"""One entry of a legend: its words and what stands for them; the parts of a tuple lie on each other."""


@dataclass(frozen=True, slots=True)
class Captions:
    """The words around a figure; what is too long for its lines is cut with an ellipsis."""

    title: str
    """What it is, in bold: one line."""
    facts: str
    """Where and when, below the title: two lines at most."""
    footer: str
    """Which alert, and whom to credit, at the bottom: two lines at most."""


@dataclass(frozen=True, slots=True)
class Body:
    """The panels between header and footer, all lengths in inches: fixed, since measuring every label takes longer than drawing it."""

    heights_in: tuple[float, ...]
    """Height of each row of panels, from above."""
    widths: tuple[float, ...] = (1.0,)
    """Share of each column, from the left."""
    left_in: float = 0.6
    """Room for the labels of the vertical axes."""
    right_in: float = 0.15
    above_in: float = 0.3
    """Room for titles above the first row."""
    below_in: float = 0.3
    """Room for the labels of the horizontal axes below the last row."""
    gaps_in: tuple[float, float] = (0.2, 0.3)
    """Room between columns, and between rows."""
    shared: Mapping[str, Any] = field(default_factory=dict)
    """Which axes the panels share, as `Figure.subplots` takes it: `sharex`, `sharey`."""

    @property
    def height_in(self) -> float:
        """Return the height of the whole body, inches."""
        return self.above_in + sum(self.heights_in) + self.gaps_in[1] * (len(self.heights_in) - 1) + self.below_in

    def panels(self, figure: Figure, bottom_in: float) -> NDArray[Any]:
        """Return the (row, column) axes of a figure, the body's lower edge `bottom_in` above the figure's.

        Lengths become shares of the figure here, as `Figure.subplots` wants them.
        """
        width, height = figure.get_size_inches()
        column_in = (width - self.left_in - self.right_in - self.gaps_in[0] * (len(self.widths) - 1)) / len(self.widths)
        place = {
            "left": self.left_in / width, "right": 1 - self.right_in / width, "bottom": (bottom_in + self.below_in) / height,
            "top": (bottom_in + self.height_in - self.above_in) / height, "wspace": self.gaps_in[0] / column_in,
            "hspace": self.gaps_in[1] * len(self.heights_in) / sum(self.heights_in),
            "height_ratios": self.heights_in, "width_ratios": self.widths,
        }  # fmt: skip
        axes = figure.subplots(len(self.heights_in), len(self.widths), squeeze=False, gridspec_kw=place, **self.shared)
        return np.asarray(axes)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with matplotlib's defaults and this project's style, whatever the user's own settings are.

    Wrap drawing and encoding both: matplotlib reads some settings when a thing is made and some when it is drawn. The
    user's settings come back at the end.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def width_of(text: str, size_pt: float) -> float:
    """Return the width of one line of `text` in the house's font, inches; `size_pt` in points.

    Measured without drawing; no line breaks and no formulas.
    """
    measured, _, _ = text_to_path.get_text_width_height_descent(text, FontProperties(family="DejaVu Sans", size=size_pt), ismath=False)
    return float(measured) / 72


def fit(text: str, width_in: float, size_pt: float, max_lines: int = 2) -> str:
    """Return `text` broken into lines that fit `width_in`; what does not fit `max_lines` is cut and ends in an ellipsis.

    `width_in` in inches, `size_pt` in points. Measured in the house's font; an estimate, for letters differ in width.

    Words are not divided, except where one alone is longer than a line.
    """
    measured = width_of(text, size_pt)
    if measured <= width_in:
        return text
    # One measurement gives the mean width of a letter; the rest is spare room for lines of wide ones.
    letters = max(int(0.93 * len(text) * width_in / measured), 8)
    return "\n".join(textwrap.wrap(text, letters, max_lines=max_lines, placeholder=" …"))


def new_page(body: Body, captions: Captions, width_in: float = PAGE_WIDTH_IN) -> tuple[Figure, NDArray[Any]]:
    """Return a figure with title, facts and footer in place, and the (row, column) axes of its body.

    The page grows with its body and its words, and the maps keep their scale.

    `width_in` in inches, 115 pixels each. The axes are a 2-D array also for a single panel.
    """
    room = width_in - 2 * MARGIN_IN
    title, facts, footer = (
        fit(captions.title, room, 1.1 * TITLE_PT, 1),
        fit(captions.facts, room, TEXT_PT),
        fit(captions.footer, room, SMALL_PT),
    )
    above = LINE_IN * (TITLE_PT + TEXT_PT * _lines(facts)) + 1.5 * MARGIN_IN
    below = LINE_IN * SMALL_PT * _lines(footer) + MARGIN_IN + LEGEND_IN
    height = body.height_in + above + below
    figure = Figure(figsize=(width_in, height), dpi=DPI, facecolor="white")
    # matplotlib places text by shares of the figure
    left, top = MARGIN_IN / width_in, 1 - MARGIN_IN / height
    figure.text(left, top, title, size=TITLE_PT, weight="bold", va="top")
    figure.text(left, top - LINE_IN * TITLE_PT / height, facts, size=TEXT_PT, color=GREY, va="top")
    figure.text(left, 0.6 * MARGIN_IN / height, footer, size=SMALL_PT, color=GREY, va="bottom", gid=FOOTER)
    return figure, body.panels(figure, below)


def add_legend(figure: Figure, entries: Sequence[Entry]) -> None:
    """Draw the legend in one row between the body and the footer; call it once a figure.

    An entry's handle is an artist, or a tuple of artists that lie on each other, the first undermost.
    """
    labels, handles = [label for label, _ in entries], [handle for _, handle in entries]
    height, footer = figure.get_figheight(), sum(_lines(text.get_text()) for text in figure.texts if text.get_gid() == FOOTER)
    place = (MARGIN_IN / figure.get_figwidth(), (LINE_IN * SMALL_PT * footer + 1.1 * MARGIN_IN) / height)
    figure.legend(
        handles, labels, loc="lower left", bbox_to_anchor=place, borderaxespad=0, borderpad=0, ncols=max(len(entries), 1),
        handler_map={tuple: HandlerTuple(ndivide=1, pad=0)}, columnspacing=1.6,
    )  # fmt: skip


def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG; the same figure gives the same bytes. A large file gets 256 colours in place of millions.

    RGB without transparency, 115 pixels an inch. The bytes are the same for the same versions of matplotlib, freetype and
    Pillow only.
    """
    canvas: Any = FigureCanvasAgg(figure)
    # One drawing pass, where savefig would make two.
    canvas.draw()
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    content = _encode(image)
    return content if len(content) <= MAX_BYTES else _encode(image.quantize(256, dither=Image.Dither.NONE))


def _encode(image: Image.Image) -> bytes:
    """Return the image as PNG bytes.

    No time, no software name and no resolution go into the file.
    """
    stream = BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def _lines(text: str) -> int:
    """Return the number of lines of `text`."""
    return text.count("\n") + 1
