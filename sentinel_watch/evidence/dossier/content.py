"""What a dossier says, said once: the answer first, then what it rests on, and at last how to check it.

Never more than the data bear: what is not known is said to be so, and nothing is called unlawful.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sentinel_watch.domain.certainty import in_percent
from sentinel_watch.evidence.before_after import look_day
from sentinel_watch.evidence.dossier import figures
from sentinel_watch.evidence.dossier.blocks import (
    Block,
    Bullets,
    Code,
    Dossier,
    Facts,
    Heading,
    NewPage,
    Note,
    Paragraph,
    Picture,
    Row,
    Table,
)
from sentinel_watch.evidence.dossier.law import about_kind, about_law, permit
from sentinel_watch.evidence.words import place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr
    from odc.geo.geobox import GeoBox

    from sentinel_watch.domain.ledger import SceneRecord
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.evidence.dossier.words import Words
    from sentinel_watch.evidence.inputs import EvidenceInputs

__all__ = ["Material", "compose"]


@dataclass(frozen=True, slots=True)
class Material:
    """All that a dossier is made from."""

    inputs: EvidenceInputs
    records: Sequence[SceneRecord]
    """The ledger."""
    scenes: Mapping[str, Scene]
    """Scene id -> scene, of the bundle's own catalogue."""
    place: tuple[xr.Dataset | None, GeoBox]
    """The look after the event on all that the bundle holds of the site, and its grid."""
    strip: Sequence[xr.Dataset]
    """Looks on the chip for the timelapse."""
    rates: Mapping[str, Any]
    """As of `error_rates.json`."""
    software: Mapping[str, str]
    contents_sha256: str
    """SHA-256, in hex, of the list of all files of the payload but the dossier."""


def compose(material: Material, say: Words, seal_code: bytes) -> Dossier:
    """Return the dossier in the language of `say`; `seal_code` is the QR code (PNG) of the contents' hash.

    The same material gives the same dossier. Order: answer, pictures, change, class and law, doubt, provenance and
    how to check.
    """
    alert, site = material.inputs.alert, material.inputs.site
    event = say.known(f"event.{alert.event_class}", alert.event_class)
    # never without "suspected": the first line is what gets quoted
    lead = f"{say('title.suspected', event=event)} · {say('text.size', area=f'{alert.area_ha:.2f}')} · {site.name}"
    years = sorted({record.time[:4] for record in material.records})
    credit = say("text.credit", years="-".join(dict.fromkeys((years[0], years[-1]))) if years else "")
    return Dossier(
        title=say("title.dossier"),
        lead=lead,
        running=f"{alert.alert_id} · {credit}",
        page=say.catalogue["title"]["page"],
        language=say.language,
        direction=say.direction,
        blocks=(
            *_answer(material, say),
            *_pictures(material, say),
            *_change(material, say),
            *about_kind(material.inputs.alert, say),
            *about_law(material.inputs.alert, material.inputs.site, say),
            *_doubt(material, say),
            *_provenance(material, say, seal_code),
        ),
    )


def _answer(material: Material, say: Words) -> Iterator[Block]:
    """Yield page one: what happened, where, since when, how sure.

    In this order: explanation, facts beside a map, the pair of pictures, the notice that all is suspected.
    """
    alert, inputs = material.inputs.alert, material.inputs
    look, grid = material.place
    day = "" if look is None else str(look_day(look))
    caption = say("text.map", day=day) if day else say("text.map_none")
    yield Paragraph(alert.explanation, tone="lead")
    yield Row(((Facts(_facts(material, say)),), (Picture("map", figures.place_png(look, grid, inputs), caption),)), (0.47, 0.53))
    picture = figures.pair_png(inputs, _titles(inputs, say))
    if picture:
        yield Picture("pair", picture, say("text.pair"))
    yield Note(say("title.notice"))


