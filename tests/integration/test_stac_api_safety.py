"""What other people's catalogues must not make this machine do, and what must never be seen outside."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest
from fault_server import FAULTS, Archive, send, serving
from served import GRID, WORLD, assert_same_pixels, remote, write_noise

from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.sources.access import SPARE, Access, Signer, Token
from sentinel_watch.sources.hosts import Hosts
from sentinel_watch.sources.http import Http, Request
from sentinel_watch.sources.patience import Patience
from sentinel_watch.sources.ranges import RangeClient
from sentinel_watch.sources.transfer import TransferError

HASTY = Patience(tries=2, first_wait_s=0.01, timeout_s=1, deadline_s=3)


@contextmanager
def listening():
    """Listen on a loopback port; yields (port, list of those who called)."""
    callers: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        done = threading.Event()

        def accept():
            while not done.is_set():
                try:
                    caller, address = server.accept()
                except TimeoutError:
                    continue
                callers.append(address)
                caller.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1], callers
        finally:
            done.set()
            thread.join()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of an archive of two scenes."""
    return write_noise(tmp_path_factory.mktemp("archive"), 2).parent


def redirect_to(where):
    """Return an answer that leads elsewhere."""

    def answer(handler, _):
        handler.send_response(302)
        handler.send_header("Location", where)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@pytest.mark.parametrize("name", ["localhost", "2130706433", "[::ffff:127.0.0.1]", "127.1", "169.254.169.254"])
def test_a_file_on_a_forbidden_host_is_not_asked_for(folder, name):
    """An item that names a host which was not allowed costs its scene, and nobody is called."""
    with listening() as (port, callers), serving(Archive(folder)) as archive:

        def lead_away(item):
            for asset in item["assets"].values():
                asset["href"] = f"http://{name}:{port}/secret.tif"

        archive.change_items = lead_away
        source = remote(archive)
        (scene, *_) = source.search(WORLD, None, None)
        with pytest.raises(SceneError, match="not among those"):
            source.read(scene, ["B02"], GRID)
        assert callers == []


def test_private_addresses_are_not_called_unless_allowed(folder):
    """Without the operator's leave, an archive on this machine is not called at all."""
    with listening() as (port, callers):
        source = remote(Archive(folder, url=f"http://127.0.0.1:{port}"), allow_private=False)
        with pytest.raises(SourceError, match="public internet"):
            source.search(WORLD, None, None)
        assert callers == []


