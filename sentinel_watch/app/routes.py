"""Who is told of what: routes out of a TOML file, and the messages that they make of the alerts.

A route is told of an alert when it is new, and again when its class, status or severity changes; not each time that it is seen once more.
"""

from __future__ import annotations

import os
import tomllib
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError, model_validator

from sentinel_watch.errors import InputError
from sentinel_watch.registry import Part
from sentinel_watch.sinks.mail import send_digest
from sentinel_watch.sinks.webhook import post_alerts
from sentinel_watch.store.outbox import Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sentinel_watch.domain.case import Case

__all__ = ["Route", "Routes", "load_routes"]

SEVERITIES = ("low", "medium", "high")


class Mail(Part):
    """The mail server; a password is never in the file, but in the environment."""

    host: str = "localhost"
    port: int = Field(25, ge=1, le=65535)
    sender: str = "sentinel-watch@localhost"
    starttls: bool = False
    user: str = ""
    password_env: str = ""
    """Name of the variable that holds the password."""

    def server(self) -> dict[str, Any]:
        """Return what the sink needs, the password out of the environment.

        Keys are the sink's arguments; an environment without the variable gives an empty password.
        """
        return {**self.model_dump(), "password": os.environ.get(self.password_env, "")}


class Route(Part):
    """Who is told of which alerts; what is left out does not narrow them down."""

    name: str
    to: tuple[str, ...] = ()
    """Addresses of a mail digest, or else:"""
    url: str = ""
    """A webhook's address."""
    secret_env: str = ""
    """Name of the variable that holds the webhook's secret."""
    countries: tuple[str, ...] = ()
    """ISO 3166-1 alpha-3."""
    admins: tuple[str, ...] = ()
    """Administrative units, as the sites have them."""
    classes: tuple[str, ...] = ()
    """Event classes."""
    min_severity: str = Field("low", pattern="^(low|medium|high)$")
    """`low`, `medium` or `high`."""
    quiet_utc: tuple[int, int] | None = None
    """Hours between which nothing is sent, UTC: `[20, 4]` is from 20:00 to 04:00."""
    cooldown_hours: float = Field(0.0, ge=0)
    """Least time between two messages about the same site."""

    @model_validator(mode="after")
    def _one_way(self) -> Route:
        """Return the route; raise ValueError where it has no receiver, two kinds of them, or a webhook without a secret."""
        if bool(self.to) == bool(self.url):
            raise ValueError("give either `to` or `url`")
        if self.url and not self.secret_env:
            raise ValueError("a webhook needs `secret_env`")
        return self

    def wants(self, case: Case) -> bool:
        """Return whether the route is to be told of an alert: found now, not closed or dismissed, and within its limits.

        An empty list of countries, units or classes allows all. Alerts that were merged, withdrawn or decided against
        are no news.
        """
        alert = case.alert
        limits = ((self.countries, alert.country), (self.admins, alert.admin), (self.classes, alert.event_class))
        fits = all(not allowed or value in allowed for allowed, value in limits)
        severe = SEVERITIES.index(alert.severity) >= SEVERITIES.index(self.min_severity)
        return fits and severe and case.standing == "current" and alert.case_status not in {"closed", "dismissed"}

    def messages(self, cases: Sequence[Case], sent: Sequence[Message], now: datetime) -> Iterator[Message]:
        """Yield a message for each site with news, given all messages that there are; sites that are cooling down wait.

        `now` is UTC. A message's key is a SHA-256 of route and news, so the same news never makes two messages. Its
        payload has the alerts' columns as they are now and what made each of them news.
        """
        own = [message for message in sent if message.route == self.name]
        # of messages that wait too: else each call would write them once more
        known = {stamp for message in own for stamp in message.payload["stamps"]}
        news = [case for case in cases if self.wants(case) and _stamp(case) not in known]
        for site in sorted({case.alert.site_id for case in news}):
            # of what was written, not sent: a message that waits cools the site down too
            last = max((message.created_at for message in own if message.site_id == site), default="")
            if last and datetime.fromisoformat(last) + timedelta(hours=self.cooldown_hours) > now:
                continue
            some = [case for case in news if case.alert.site_id == site]
            stamps = [_stamp(case) for case in some]
            key = sha256("\n".join([self.name, *stamps]).encode()).hexdigest()
            payload = {"stamps": stamps, "alerts": [dict(case.alert.properties()) for case in some]}
            yield Message(key, self.name, site, payload, next_try=self.after_quiet(now).isoformat(timespec="milliseconds"))

    def after_quiet(self, now: datetime) -> datetime:
        """Return `now`, or the end of the quiet hours where it lies in them; UTC.

        The end belongs to no quiet hour; hours over midnight are understood: [20, 4].
        """
        if self.quiet_utc is None:
            return now
        begin, end = self.quiet_utc
        quiet = begin <= now.hour < end if begin <= end else now.hour >= begin or now.hour < end
        if not quiet:
            return now
        until = now.replace(hour=end, minute=0, second=0, microsecond=0)
        return until if until > now else until + timedelta(days=1)

    def send(self, message: Message, mail: Mail) -> None:
        """Send a message; raise OSError or smtplib.SMTPException where it is not taken, InputError where a secret is missing.

        A webhook's body is signed with its secret, and the key lets a receiver tell a repeated message.
        """
        if self.to:
            send_digest(mail.server(), self.to, message.key, message.payload["alerts"])
            return
        # read when it is sent, so that neither file nor outbox holds it
        secret = os.environ.get(self.secret_env)
        if not secret:
            raise InputError(f"the variable {self.secret_env} holds no secret", where=f"route {self.name}")
        post_alerts(self.url, secret, message.key, message.payload["alerts"])


class Routes(Part):
    """The whole file."""

    mail: Mail = Mail()
    routes: tuple[Route, ...] = Field(min_length=1)

    def get(self, name: str) -> Route:
        """Return the route called so; raise InputError where there is none any more.

        Messages in the outbox outlive the file: their route may have been taken out since.
        """
        found = [route for route in self.routes if route.name == name]
        if not found:
            raise InputError(f"there is no route {name!r} any more")
        return found[0]


def load_routes(path: Path) -> Routes:
    """Return the routes of a TOML file; raise InputError where it is missing or wrong, or two routes share a name.

    The first wrong key is named with its place. Secrets and passwords are not read here, but when a message is sent.
    """
    try:
        routes = Routes.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError("the file of routes cannot be read", where=str(path), found=str(error)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(step) for step in first["loc"])
        raise InputError(f"the file of routes is wrong: {first['msg']}", where=f"{path}, {place}", next_step="mend the file") from error
    if len({route.name for route in routes.routes}) < len(routes.routes):
        raise InputError("two routes have the same name", where=str(path), allowed="one of each")
    return routes


def _stamp(case: Case) -> str:
    """Return what of an alert makes it news.

    Text of id, class, status and severity: area and dates change at every look and would tell people daily of the
    same.
    """
    alert = case.alert
    return f"{alert.alert_id}|{alert.event_class}|{alert.status}|{alert.severity}"
