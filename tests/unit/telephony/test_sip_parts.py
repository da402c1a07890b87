"""What may be said over SIP, how calls end, and how settings reach the gateway: the pure parts of the carrier."""

import pytest

from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.registry import PluginContext
from callwright.telephony.sip import PLUGINS
from callwright.telephony.sip.checks import (
    callable_address,
    reachable_address,
    refusal_of_referral,
    sendable_headers,
    transport_of,
    user_of,
)
from callwright.telephony.sip.configuration import SipSettings
from callwright.telephony.sip.ending import Story, ending, facts_of_end


def test_a_sip_address_comes_back_in_its_normal_form():
    assert callable_address(" SIP:ann@pbx.example:5070;transport=UDP ") == "sip:ann@pbx.example:5070;transport=UDP"
    assert callable_address("sip:+15550100123@pbx.example") == "sip:+15550100123@pbx.example"


def test_headers_that_could_do_harm_are_refused_by_the_carrier_too():
    assert sendable_headers({"X-One": "a b"}) == {"X-One": "a b"}
    with pytest.raises(ProviderError, match="begin with X-") as refused:
        sendable_headers({"From": "a"})
    assert refused.value.kind is FailureKind.BAD_REQUEST


@pytest.mark.parametrize(
    ("number", "user"),
    [
        ("+15550100", "+15550100"),
        ("sip:front.desk@pbx.example", "front.desk"),
        ("SIPS:front@pbx.example", "front"),
        ("", "callwright"),
        ("sip:a b@c", "callwright"),
        ('"x" <sip:a@b>', "callwright"),
    ],
)
def test_we_call_as_the_user_of_our_number(number, user):
    assert user_of(number) == user


@pytest.mark.parametrize("target", ["sip:ann@127.0.0.1", "sip:ann@LOCALHOST:5070;x=y"])
def test_a_far_end_may_send_us_to_a_host_the_setting_names(target):
    assert refusal_of_referral(target, ("127.0.0.1", "localhost")) == ""


@pytest.mark.parametrize(
    ("target", "match"),
    [
        ("sip:ann@127.0.0.1.evil.example", "CALLWRIGHT_SIP_TRANSFER_TO"),
        ("sip:127.0.0.1@evil.example", "CALLWRIGHT_SIP_TRANSFER_TO"),
        ("sip:ann@evil.example;maddr=127.0.0.1", "maddr"),
        ("sip:112@127.0.0.1", "emergency"),
        ("+15550100123", "trunk"),
        ("sip:ann@127.0.0.1?Replaces=x", "not a SIP address"),
        ("", "empty"),
    ],
)
def test_a_far_end_may_not_send_us_anywhere_else(target, match):
    assert match in refusal_of_referral(target, ("127.0.0.1",))
    assert refusal_of_referral(target, ())


@pytest.mark.parametrize(
    ("target", "places"),
    [
        ("sip:ann@127.0.0.1:5062", SipSettings().places),
        ("sip:ann@127.3.2.1", SipSettings().places),
        ("sip:ann@localhost", SipSettings().places),
        ("sip:ann@10.1.2.3", SipSettings(allow=("10.0.0.0/8",)).places),
        ("sip:ann@PBX.example:5070", SipSettings(call_to=("pbx.example",)).places),
        ("sip:ann@192.0.2.7", ("any",)),
        ("sip:ann@somewhere.example", ("any",)),
    ],
)
def test_a_host_may_be_called_that_the_settings_name(target, places):
    assert reachable_address(target, places).startswith("sip:ann@")


@pytest.mark.parametrize(
    "target",
    [
        "sip:ann@192.0.2.7",
        "sip:ann@10.1.2.3",
        "sip:127.0.0.1@evil.example",
        "sip:ann@127.0.0.1.evil.example",
        "sip:ann@2130706433",
        "sip:ann@[::1]",
    ],
)
def test_no_other_host_may_be_called(target):
    with pytest.raises(ProviderError, match=r"CALLWRIGHT_SIP_CALL_TO \(now: 127\.0\.0\.0/8, localhost") as refused:
        reachable_address(target, SipSettings().places)
    assert refused.value.kind is FailureKind.BAD_REQUEST
    with pytest.raises(ProviderError, match="now: none"):
        reachable_address(target, ())


@pytest.mark.parametrize("target", ["sip:ann@127.0.0.1;maddr=192.0.2.7", "sip:ann@127.0.0.1;x=y;MADDR=192.0.2.7"])
def test_an_address_that_names_two_hosts_is_refused(target):
    with pytest.raises(ProviderError, match="maddr"):
        callable_address(target)


