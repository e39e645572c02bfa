"""How a command ends that cannot do what it was asked for.

A user's mistake gets the error's own text, which says what to do next; a bug gets its traceback, which says where it is.
"""

from __future__ import annotations

import logging
import re
import sys
import textwrap
import traceback
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from sentinel_watch.errors import SentinelWatchError
from sentinel_watch.log import log

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ending", "wrapped"]

BUG = """
This is a bug in sentinel-watch, not a mistake of yours. What was done is kept, and the same command continues from there.
Please report the lines above, with the command that you gave and what `sentinel-watch doctor` prints.
"""


@contextmanager
def ending() -> Iterator[None]:
    """Log to standard error while the block runs, and turn what it raises into words and an exit code.

    A user's mistake is told without a traceback and exits with the error's own code; anything else is a bug and exits with 1.
    SystemExit and KeyboardInterrupt pass through. The logger is left as it was found.

    InputError exits with 2, SourceError with 3. Standard output is left to the results.
    """
    # made here, so that it writes to what standard error is now
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    log.addHandler(handler)
    try:
        yield
    except SentinelWatchError as error:
        text = f"Error: {error}"
        # a log or a pipe gets the lines as they are
        sys.stderr.write(f"{wrapped(text, get_terminal_size().columns) if sys.stderr.isatty() else text}\n")
        sys.exit(error.exit_code)
    except Exception:
        traceback.print_exc()
        sys.stderr.write(BUG)
        sys.exit(1)
    finally:
        log.removeHandler(handler)


def wrapped(text: str, width: int) -> str:
    """Return an error's text with no line longer than `width`, as far as its words allow: paths and addresses are not broken.

    Lines with a label go on below its text.
    """
    lines = []
    for line in text.splitlines():
        label = re.match(r"  \w+: +", line)
        indent = " " * len(label[0]) if label else ""
        lines += textwrap.wrap(line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]
    return "\n".join(lines)
