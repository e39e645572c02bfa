"""The verbs as a user meets them: words on the right stream, and the right exit code."""

from __future__ import annotations

import json
import sys
from io import StringIO

import jsonschema
import pytest
from alert_examples import make_alert
from rich.console import Console

from sentinel_watch.app.cli import main
from sentinel_watch.app.failure import ending
from sentinel_watch.app.pipelines import schema
from sentinel_watch.app.progress import Lines, showing
from sentinel_watch.app.tables import alert_table
from sentinel_watch.errors import SourceError
from sentinel_watch.log import log
from sentinel_watch.pipeline.definition import load_pipeline, pipeline_names
from sentinel_watch.shipped import shipped
from sentinel_watch.store import open_store


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs a command and returns exit code, standard output and standard error."""

    def _command(*words):
        monkeypatch.setattr(sys, "argv", ["sentinel-watch", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        streams = capsys.readouterr()
        return end.value.code, streams.out, streams.err

    return _command


@pytest.fixture
def workspace(tmp_path):
    """Return a workspace with three alerts on two sites, one of which was watched before under another pipeline."""
    folder = tmp_path / "workspace"
    quarry = [make_alert(0, priority=20), make_alert(1, priority=90, outside_permit_pct=37.5, permit_id="P")]
    found = {"0": [make_alert(8)], "1": quarry, "2": [make_alert(2, site_id="[red]dump")]}
    with open_store(folder) as store:
        for key, alerts in found.items():
            store.replace_alerts(store.watch(key * 64, {"site": {"site_id": alerts[0].site_id}}), alerts)
    return folder


@pytest.mark.parametrize("words", [["--help"], ["run", "--help"], ["alerts", "--help"], ["pipeline", "--help"]])
def test_help_is_no_error(command, words):
    """Help goes to standard output and ends with 0."""
    code, out, err = command(*words)
    assert (code, err) == (0, "")
    assert "Usage" in out


@pytest.mark.parametrize("words", [["bla"], ["run"], ["run", "aoi.geojson", "--bla"], ["alerts", "show"]])
def test_a_wrong_command_ends_with_2(command, words):
    """What the command line does not know is told on standard error."""
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["run", "none.geojson"], "no such AOI file"),
        (["run", "none.geojson", "--start", "1.2.2020"], "--start is not a day"),
        (["run", "none.geojson", "--start", "2020-01-02", "--end", "2020-01-01"], "--start must lie before --end"),
        (["run", shipped("aoi", "forest_romania.geojson"), "--pipeline", "mime"], "did you mean 'mine'?"),
        (["run", shipped("aoi", "forest_romania.geojson"), "--out", __file__], "the output folder cannot be made"),
        (["alerts", "list", "--workspace", "nowhere"], "there is no workspace here"),
        (["pipeline", "check", "nowhere.toml"], "there is no pipeline"),
    ],
)
def test_a_users_mistake_is_told_without_a_traceback(command, words, told):
    """A mistake ends with 2 and words on standard error, and nothing is written where it was run."""
    code, out, err = command(*words)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_a_source_that_fails_ends_with_3(capsys):
    """An error of a source has its own exit code."""
    with pytest.raises(SystemExit) as end, ending():
        raise SourceError("the catalogue does not answer", where="catalog.json")
    assert end.value.code == 3
    assert "the catalogue does not answer" in capsys.readouterr().err


def test_a_bug_says_that_it_is_one(capsys):
    """An error that nobody raised on purpose ends with 1, its traceback, and what to do."""
    with pytest.raises(SystemExit) as end, ending():
        raise ZeroDivisionError("a slip")
    told = capsys.readouterr().err
    assert end.value.code == 1
    assert "ZeroDivisionError: a slip" in told
    assert "This is a bug in sentinel-watch" in told


def test_warnings_reach_standard_error(capsys):
    """What the program warns of while a command runs is shown, and the log is silent again afterwards."""
    with ending():
        log.warning("permit P-9 lies outside")
    log.warning("nobody listens")
    assert capsys.readouterr().err == "WARNING: permit P-9 lies outside\n"


def test_alerts_are_listed_most_urgent_first(command, workspace):
    """The list shows each alert on a line, by priority, and what stands outside the permit."""
    code, out, _ = command("alerts", "list", "--workspace", workspace)
    lines = out.splitlines()
    assert code == 0
    assert [line.split()[1] for line in lines[2:]] == ["a1", "a2", "a0"]
    assert "38%" in lines[2]
    assert "no permit" in lines[4]


def test_alerts_of_one_site(command, workspace):
    """A site is named as it is, whatever characters it holds; one without alerts has none."""
    assert "a2" in command("alerts", "list", "--workspace", workspace, "--site", "[red]dump")[1]
    assert command("alerts", "list", "--workspace", workspace, "--site", "elsewhere") == (0, "No alerts.\n", "")


def test_an_alert_is_shown_whole(command, workspace):
    """Every column of an alert is shown, probabilities in percent and text as it stands."""
    code, out, _ = command("alerts", "show", "a2", "--workspace", workspace)
    assert code == 0
    assert "[red]dump" in out
    assert "excavation 75%, unknown change 25%" in out.replace("unknown_change", "unknown change")
    assert all(name in out for name in make_alert().properties())


@pytest.mark.parametrize(("alert_id", "told"), [("a", "several alerts begin so"), ("b7", "there is no alert 'b7'")])
def test_an_unclear_alert_is_refused(command, workspace, alert_id, told):
    """An id that fits none or several is a mistake."""
    code, _, err = command("alerts", "show", alert_id, "--workspace", workspace)
    assert code == 2
    assert told in err


def test_alerts_are_exported(command, workspace, tmp_path):
    """An export writes the named formats, or all, and prints their paths."""
    code, out, _ = command("alerts", "export", "--workspace", workspace, "--out", tmp_path / "all")
    assert code == 0
    assert sorted(path.name for path in (tmp_path / "all").glob("alerts.*")) == [
        "alerts.csv",
        "alerts.geojson",
        "alerts.gpkg",
        "alerts.qml",
    ]
    assert out.splitlines() == [str(tmp_path / "all" / f"alerts.{name}") for name in ("csv", "geojson", "gpkg")]
    command("alerts", "export", "--workspace", workspace, "--out", tmp_path / "one", "--sink", "csv", "--site", "quarry")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["alerts.csv"]
    assert command("alerts", "export", "--workspace", workspace, "--out", tmp_path, "--sink", "cvs")[0] == 2


def test_doctor_finds_this_installation_sound(command, tmp_path):
    """Where tests run, a run would work: both GDALs, PROJ and the sample are named."""
    code, out, _ = command("doctor", "--workspace", tmp_path)
    assert code == 0
    assert "Everything that a run needs is here." in out
    assert all(word in out for word in ("GDAL of rasterio", "GDAL of pyogrio", "PROJ", "forest_romania", "extra sentinelhub"))


def test_doctor_says_what_would_not_work(command):
    """A workspace that cannot be written makes the doctor end with 1 and say so."""
    code, out, _ = command("doctor", "--workspace", f"{__file__}/workspace")
    assert code == 1
    assert "A run would not work: workspace." in out


def test_doctor_warns_of_a_misleading_environment(command, monkeypatch, tmp_path):
    """A variable that would send both GDALs to one folder is pointed out."""
    monkeypatch.setenv("GDAL_DATA", "somewhere")
    assert "GDAL_DATA set: unset" in command("doctor", "--workspace", tmp_path)[1]


@pytest.mark.parametrize("name", pipeline_names())
def test_shipped_pipelines_are_sound_and_explained(command, name):
    """Each shipped pipeline passes the check, and its explanation holds its options with what they mean."""
    assert command("pipeline", "check", name)[0] == 0
    code, out, _ = command("pipeline", "explain", name)
    assert code == 0
    assert "resolution_m = 10.0   Pixel size" in out


def test_the_schema_describes_the_shipped_pipelines(command):
    """The schema accepts every shipped pipeline and refuses an unknown key and an unknown part."""
    code, out, _ = command("pipeline", "schema")
    assert code == 0
    document = json.loads(out)
    assert document == schema()
    validator = jsonschema.Draft202012Validator(document)
    for name in pipeline_names():
        definition = json.loads(json.dumps(load_pipeline(name).resolved()))
        assert list(validator.iter_errors(definition)) == []
        assert not validator.is_valid({**definition, "bandz": []})
        assert not validator.is_valid({**definition, "detectors": [{"part": "none"}]})


def test_progress_in_a_pipe_is_lines(capsys):
    """Where standard error is no terminal, a stage and a sentence are a line each, and steps are silent."""
    with showing() as progress:
        assert isinstance(progress, Lines)
        progress.stage("watching", 3)
        progress.step("S2A_1")
        progress.say("no B12")
    assert capsys.readouterr().err == "watching (3 steps)\nno B12\n"


def test_a_class_that_is_not_known_has_no_confidence():
    """The table does not say how sure it is that nothing is known, and has no column for permits where no site has one."""
    table = alert_table([make_alert(event_class="unknown_change", class_confidence=1.0)])
    cells = [next(iter(column.cells)) for column in table.columns]
    assert "-" in cells
    assert [column.header for column in table.columns][-1] == "latitude, longitude"


def test_a_narrow_terminal_gets_whole_cells():
    """At 80 columns nothing is cut: the place is left out instead."""
    drawn = StringIO()
    Console(file=drawn, width=80).print(alert_table([make_alert(alert_id="forest_romania-304291c6", event_class="vegetation_loss")], 80))
    assert "…" not in drawn.getvalue()
    assert "forest_romania-304291c6" in drawn.getvalue()
