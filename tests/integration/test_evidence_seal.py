"""A seal is witnessed by an authority, checked offline with this program and with openssl, and a missing one is said."""

from __future__ import annotations

import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sentinel_watch.errors import SourceError
from sentinel_watch.evidence.bundle.authority import Rfc3161
from sentinel_watch.evidence.bundle.bag import MANIFEST, write_bag
from sentinel_watch.evidence.bundle.seal import SEAL, STAMP, check_seal, write_seal
from sentinel_watch.evidence.bundle.verify import verify_bag

CONFIG = """
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = {folder}/serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
signer_cert = {folder}/stamper.pem
signer_key = {folder}/stamper.key
ess_cert_id_alg = sha256
"""


def _openssl(*arguments):
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """Return the folder of a time-stamp authority of our own: its certificate is `ca.pem`, its address in `url`."""
    folder = tmp_path_factory.mktemp("authority")
    config = folder / "openssl.cnf"
    config.write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    for name, subject in (("ca", "/CN=Test root"), ("stamper", "/CN=Test stamper")):
        _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", folder / f"{name}.key")
        _openssl("req", "-new", "-config", config, "-subj", subject, "-key", folder / f"{name}.key", "-out", folder / f"{name}.csr")
    signed = ("-extfile", config, "-days", 2, "-sha256")
    key = folder / "ca.key"
    _openssl("x509", "-req", "-in", folder / "ca.csr", "-signkey", key, "-extensions", "authority", *signed, "-out", folder / "ca.pem")
    by = ("-CA", folder / "ca.pem", "-CAkey", key, "-CAcreateserial")
    _openssl("x509", "-req", "-in", folder / "stamper.csr", *by, "-extensions", "stamper", *signed, "-out", folder / "stamper.pem")

    class Stamper(BaseHTTPRequestHandler):
        def do_POST(self):
            """Answer with what `openssl ts` makes of the question, or with one to another question."""
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/":
                _openssl("ts", "-reply", "-config", config, "-queryfile", folder / "query", "-out", folder / "reply")
            self.send_response(200)
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Stamper)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (folder / "url").write_text(f"http://127.0.0.1:{server.server_port}/")
    yield folder
    server.shutdown()
    server.server_close()


@pytest.fixture
def bag(tmp_path):
    """Return a small bag."""
    (tmp_path / "bag/data").mkdir(parents=True)
    (tmp_path / "bag/data/alert.json").write_text("{}")
    write_bag(tmp_path / "bag", {"Bagging-Date": "2026-01-01"})
    return tmp_path / "bag"


@pytest.fixture
def sealed(bag, authority):
    """Return a bag that the authority has witnessed."""
    url = (authority / "url").read_text()
    write_seal(bag, "2026-01-01T00:00:00+00:00", "0" * 64, Rfc3161(url=url).stamp((bag / MANIFEST).read_bytes()), url)
    return bag


def test_a_time_stamp_is_checked_against_its_root(sealed, authority):
    """With the authority's certificate the stamp holds; the seal's files are in the tag manifest."""
    says, wrong = check_seal(sealed, authority / "ca.pem")
    assert wrong == []
    assert "signature checked" in says[-1]
    assert verify_bag(sealed).sound


def test_an_unchecked_signature_is_said(sealed):
    """Without a root only the imprint is checked, and the seal says so."""
    says, wrong = check_seal(sealed, None)
    assert wrong == []
    assert "signature not checked" in says[-1]


def test_plain_tools_check_a_bundle(sealed, authority):
    """`sha256sum` and `openssl` alone find a bundle whole, and find a change."""
    verify = ["openssl", "ts", "-verify", "-data", MANIFEST, "-in", STAMP, "-CAfile", str(authority / "ca.pem")]
    for command in (["sha256sum", "-c", MANIFEST], verify):
        assert subprocess.run(command, cwd=sealed, capture_output=True, check=False).returncode == 0
    (sealed / "data/alert.json").write_text("[]")
    (sealed / MANIFEST).write_text((sealed / MANIFEST).read_text().replace("a", "b"))
    for command in (["sha256sum", "-c", MANIFEST], verify):
        assert subprocess.run(command, cwd=sealed, capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("roots", [True, False])
def test_a_stamp_of_other_content_does_not_hold(sealed, authority, roots):
    """A bundle that was changed and bagged anew does not fit its old stamp, even where the seal's own hash was forged."""
    (sealed / "data/alert.json").write_text("[]")
    stamp = (sealed / STAMP).read_bytes()
    write_bag(sealed, {})
    assert any(SEAL in fault for fault in check_seal(sealed, None)[1])
    write_seal(sealed, "2026-01-01T00:00:00+00:00", "0" * 64, stamp, "x")
    assert any("does not hold" in fault for fault in check_seal(sealed, authority / "ca.pem" if roots else None)[1])


def test_another_authority_is_not_trusted(sealed, authority, tmp_path):
    """A stamp holds only under the roots that are given."""
    config = authority / "openssl.cnf"
    key = tmp_path / "other.key"
    _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
    made = ("-x509", "-new", "-config", config, "-subj", "/CN=Other", "-extensions", "authority", "-days", 2)
    _openssl("req", *made, "-key", key, "-out", tmp_path / "other.pem")
    assert any("does not hold" in fault for fault in check_seal(sealed, tmp_path / "other.pem")[1])


def test_an_answer_to_another_question_is_refused(bag, authority, sealed):
    """An authority that gives an old answer again, or none, is a failed source."""
    url = (authority / "url").read_text()
    with pytest.raises(SourceError, match="something else"):
        Rfc3161(url=f"{url}old").stamp(b"other")
    with pytest.raises(SourceError, match="no time stamp"):
        Rfc3161(url="http://127.0.0.1:9/").stamp(b"x")


def test_no_authority_is_said(bag):
    """A seal without a time stamp says why, and the bundle still verifies."""
    write_seal(bag, "2026-01-01T00:00:00+00:00", "0" * 64, None, "")
    says, wrong = check_seal(bag, None)
    assert wrong == []
    assert "no time-stamp authority is configured" in says[-1]
    assert verify_bag(bag).sound
    shutil.rmtree(bag / "seal")
    assert verify_bag(bag).missing == (SEAL,)
