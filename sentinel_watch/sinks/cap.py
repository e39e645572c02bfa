"""CAP 1.2 XML, one message an alert, where a warning system wants it (OASIS Common Alerting Protocol, version 1.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import shapely

from sentinel_watch.registry import Part
from sentinel_watch.sinks.atomic import replacing
from sentinel_watch.sinks.columns import multipolygon

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["CapSink"]

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
SEVERITY = {"low": "Minor", "medium": "Moderate", "high": "Severe"}
NOT_XML = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 65534, 65535))


class CapSink(Part):
    """`alerts.cap.atom`: an Atom feed with a CAP message in each entry, as warning systems exchange them.

    Category Env, certainty "Possible" while provisional, else "Likely"; never "Observed": nobody was there.
    """

    sender: str = "sentinel-watch"
    """Who sends it, as the warning system knows it; neither blanks nor commas."""

    def write(self, alerts: Sequence[Alert], folder: Path) -> Path:
        """Write all alerts, replacing what was there, and return the path; the same alerts give the same bytes."""
        path = folder / "alerts.cap.atom"
        feed = ET.Element("feed", xmlns="http://www.w3.org/2005/Atom")
        updated = max((alert.last_observed for alert in alerts), default="1970-01-01")
        _fill(feed, {"id": f"urn:{self.sender}:alerts", "title": "Suspected events", "updated": f"{updated}T00:00:00Z"})
        for alert in alerts:
            feed.append(self._entry(alert))
        with replacing(path) as partial:
            partial.write_bytes(ET.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n")
        return path

    def _entry(self, alert: Alert) -> ET.Element:
        """Return the feed's entry of an alert, its message inside."""
        entry = ET.Element("entry")
        texts = {"id": f"urn:{self.sender}:{alert.alert_id}.{alert.revision}", "title": f"Suspected {alert.event_class.replace('_', ' ')}"}
        _fill(entry, {**texts, "updated": f"{alert.last_observed}T00:00:00Z"})
        ET.SubElement(entry, "content", type="application/cap+xml").append(self.message(alert))
        return entry

    def message(self, alert: Alert) -> ET.Element:
        """Return the CAP message of an alert."""
        root = ET.Element("alert", xmlns=NAMESPACE)
        head = {"identifier": f"{alert.alert_id}.{alert.revision}", "sender": self.sender, "sent": f"{alert.last_observed}T00:00:00-00:00"}
        kind = "Alert" if alert.revision == 1 else "Update"
        fixed = {"status": "Actual", "msgType": kind, "scope": "Restricted", "restriction": "For inspectors: suspected, not established"}
        _fill(root, {**head, **fixed})
        info = ET.SubElement(root, "info")
        certainty = "Possible" if alert.status == "provisional" else "Likely"
        what = f"Suspected {alert.event_class.replace('_', ' ')}"
        words = {"language": "en", "category": "Env", "event": what, "urgency": "Past" if alert.status == "finished" else "Expected"}
        _fill(info, {**words, "severity": SEVERITY[alert.severity], "certainty": certainty, "description": alert.explanation})
        area = ET.SubElement(info, "area")
        _fill(area, {"areaDesc": f"{alert.site_id} {alert.admin} {alert.country}".strip()})
        for part in shapely.get_parts(multipolygon(alert)):
            # latitude first, and the shell alone: CAP knows no holes
            ring = " ".join(f"{lat:.6f},{lon:.6f}" for lon, lat in part.exterior.coords)
            ET.SubElement(area, "polygon").text = ring
        return root


def _fill(parent: ET.Element, texts: dict[str, str]) -> None:
    """Add an element for each text, without the characters that XML cannot hold."""
    for name, text in texts.items():
        ET.SubElement(parent, name).text = text.translate(NOT_XML)