@pytest.mark.parametrize("where", ["http://localhost:{port}/a.tif", "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "//localhost:{port}/"])
def test_a_redirect_is_held_against_the_rules(folder, monkeypatch, where):
    """A redirect to a host that was not allowed, or to another scheme, is not followed."""
    with listening() as (port, callers), serving(Archive(folder, "away", share=1.0)) as archive:
        monkeypatch.setitem(FAULTS, "away", redirect_to(where.format(port=port)))
        source = remote(archive, patience=HASTY.model_dump())
        (scene, *_) = source.search(WORLD, None, None)
        with pytest.raises(SceneError):
            source.read(scene, ["B02"], GRID)
        assert callers == []


def test_an_allowed_redirect_is_followed_without_the_token(folder, monkeypatch):
    """A redirect to an allowed host leads to the pixels, and the token does not travel with it."""
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    with serving(Archive(folder)) as mirror, serving(Archive(folder, "away", share=1.0)) as archive:
        monkeypatch.setitem(FAULTS, "away", lambda handler, _: redirect_to(f"{mirror.url}{handler.path}")(handler, None))
        source = remote(archive, token_env="LOOP_TOKEN")
        assert_same_pixels(source, source.search(WORLD, None, None)[0], archive)
        assert set(archive.tokens) == {"Bearer TOP-SECRET"}
        assert set(mirror.tokens) == {""}


def test_a_redirect_within_a_host_keeps_the_token(folder, monkeypatch):
    """A server that redirects to itself, as for a missing slash, still sees the token."""
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    with serving(Archive(folder, "away", share=1.0, token="TOP-SECRET")) as archive:

        def once(handler, reply):
            if handler.path.endswith("?again"):
                return FAULTS["whole_file"](handler, reply)
            return redirect_to(f"{handler.path}?again")(handler, reply)

        monkeypatch.setitem(FAULTS, "away", once)
        source = remote(archive, token_env="LOOP_TOKEN")
        assert_same_pixels(source, source.search(WORLD, None, None)[0], archive)


def test_redirects_end(folder, monkeypatch):
    """A redirect that leads to itself is given up."""
    with serving(Archive(folder, "away", share=1.0)) as archive:
        monkeypatch.setitem(FAULTS, "away", lambda handler, _: redirect_to(handler.path)(handler, None))
        source = remote(archive)
        with pytest.raises(SceneError, match="without end"):
            source.read(source.search(WORLD, None, None)[0], ["B02"], GRID)


def test_the_address_that_was_checked_is_the_one_that_is_called(folder):
    """A name service that answers differently the second time cannot lead elsewhere: it is asked once a connection."""
    asked: list[str] = []

    def look_up(host, port):
        asked.append(host)
        return ["127.0.0.1"]

    with serving(Archive(folder)) as archive:
        port = archive.url.rpartition(":")[2]
        http = Http(Hosts(("archive.example",), allow_private=True, allow_plain=True, look_up=look_up), HASTY)
        answer = http.ask(Request(f"http://archive.example:{port}/", 10_000), HASTY.deadline())
    assert json.loads(answer.body)["id"] == "loopback"
    assert asked == ["archive.example"]


def test_an_address_without_a_way_to_it_is_passed_over(folder):
    """Where the first address behind a name does not answer, the next one is called."""
    with serving(Archive(folder)) as archive:
        port = archive.url.rpartition(":")[2]
        rules = Hosts(("archive.example",), allow_private=True, allow_plain=True, look_up=lambda *_: ["::1", "127.0.0.1"])
        answer = Http(rules, HASTY).ask(Request(f"http://archive.example:{port}/", 10_000), HASTY.deadline())
    assert answer.status == 200


def test_an_answer_that_is_too_long_is_not_taken(folder):
    """A body beyond the limit is refused, whether it is announced or not."""
    with serving(Archive(folder)) as archive:
        http = Http(Hosts(("127.0.0.1",), allow_private=True, allow_plain=True), HASTY)
        with pytest.raises(TransferError, match="too long"):
            http.ask(Request(f"{archive.url}/", 100), HASTY.deadline())


def test_signatures_stay_inside(folder, tmp_path, caplog):
    """A signature reaches the server, and is in no error, log, scene or file of the cache."""
    caplog.set_level(logging.DEBUG)
    with serving(Archive(folder)) as archive:

        def sign(item):
            for asset in item["assets"].values():
                asset["href"] += "?sig=TOP-SECRET&se=2030"

        archive.change_items = sign
        source = remote(archive, cache=tmp_path)
        (scene, *_) = source.search(WORLD, None, None)
        assert_same_pixels(source, scene, archive)
        assert any("TOP-SECRET" in path for path in archive.files_asked())
        archive.fault, archive.share = "page", 1.0
        with pytest.raises(SceneError) as caught:
            remote(archive, patience=HASTY.model_dump()).read(scene, ["B02"], GRID)
    assert "TOP-SECRET" not in f"{caught.value}{caught.value.__cause__!r}{caplog.text}"
    kept = [path for path in tmp_path.rglob("*.piece") if b"TOP-SECRET" in path.read_bytes()]
    assert kept == []


class _Service(BaseHTTPRequestHandler):
    """Gives signatures of a life in seconds, and notes when each was given."""

    life_s: ClassVar[float] = 1e9
    given: ClassVar[list[float]] = []

    def do_GET(self):
        """Give the next signature."""
        self.given.append(time.monotonic())
        until = datetime.now(UTC) + timedelta(seconds=self.life_s)
        token = f"sig=TOP-SECRET-{len(self.given)}"
        body = json.dumps({"token": token, "msft:expiry": until.isoformat().replace("+00:00", "Z")}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Keep quiet."""


@contextmanager
def signing(life_s=1e9, tls=None):
    """Run a token service on loopback; yields (its handler, its port)."""
    service = type("_Bound", (_Service,), {"life_s": life_s, "given": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), service)
    server.handle_error = lambda *_: None
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield service, server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_signature_that_has_run_out_is_renewed_once(folder):
    """Files are asked for with a signature; where the server refuses it, a new one is fetched, and only one."""
    with signing() as (service, port), serving(Archive(folder)) as archive:
        http = Http(Hosts(("127.0.0.1",), allow_private=True, allow_plain=True), HASTY)
        client = RangeClient(http, Access(Token("", ()), Signer(http, f"http://127.0.0.1:{port}/token")))
        href = f"{archive.url}/files/S2_20200101/b02.tif"
        for _ in range(2):
            client.fetch(href, (0, 100), None, HASTY.deadline())
        assert len(service.given) == 1
        archive.fault, archive.share = "quota", 1.0
        with pytest.raises(TransferError, match="refused"):
            client.fetch(href, (0, 100), None, HASTY.deadline())
        assert len(service.given) == 2
        assert [path.partition("?")[2] for path in archive.files_asked()] == ["sig=TOP-SECRET-1"] * 3 + ["sig=TOP-SECRET-2"]


@pytest.mark.parametrize("says", [SPARE.total_seconds() + 0.3, 3600])
def test_signatures_that_run_out_in_a_run_cost_no_scene(folder, monkeypatch, tmp_path, says):
    """A store that takes each signature for 0.6 seconds is read whole: each is renewed, whether its end was told or not.

    One that was told to end is renewed before the store refuses it. None is in the cache.
    """
    refused = []

    def check(handler, reply):
        number = int(handler.path.rpartition("-")[2])
        if time.monotonic() - service.given[number - 1] < 0.6:
            return send(handler, reply.status, reply.body, reply.headers)
        refused.append(number)
        return send(handler, 403, b"no")

    monkeypatch.setitem(FAULTS, "signed", check)
    with signing(says) as (service, port), serving(Archive(folder, "signed", share=1.0)) as archive:
        source = remote(archive, sign_service=f"http://127.0.0.1:{port}/token", cache=tmp_path)
        for scene in source.search(WORLD, None, None):
            assert_same_pixels(source, scene, archive)
            time.sleep(0.7)
        assert len(service.given) >= 2
        assert bool(refused) is (says == 3600)
    assert not any(b"TOP-SECRET" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("name", "known", "good"), [("archive.example", True, True), ("other.example", True, False), ("archive.example", False, False)]
)
def test_tls_is_checked_against_the_name(request, tls, name, known, good):
    """Over TLS, the certificate must be trusted and made for the host's name, although its address is called."""
    if known:
        request.getfixturevalue("trusted")
    with signing(tls=tls) as (_, port):
        http = Http(Hosts((name,), allow_private=True, look_up=lambda *_: ["127.0.0.1"]), HASTY)
        asked = Request(f"https://{name}:{port}/", 1000)
        if good:
            assert b"TOP-SECRET" in http.ask(asked, HASTY.deadline()).body
        else:
            with pytest.raises(TransferError, match="certificate"):
                http.ask(asked, HASTY.deadline())