def _facts(material: Material, say: Words) -> tuple[tuple[str, str], ...]:
    """Return the answer in rows.

    Name and value, in the language; facts without a value are left out, unknown ones are said to be so.
    """
    alert, unknown = material.inputs.alert, say("text.not_known")
    where = say("text.where", lat=(spot := place(alert.centroid_lon, alert.centroid_lat).split(", "))[0], lon=spot[1])
    rows = (
        ("what", say.known(f"event.{alert.event_class}", alert.event_class)),
        ("where", f"{where}\n{material.inputs.site.name}"),
        ("size", say("text.size", area=f"{alert.area_ha:.2f}")),
        ("since", say("text.since", first=alert.first_detected, before=alert.last_clear_before or unknown)),
        ("confirmed", alert.confirmed_at or say("text.not_confirmed")),
        ("finished", alert.finished_at or ""),
        ("last_seen", alert.last_observed),
        ("sure", _how_sure(material, say)),
        ("kind", _which_kind(material, say)),
        ("permit", permit(alert, say)),
        ("severity", say("text.priority", severity=alert.severity, priority=f"{alert.priority:.0f}")),
    )
    return tuple((say(f"fact.{name}"), value) for name, value in rows if value)


def _how_sure(material: Material, say: Words) -> str:
    """Return how sure it is that something changed.

    Confidence 0-1, and how many of how many looks were anomalous.
    """
    alert = material.inputs.alert
    looks = {"anomalous": alert.n_anomalous, "looks": alert.n_observations}
    return (
        f"{say.known(f'status.{alert.status}', alert.status)}; {say('text.sure', confidence=f'{alert.detection_confidence:.2f}', **looks)}"
    )


def _which_kind(material: Material, say: Words) -> str:
    """Return how sure the class is, and what that rests on.

    A confidence of 0 means that no class was given.
    """
    alert = material.inputs.alert
    if alert.class_confidence == 0:
        return say("text.kind_unknown")
    key = "text.kind_rule" if alert.model_version == "rule" else "text.kind_model"
    return say(key, confidence=in_percent(alert.class_confidence), model=alert.model_version)


def _titles(inputs: EvidenceInputs, say: Words) -> tuple[str, str]:
    """Return the titles of the two pictures."""
    days = [say("text.not_known") if look is None else str(look_day(look)) for look in (inputs.before, inputs.after)]
    return say("text.before", day=days[0]), say("text.after", day=days[1])


def _pictures(material: Material, say: Words) -> Iterator[Block]:
    """Yield the place over time: the second composite, the series, the strip.

    Always on a new page. Without looks for the strip, words stand in its place.
    """
    inputs = material.inputs
    yield NewPage()
    yield Heading(say("section.series"))
    yield Picture("series", figures.series_png(inputs), say("text.series"))
    yield Heading(say("section.strip"))
    if material.strip:
        yield Picture("strip", figures.strip_png(material.strip, inputs), say("text.strip"))
    else:
        yield Paragraph(say("text.strip_none"))


def _change(material: Material, say: Words) -> Iterator[Block]:
    """Yield the change map, the infrared pair, and the area over time.

    The infrared pair and the area are left out where there is nothing to draw.
    """
    inputs = material.inputs
    yield Heading(say("section.change"))
    yield Picture("change", figures.change_png(inputs), "")
    if infrared := figures.pair_png(inputs, _titles(inputs, say), which=1):
        yield Heading(say("section.pictures"))
        yield Picture("infrared", infrared, "")
    if inputs.event.history:
        yield Heading(say("section.area"))
        yield Picture("area", figures.area_png(inputs.event), say("text.area"))


