"""Which addresses may be called, by rule alone."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.errors import BlockedUrlError
from callwright.domain.limits import MAX_URL_CHARACTERS
from callwright.net.policy import blocked_address, check_url, check_written, is_public, may_connect

PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "2606:4700:4700::1111",
    "2a00:1450:4001::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "::1", "fc00::1", "fd12::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::", "2002:c0a8:101::",
    "100.64.0.1",
]  # fmt: skip
NEVER = [
    "169.254.169.254", "169.254.0.1", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "2002:a9fe:a9fe::", "fe80::1",
    "fe80::1%eth0", "0.0.0.0", "::", "::ffff:0.0.0.0", "224.0.0.1", "239.1.1.1", "ff02::1", "255.255.255.255", "240.0.0.1",
    "::7f00:1", "fec0::1", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "localhost", "", "2130706433", "0x7f.1", "127.1",
]  # fmt: skip


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reachable(address: str):
    assert is_public(address)
    assert may_connect(address, allow_private=False)
    assert may_connect(address, allow_private=True)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_setting(address: str):
    assert not is_public(address)
    assert not may_connect(address, allow_private=False)
    assert may_connect(address, allow_private=True)


@pytest.mark.parametrize("address", NEVER)
def test_link_local_multicast_reserved_and_unreadable_addresses_are_never_reachable(address: str):
    assert not is_public(address)
    assert not may_connect(address, allow_private=False)
    assert not may_connect(address, allow_private=True)


def test_a_url_with_a_private_address_is_blocked_unread():
    for address in ("127.0.0.1", "10.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "localhost", "crm.localhost"):
        url = f"http://{address}:9000/hook"
        with pytest.raises(BlockedUrlError, match="is not a public address"):
            check_written(url, allow_private=False)
        check_written(url, allow_private=True)
    for url in ("http://169.254.169.254/", "http://0.0.0.0/", "http://user:secret@example.com/", "ftp://example.com"):
        with pytest.raises(BlockedUrlError):
            check_written(url, allow_private=True)


def test_a_name_is_not_asked_where_it_leads():
    for url in ("https://example.com/{name}", "http://10.example.com", "http://8.8.8.8", "https://x.internal/%(id)s"):
        check_written(url, allow_private=False)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_the_same_in_every_ipv6_disguise(address: ipaddress.IPv4Address):
    number = int(address)
    disguises = [
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    assert {is_public(str(one)) for one in disguises} == {is_public(str(address))}
    for allow_private in (False, True):
        assert {may_connect(str(one), allow_private=allow_private) for one in disguises} == {
            may_connect(str(address), allow_private=allow_private)
        }


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://example.com/", "http"),
        ("file:///etc/passwd", "http"),
        ("gopher://example.com", "http"),
        ("javascript:alert(1)", "http"),
        ("//example.com/x", "http"),
        ("example.com/x", "http"),
        ("", "http"),
        ("http://", "no host"),
        ("http:///path", "no host"),
        ("https://user:secret@example.com/", "user name or password"),
        ("https://user@example.com/", "user name or password"),
        ("https://:secret@example.com/", "user name or password"),
        ("http://good.example\\@127.0.0.1/", "user name or password"),
        ("http://example.com:99999/", "cannot be read"),
        ("http://example.com:x/", "cannot be read"),
        ("http://[::1/", "cannot be read"),
        ("http://example.com:0/", "port 0"),
    ],
)
def test_a_url_that_cannot_be_called_says_why(url: str, why: str):
    with pytest.raises(BlockedUrlError, match=why) as refused:
        check_url(url)
    assert "secret" not in refused.value.message


def test_the_length_of_a_url_is_limited():
    base = "https://example.com/"
    assert check_url(base + "x" * (MAX_URL_CHARACTERS - len(base))).hostname == "example.com"
    with pytest.raises(BlockedUrlError, match="longer than 2048"):
        check_url(base + "x" * (MAX_URL_CHARACTERS - len(base) + 1))


def test_the_parts_of_a_good_url_come_back():
    parts = check_url("https://example.com:8443/hook?x=1")
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("https", "example.com", 8443, "/hook")


@pytest.mark.parametrize("address", PRIVATE)
def test_the_refusal_of_a_private_address_names_the_setting(address: str):
    assert "CALLWRIGHT_ALLOW_PRIVATE_URLS" in blocked_address("crm.example", (address,)).hint


@pytest.mark.parametrize("addresses", [(address,) for address in NEVER] + [("10.0.0.1", "169.254.169.254")])
def test_the_refusal_of_an_address_that_no_setting_opens_names_none(addresses: tuple[str, ...]):
    assert "CALLWRIGHT_" not in blocked_address("crm.example", addresses).hint


@pytest.mark.parametrize("url", ["ftp://a.example/", "http://u:p@a.example/", "http:///x", "http://a.example:0/"])
def test_the_refusal_of_a_url_that_is_written_wrong_names_no_setting(url: str):
    with pytest.raises(BlockedUrlError) as caught:
        check_url(url)
    assert "CALLWRIGHT_" not in caught.value.hint
