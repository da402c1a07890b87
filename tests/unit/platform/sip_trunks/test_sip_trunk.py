"""SIP trunks: what may be said of one, and what follows for its calls."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import BadInputError, UnprocessableError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_GATEWAY_WEIGHT, MAX_TRUNK_GATEWAYS, MAX_TRUNK_NETWORKS
from callwright.platform.sip_trunks.rules import (
    PASSWORD,
    Gateway,
    TrunkNumber,
    TrunkSettings,
    check_networks,
    read_trunk,
    read_trunk_number,
    secret_name,
)

TRUNK: dict[str, Any] = {
    "name": "Main",
    "provider": "custom",
    "auth_type": "userpass",
    "auth_username": "u1",
    "gateways": [{"gateway_address": "SIP.Carrier.example"}],
}


def settings(**changes: Any) -> TrunkSettings:
    return read_trunk({**TRUNK, **changes})[1]


def test_defaults_are_filled_in_and_unknown_keys_stay() -> None:
    body, _ = read_trunk({**TRUNK, "colour": "red"})
    assert body == {
        **TRUNK,
        "colour": "red",
        "description": None,
        "gateways": [{"gateway_address": "sip.carrier.example", "port": 5060, "priority": 1}],
        "ip_identifiers": [],
        "allow": "ulaw,alaw",
        "disallow": "all",
        "transport": "transport-udp",
        "direct_media": False,
        "rtp_symmetric": True,
        "force_rport": True,
        "media_encryption": "no",
        "media_encryption_optimistic": False,
        "qualify_frequency": 60,
        "inbound_enabled": False,
        "outbound_leading_plus_enabled": True,
    }
    assert read_trunk(body)[0] == body, "what is read can be sent back"


def test_gateways_are_tried_by_their_priority_and_then_as_they_are_listed() -> None:
    given = [{"gateway_address": name, "priority": priority} for name, priority in (("c", 2), ("a", 1), ("b", 1))]
    assert settings(gateways=given).in_order("c1") == (Gateway("a"), Gateway("b"), Gateway("c", priority=2))


def test_gateways_of_one_priority_get_calls_in_proportion_to_their_weights() -> None:
    weights = {"a": 3, "b": 1, "c": 0}
    given = [{"gateway_address": name, "weight": weight} for name, weight in weights.items()]
    found = settings(gateways=[*given, {"gateway_address": "d", "priority": 0}])
    drawn = [[gateway.address for gateway in found.in_order(str(seed))] for seed in range(1_000)]
    assert {(order[0], order[3]) for order in drawn} == {("d", "c")}, "by priority, and without a weight last"
    assert 700 <= sum(order[1] == "a" for order in drawn) <= 800
    assert found.in_order("c7") == found.in_order("c7")


@pytest.mark.parametrize("weight", [-1, MAX_GATEWAY_WEIGHT + 1, "two"])
def test_a_weight_is_a_number_within_its_bounds(weight: Any) -> None:
    assert settings(gateways=[{"gateway_address": "a", "weight": MAX_GATEWAY_WEIGHT}]).gateways[0].weight == 1_000
    with pytest.raises(BadInputError, match="weight"):
        settings(gateways=[{"gateway_address": "a", "weight": weight}])


def test_only_a_trunk_with_a_password_can_register() -> None:
    assert not settings().registers
    assert settings(register=True).registers
    with pytest.raises(BadInputError, match="auth_type userpass"):
        settings(auth_type="ip-based", ip_identifiers=["203.0.113.7"], register=True)


def test_networks_are_addresses_or_ranges_also_as_plain_texts() -> None:
    given = [{"ip_address": "203.0.113.7"}, "198.51.100.9/24", "2001:db8::/32"]
    assert settings(ip_identifiers=given).networks == ("203.0.113.7", "198.51.100.0/24", "2001:db8::/32")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"provider": None}, "provider"),
        ({"auth_type": None}, "auth_type"),
        ({"auth_type": "token"}, "auth_type"),
        ({"auth_username": None}, "auth_username"),
        ({"auth_username": "two words"}, "auth_username"),
        ({"auth_username": "a;b"}, "auth_username"),
        ({"auth_type": "ip-based"}, "ip_identifiers"),
        ({"gateways": None}, "gateways"),
        ({"gateways": []}, "gateways"),
        ({"gateways": [{"gateway_address": "a"}] * (MAX_TRUNK_GATEWAYS + 1)}, "gateways"),
        ({"gateways": ["a"]}, "gateways[0]"),
        ({"gateways": [{}]}, "gateways[0].gateway_address"),
        ({"gateways": [{"gateway_address": "sip:a"}]}, "gateways[0].gateway_address"),
        ({"gateways": [{"gateway_address": "a..b"}]}, "gateways[0].gateway_address"),
        ({"gateways": [{"gateway_address": "a", "port": 0}]}, "gateways[0].port"),
        ({"ip_identifiers": [{"ip_address": "anywhere"}]}, "ip_identifiers[0].ip_address"),
        ({"ip_identifiers": [{"ip_address": "0.0.0.0/0"}]}, "ip_identifiers[0].ip_address"),
        ({"ip_identifiers": ["1.1.1.1"] * (MAX_TRUNK_NETWORKS + 1)}, "ip_identifiers"),
        ({"transport": "udp"}, "transport"),
        ({"media_encryption": "srtp"}, "media_encryption"),
        ({"qualify_frequency": -1}, "qualify_frequency"),
    ],
)
def test_a_wrong_trunk_is_refused_by_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInputError) as caught:
        settings(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("network", "wide"),
    [
        ("127.0.0.1", "127.0.0.0/8"),
        ("10.1.2.0/24", "10.1.0.0/16"),
        ("172.31.0.9", "172.16.0.0/12"),
        ("192.168.0.0/24", "192.168.0.0/24"),
        ("100.64.0.1", "100.64.0.0/10"),
        ("169.254.169.254", "169.254.0.0/16"),
        ("203.0.0.0/16", "203.0.0.0/8"),
        ("203.0.112.0/23", "203.0.112.0/20"),
        ("2001:db8::/63", "2001:db8::/32"),
        ("::1", "::1/128"),
        ("::ffff:7f00:1", "::ffff:0:0/96"),
        ("fd00::/64", "fd00::/8"),
    ],
)
def test_wide_private_and_loopback_networks_are_the_operators_to_allow(network: str, wide: str) -> None:
    with pytest.raises(BadInputError, match="CALLWRIGHT_TRUNK_NETWORKS") as refused:
        check_networks(["203.0.113.7", network], ["198.51.100.0/24"])
    assert refused.value.field == "ip_identifiers[1].ip_address"
    check_networks(["203.0.113.7", network], ["::/128", wide])


def test_an_address_a_24_and_a_64_need_nobodys_leave() -> None:
    check_networks(["203.0.113.7", "198.51.100.0/24", "2001:db8::/64", "2001:db8::7"], [])


def test_encrypted_sound_needs_an_encrypted_transport() -> None:
    with pytest.raises(UnprocessableError) as caught:
        settings(media_encryption="sdes")
    assert caught.value.message == "media_encryption='sdes' requires transport='transport-tls'"
    assert settings(media_encryption="sdes", transport="transport-tls").media_encryption == "sdes"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        ({"allow": "opus, ALAW"}, ""),
        ({"transport": "transport-tls", "media_encryption": "sdes"}, ""),
        ({"transport": "transport-tcp"}, ""),
        ({"allow": "g729,opus"}, "g729,opus"),
    ],
)
def test_a_trunk_says_why_it_cannot_be_dialled(changes: dict[str, Any], why: str) -> None:
    found = settings(**changes).undiallable
    assert (why in found) if why else found == ""


def test_a_password_is_printable_and_never_shown() -> None:
    assert PASSWORD.of(Fields({}, "")) is None
    assert PASSWORD.of(Fields({"auth_password": "p 1;x"}, "")) == "p 1;x"
    for wrong in ("", 'a"b', "a\\b", "a\nb", 7, "x" * 201):
        with pytest.raises(BadInputError) as caught:
            PASSWORD.of(Fields({"auth_password": wrong}, ""))
        assert caught.value.field == "auth_password"
        assert not wrong or str(wrong) not in caught.value.message


def test_the_name_a_password_is_sealed_under_is_the_trunks_own() -> None:
    assert secret_name("a") != secret_name("b")


@pytest.mark.parametrize(
    ("wire", "number"),
    [
        ({"phone_number": "918000000002"}, ("918000000002", None, False)),
        ({"phone_number": "+91 80-0000 0002", "name": " Desk "}, ("+918000000002", "Desk", False)),
        ({"phone_number": 918000000002}, ("918000000002", None, False)),
        ({"phone_number": "+918000000002", "e164_check_enabled": True}, ("+918000000002", None, True)),
        ({"phone_number": "4711"}, ("4711", None, False)),
    ],
)
def test_a_number_of_a_trunk(wire: dict[str, Any], number: tuple[str, str | None, bool]) -> None:
    assert read_trunk_number(wire) == TrunkNumber(*number)


@pytest.mark.parametrize(
    "wire",
    [
        {},
        {"phone_number": ""},
        {"phone_number": "desk"},
        {"phone_number": "1" * 16},
        {"phone_number": "4711", "e164_check_enabled": True},
        {"phone_number": "911"},
        {"phone_number": True},
    ],
)
def test_what_is_no_number_of_a_trunk_is_refused(wire: dict[str, Any]) -> None:
    with pytest.raises(BadInputError) as caught:
        read_trunk_number(wire)
    assert caught.value.field == "phone_number"


def test_a_number_that_is_no_object_is_named_by_its_place() -> None:
    with pytest.raises(BadInputError) as caught:
        read_trunk_number("4711", "phone_numbers[0]")
    assert caught.value.field == "phone_numbers[0]"


def test_a_trunk_says_whether_its_calls_must_be_encrypted() -> None:
    over_tls = {"transport": "transport-tls", "media_encryption": "sdes"}
    assert settings(**over_tls).must_encrypt
    assert not settings(**over_tls, media_encryption_optimistic=True).must_encrypt
    assert not settings(transport="transport-tls").must_encrypt
