"""The payload as an RO-Crate 1.1: what each file and folder is, in words that research archives read.

The metadata file lies in the payload, so that the manifest stands for it too.
"""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sentinel_watch.domain.alert import Alert

__all__ = ["CRATE", "crate"]

CRATE = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.1"
TERMS = "https://sentinels.copernicus.eu/documents/247904/690755/Sentinel_Data_Legal_Notice"
PARTS: Mapping[str, str] = {
    "SHA256SUMS": "The hash of every file but the dossier, which names the hash of this list",
    "alert.json": "The alert, as it stood when the bundle was built (GeoJSON)",
    "case.json": "What people have decided, and the log of who changed what",
    "change": "The change map of the detector, a cloud-optimised GeoTIFF a column",
    "dossier.html": "The dossier as one file for a browser",
    "dossier.pdf": "The dossier for reading and printing",
    "error_rates.json": "Measured error rates, limits and other explanations",
    "events.json": "The event with its life, scene by scene (GeoJSON)",
    "figures": "The figures, and the numbers behind them",
    "imagery": "STAC catalogue of every scene that the watch was promised, with the chips of those that were read",
    "ledger.json": "What became of every scene, and why",
    "masks": "Why pixels of each scene were not used, as flags",
    "models": "The trained models that were used, with their cards",
    "pipeline.toml": "Every option of the detection",
    "prov.json": "From what the alert follows (W3C PROV)",
    "site.geojson": "The site and its permits as they stood",
    "software.json": "Versions of the software",
    "surroundings.json": "What the operator's map layers hold around the site, metres in the grid's CRS, by role",
    "watch.json": "What was asked for, and decided when the watch began",
}
"""Path in the payload -> what it is."""


def crate(data: Path, alert: Alert, site_name: str) -> dict[str, Any]:
    """Return the RO-Crate metadata of the payload in the folder `data`.

    It counts as published on the day up to which the alert tells, for the day on which a machine wrote it must not change it.

    JSON-LD of one flat graph; only files and folders of PARTS that are there are named. `site_name` stands in the
    description.
    """
    parts = [data / name for name in PARTS if (data / name).exists()]
    # the RO-Crate specification wants folders to end in a slash
    names = {path: f"{path.name}/" if path.is_dir() else path.name for path in parts}
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Evidence of alert {alert.alert_id}, revision {alert.revision}",
        "description": f"A suspected {alert.event_class.replace('_', ' ')} at {site_name}: imagery, masks, maps, history and figures.",
        "datePublished": alert.last_observed,
        "license": {"@id": TERMS},
        "hasPart": [{"@id": name} for name in names.values()],
        "creator": {"@id": "#sentinel-watch"},
    }
    program = {
        "@id": "#sentinel-watch",
        "@type": "SoftwareApplication",
        "name": "sentinel-watch",
        "version": alert.code_version,
        "softwareVersion": alert.code_version,
    }
    terms = {"@id": TERMS, "@type": "CreativeWork", "name": "Legal notice on the use of Copernicus Sentinel Data and Service Information"}
    about = {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": CONTEXT}, "about": {"@id": "./"}}
    return {"@context": f"{CONTEXT}/context", "@graph": [about, root, *(_part(path, name) for path, name in names.items()), program, terms]}


def _part(path: Path, name: str) -> dict[str, Any]:
    """Return the entity of one file or folder of the payload.

    Media types come from the standard library's table or, for kinds that it may not know, from here; sizes are in
    bytes, as text.
    """
    if path.is_dir():
        return {"@id": name, "@type": "Dataset", "name": path.name, "description": PARTS[path.name]}
    kinds = {".geojson": "application/geo+json", ".toml": "application/toml"}
    kind = kinds.get(path.suffix) or mimetypes.types_map.get(path.suffix, "application/octet-stream")
    size = str(path.stat().st_size)
    return {"@id": name, "@type": "File", "name": path.name, "description": PARTS[path.name], "encodingFormat": kind, "contentSize": size}
