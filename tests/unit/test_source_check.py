"""The verb `source`: what can be named, and whether it can be used."""

from __future__ import annotations

import sys

import pytest
from fault_server import Archive, serving
from served import write_noise

from sentinel_watch.app.cli import main
from sentinel_watch.sources.settings import CONFIG_VARIABLE


@pytest.fixture
def command(monkeypatch, capsys):
    """Return a function that runs a command and returns exit code, standard output and standard error."""

    def _command(*words):
        monkeypatch.setattr(sys, "argv", ["sentinel-watch", "source", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            main()
        streams = capsys.readouterr()
        return end.value.code, streams.out, streams.err

    return _command


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """Return a small archive behind the name `loop`, which wants a token from the environment."""
    with serving(Archive(write_noise(tmp_path / "archive", 2).parent, token="TOP-SECRET")) as served:
        patience = "[sources.loop.patience]\ntries = 2\nfirst_wait_s = 0.01\ntimeout_s = 2\n"
        text = f'[sources.loop]\nurl = "{served.url}"\nallow_private = true\ntoken_env = "LOOP_TOKEN"\n{patience}'
        (tmp_path / "config.toml").write_text(text)
        monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.toml"))
        yield served


def test_all_names_are_listed(command, archive):
    """The list has the sample, the built-in sources and the operator's own."""
    code, out, _ = command("list")
    assert code == 0
    names = ["sample", "cdse", "cdse-sentinelhub", "earth-search", "loop", "planetary-computer", "sentinelhub"]
    assert [line.split()[0] for line in out.splitlines()] == names


def test_the_list_says_what_must_be_set(command, archive):
    """Behind each source stand the variables that hold its credentials, and nothing behind those that need none."""
    lines = {line.split()[0]: line for line in command("list")[1].splitlines()}
    assert lines["loop"].rstrip().endswith("needs LOOP_TOKEN")
    assert lines["cdse"].rstrip().endswith("needs CDSE_S3_ACCESS_KEY, CDSE_S3_SECRET_KEY")
    assert "needs" not in lines["earth-search"]


def test_a_store_without_keys_is_told(command, archive, monkeypatch, tmp_path):
    """Where files lie in a store, the check says which of its keys are set."""
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("token_env", f's3_endpoint = "{archive.url}"\ns3_key_env = "STORE_KEY"\ntoken_env'))
    monkeypatch.setenv("STORE_KEY", "KEY-1")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    lines = {line.split()[0]: " ".join(line.split()[1:]) for line in command("check", "loop")[1].splitlines()}
    assert lines["keys"] == "warning AWS_SECRET_ACCESS_KEY is not set"
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "TOP-SECRET-2")
    out = command("check", "loop")[1]
    assert "STORE_KEY and AWS_SECRET_ACCESS_KEY are set" in out
    assert "TOP-SECRET-2" not in out


def test_missing_credentials_of_a_hub_are_named(command, archive, monkeypatch):
    """Without a client's credentials, the check names the variables that should hold them."""
    for variable in ("SH_CLIENT_ID", "SH_CLIENT_SECRET"):
        monkeypatch.delenv(variable, raising=False)
    code, out, _ = command("check", "sentinelhub")
    assert code == 3
    assert "the environment variables SH_CLIENT_ID and SH_CLIENT_SECRET" in out


def test_a_sound_source_is_found_sound(command, archive, monkeypatch):
    """With the token, every step succeeds but for a collection that the server does not describe, and the token is not shown."""
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    code, out, _ = command("check", "loop")
    assert (code, out.splitlines()[-1]) == (0, "The source can be used.")
    assert "S2_20200101 with B02, B08, SCL" in out.replace("S2_20200106", "S2_20200101")
    assert "parts can be fetched" in out
    assert "TOP-SECRET" not in out


def test_a_small_file_is_no_sign_of_a_server_without_parts(command, archive, monkeypatch):
    """A file of a few kilobytes is not called one that can only be had whole."""
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    for path in archive.folder.rglob("b02.tif"):
        path.write_bytes(path.read_bytes()[:5000])
    assert "parts can be fetched" in command("check", "loop")[1]


def test_a_source_that_refuses_is_told(command, archive, monkeypatch):
    """Without the token, the check names what is missing and what that means, and ends with 3."""
    monkeypatch.delenv("LOOP_TOKEN", raising=False)
    code, out, _ = command("check", "loop")
    assert code == 3
    assert "LOOP_TOKEN is not set" in out
    assert "access is refused" in out
    assert "A run would not work: reachable, search, files." in out


def test_quotas_are_shown_where_the_service_tells(command, archive, monkeypatch):
    """Headers that tell what is left are repeated."""
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    archive.extra_headers = {"X-RateLimit-Remaining": "17"}
    assert "x-ratelimit-remaining: 17" in command("check", "loop")[1]


def test_the_sample_can_be_checked(command):
    """A catalogue on disk is checked too."""
    code, out, _ = command("check", "sample")
    assert code == 0
    assert "140, 2015-" in out


def test_an_unknown_source_is_a_users_mistake(command):
    """A mistyped name ends with 2."""
    code, _, err = command("check", "earth-serch")
    assert code == 2
    assert "did you mean 'earth-search'?" in err
