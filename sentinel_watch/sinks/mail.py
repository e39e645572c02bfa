"""A digest by e-mail: what is new, most urgent first, as plain text."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["send_digest"]

TIMEOUT_S = 30


def send_digest(server: Mapping[str, Any], to: Sequence[str], key: str, alerts: Sequence[Mapping[str, Any]]) -> None:
    """Send one mail about `alerts` (columns); raise OSError or smtplib.SMTPException where the server does not take it.

    `server` has `host`, `port`, `sender`, and where it asks for them `user`, `password` and `starttls`. `key` makes the Message-ID, so that
    a mail that comes twice can be told.
    """
    mail = EmailMessage()
    sites = ", ".join(sorted({str(alert["site_id"]) for alert in alerts}))
    count = f"{len(alerts)} alert{'' if len(alerts) == 1 else 's'}"
    mail["Subject"], mail["From"], mail["To"] = f"{count}, suspected: {sites}"[:200], server["sender"], ", ".join(to)
    mail["Message-ID"] = f"<{key}@sentinel-watch>"
    mail.set_content("\n\n".join(_told(alert) for alert in alerts) + "\n\nAll of it is suspected until somebody has been there.\n")
    with smtplib.SMTP(server["host"], int(server.get("port", 25)), timeout=TIMEOUT_S) as connection:
        if server.get("starttls"):
            connection.starttls(context=ssl.create_default_context())
        if server.get("user"):
            connection.login(server["user"], server["password"])
        connection.send_message(mail)


def _told(alert: Mapping[str, Any]) -> str:
    """Return an alert in a few lines."""
    what = str(alert["event_class"]).replace("_", " ")
    # messages that wait may be of a version that did not know it
    also = f"\nAlso seen as {alert['also_seen_as'].replace(';', ' and ')}" if alert.get("also_seen_as") else ""
    return (
        f"{alert['alert_id']} (priority {alert['priority']:.0f}, severity {alert['severity']}, revision {alert['revision']})\n"
        f"Suspected {what}, {alert['area_ha']:.2f} ha, since {alert['first_detected']}, {alert['status']}\n"
        f"{alert['centroid_lat']:.5f}, {alert['centroid_lon']:.5f}\n{alert['explanation']}{also}"
    )