@pytest.mark.parametrize(
    ("target", "transport"),
    [("sip:ann@127.0.0.1", "udp"), ("sip:ann@h;transport=TLS", "tls"), ("sip:ann@h;x=y;transport=tcp", "tcp")],
)
def test_an_address_names_its_transport(target, transport):
    assert transport_of(callable_address(target)) == transport


def test_no_other_transport_is_spoken():
    with pytest.raises(ProviderError, match="udp, tcp, tls"):
        callable_address("sip:ann@127.0.0.1;transport=sctp")


OUT, IN = {"inbound": False}, {"inbound": True}


@pytest.mark.parametrize(
    ("story", "message", "outcome", "reason", "said"),
    [
        ({**OUT, "answered": True}, {"by": "them"}, "answered", "Call recipient hung up", "normal_clearing"),
        ({**IN, "answered": True}, {"by": "them"}, "answered", "Call ended", "caller_hung_up"),
        ({**IN, "answered": True}, {"by": "us", "sip_status": 200}, "answered", "Call ended", "hung_up_by_us"),
        ({**OUT, "answered": True, "hang_up_reason": "done"}, {"by": "us"}, "answered", "done", "hung_up_by_us"),
        ({**OUT, "answered": True, "hang_up_reason": ""}, {"by": "us"}, "answered", "Call ended", "hung_up_by_us"),
        ({**OUT, "answered": True, "transferred": True}, {"by": "them"}, "answered", "Call completed", "transferred"),
        (
            {**OUT, "answered": True},
            {"by": "line"},
            "answered",
            "Carrier unable to receive media",
            "media_timeout",
        ),
        ({**OUT}, {"by": "them", "sip_status": 486}, "busy", "Call recipient was busy", "486"),
        ({**OUT}, {"by": "them", "sip_status": 480, "q850": 17}, "busy", "Call recipient was busy", "480"),
        ({**OUT, "hang_up_reason": "x"}, {"by": "us", "sip_status": 487}, "canceled", "Call canceled", "487"),
        ({**OUT, "rang": True}, {"by": "us", "sip_status": 0}, "no-answer", "Call unanswered", "no_answer"),
        ({**OUT, "rang": True}, {"by": "them", "sip_status": 408}, "no-answer", "Call unanswered", "408"),
        ({**OUT}, {"by": "line", "sip_status": 408}, "failed", "Call timed out", "408"),
        ({**OUT}, {"by": "line"}, "failed", "Call timed out", "request_timeout"),
        ({**IN}, {"by": "them", "sip_status": 487}, "canceled", "Call canceled", "487"),
        ({**IN}, {"by": "us", "sip_status": "odd"}, "failed", "Call recipient rejected", "declined_by_us"),
    ],
)
def test_how_calls_end_in_the_words_of_the_table(story, message, outcome, reason, said):
    closed = ending(Story(**story), message)
    assert (closed.outcome, closed.reason, closed.provider_code) == (outcome, reason, said)


def test_what_the_carrier_said_of_the_end_is_a_bounded_fact():
    fact = facts_of_end({"by": "them", "sip_status": 486, "q850": 17, "reason": "x" * 600}, "abc")
    assert fact == {"status": 486, "q850": 17, "reason": "x" * 500, "by": "them", "call_id": "abc"}


def test_settings_reach_the_gateway_as_json_values_and_the_password_no_log():
    texts = {
        "sip_listen": "127.0.0.1:5070",
        "sip_certificate": "/etc/sip/ours.pem",
        "sip_authorities": "/etc/sip/authorities.pem",
        "sip_max_calls": "7",
        "sip_max_unacknowledged": "3",
        "sip_allow": "10.0.0.0/8,192.0.2.7/32",
        "sip_headers": "",
        "sip_user": "trunk",
        "sip_password": "top-secret",
        "log_format": "json",
        "port": "8700",
    }
    settings = SipSettings.of_texts(texts)
    assert "top-secret" not in repr(settings)
    assert settings.for_gateway() == {
        "listen": "127.0.0.1:5070",
        "certificate": "/etc/sip/ours.pem",
        "authorities": "/etc/sip/authorities.pem",
        "rtp_ports": "20000-20999",
        "max_calls": 7,
        "max_unacknowledged": 3,
        "allow": ["10.0.0.0/8", "192.0.2.7/32"],
        "user": "trunk",
        "password": "top-secret",
        "codecs": ["pcmu", "pcma"],
        "headers": [],
        "log_level": "info",
        "log_format": "json",
    }


def test_the_carrier_is_a_plugin_and_making_one_starts_nothing(tmp_path):
    plugin, trunks = PLUGINS
    assert (trunks.kind, trunks.name) == ("carrier", "sip-trunk")
    carrier = plugin.factory(PluginContext({"sip_listen": ""}, tmp_path))
    assert (plugin.kind, plugin.name, carrier.name) == ("carrier", "sip", "sip")
    assert carrier.health.state == "off"
