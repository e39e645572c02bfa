"""A certificate for archive.example, which nobody trusts unless a test says so."""

from __future__ import annotations

import ssl
import subprocess
from shutil import which

import pytest
from conftest import require

from sentinel_watch.sources import connections


@pytest.fixture
def certificate(tmp_path):
    """Return the files of a certificate for archive.example and its key."""
    require(present=which("openssl") is not None, what="openssl")
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=archive.example"]
    names = ["-addext", "subjectAltName=DNS:archive.example", "-out", str(files[0]), "-keyout", str(files[1])]
    subprocess.run(["openssl", "req", "-x509", *options, *names], check=True, capture_output=True)
    return files


@pytest.fixture
def tls(certificate):
    """Return the TLS settings of a server that calls itself archive.example."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def trusted(certificate, monkeypatch):
    """Trust that certificate while the test runs."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    connections._trust.cache_clear()
    yield
    connections._trust.cache_clear()
