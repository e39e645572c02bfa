"""What all tests share: the real cases, which are optional on a desk and required in CI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

# a plugin before those that import it
pytest_plugins = ["certificates", "postgis", "stac_server", "s3_server"]

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


for _name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
    # servers of the tests are on this machine, whatever way leads out of it
    os.environ.pop(_name, None)
    os.environ.pop(_name.upper(), None)


def require(*, present: bool, what: str) -> None:
    """Skip where `what` is absent, or fail where the environment says CI=true."""
    if present:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is required in CI")
    pytest.skip(f"{what} is not here")


@pytest.fixture(scope="session")
def shared_cases() -> Path:
    """Return the folder of the real cases."""
    require(present=(SHARED / "cases").is_dir(), what="../shared/cases")
    return SHARED / "cases"


@dataclass(frozen=True)
class Followed:
    """The tutorial's commands, run as they stand there, one after the other."""

    folder: Path
    """Where they were run, with the AOI only; `out/` holds the sample's alerts."""
    commands: tuple[str, ...]
    done: tuple[subprocess.CompletedProcess[str], ...]


@pytest.fixture(scope="session")
def tutorial(tmp_path_factory) -> Followed:
    """Return the tutorial as it was followed; a run of the sample takes a minute, so all who look at one share it."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "aoi", folder / "aoi")
    environment = {**os.environ, "PATH": f"{sysconfig.get_path('scripts')}{os.pathsep}{os.environ['PATH']}"}
    blocks = re.findall(r"^```console\n(.*?)^```$", (ROOT / "docs" / "tutorial.md").read_text("utf-8"), re.M | re.S)
    commands = tuple(line for block in blocks for line in block.splitlines() if line)
    done = (subprocess.run(line, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False) for line in commands)
    return Followed(folder, commands, tuple(done))
