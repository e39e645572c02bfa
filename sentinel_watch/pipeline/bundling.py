"""What an alert's bundle holds: what it rests on is read once more and written down, and the rest is made from what was written.

So a bundle shows that it suffices while it is built: masks, maps and figures come from its own imagery.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import tomli_w
from shapely.geometry import mapping, shape

from sentinel_watch import __version__
from sentinel_watch.classification import CLASSIFIERS
from sentinel_watch.domain.ledger import Outcome
from sentinel_watch.domain.surroundings import Parcel, Surroundings
from sentinel_watch.errors import InputError, MissingExtraError
from sentinel_watch.evidence.bundle.crate import CRATE, crate
from sentinel_watch.evidence.bundle.documents import alert_document, case_document, event_document, ledger_document
from sentinel_watch.evidence.bundle.files import write_json, write_text
from sentinel_watch.evidence.bundle.imagery import CATALOG, ImageryWriter
from sentinel_watch.evidence.bundle.maps import write_changes, write_mask
from sentinel_watch.evidence.bundle.provenance import provenance
from sentinel_watch.evidence.bundle.rates import error_rates
from sentinel_watch.evidence.bundle.software import software
from sentinel_watch.evidence.folder import write_evidence
from sentinel_watch.models import find_model, verify_model
from sentinel_watch.pipeline.assignment import resume
from sentinel_watch.pipeline.definition import Layers, load_pipeline
from sentinel_watch.pipeline.dossier import write_dossier
from sentinel_watch.pipeline.learning import Lesson
from sentinel_watch.pipeline.plan import RunRequest
from sentinel_watch.pipeline.proof import gather
from sentinel_watch.pipeline.stretch import Stretch
from sentinel_watch.pipeline.viewing import ahead
from sentinel_watch.pipeline.window import Window
from sentinel_watch.register import read_site, read_surroundings
from sentinel_watch.shipped import code_hash
from sentinel_watch.sources import pin

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sentinel_watch.domain.alert import Alert
    from sentinel_watch.domain.event import Event
    from sentinel_watch.domain.scene import Scene
    from sentinel_watch.pipeline.assignment import Assignment
    from sentinel_watch.pipeline.progress import Progress
    from sentinel_watch.store import Store, Watch

__all__ = ["ALERT", "SOFTWARE", "WATCH", "Subject", "fill", "read_around", "read_document", "read_request", "resumed"]

SITE, PIPELINE, WATCH = "site.geojson", "pipeline.toml", "watch.json"
"""What a replay begins with."""
ALERT, SOFTWARE, AROUND = "alert.json", "software.json", "surroundings.json"
PARCELS = "parcels"
VERIFY = "sentinel-watch evidence verify says what was changed"
IMAGERY, MASKS, CHANGE, FIGURES, MODELS = "imagery", "masks", "change", "figures", "models"


@dataclass(frozen=True, slots=True)
class Subject:
    """The alert that a bundle is about, and where all that is known of it lies."""

    store: Store
    watch: Watch
    alert: Alert
    workspace: Path | str
    """As of the run."""
    out: Path
    """Where a remote source keeps what it fetches, if the workspace is a database."""

    @property
    def event(self) -> Event:
        """Return the alert's event, as it now stands in the store."""
        return next(event for event in self.store.events(self.watch) if event.event_id == self.alert.event_id)


def fill(data: Path, subject: Subject, progress: Progress) -> None:
    """Write the payload of an alert's bundle into the folder `data`; without a dossier, and saying so, where that extra is absent.

    Raises InputError where another version of the program found the alert, SceneError where a scene that it rests on can no longer be
    read.
    """
    watch = subject.watch
    _check_version(watch)
    _write_beginning(data, watch)
    request = read_request(data, subject.workspace, subject.out)
    source = resume(replace(request, source=watch.document["source"]), watch)
    stretch = Stretch.around(subject.event, source)
    write_json(data / WATCH, {**_decisions(watch), "whole_aoi": stretch.whole, "blocks": [block.key for block in stretch.blocks]})
    _write_imagery(data / IMAGERY, source, subject, stretch, progress)
    # from here on the source is asked no more
    job = resume(request, watch)
    _write_surroundings(data, job, watch)
    progress.stage("drawing maps, figures and dossier", 3)
    _write_maps(data, job, subject, stretch)
    progress.step("maps")
    _write_documents(data, job, subject)
    ((_, inputs),) = gather(job, subject.store, [subject.alert], {event.event_id: event for event in subject.store.events(watch)})
    write_evidence(inputs, data / FIGURES)
    progress.step("figures")
    try:
        write_dossier(data, job, subject.store, inputs, stretch.chip)
    except MissingExtraError as error:
        progress.say(f"the bundle has no dossier: {error}")
    progress.step("dossier")
    # last, for it says what there is
    write_json(data / CRATE, crate(data, subject.alert, job.request.site.name))


