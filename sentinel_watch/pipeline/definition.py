"""What to do for a kind of site: one flat, complete TOML file, checked key by key.

Every key is checked before a run begins, the options of parts through their registries: a typing error must not show after
hours of reading. What a part does with its options is its own affair.
"""

from __future__ import annotations

import json
import tomllib
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from sentinel_watch.alerting import RULES, Triage
from sentinel_watch.classification import CLASSIFIERS
from sentinel_watch.detectors import DETECTORS
from sentinel_watch.domain.scene import OPTICAL_BANDS
from sentinel_watch.errors import InputError, did_you_mean
from sentinel_watch.indices import bands_of
from sentinel_watch.masking import MASKERS
from sentinel_watch.registry import Part, Registry
from sentinel_watch.segmentation import Segmentation
from sentinel_watch.shipped import shipped
from sentinel_watch.sinks import SINKS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sentinel_watch.contracts import Classifier, Detector, Masker, Sink

__all__ = ["Pipeline", "load_pipeline", "pipeline_names"]


class Grid(Part):
    """The grid that an AOI is worked on: square pixels in the AOI's UTM zone; lengths in metres, `block_px` in pixels."""

    resolution_m: float = Field(10.0, ge=10, le=120)
    """Pixel size; Sentinel-2's finest is 10 m."""
    margin_m: float = Field(0.0, ge=0, le=5_000)
    """Ground around the AOI that is read too: it steadies the scene normalisation. No event is reported there."""
    block_px: int = Field(256, ge=64, le=2_048)
    """Side of a block, the work unit; memory grows with its square and with the number of history scenes."""


class History(Part):
    """What the detector learns from before it watches.

    Where the command says when the watch begins, only `max_days` counts.
    """

    days: int = Field(730, ge=1, le=3_650)
    """Length of the history where the command does not say and the archive is long enough."""
    min_scenes: int = Field(50, ge=1, le=1_000)
    """Scenes that such a history must hold, cloudy ones included; a sparser archive gets a longer one."""
    min_days: int = Field(365, ge=1, le=3_650)
    """The history of an archive that is too short for that, while it leaves something to watch."""
    max_days: int = Field(1_826, ge=30, le=3_650)
    """Scenes older than this before the watch begins are not read."""


class Scenes(Part):
    """Which scenes are worth using; shares are 0-1, and each block is judged by itself."""

    min_clear_fraction: float = Field(0.1, ge=0, le=1)
    """Least usable share of a block; a scene below it everywhere is rejected as cloud."""
    min_data_fraction: float = Field(0.02, ge=0, le=1)
    """Least share of a block with data; a scene below it everywhere is rejected as nodata."""


class Cadastre(Part):
    """A layer of parcels, and which of its fields say what."""

    path: str
    """A vector file with one layer of polygons in any CRS that it names; a relative path from the working folder."""
    id: str
    """Field with the parcel's number."""
    owner: str = ""
    """Field with a reference to the owner; left out, none is told."""


class Layers(Part):
    """Map layers around the site, as paths of vector files in any CRS that they name; relative ones from the working folder.

    None is built in: a world map at small scale would be kilometres off where metres matter.
    """

    protected: tuple[str, ...] = ()
    """Protected areas."""
    water: tuple[str, ...] = ()
    """Rivers, lakes, reservoirs; lines or polygons."""
    settlements: tuple[str, ...] = ()
    """Where people live; points or polygons."""
    parcels: tuple[Cadastre, ...] = ()
    """Parcels: which of them an alert touches, and whose they are."""

    def named(self) -> dict[str, tuple[str, ...]]:
        """Return role -> paths, for the roles for which any layer is named."""
        roles = {"protected": self.protected, "water": self.water, "settlements": self.settlements}
        return {role: paths for role, paths in roles.items() if paths}

    def cadastres(self) -> tuple[tuple[str, str, str], ...]:
        """Return path, field of the number and field of the owner, "" for none, of each layer of parcels."""
        return tuple((layer.path, layer.id, layer.owner) for layer in self.parcels)


