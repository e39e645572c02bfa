"""Messages on their way: routed, signed, kept where they fail, never sent twice; to a real mail server and a real receiver."""

from __future__ import annotations

import json
import socket
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from aiosmtpd.controller import Controller
from alert_examples import make_alert

from sentinel_watch.app.delivery import list_messages, retry_messages, send_messages
from sentinel_watch.app.routes import Route, load_routes
from sentinel_watch.domain.case import CaseStatus, Review
from sentinel_watch.errors import InputError
from sentinel_watch.sinks import SINKS
from sentinel_watch.sinks.webhook import signature
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Receiver(HTTPServer):
    """A webhook's receiver that keeps what comes, and answers with `status`."""

    status = 200

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []


class Handler(BaseHTTPRequestHandler):
    """Keeps each request, and answers."""

    def do_POST(self) -> None:
        """Keep headers and body."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a running receiver."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def workspace(place: Path | str) -> Path | str:
    """Return a workspace with an alert in each of two countries."""
    with open_store(place) as store:
        watch = store.watch("a" * 64, {"site": {"site_id": "quarry"}})
        store.replace_alerts(watch, [make_alert(0, country="AZE"), make_alert(1, country="IRN", site_id="dump", severity="high")])
    return place


def _hook(tmp_path: Path, receiver: Receiver, more: str = "") -> Path:
    path = tmp_path / "routes.toml"
    path.write_text(f'[[routes]]\nname = "hook"\nurl = "http://127.0.0.1:{receiver.server_port}/"\nsecret_env = "HOOK"\n{more}')
    return path


def test_a_webhook_is_signed_and_told_once(workspace, receiver, tmp_path, monkeypatch) -> None:
    """The body's HMAC is in the header; a second call sends nothing, a changed status does, another look does not."""
    monkeypatch.setenv("HOOK", "s3cret")
    routes = _hook(tmp_path, receiver, 'countries = ["AZE"]')
    assert [send_messages(workspace, routes) for _ in range(2)] == [0, 0]
    ((headers, body),) = receiver.got
    assert headers["X-Signature"] == signature("s3cret", body)
    assert [alert["alert_id"] for alert in json.loads(body)["alerts"]] == ["a0"]
    assert headers["Idempotency-Key"] == json.loads(body)["key"]
    with open_store(workspace) as store:
        watch = store.watches()[0]
        for changes in ({"last_observed": "2023-07-01"}, {"status": "finished"}):
            store.replace_alerts(watch, [make_alert(0, country="AZE", **changes)])
            send_messages(workspace, routes)
        assert store.audit.verify() is None
    assert len(receiver.got) == 2


def test_what_fails_is_kept_and_tried_again(workspace, receiver, tmp_path, monkeypatch, capsys) -> None:
    """The failure is in the list and in the log, waits, and is sent with the same key when the receiver is back."""
    monkeypatch.setenv("HOOK", "s3cret")
    routes, receiver.status = _hook(tmp_path, receiver), 500
    assert send_messages(workspace, routes) == 3
    assert send_messages(workspace, routes) == 0  # nothing is due yet
    list_messages(workspace, "waiting")
    assert "the receiver answered 500" in capsys.readouterr().out
    receiver.status = 200
    retry_messages(workspace)
    assert send_messages(workspace, routes) == 0
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.got]
    assert sorted(keys[:2]) == sorted(keys[2:])
    with open_store(workspace) as store:
        assert [message.state for message in store.messages()] == ["sent", "sent"]
        actions = [entry.action for entry in store.audit.entries()]
        assert (actions.count("delivery.failed"), actions.count("delivery.sent")) == (2, 2)