def read_request(data: Path, workspace: Path | str, out: Path) -> RunRequest:
    """Return the run that a bundle's payload describes, on the bundle's own imagery; what was decided by rule is now asked for.

    Raises InputError where site or pipeline are broken.
    """
    document = read_document(data, WATCH)
    start, monitor_from = (document[name] and datetime.fromisoformat(document[name]) for name in ("start", "monitor_from"))
    site, pipeline = read_site(data / SITE), load_pipeline(str(data / PIPELINE))
    return RunRequest(site, str(data / IMAGERY / CATALOG), pipeline, out, workspace, start, monitor_from)


def resumed(watch: Watch, workspace: Path | str, out: Path) -> Assignment:
    """Return a watch of the workspace as its own documents describe it, from its own source; raises as `resume` and `fill` do."""
    _check_version(watch)
    with TemporaryDirectory() as folder:
        _write_beginning(Path(folder), watch)
        request = read_request(Path(folder), workspace, out)
    return resume(replace(request, source=watch.document["source"]), watch)


def read_document(data: Path, name: str) -> dict[str, Any]:
    """Return a JSON object of a bundle's payload; raise InputError where it is missing or broken."""
    try:
        document = json.loads((data / name).read_bytes())
    except (OSError, ValueError) as error:
        raise InputError("a part of the bundle cannot be read", where=str(data / name), found=str(error), next_step=VERIFY) from error
    if not isinstance(document, dict):
        raise InputError("a part of the bundle is not what it should be", where=str(data / name), next_step=VERIFY)
    return document


def read_around(data: Path) -> Surroundings:
    """Return what lies around the site, as a bundle's payload holds it."""
    layers = read_document(data, AROUND)
    parcels = layers.pop(PARCELS, None)
    told = parcels if parcels is None else tuple(Parcel(**{**one, "geometry": shape(one["geometry"])}) for one in parcels)
    return Surroundings({role: tuple(map(shape, features)) for role, features in layers.items()}, told)


def _check_version(watch: Watch) -> None:
    """Raise InputError where another state of the program began the watch: what that one found, this one need not find."""
    # workspaces from before the hash was kept have none
    then, now = (watch.document["code_version"], watch.document.get("code_hash", "")), (__version__, code_hash())
    if then != now:
        raise InputError(
            "another version of the program found this alert",
            found=" ".join(then),
            allowed=" ".join(now),
            next_step="run the site again with this version, or build the evidence with that one",
        )


def _write_beginning(data: Path, watch: Watch) -> None:
    """Write site, pipeline and the watch's decisions."""
    write_json(data / SITE, watch.document["site_feature"])
    # sinks decide nothing, and may hold addresses that are nobody's business; map layers come along as what they hold
    pipeline = {**watch.document["pipeline"], "sinks": [], "context": {}}
    _write_model(data, pipeline)
    write_text(data / PIPELINE, tomli_w.dumps(_without_none(pipeline)))
    write_json(data / WATCH, _decisions(watch))


def _decisions(watch: Watch) -> dict[str, Any]:
    """Return what was asked for and decided when the watch began; of a source on disk its file's name alone."""
    names = ("start", "asked_from", "monitor_from", "history_from", "why", "bands", "code_version", "code_hash")
    source = str(watch.document["source"]).partition("?")[0]
    return {**{name: watch.document[name] for name in names}, "source": source if "://" in source else PurePath(source).name}


