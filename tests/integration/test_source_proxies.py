"""Reading through a proxy, as machines inside an agency's network must: the same pixels, the same rules, no secret outside."""

from __future__ import annotations

import logging
from contextlib import nullcontext

import pytest
from fault_server import Archive, serving
from proxy_server import ProxyServer, proxying
from served import QUICK, WORLD, assert_same_pixels, remote, write_noise

from sentinel_watch.errors import SceneError, SourceError
from sentinel_watch.pipeline.run import run
from sentinel_watch.sources.hosts import Hosts
from sentinel_watch.sources.http import Http, Request
from sentinel_watch.sources.patience import Patience
from sentinel_watch.sources.proxies import Proxies, Proxy
from sentinel_watch.sources.settings import CONFIG_VARIABLE
from sentinel_watch.sources.transfer import RefusedError, TransferError

HASTY = Patience(tries=2, first_wait_s=0.01, timeout_s=1, deadline_s=3)
NAME = "archive.example"
"""A name that no name service knows, so that nothing goes past the proxy unseen."""
LOGIN = "clerk:TOP-SECRET"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of an archive of two scenes."""
    return write_noise(tmp_path_factory.mktemp("archive"), 2).parent


@pytest.fixture
def archive(folder):
    """Return an archive over plain http that calls itself archive.example; it is on a port that the name has."""
    with serving(Archive(folder)) as served:
        served.url = served.url.replace("127.0.0.1", NAME)
        yield served


@pytest.fixture
def proxy():
    """Return a proxy that is open to all."""
    with proxying(ProxyServer()) as server:
        yield server


def same_pixels(archive, **options):
    """Assert that the archive's first scene has the pixels of the disk."""
    source = remote(archive, **options)
    assert_same_pixels(source, source.search(WORLD, None, None)[0], archive)


def ask(url, proxies):
    """Return the answer to one request, asked by somebody who may not call private addresses."""
    rules = Hosts((NAME, "169.254.169.254", "::ffff:127.0.0.1", "10.0.0.1"), allow_plain=True)
    return Http(rules, HASTY, proxies=proxies).ask(Request(url, 10_000), HASTY.deadline())


def test_the_environment_names_the_proxy_of_plain_http(archive, proxy, monkeypatch):
    """HTTP_PROXY is gone through for every request, with the server's name in full, and the pixels are those of the disk."""
    monkeypatch.setenv("http_proxy", f"http://{proxy.place}")
    same_pixels(archive)
    assert len(proxy.asked) == len(archive.asked)
    assert all(line.split()[1].startswith(archive.url) for line in proxy.asked)


@pytest.mark.usefixtures("trusted")
def test_tls_goes_through_a_tunnel(folder, tls, proxy, monkeypatch):
    """Over HTTPS_PROXY the pixels are those of the disk; the proxy sees host and port, and neither path nor token."""
    monkeypatch.setenv("LOOP_TOKEN", "TOP-SECRET")
    monkeypatch.setenv("https_proxy", proxy.place)
    with serving(Archive(folder, token="TOP-SECRET"), tls) as archive:
        same_pixels(archive, token_env="LOOP_TOKEN")
        assert set(proxy.asked) == {f"CONNECT {archive.url.removeprefix('https://')}"}
        # a tunnel is kept for the next request
        assert len(proxy.asked) < len(archive.asked)
    assert proxy.passed_on == []


def test_a_certificate_is_checked_behind_a_proxy(folder, tls, proxy):
    """A proxy that opens a tunnel to somebody whom nobody trusts gets nothing."""
    with serving(Archive(folder, token="TOP-SECRET"), tls) as archive, pytest.raises(TransferError, match="certificate"):
        ask(archive.url, Proxies(f"http://{proxy.place}"))


@pytest.mark.parametrize("exempt", [NAME, ".example", "*"])
def test_no_proxy_is_heeded(archive, proxy, monkeypatch, exempt):
    """Hosts that NO_PROXY names are called directly, whether environment or configuration names the proxy."""
    monkeypatch.setenv("http_proxy", f"http://{proxy.place}")
    monkeypatch.setenv("no_proxy", exempt)
    for options in ({}, {"proxy": f"http://{proxy.place}"}):
        with pytest.raises(SourceError, match="name is not known"):
            same_pixels(archive, **options)
    assert proxy.asked == []