def test_a_digest_reaches_a_mailbox(workspace, tmp_path) -> None:
    """One mail a site, with what an inspector needs, from a real mail server."""
    mails = []

    class Box:
        async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802 - the name that the server asks for
            mails.append(envelope)
            return "250 OK"

    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    controller = Controller(Box(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        (tmp_path / "routes.toml").write_text(
            f'[mail]\nhost = "127.0.0.1"\nport = {port}\n[[routes]]\nname = "m"\nto = ["a@example.org"]\nmin_severity = "high"\n'
        )
        assert send_messages(workspace, tmp_path / "routes.toml") == 0
    finally:
        controller.stop()
    (mail,) = mails
    assert mail.rcpt_tos == ["a@example.org"]
    assert b"a1 (priority 62, severity high, revision 1)" in mail.content
    assert b"suspected until somebody has been there" in mail.content


def test_quiet_hours_cooldown_and_decisions_hold_messages_back(workspace) -> None:
    """At night a message waits for the morning, a site that was told of just now waits, and what is dismissed is not told."""
    night = datetime(2026, 1, 1, 23, tzinfo=UTC)
    route = Route(name="r", to=("a@example.org",), quiet_utc=(20, 4), cooldown_hours=24)
    assert route.after_quiet(night) == datetime(2026, 1, 2, 4, tzinfo=UTC)
    assert route.after_quiet(night.replace(hour=3)) == datetime(2026, 1, 1, 4, tzinfo=UTC)
    assert route.after_quiet(night.replace(hour=12)) == night.replace(hour=12)
    with open_store(workspace) as store:
        now = datetime.now(UTC)
        store.put_messages(route.messages(store.cases(), (), now))
        watch = store.watches()[0]
        store.replace_alerts(watch, [make_alert(0, country="AZE", severity="high"), make_alert(1, site_id="dump", severity="low")])
        assert list(route.messages(store.cases(), store.messages(), now + timedelta(hours=1))) == []
        later = [message.site_id for message in route.messages(store.cases(), store.messages(), now + timedelta(hours=25))]
        assert later == ["dump", "quarry"]
        store.review("a0", 2, Review("Ayşe", CaseStatus.CONFIRMED))
        store.review("a0", 3, Review("Ayşe", CaseStatus.CLOSED))
        assert [m.site_id for m in route.messages(store.cases(), store.messages(), now + timedelta(hours=25))] == ["dump"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "routes"),
        ('[[routes]]\nname = "a"\n', "either"),
        ('[[routes]]\nname = "a"\nurl = "http://x"\n', "secret_env"),
        ('[[routes]]\nname = "a"\nto = ["x"]\ncountry = "AZE"\n', "country"),
        ('[[routes]]\nname = "a"\nto = ["x"]\n' * 2, "same name"),
    ],
)
def test_a_wrong_file_of_routes_is_told(tmp_path, text: str, told: str) -> None:
    """A missing receiver, a missing secret, a misspelt key and a name that comes twice are errors with their place."""
    (tmp_path / "routes.toml").write_text(text)
    with pytest.raises(InputError, match=r"wrong|same name") as error:
        load_routes(tmp_path / "routes.toml")
    assert told in str(error.value)


def test_a_cap_message_has_what_the_standard_asks_for(tmp_path) -> None:
    """Every element that CAP 1.2 requires is there, words from its lists, latitude before longitude."""
    path = SINKS.build({"part": "cap"}).write([make_alert(0, explanation="a < b & \x00c")], tmp_path)
    cap = {"c": "urn:oasis:names:tc:emergency:cap:1.2"}
    alert = ET.parse(path).getroot().find(".//c:alert", cap)
    assert alert is not None
    required = ("identifier", "sender", "sent", "status", "msgType", "scope", "info/c:category", "info/c:event", "info/c:urgency")
    required += ("info/c:severity", "info/c:certainty", "info/c:area/c:areaDesc")
    assert [name for name in required if alert.find(f"c:{name}", cap) is None] == []
    assert alert.findtext("c:info/c:description", namespaces=cap) == "a < b & c"
    ring = alert.findtext("c:info/c:area/c:polygon", namespaces=cap).split()
    assert ring[0] == ring[-1]
    assert ring[0].startswith("45.")
