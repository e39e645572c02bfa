"""Help comes at once: nothing heavy is imported before a verb runs."""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

import pytest

HEAVY = (
    "numpy",
    "pandas",
    "rasterio",
    "pyogrio",
    "geopandas",
    "xarray",
    "scipy",
    "skimage",
    "sklearn",
    "shapely",
    "numba",
    "matplotlib",
    "sqlalchemy",
)
PROBE = """
import sys
from sentinel_watch.app.cli import main
sys.argv = ["sentinel-watch", *{arguments!r}]
try:
    main()
except SystemExit as end:
    print("heavy:", sorted(set({heavy!r}) & set(sys.modules)), file=sys.stderr)
    raise
"""


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["alerts", "--help"]])
def test_help_imports_nothing_heavy(arguments):
    """No help text needs an array, a raster or a database."""
    probe = PROBE.format(arguments=arguments, heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert "heavy: []" in done.stderr
    assert "Usage" in done.stdout


def test_help_takes_less_than_a_second():
    """The fastest of three calls of `--help` ends within a second, start of the interpreter included."""
    command = [sys.executable, "-m", "sentinel_watch", "--help"]
    seconds = []
    for _ in range(3):
        begin = perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        seconds.append(perf_counter() - begin)
    assert min(seconds) < 1
