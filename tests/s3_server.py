"""A real S3 store for the tests: SeaweedFS, a program beside this one that checks signatures as AWS does.

It comes with the environment of `tests/stac_server.txt`, whose Python `STAC_SERVER_PYTHON` names.
"""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import require
from stac_server import free_port, running

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Store", "serving_s3", "weed"]


class Store:
    """An S3 store that runs."""

    def __init__(self, url: str, filer: str) -> None:
        self.url = url
        self._filer = filer

    def fill(self, bucket: str, root: Path) -> None:
        """Put every TIFF below `root` into a bucket, under its path from there."""
        for path in sorted(root.rglob("*.tif")):
            put = urllib.request.Request(f"{self._filer}/buckets/{bucket}/{path.relative_to(root)}", path.read_bytes(), method="PUT")
            urllib.request.urlopen(put, timeout=10).close()


@pytest.fixture(scope="session")
def weed() -> Path:
    """Return SeaweedFS's program."""
    program = Path(os.environ.get("STAC_SERVER_PYTHON", "none")).with_name("weed")
    require(present=program.is_file(), what="SeaweedFS, in the environment of STAC_SERVER_PYTHON,")
    return program


@contextmanager
def serving_s3(program: Path, key: str, secret: str) -> Iterator[Store]:
    """Run an empty store while the block runs; who has that key may read, and others may nothing."""
    ports = {f"{part}.port{kind}": free_port() for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")}
    reader = {"name": "reader", "credentials": [{"accessKey": key, "secretKey": secret}], "actions": ["Read"]}
    with tempfile.TemporaryDirectory(prefix="weed-") as folder:
        (Path(folder) / "s3.json").write_text(json.dumps({"identities": [reader]}))
        options = {
            "dir": folder, "ip": "127.0.0.1", "ip.bind": "127.0.0.1", "master.telemetry": "false", "master.volumeSizeLimitMB": 64,
            "volume.max": 4, "s3.config": f"{folder}/s3.json", "s3.port.iceberg": 0, "s3.port.lance": 0, **ports,
        }  # fmt: skip
        command = [program, "server", "-filer", "-s3", *(f"-{name}={value}" for name, value in options.items())]
        filer, store = (f"http://127.0.0.1:{ports[f'{part}.port']}" for part in ("filer", "s3"))
        # it waits for itself when it is asked to end, and nothing that it holds is needed
        with running(command, f"{store}/healthz", patient=False):
            yield Store(store, filer)