def test_the_configuration_goes_before_the_environment(archive, proxy, monkeypatch):
    """A configured proxy is used whatever the environment says, and `direct` means none."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    same_pixels(archive, proxy=f"http://{proxy.place}")
    asked = len(proxy.asked)
    with pytest.raises(SourceError, match="name is not known"):
        same_pixels(archive, proxy="direct")
    assert len(proxy.asked) == asked > 0


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("secure", [False, True])
def test_a_proxy_is_told_user_and_password(folder, tls, proxy, monkeypatch, secure):
    """What HTTP(S)_PROXY holds of user and password, percent signs undone, goes to the proxy, and no further."""
    proxy.login = "clerk:p@ss:word"
    monkeypatch.setenv("https_proxy" if secure else "http_proxy", f"http://clerk:p%40ss%3Aword@{proxy.place}")
    with serving(Archive(folder), tls if secure else None) as archive:
        archive.url = archive.url.replace("127.0.0.1", NAME)
        same_pixels(archive)
    assert set(proxy.logins) == {"Basic Y2xlcms6cEBzczp3b3Jk"}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(("variable", "status"), [("http_proxy", 407), ("https_proxy", 407), ("https_proxy", 403)])
def test_a_proxy_that_refuses_is_told_without_the_password(folder, tls, proxy, caplog, variable, status):
    """A refusal is asked for once, and neither error nor log has the password or what the proxy wrote."""
    caplog.set_level(logging.DEBUG)
    proxy.refuses = status
    with pytest.MonkeyPatch.context() as patch, serving(Archive(folder), tls if variable == "https_proxy" else None) as archive:
        patch.setenv(variable, f"http://{LOGIN}@{proxy.place}")
        with pytest.raises(RefusedError) as caught:
            ask(archive.url.replace("127.0.0.1", NAME), Proxies())
    assert len(proxy.asked) == 1
    assert archive.asked == []
    assert f"status {status}" in str(caught.value)
    assert "TOP-SECRET" not in f"{caught.value}{caught.value!r}{caught.value.__cause__!r}{caplog.text}"


@pytest.mark.usefixtures("trusted")
def test_tunnels_that_break_are_opened_again(folder, tls, proxy, monkeypatch):
    """A proxy that drops tunnels costs time and no pixel; one that never opens them costs the scene."""
    monkeypatch.setenv("https_proxy", proxy.place)
    with serving(Archive(folder), tls) as archive:
        source = remote(archive)
        (scene, *_) = source.search(WORLD, None, None)
        proxy.drops = 3
        assert_same_pixels(remote(archive), scene, archive)
        assert proxy.drops == 0
        proxy.refuses = 502
        with pytest.raises(SceneError, match="the proxy cannot connect"):
            remote(archive, patience=HASTY.model_dump()).read(scene, ["B02"], None)


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:127.0.0.1]", "10.0.0.1", "other.example"])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_is_not_asked_for_forbidden_hosts(proxy, scheme, host):
    """Private addresses in figures and hosts that were not allowed are refused before the proxy hears of them."""
    with pytest.raises(TransferError, match=r"public internet|not among those"):
        ask(f"{scheme}://{host}:8080/latest/meta-data", Proxies(f"http://{proxy.place}"))
    assert proxy.asked == []


def test_an_item_cannot_send_the_proxy_elsewhere(archive, proxy, monkeypatch):
    """An item that names a host inside the proxy's network costs its scene, and the proxy is not asked for it."""
    monkeypatch.setenv("http_proxy", f"http://{proxy.place}")

    def lead_away(item):
        for asset in item["assets"].values():
            asset["href"] = "http://intranet.example/secret.tif"

    archive.change_items = lead_away
    source = remote(archive)
    with pytest.raises(SceneError, match="not among those"):
        source.read(source.search(WORLD, None, None)[0], ["B02"], None)
    assert not any("intranet" in line for line in proxy.asked)


@pytest.mark.parametrize(
    "url", ["socks5://clerk:TOP-SECRET@127.0.0.1:1080", "https://127.0.0.1:3128", "http://", "http://[::1", "http://a:b"]
)
def test_what_is_no_proxy_is_said_without_the_password(archive, monkeypatch, url):
    """Another kind of proxy, or none, ends the search with words that hold no password."""
    monkeypatch.setenv("http_proxy", url)
    with pytest.raises(SourceError, match="no address of a proxy") as caught:
        remote(archive).search(WORLD, None, None)
    assert "TOP-SECRET" not in str(caught.value)


def test_a_proxy_shows_no_password():
    """Nor does the value that stands for it."""
    assert "clerk" not in repr(Proxy.at(f"http://{LOGIN}@proxy.example"))
    assert Proxy.at("proxy.example") == Proxy("proxy.example", 3128)


@pytest.mark.parametrize("refuses", [0, 407])
def test_a_run_behind_a_proxy_leaves_no_password(fresh, proxy, tmp_path, monkeypatch, caplog, refuses):
    """Of a whole run, and of one that the proxy refuses, the password is in no log, ledger, evidence, workspace or cache."""
    caplog.set_level(logging.DEBUG, "sentinel_watch")
    proxy.login = LOGIN
    with serving(Archive(fresh.folder / "catalog", page_size=25)) as archive:
        archive.url = archive.url.replace("127.0.0.1", NAME)
        patience = ", ".join(f"{key} = {value}" for key, value in QUICK.items())
        (tmp_path / "config.toml").write_text(f'[sources.far]\nurl = "{archive.url}"\npatience = {{ {patience} }}\n')
        monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "config.toml"))
        monkeypatch.setenv("http_proxy", f"http://{LOGIN}@{proxy.place}")
        request = fresh.request(source="far")
        proxy.refuses = refuses
        with pytest.raises(SourceError) if refuses else nullcontext():
            assert run(request).records
        assert bool(archive.asked) is not bool(refuses)
    assert "TOP-SECRET" not in caplog.text
    secrets = b"TOP-SECRET", b"Y2xlcms6VE9QLVNFQ1JFVA"
    assert [path for path in tmp_path.rglob("*") if path.is_file() and any(secret in path.read_bytes() for secret in secrets)] == []
