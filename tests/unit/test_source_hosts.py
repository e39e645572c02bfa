"""Whom the program may call: names, addresses, redirects; and how URLs are shown."""

from __future__ import annotations

import pytest

from sentinel_watch.sources.hosts import Hosts
from sentinel_watch.sources.transfer import PassingError, TransferError, shown, stable

PUBLIC = "93.184.215.14"


def hosts(*addresses: str, **options) -> Hosts:
    """Return rules for example.org and below, whose name service gives `addresses`."""
    return Hosts(("example.org", "*.tiles.example.org"), look_up=lambda *_: list(addresses or (PUBLIC,)), **options)


@pytest.mark.parametrize("url", ["https://example.org/a.tif", "https://a.b.tiles.example.org/a?x=1", "https://EXAMPLE.org:8443/a.tif"])
def test_allowed_hosts_are_asked(url):
    """A host is allowed by its own name, or by a pattern above it, in any case and on any port."""
    assert hosts().target(url).host.endswith("example.org")


def test_http_becomes_https():
    """Where the archive itself has TLS, an http address is asked over TLS, as behind a gateway that does not know its own name."""
    assert (hosts().target("http://example.org/a").scheme, hosts().target("http://example.org/a").port) == ("https", 443)
    assert hosts(allow_plain=True).target("http://example.org/a").port == 80


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org:8080/a.tif",
        "ftp://example.org/a.tif",
        "file:///etc/passwd",
        "/vsicurl/https://example.org/a.tif",
        "/etc/passwd",
        "s3://example.org/a.tif",
        "data:image/tiff;base64,AAAA",
        "https://user:secret@example.org/a.tif",
        "https://example.org@evil.net/a.tif",
        "https://evil.net/example.org",
        "https://example.org.evil.net/a.tif",
        "https://notexample.org/a.tif",
        "https://sub.example.org/a.tif",
        "https://tiles.example.org.evil.net/",
        "https:///a.tif",
        "https://example.org/a b",
        "https://example.org/a\r\nHost: evil.net",
        "https://example.org:99999/",
        "https://[::1/",
        "https://2130706433/",
        "",
    ],
)
def test_other_urls_are_not_asked(url):
    """Other schemes, other hosts, credentials and malformed URLs are refused before any name is looked up."""
    with pytest.raises(TransferError) as caught:
        hosts().target(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "255.255.255.255",
        "240.0.0.1", "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "198.18.0.1", "2001:db8::1",
    ],
)  # fmt: skip
def test_addresses_inside_a_network_are_not_called(address):
    """An allowed name that leads to a private, local or special address is refused, also beside a public one."""
    for addresses in ([address], [PUBLIC, address]):
        rules = hosts(*addresses)
        with pytest.raises(TransferError, match="public internet"):
            rules.addresses(rules.target("https://example.org/"))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_public_addresses_are_called(address):
    """A public address is used as the name service gives it."""
    rules = hosts(address)
    assert rules.addresses(rules.target("https://example.org/")) == [address]


def test_private_addresses_can_be_allowed():
    """An operator may allow an archive of their own network; http only where that was allowed too."""
    rules = hosts("10.0.0.7", allow_private=True, allow_plain=True)
    assert rules.addresses(rules.target("http://example.org/")) == ["10.0.0.7"]


def test_a_name_that_is_not_known_may_be_known_later():
    """A failing name service is a passing failure."""

    def fail(*_):
        raise OSError("no such name")

    rules = Hosts(("example.org",), look_up=fail)
    with pytest.raises(PassingError, match="name"):
        rules.addresses(rules.target("https://example.org/"))


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://u:p@a.org/x.tif?sig=abc#d", "https://a.org/x.tif"),
        ("https://a.org/x.tif?band=B02&X-Amz-Signature=1", "https://a.org/x.tif"),
        ("https://[::1", "(no valid URL)"),
    ],
)
def test_urls_are_shown_without_secrets(url, seen):
    """What people see of a URL holds no user, password or query."""
    assert shown(url) == seen


def test_two_files_never_share_a_place_in_the_cache():
    """Signatures are left out of a file's key, everything that tells files apart stays in."""
    first, again = "https://a.org/x?band=B02&sig=1&se=2", "https://a.org/x?band=B02&sig=3&se=4"
    assert stable(first) == stable(again) == "https://a.org/x?band=B02"
    assert stable("https://a.org/x?band=B03&sig=1") != stable(first)
    assert stable("https://a.org/x?X-Amz-Credential=k&X-Amz-Signature=s&id=7") == "https://a.org/x?id=7"