def _write_imagery(folder: Path, job: Assignment, subject: Subject, stretch: Stretch, progress: Progress) -> None:
    """Write every scene of the ledger; raise SceneError where one that was read then cannot be read now."""
    ledger = {record.scene_id: record for record in subject.store.records(subject.watch)}
    # what the source has listed since was not known to this alert
    archive = job.archive
    listed = [scene for scene in (*archive.scenes, *archive.copies, *archive.undated) if scene.scene_id in ledger]
    progress.stage("bundling imagery", len(listed))
    writer = ImageryWriter.begin(folder, stretch.chip.grid, job.request.site.name)

    def read(scene: Scene) -> Mapping[str, NDArray[np.float32]]:
        record = ledger[scene.scene_id]
        seen = record.outcome is not Outcome.FAILED and record.clear_fraction is not None
        return stretch.read(job, scene) if seen else {}

    for scene, reading in ahead(read, listed):
        writer.add(scene, reading.result())
        progress.step(scene.scene_id)
    writer.close()
    pin(job.viewer.source, listed)


def _write_surroundings(data: Path, job: Assignment, watch: Watch) -> None:
    """Write what the operator's map layers hold around the site."""
    named = Layers.model_validate(watch.document["pipeline"].get("context", {}))
    around = read_surroundings(named.named(), job.request.site.geometry, str(job.ground.grid.crs), named.cadastres())
    layers = {role: [mapping(feature) for feature in features] for role, features in around.layers.items()}
    parcels = [{"geometry": mapping(one.geometry), "parcel_id": one.parcel_id, "owner": one.owner} for one in around.parcels or ()]
    write_json(data / AROUND, {**layers, **({PARCELS: parcels} if around.parcels is not None else {})})


def _write_maps(data: Path, job: Assignment, subject: Subject, stretch: Stretch) -> None:
    """Write the mask of every scene, and the change map."""
    window = Window(job, subject.store, [stretch.chip])
    for look in window.looks():
        write_mask(data / MASKS, look, stretch.chip)
    write_changes(data / CHANGE, window.changes(), subject.event, stretch.chip)


def _write_model(data: Path, pipeline: dict[str, Any]) -> None:
    """Copy the trained model that the classifier asks, if it asks any, and name it in `pipeline` as the bundle has it."""
    asked = CLASSIFIERS.build(pipeline["classifier"]).asks
    if asked:
        card = verify_model(asked)
        name = f"{card.name}/{card.version}"
        shutil.copytree(find_model(asked), data / MODELS / name)
        pipeline["classifier"] = {**pipeline["classifier"], "model": name}


def _write_documents(data: Path, job: Assignment, subject: Subject) -> None:
    """Write alert, event, ledger, case, error rates, provenance and software."""
    alert, records = subject.alert, subject.store.records(subject.watch)
    models = [f"{MODELS}/{path.relative_to(data / MODELS).as_posix()}" for path in sorted((data / MODELS).glob("*/*"))]
    write_json(data / ALERT, alert_document(alert))
    write_json(data / "events.json", event_document(subject.event, str(job.ground.grid.crs)))
    write_json(data / "ledger.json", ledger_document(records))
    write_json(data / "case.json", case_document(alert, _log(subject)))
    write_json(data / "error_rates.json", error_rates(alert, _detectors(job, subject), data / MODELS))
    write_json(data / "prov.json", provenance(alert, records, models))
    write_json(data / SOFTWARE, software())


def _log(subject: Subject) -> list[dict[str, Any]]:
    """Return who changed what of the alert, oldest first, out of the audit log."""
    entries = (asdict(entry) for entry in subject.store.audit.entries(subject.alert.alert_id))
    # or the seal of one bundle would make the next another bundle; the log itself has them all
    return [entry for entry in entries if not entry["action"].startswith("evidence.")]


def _detectors(job: Assignment, subject: Subject) -> list[str]:
    """Return the detectors that watched any block, by name."""
    saved = (subject.store.baseline(subject.watch, block.key) for block in job.ground.blocks)
    chosen = {lesson.detector for lesson in map(Lesson.load, filter(None, saved)) if lesson.detector is not None}
    return sorted(job.request.pipeline.detectors[number]["part"] for number in chosen)


def _without_none(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return plain JSON without the keys that hold null, which TOML does not have: there they are defaults."""
    if isinstance(value, dict):
        return {key: _without_none(inner) for key, inner in value.items() if inner is not None}
    return [_without_none(inner) for inner in value] if isinstance(value, list) else value