def _doubt(material: Material, say: Words) -> Iterator[Block]:
    """Yield how often this errs, what limits it, and what else it could be.

    Rates are those of `error_rates.json`; where none were measured, that is said.
    """
    alert = material.inputs.alert
    # the history is what was learnt from, not what was watched
    watched = [record for record in material.records if record.role == "monitoring"]
    seen = {
        "clear": f"{alert.observability:.0%}", "scenes": len(watched),
        "rejected": sum(one.outcome == "rejected" for one in watched), "failed": sum(one.outcome == "failed" for one in watched),
    }  # fmt: skip
    yield Heading(say("section.doubt"))
    accuracy = say("text.accuracy", metres=f"{alert.location_uncertainty_m:g}")
    yield Facts(((say("fact.accuracy"), accuracy), (say("fact.observed"), say("text.observed", **seen))))
    yield Paragraph(_rates(material.rates, say))
    flags = [say.known(f"flag.{flag}", flag) for flag in alert.qa_flags.split(";") if flag]
    yield Bullets((*flags, *say.several("limits")))
    # not every class has something that it is often mistaken for
    if others := say.several(f"alternative.{alert.event_class}"):
        yield Paragraph(say("text.others", others="; ".join(others)))


def _rates(rates: Mapping[str, Any], say: Words) -> str:
    """Return the measured rates that hold for the alert in words."""
    if few := rates["few_looks"]:
        return say("text.few_looks", told=", ".join(f"{row['pairs']} {row['share']}" for row in few["told"]))
    if not (measured := rates["detection"]):
        return say("text.rates_none")
    found = ", ".join(f"{row['kind']} {row['share']}" for row in measured["found"])
    alarms = ", ".join(f"{row['ground']} {row['per_km2_and_year']}" for row in measured["false_alarms"])
    texts = (say("text.rates", found=found), say("text.false_alarms", rates=alarms))
    return " ".join((*texts, say("text.rates_for", detectors=", ".join(rates["detectors"]))))


def _provenance(material: Material, say: Words, seal_code: bytes) -> Iterator[Block]:
    """Yield the scenes, the software, and how to check it all.

    Only scenes whose pictures are shown have a row; how many there were in all stands above, and the ledger has them.
    """
    inputs, alert = material.inputs, material.inputs.alert
    yield Heading(say("section.provenance"))
    # a table of every scene of six years would bury those that a reader sees
    shown = {str(look["scene_id"].values) for look in (inputs.before, inputs.after, *material.strip) if look is not None}
    head = tuple(say(f"table.{name}") for name in ("scene", "sensed", "product", "baseline", "seen"))
    rows = tuple(_scene_row(record, material.scenes.get(record.scene_id)) for record in material.records if record.scene_id in shown)
    yield Paragraph(say("text.scenes", count=len(material.records)))
    yield Table(head, rows, (0.3, 0.2, 0.3, 0.08, 0.12))
    names = ("sentinel-watch", "python", "numpy", "numba", "gdal", "proj")
    versions = ", ".join(f"{name} {material.software[name]}" for name in names if name in material.software)
    yield Facts(((say("fact.software"), versions), (say("fact.pipeline"), alert.pipeline), (say("fact.model"), alert.model_version)))
    yield Heading(say("section.check"))
    check = (
        Paragraph(say("text.verify")),
        Code("sha256sum -c manifest-sha256.txt\nsha256sum manifest-sha256.txt data/SHA256SUMS\nsentinel-watch evidence verify ."),
        Paragraph(say("text.replay")),
        Code("sentinel-watch evidence replay ."),
        Paragraph(say("text.code")),
        Code(f"{material.contents_sha256[:32]}\n{material.contents_sha256[32:]}"),
    )
    yield Row((check, (Picture("code", seal_code, f"{alert.alert_id} · revision {alert.revision}"),)), (0.72, 0.28))


def _scene_row(record: SceneRecord, scene: Scene | None) -> tuple[str, ...]:
    """Return one scene's row of the provenance table.

    Scene, instant (UTC, to the second), product, baseline, clear share in percent.
    """
    # of a source that does not name its products, satellite and datatake
    product = str(scene.declared.get("s2:product_uri") or " ".join(scene.acquisition.split("/")[:2])) if scene else ""
    clear = "" if record.clear_fraction is None else f"{record.clear_fraction:.0%}"
    return (
        record.scene_id,
        record.time[:19].replace("T", " "),
        product or (scene.acquisition if scene else ""),
        scene.baseline if scene else "",
        clear,
    )
