"""What `--source` may be, and the configuration file."""

from __future__ import annotations

import pytest

from sentinel_watch.errors import InputError
from sentinel_watch.sources import open_source
from sentinel_watch.sources.settings import CONFIG_VARIABLE, load_settings, profiles


@pytest.fixture
def configure(tmp_path, monkeypatch):
    """Return a function that writes the configuration file of the working folder."""
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return (tmp_path / "sentinel-watch.toml").write_text


@pytest.mark.parametrize("name", sorted(profiles()))
def test_every_built_in_name_opens(configure, name, tmp_path):
    """A built-in source is opened by its name, with TLS, and needs no network for that."""
    source = open_source(name, tmp_path / "cache")
    assert source.url.startswith("https://")
    assert source.cache == tmp_path / "cache"
    assert source.max_cloud_percent is None


def test_a_url_is_a_stac_api(configure):
    """Any http(s) URL is taken for the landing page of a STAC API; that of a known source brings its options."""
    assert open_source("https://stac.example.org/v2/").url == "https://stac.example.org/v2"
    assert open_source("https://earth-search.aws.element84.com/v1/").collections[0] == "sentinel-2-c1-l2a"


def test_a_configured_source_is_opened(configure):
    """The configuration names new sources, and changes built-in ones key by key."""
    configure('offline = true\n[sources.ours]\nurl = "https://a.example/stac"\n[sources.earth-search]\nmax_cloud_percent = 60\n')
    assert open_source("ours").offline
    changed = open_source("earth-search")
    assert (changed.max_cloud_percent, changed.collections[0]) == (60, "sentinel-2-c1-l2a")


def test_the_variable_names_the_file(configure, tmp_path, monkeypatch):
    """The environment's file wins over that of the working folder; one that is not there is an error."""
    configure("cache_gb = 1\n")
    (tmp_path / "other.toml").write_text("cache_gb = 2\n")
    monkeypatch.setenv(CONFIG_VARIABLE, "other.toml")
    assert load_settings().cache_gb == 2
    monkeypatch.setenv(CONFIG_VARIABLE, "none.toml")
    with pytest.raises(InputError, match="no configuration file"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[sources", "not valid TOML"),
        ("cash_gb = 1", "did you mean 'cache_gb'?"),
        ('[sources.ours]\nurl = "https://a.example"\nhost = ["b"]\n', "did you mean 'hosts'?"),
        ('[sources.ours]\nurl = "ftp://a.example"\n', "must be an http"),
        ('[sources.ours]\nurl = "https://u:SECRET@a.example"\n', "without user, password"),
        ('[sources.ours]\nurl = "https://a.example?token=SECRET"\n', "without user, password"),
        ('[sources.ours]\npart = "stac_apy"\n', "did you mean 'stac_api'?"),
        ('[sources.ours]\nurl = "https://a.example"\n[sources.ours.patience]\ntries = 0\n', "patience.tries"),
    ],
)
def test_a_wrong_configuration_is_told(configure, text, told):
    """A mistake in the file is a user's mistake, named by its key; values are not repeated, for they may be secrets."""
    configure(text)
    with pytest.raises(InputError) as caught:
        open_source("ours")
    assert told in str(caught.value)
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("src", ["https://u:SECRET@a.example/", "https://a.example/?sig=SECRET", "ftp://u:SECRET@a.example/"])
def test_secrets_in_a_sources_address_are_refused_unseen(configure, src):
    """Credentials belong into the environment: an address that carries them is refused and not repeated."""
    with pytest.raises(InputError) as caught:
        open_source(src)
    assert "SECRET" not in str(caught.value)


def test_an_unknown_name_is_told(configure):
    """A mistyped name is met with the nearest one."""
    with pytest.raises(InputError) as caught:
        open_source("earth-serch")
    assert "did you mean 'earth-search'?" in str(caught.value)
