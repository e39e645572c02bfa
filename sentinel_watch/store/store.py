"""The store: every method is one transaction, so that a process may be killed anywhere.

Methods give and take domain values only; rows, SQL and JSON stay behind it. A failed transaction leaves nothing half done.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from sentinel_watch.store import alerts as alert_rows
from sentinel_watch.store import cases as case_rows
from sentinel_watch.store import events as event_rows
from sentinel_watch.store import looks as look_rows
from sentinel_watch.store import outbox, scenes, watches
from sentinel_watch.store import sites as site_rows
from sentinel_watch.store.audit import AuditLog
from sentinel_watch.store.database import READ_ONLY, check_place, open_database
from sentinel_watch.store.lock import site_lock
from sentinel_watch.store.postgis import is_address, one_writer, server_lock
from sentinel_watch.store.rows import forget
from sentinel_watch.store.tables import BASELINE, BLOCK_STATE, EVENT, LOOK, SCENE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from datetime import date, datetime

    from sqlalchemy import Connection, Engine

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.case import Case, Review
    from sentinel_watch.domain.change import Arrays
    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.domain.site import Suppression
    from sentinel_watch.store.looks import Look
    from sentinel_watch.store.outbox import Message
    from sentinel_watch.store.watches import Watch

__all__ = ["Store", "open_store"]


def open_store(workspace: Path | str, *, must_exist: bool = False) -> Store:
    """Return the store of a workspace, made or migrated as needed; raise InputError where it cannot be used.

    `workspace` is a folder, or the address of a PostgreSQL database with PostGIS (`postgresql://user@host/database`). With
    `must_exist` a folder without a database is an error too.
    `with open_store(Path("out/workspace")) as store: store.alerts()` lists what earlier runs found.
    """
    if must_exist:
        check_place(workspace)
    return Store(open_database(workspace), workspace)


class Store:
    """What is remembered between runs; close it, or use it in a `with` block.

    Several processes may have the same workspace open. Reading never waits; a run holds `lock` on its site meanwhile.
    """

    def __init__(self, engine: Engine, workspace: Path | str) -> None:
        self._engine = engine
        self._workspace = workspace
        self.audit = AuditLog(engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back the connections to the database."""
        self._engine.dispose()

    def lock(self, site_id: str) -> AbstractContextManager[None]:
        """Return a lock on the site, to hold in a `with` block during a run; entering raises WorkspaceBusyError where it is taken."""
        if is_address(self._workspace):
            return server_lock(self._engine, site_id)
        return site_lock(Path(self._workspace), site_id)

    def watch(self, key: str, document: Mapping[str, Any], present: Mapping[str, Any] | None = None) -> Watch:
        """Return the watch with this key (SHA-256); where there is none yet, make it from `document` (JSON).

        Of a known watch the old document stays: it says how the watch began. `present` is what may change without beginning a new
        one, as the rules that judge; it is brought up to date. A new watch and a change are entries of the audit log.
        """
        with self._auditing() as connection:
            return watches.create_watch(connection, key, document, present or {})

    def find_watch(self, key: str) -> Watch | None:
        """Return the watch with this key, or None."""
        with self._reading() as connection:
            return watches.find_watch(connection, key)

    def watches(self) -> tuple[Watch, ...]:
        """Return all watches, that whose alerts are its site's own last."""
        with self._reading() as connection:
            return watches.read_watches(connection)

    def record_scene(self, watch: Watch, record: SceneRecord) -> None:
        """Write one line of the ledger; a scene that is tried again replaces its line."""
        with self._engine.begin() as connection:
            scenes.put_record(connection, watch, record)

    def records(self, watch: Watch) -> tuple[SceneRecord, ...]:
        """Return the ledger in time order; scenes of the same instant by id."""
        with self._reading() as connection:
            return scenes.read_records(connection, watch)

    def save_baseline(self, watch: Watch, block_key: str, baseline: Arrays) -> None:
        """Save what a detector learnt of a block, replacing what it learnt before; `block_key` as of `Block.key`."""
        with self._engine.begin() as connection:
            look_rows.put_arrays(connection, BASELINE, watch, block_key, baseline)

    def baseline(self, watch: Watch, block_key: str) -> Arrays | None:
        """Return what a detector learnt of a block, None before; raise InputError where it is damaged."""
        with self._reading() as connection:
            return look_rows.read_arrays(connection, BASELINE, watch, block_key)

    def state(self, watch: Watch, block_key: str) -> Arrays | None:
        """Return a detector's state after the last saved look on a block, None before; raise InputError where it is damaged."""
        with self._reading() as connection:
            return look_rows.read_arrays(connection, BLOCK_STATE, watch, block_key)

    def save_look(self, watch: Watch, scene_id: str, block_key: str, look: Look, state: Arrays | None = None) -> None:
        """Write that a scene is done on a block, together with the state after it; without `state`, the old one stays.

        Leave `state` out where the scene was of no use on the block. The two are one transaction: a look that is noted without
        its state would never be seen by the detector.
        """
        with self._engine.begin() as connection:
            look_rows.put_look(connection, watch, scene_id, block_key, look)
            if state is not None:
                look_rows.put_arrays(connection, BLOCK_STATE, watch, block_key, state)

    def looks(self, watch: Watch, scene_id: str) -> Mapping[str, Look]:
        """Return block key -> look for the blocks on which the scene is done; a run that goes on after it was killed skips these."""
        with self._reading() as connection:
            return look_rows.read_looks(connection, watch, scene_id)

    def finish_scene(self, watch: Watch, record: SceneRecord, events: Iterable[Event] = (), gone: Iterable[str] = ()) -> None:
        """Write a scene's line of the ledger, the events that it changed, and forget those whose ids are in `gone`.

        In one transaction: the line and the events are stored together or not at all.
        """
        with self._engine.begin() as connection:
            scenes.put_record(connection, watch, record)
            event_rows.put_events(connection, watch, events)
            event_rows.forget_events(connection, watch, gone)

    def events(self, watch: Watch) -> tuple[Event, ...]:
        """Return all events of a watch, by day of first detection, then by id."""
        with self._reading() as connection:
            return event_rows.read_events(connection, watch)

    def replace_alerts(self, watch: Watch, alerts: Iterable[Alert]) -> tuple[Alert, ...]:
        """Make `alerts` the alerts of the watch, and return them as they now stand.

        What people have entered in a case stays, and `revision` rises by 1 where any other column or the outline changed.
        The same alerts again change nothing. Each change is an entry of the audit log.
        """
        with self._auditing() as connection:
            alert_rows.replace_alerts(connection, watch, alerts)
            return alert_rows.read_alerts(connection, watch)

    def alerts(self, watch: Watch | None = None) -> tuple[Alert, ...]:
        """Return the alerts of a watch, or of all watches, most urgent first."""
        with self._reading() as connection:
            return alert_rows.read_alerts(connection, watch)

    def withdrawn(self, watch: Watch) -> tuple[str, ...]:
        """Return the ids of the site's alerts that the watch does not find and that nobody has worked on, sorted."""
        with self._reading() as connection:
            return alert_rows.withdrawn_ids(connection, watch)

    def cases(self, *, hidden: bool = False) -> tuple[Case, ...]:
        """Return every alert of the list with what people have made of it, most urgent first.

        Those of each site's current watch, and those of other ones that people have worked on; with `hidden` also what is no longer
        found.
        """
        with self._reading() as connection:
            return case_rows.read_cases(connection, hidden=hidden)

    def review(self, alert_id: str, revision: int, review: Review) -> None:
        """Enter a review in an alert's case and in the audit log, and raise the alert's revision by 1.

        `revision` is that which the reviewer has seen: where the alert has changed since, StaleRevisionError says by whom, and nothing
        is entered. InputError where there is no such alert or the step is not allowed.
        """
        with self._auditing() as connection:
            case_rows.review_alert(connection, alert_id, revision, review)

    def put_site(self, actor: str, document: Mapping[str, Any]) -> str:
        """Write a site into the register, a GeoJSON feature that was checked; return `added`, `changed`, or `known` as it is."""
        with self._auditing() as connection:
            return site_rows.put_site(connection, actor, document)

    def site_documents(self) -> tuple[Mapping[str, Any], ...]:
        """Return the GeoJSON features of all sites in the register, by country, then by id."""
        with self._reading() as connection:
            return site_rows.read_site_documents(connection)

    def suppress(self, zone: Suppression) -> None:
        """Set up a zone in which events that begin in its period make no alert."""
        with self._auditing() as connection:
            site_rows.put_suppression(connection, zone)

    def suppressions(self, site_id: str | None = None, day: date | None = None) -> tuple[Suppression, ...]:
        """Return the zones of a site, or of all for None; with a `day` only those that have not expired by then."""
        with self._reading() as connection:
            return site_rows.read_suppressions(connection, site_id, day)

    def put_messages(self, messages: Iterable[Message]) -> int:
        """Write the messages whose keys are not known yet, and return how many that were."""
        with self._auditing() as connection:
            return outbox.put_messages(connection, messages)

    def messages(self, due: datetime | None = None, state: str | None = None) -> tuple[Message, ...]:
        """Return the messages in a state, or all for None, oldest first; with `due` only those whose time has come."""
        with self._reading() as connection:
            return outbox.read_messages(connection, due, state)

    def note_attempt(self, message: Message, error: str) -> None:
        """Note that a message was sent, for an empty `error`, or what kept it from being sent."""
        with self._auditing() as connection:
            outbox.note_attempt(connection, message, error)

    def retry_messages(self) -> int:
        """Let every waiting message be tried at once, and return how many there are."""
        with self._auditing() as connection:
            return outbox.retry_now(connection)

    def reset_monitoring(self, watch: Watch) -> None:
        """Forget all that monitoring found, so that it can be replayed from the baselines.

        States, looks, events and the ledger's monitoring lines go. Alerts stay as they were told until the replay has found them
        again or not.
        """
        with self._engine.begin() as connection:
            for table in (BLOCK_STATE, LOOK, EVENT):
                forget(connection, table, watch_id=watch.watch_id)
            forget(connection, SCENE, watch_id=watch.watch_id, role="monitoring")

    def reset(self, watch: Watch) -> None:
        """Forget what was learnt and found, so that the watch begins anew; alerts stay until the next run has found them or not.

        The watch itself stays too, with its key and its document.
        """
        with self._engine.begin() as connection:
            for table in (BASELINE, BLOCK_STATE, LOOK, EVENT, SCENE):
                forget(connection, table, watch_id=watch.watch_id)

    @contextmanager
    def _auditing(self) -> Iterator[Connection]:
        """Yield a connection whose transaction changes what people work on: one at a time, from its first reading on."""
        with self._engine.begin() as connection:
            one_writer(connection)
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """Yield a connection whose transaction takes no writer's lock."""
        with self._engine.connect().execution_options(**READ_ONLY) as connection:
            yield connection
