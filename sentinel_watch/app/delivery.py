"""The verbs of delivery: send what is new, list what was and was not sent, try again."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table

from sentinel_watch.app.routes import load_routes
from sentinel_watch.app.tables import console
from sentinel_watch.errors import InputError
from sentinel_watch.store import open_store

if TYPE_CHECKING:
    from pathlib import Path

    from sentinel_watch.app.routes import Routes
    from sentinel_watch.store import Store
    from sentinel_watch.store.outbox import Message

__all__ = ["list_messages", "retry_messages", "send_messages"]


def send_messages(workspace: Path | str, path: Path) -> int:
    """Write what is new into the outbox, send what is due, print both, and return the exit code: 3 where anything failed, else 0.

    What fails stays and is tried again by a later call, each time after twice the wait. One call at a time: a second is told.

    Messages are written before any is sent, so that one which a crash interrupts is sent again and none is lost; a
    receiver knows a repeated one by its key. Raises InputError where the routes are wrong or there is no workspace.
    """
    routes = load_routes(path)
    with open_store(workspace, must_exist=True) as store, store.lock("delivery"):
        now = datetime.now(UTC)
        # all messages ever written: what was told once is no news, sent or not
        cases, before = store.cases(), store.messages()
        written = store.put_messages([message for route in routes.routes for message in route.messages(cases, before, now)])
        # asked anew: messages of quiet hours are not due yet
        failed = sum(_attempt(store, routes, message) for message in store.messages(due=datetime.now(UTC), state="waiting"))
        waiting = len(store.messages(state="waiting"))
    console().print(f"{written} new, {failed} failed, {waiting} waiting", highlight=False)
    return 3 if failed else 0


def list_messages(workspace: Path | str, state: str | None) -> None:
    """Print the messages, oldest first; `state` is `waiting` or `sent`, None for both.

    Of each: the first 12 digits of its key, route, site, number of alerts, tries, and what went wrong last. Times are
    UTC.
    """
    with open_store(workspace, must_exist=True) as store:
        messages = store.messages(state=state)
    table = Table(box=None, pad_edge=False)
    for name in ("message", "route", "site", "alerts", "state", "tries", "written", "next try", "what went wrong"):
        table.add_column(name)
    for m in messages:
        # what was sent has no next try, whatever its row still says
        following = m.next_try[:16] if m.state == "waiting" else ""
        cells = (
            m.key[:12],
            m.route,
            m.site_id,
            str(len(m.payload["alerts"])),
            m.state,
            str(m.attempts),
            m.created_at[:16],
            following,
            m.error,
        )
        table.add_row(*cells)
    console().print(table if messages else "No messages.", highlight=False)


def retry_messages(workspace: Path | str) -> None:
    """Let every waiting message be tried by the next `send`, whatever its wait.

    What was sent already is not sent again. Raises InputError where there is no such workspace.
    """
    with open_store(workspace, must_exist=True) as store:
        console().print(f"{store.retry_messages()} messages are tried by the next send", highlight=False)


def _attempt(store: Store, routes: Routes, message: Message) -> bool:
    """Try one message, note what came of it at once, and return whether it failed.

    Noted before the next one is tried: a crash later must not send it twice. Errors of the network, the mail server
    and missing secrets count as a failure; any other is a bug and is raised.
    """
    try:
        routes.get(message.route).send(message, routes.mail)
    except (OSError, smtplib.SMTPException, InputError) as error:
        # some errors of sockets have no text, and an empty one would read as sent
        store.note_attempt(message, str(error) or type(error).__name__)
        return True
    store.note_attempt(message, "")
    return False
