"""Pipeline files: the shipped ones are complete, and a wrong one is told key by key."""

from __future__ import annotations

import tomllib

import pytest

from sentinel_watch.domain.site import SITE_TYPES
from sentinel_watch.errors import InputError
from sentinel_watch.pipeline.definition import Pipeline, check, digest, load_pipeline, pipeline_for, pipeline_names
from sentinel_watch.registry import Part
from sentinel_watch.shipped import shipped

SEASONAL = ({"part": "seasonal"},)
LEAST = {"name": "least", "bands": ["B04"], "detectors": [*SEASONAL]}


def file_of(name):
    """Return the content of a shipped pipeline file."""
    return tomllib.loads(shipped("pipelines", f"{name}.toml").read_text())


def complaint(data) -> InputError:
    """Return the error that a definition raises."""
    with pytest.raises(InputError) as error:
        check(data, "mine.toml")
    assert error.value.exit_code == 2
    return error.value


@pytest.mark.parametrize("name", pipeline_names())
def test_shipped_files_leave_nothing_to_defaults(name):
    """Every key of the pipeline, and of each of its tables, is written out; the name is the file's."""
    data, pipeline = file_of(name), load_pipeline(name)
    assert set(data) == set(Pipeline.model_fields)
    assert pipeline.name == name
    for key, value in data.items():
        model = Pipeline.model_fields[key].annotation
        if isinstance(model, type) and issubclass(model, Part):
            assert set(value) == set(model.model_fields), key


@pytest.mark.parametrize("site_type", SITE_TYPES)
def test_each_kind_of_site_has_one_pipeline(site_type):
    """A run without --pipeline finds exactly one."""
    serving = [name for name in pipeline_names() if site_type in load_pipeline(name).site_types]
    assert serving == [pipeline_for(site_type).name]


def test_a_site_that_no_pipeline_serves_is_told_what_to_do():
    """The error says how to name one."""
    with pytest.raises(InputError, match="no shipped pipeline serves") as error:
        pipeline_for("volcano")
    assert "--pipeline" in str(error.value)


@pytest.mark.parametrize("name", pipeline_names())
def test_the_resolved_definition_is_the_definition(name):
    """What a run reports of its pipeline describes the same pipeline, options of every part written out."""
    pipeline = load_pipeline(name)
    resolved = pipeline.resolved()
    assert check(resolved, "run.json").resolved() == resolved
    assert len(resolved["detectors"][0]) > 3
    assert digest(resolved) == digest(dict(reversed(resolved.items())))


@pytest.mark.parametrize(
    ("changes", "key", "where", "meant"),
    [
        ({"bandz": []}, "bandz", "mine.toml", "bands"),
        ({"grid": {"resolution": 10}}, "resolution", "mine.toml, grid", "resolution_m"),
        ({"history": {"day": 10}}, "day", "mine.toml, history", "days"),
        ({"scenes": {"min_clear": 1}}, "min_clear", "mine.toml, scenes", "min_clear_fraction"),
        ({"segmentation": {"min_area": 5}}, "min_area", "mine.toml, segmentation", "min_area_px"),
        ({"triage": {"min_area": 5}}, "min_area", "mine.toml, triage", "min_area_ha"),
        ({"masks": [{"part": "scl", "clouds": [8]}]}, "clouds", "mine.toml, masks[0]", "cloud"),
        ({"detectors": [*SEASONAL, {"part": "same_season", "windows_days": 4}]}, "windows_days", "mine.toml, detectors[1]", "window_days"),
        ({"classifier": {"part": "rules", "confidenze": 0.1}}, "confidenze", "mine.toml, classifier[0]", "confidence"),
    ],
)  # fmt: skip
def test_an_unknown_key_is_refused_at_every_level(changes, key, where, meant):
    """The error names the key, its table, and the key that was probably meant."""
    error = complaint({**LEAST, **changes})
    assert error.what == f"unknown key {key!r}"
    assert error.details["where"] == where
    assert error.details["allowed"] == f"did you mean {meant!r}?"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"grid": {"resolution_m": 5}}, ["resolution_m", "greater than or equal to 10", "mine.toml, grid", "5"]),
        ({"grid": {"block_px": "many"}}, ["block_px", "valid integer", "'many'"]),
        ({"bands": []}, ["bands", "at least 1 item"]),
        ({"bands": ["B4"]}, ["no band 'B4'", "B04"]),
        ({"indices": ["NDVY"]}, ["NDVY", "did you mean"]),
        ({"detectors": []}, ["detectors", "at least 1 item"]),
        ({"segmentation": {"min_area_px": 0}}, ["min_area_px", "greater than or equal to 1"]),
        ({"triage": {"provisional": "sometimes"}}, ["provisional", "'never', 'short_history' or 'always'"]),
        ({"classifier": {"part": "rules", "confidence": 0.9}}, ["confidence", "less than or equal to 0.5", "mine.toml, classifier[0]"]),
    ],
)
def test_a_wrong_value_is_told_with_what_is_allowed(changes, told):
    """The error says which key, what was found, and what is allowed."""
    text = str(complaint({**LEAST, **changes}))
    assert all(words in text for words in told), text


@pytest.mark.parametrize(
    ("changes", "meant"),
    [
        ({"masks": [{"part": "scll"}]}, "'scl'"),
        ({"detectors": [{"part": "seasonnal"}]}, "'seasonal'"),
        ({"classifier": {"part": "rulez"}}, "'rules'"),
        ({"sinks": [{"part": "geojsson"}]}, "'geojson'"),
        ({"sinks": [{}]}, "one of: cap, csv, flatgeobuf, geojson, geoparquet, gpkg"),
    ],
)
def test_an_unknown_part_is_refused(changes, meant):
    """The error names the part that was probably meant, and where it stands."""
    error = complaint({**LEAST, **changes})
    assert meant in error.details["allowed"]
    assert error.details["where"].startswith("mine.toml, ")


@pytest.mark.parametrize("missing", LEAST)
def test_a_missing_key_is_named(missing):
    """Name, bands and detectors have no default."""
    error = complaint({key: value for key, value in LEAST.items() if key != missing})
    assert error.what == f"{missing}: field required"


def test_a_file_that_is_no_toml_is_told_with_its_line(tmp_path):
    """A slip in the file is an input error with the place."""
    (tmp_path / "mine.toml").write_text('name = "mine\n')
    with pytest.raises(InputError, match="not valid TOML") as error:
        load_pipeline(str(tmp_path / "mine.toml"))
    assert "line 1" in str(error.value)


def test_an_unknown_name_gets_a_suggestion():
    """A name that is neither shipped nor a file says what was probably meant."""
    with pytest.raises(InputError, match="there is no pipeline 'mime'") as error:
        load_pipeline("mime")
    assert "'mine'" in error.value.details["allowed"]