class Pipeline(Part):
    """Everything that a run does, in one value; parts are named under `part`, their options beside it.

    Keys that are not known and figures out of bounds are refused.
    """

    name: str
    summary: str = ""
    site_types: tuple[str, ...] = ()
    """Site types that take this pipeline where the command names none."""
    bands: tuple[str, ...] = Field(min_length=1)
    """Sentinel-2 bands that the detector looks at; those that a catalogue lacks are left out, and the run says so."""
    indices: tuple[str, ...] = ()
    """Spectral indices shown in the evidence, by their names in the Awesome Spectral Indices catalogue."""
    grid: Grid = Grid()
    history: History = History()
    scenes: Scenes = Scenes()
    masks: tuple[dict[str, Any], ...] = ()
    """Maskers, all applied."""
    detectors: tuple[dict[str, Any], ...] = Field(min_length=1)
    """In order of preference: the first whose need for history is met is used."""
    segmentation: Segmentation = Segmentation()
    classifier: dict[str, Any] = Field(default_factory=lambda: {"part": "rules"})
    triage: Triage = Triage()
    context: Layers = Layers()
    sinks: tuple[dict[str, Any], ...] = ({"part": "geojson"}, {"part": "gpkg"}, {"part": "csv"})

    @cached_property
    def maskers(self) -> tuple[Masker, ...]:
        """Return the maskers, built."""
        return tuple(MASKERS.build(config) for config in self.masks)

    @cached_property
    def detectors_built(self) -> tuple[Detector, ...]:
        """Return the detectors, built, in order of preference."""
        return tuple(DETECTORS.build(config) for config in self.detectors)

    @cached_property
    def classifier_built(self) -> Classifier:
        """Return the classifier, built."""
        return CLASSIFIERS.build(self.classifier)

    @cached_property
    def sinks_built(self) -> tuple[Sink, ...]:
        """Return the sinks, built."""
        return tuple(SINKS.build(config) for config in self.sinks)

    def resolved(self) -> dict[str, Any]:
        """Return the whole definition with every default written out, as plain JSON values.

        Two pipelines that differ in how they see watch apart: neither uses what the other has learnt.
        """
        lists = {"masks": self.maskers, "detectors": self.detectors_built, "sinks": self.sinks_built}
        parts = {key: [_written_out(*pair) for pair in zip(getattr(self, key), built, strict=True)] for key, built in lists.items()}
        return {**self.model_dump(mode="json"), **parts, "classifier": _written_out(self.classifier, self.classifier_built)}


