"""Where may be sent to: URLs when settings are read, addresses before they are connected to."""

from ipaddress import ip_address

import pytest

from sinks.address import Policy

POLICY = Policy(allowed=("alerts.example.org", "*.chat.example"), trusted=("relay.shop.lan", "10.1.2.3"))


@pytest.mark.parametrize(
    "url",
    [
        "https://alerts.example.org/hook",
        "https://ALERTS.example.org./hook",
        "https://alerts.example.org:8443/hook?a=b",
        "https://eu.chat.example/hook",
        "https://relay.shop.lan/hook",
        "http://relay.shop.lan:9093",
        "http://10.1.2.3:9093/",
    ],
)
def test_a_url_that_may_be_used(url):
    assert POLICY.refuse_url(url) == ""


@pytest.mark.parametrize(
    ("url", "why"),
    [
        pytest.param("http://alerts.example.org/", "is not https", id="not encrypted"),
        pytest.param("https://other.example.org/", "is not allowed", id="not on the list"),
        pytest.param("https://chat.example/", "is not allowed", id="below means below"),
        pytest.param("https://evilchat.example/", "is not allowed", id="another name with the same end"),
        pytest.param("https://user:pw@alerts.example.org/", "user or password", id="credentials"),
        pytest.param("https://alerts.example.org@evil.example/", "user or password", id="a name as user"),
        pytest.param("https://alerts.example.org\\@evil.example/", "is", id="a backslash"),
        pytest.param("https://127.0.0.1/", "no public address", id="loopback"),
        pytest.param("https://[::1]/", "no public address", id="loopback, IPv6"),
        pytest.param("https://[::ffff:127.0.0.1]/", "no public address", id="loopback, IPv4 in IPv6"),
        pytest.param("https://192.168.1.1/", "no public address", id="private"),
        pytest.param("https://169.254.169.254/latest", "no public address", id="link-local"),
        pytest.param("https://93.184.216.34/", "is not allowed", id="an address that is not on the list"),
        pytest.param("https:///x", "is no URL", id="no host"),
        pytest.param("ftp://alerts.example.org/", "is no URL", id="not the web"),
        pytest.param("file:///etc/passwd", "is no URL", id="a file"),
        pytest.param("https://[::1", "is no URL", id="broken"),
        pytest.param("https://alerts.example.org:99999/", "is no URL", id="no port"),
        pytest.param("", "is no URL", id="nothing"),
    ],
)
def test_a_url_that_may_not_be_used(url, why):
    assert why in POLICY.refuse_url(url)


@pytest.mark.parametrize(
    ("address", "stranger", "trusted"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1:248:1893:25c8:1946", True, True),
        ("10.0.0.1", False, True),
        ("127.0.0.1", False, True),
        ("100.64.0.1", False, True),
        ("::1", False, True),
        ("fd00::1", False, True),
        ("::ffff:10.0.0.1", False, True),
        ("64:ff9b::7f00:1", False, True),
        ("2002:7f00:1::", False, True),
        ("169.254.169.254", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("0.0.0.0", False, False),  # noqa: S104 (refused)
        ("224.0.0.1", False, False),
    ],
)
def test_a_name_leads_only_to_addresses_that_may_be_connected_to(address, stranger, trusted):
    refused = {
        host: POLICY.refuse_address(host, ip_address(address)) for host in ("x.example", "relay.shop.lan")
    }
    assert (not refused["x.example"], not refused["relay.shop.lan"]) == (stranger, trusted), refused


def test_a_star_allows_any_host_but_no_private_address():
    policy = Policy(allowed=("*",))
    assert policy.refuse_url("https://anything.example/") == ""
    assert policy.refuse_url("https://10.0.0.1/")
    assert policy.refuse_url("http://anything.example/")