def load_pipeline(name_or_path: str) -> Pipeline:
    """Return the shipped pipeline called so, or the one in the TOML file at that path.

    Raises InputError where there is neither, where the file is not UTF-8 or not TOML, and where one of its keys is wrong.
    """
    path = _find(name_or_path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError("the pipeline file is not valid TOML", where=str(path), found=str(error), next_step="mend the file") from error
    return check(data, str(path))


def check(data: Mapping[str, Any], where: str) -> Pipeline:
    """Return the pipeline that `data` describes, every part of it built once.

    `where` names the file for the error. Raises InputError that names the first key, part, band or index that is wrong.
    """
    try:
        pipeline = Pipeline.model_validate(data)
    except ValidationError as error:
        raise _complaint(error, where, Pipeline) from error
    # built and let go again: what is wrong in a part's options shows only then
    for key, registry, configs in _part_lists(pipeline):
        for number, config in enumerate(configs):
            _check_part(registry, config, f"{where}, {key}[{number}]")
    _check_bands(pipeline, where)
    return pipeline


def pipeline_names() -> list[str]:
    """Return the names of the shipped pipelines, sorted."""
    return sorted(path.stem for path in shipped("pipelines").glob("*.toml"))


def pipeline_for(site_type: str) -> Pipeline:
    """Return the shipped pipeline that serves `site_type`, the first by name of several; raise InputError where none does."""
    for name in pipeline_names():
        pipeline = load_pipeline(name)
        if site_type in pipeline.site_types:
            return pipeline
    raise InputError(f"no shipped pipeline serves sites of type {site_type!r}", found=site_type, next_step="name one with --pipeline")


def digest(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of `document` as canonical JSON, hexadecimal; the order of its keys does not matter."""
    return sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _find(name_or_path: str) -> Path:
    """Return the path of the shipped pipeline called so, or of the file; raise InputError where there is neither."""
    # shipped names win: what else lies in the working folder must not change a run
    if name_or_path in pipeline_names():
        return shipped("pipelines", f"{name_or_path}.toml")
    path = Path(name_or_path)
    if not path.is_file():
        known = did_you_mean(name_or_path, pipeline_names())
        raise InputError(f"there is no pipeline {name_or_path!r}", found=name_or_path, allowed=f"a TOML file, or {known}")
    return path


def _part_lists(pipeline: Pipeline) -> Iterator[tuple[str, Registry[Any], tuple[dict[str, Any], ...]]]:
    """Yield each key that names parts, with the registry to find them in and what the file says of them."""
    yield "masks", MASKERS, pipeline.masks
    yield "detectors", DETECTORS, pipeline.detectors
    yield "classifier", CLASSIFIERS, (pipeline.classifier,)
    yield "sinks", SINKS, pipeline.sinks
    yield "triage.rules", RULES, pipeline.triage.rules


def _check_part(registry: Registry[Any], config: Mapping[str, Any], where: str) -> None:
    """Raise InputError, with the place in the file, where a part is unknown or its options are wrong."""
    try:
        registry.build(config)
    except ValidationError as error:
        raise _complaint(error, where, registry.get(config["part"])) from error
    except InputError as error:
        # the registry does not know which file it reads for
        raise InputError(error.what, **{**error.details, "where": where}) from error


def _check_bands(pipeline: Pipeline, where: str) -> None:
    """Raise InputError where a band is not Sentinel-2's, or an index is unknown or needs other bands than Sentinel-2 has."""
    for band in pipeline.bands:
        if band not in OPTICAL_BANDS:
            raise InputError(f"there is no band {band!r}", where=f"{where}, bands", found=band, allowed=", ".join(OPTICAL_BANDS))
    for index in pipeline.indices:
        bands_of(index)


def _complaint(error: ValidationError, where: str, model: type[Part]) -> InputError:
    """Return the first of pydantic's errors as one for the user, with the keys that are known where one is not."""
    first = error.errors()[0]
    *outer, key = [str(step) for step in first["loc"]] or [""]
    place = f"{where}, {'.'.join(outer)}" if outer else where
    if first["type"] == "extra_forbidden":
        known = _fields(model, outer)
        return InputError(f"unknown key {key!r}", where=place, found=key, allowed=did_you_mean(key, known), next_step="mend the file")
    return InputError(f"{key}: {first['msg'].lower()}", where=place, found=repr(first["input"]), next_step="mend the file")


def _fields(model: type[Part], path: list[str]) -> list[str]:
    """Return the keys that the table at `path` below `model` may have; steps to what is no table of its own are passed over."""
    for step in path:
        inner = model.model_fields[step].annotation if step in model.model_fields else None
        model = inner if isinstance(inner, type) and issubclass(inner, Part) else model
    return list(model.model_fields)


def _written_out(config: Mapping[str, Any], part: object) -> dict[str, Any]:
    """Return a part's configuration with every default in it; of a part that is no `Part`, its name alone."""
    # an outsider's part need not be a model, and then has nothing to write out
    return {"part": config["part"], **(part.model_dump(mode="json") if isinstance(part, Part) else {})}
