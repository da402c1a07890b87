"""Asterisk's control messages, its ends of calls, and the settings of a connection to it."""

from __future__ import annotations

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.ops.settings import load_settings
from callwright.platform.executions.rules.causes import CAUSES
from callwright.telephony.asterisk.configuration import AsteriskSettings
from callwright.telephony.asterisk.control import BadControlError, Control, ControlFormat, read_control
from callwright.telephony.asterisk.ending import unanswered, words_of

SECRET = "pbx-password-4711"


@pytest.mark.parametrize(
    ("line", "as_json", "meant"),
    [
        (
            "DTMF_END channel_id:c.media digit:5 duration_ms:100",
            {"event": "DTMF_END", "channel_id": "c.media", "digit": "5", "duration_ms": 100},
            Control("DTMF_END", {"channel_id": "c.media", "digit": "5", "duration_ms": "100"}),
        ),
        (
            "MEDIA_MARK_PROCESSED 120",
            {"event": "MEDIA_MARK_PROCESSED", "correlation_id": "120"},
            Control("MEDIA_MARK_PROCESSED", {"correlation_id": "120"}),
        ),
        ("MEDIA_XOFF", {"event": "MEDIA_XOFF"}, Control("MEDIA_XOFF", {})),
    ],
)
def test_a_message_means_the_same_in_both_forms(line: str, as_json: dict[str, object], meant: Control) -> None:
    assert read_control(line) == meant
    assert read_control(json.dumps(as_json)) == meant


@pytest.mark.parametrize("message", ["", "media_start", "{", "{}", '{"event": 7}', "[]", "\x00", "{" * 100_000])
def test_what_is_no_message_is_refused(message: str) -> None:
    with pytest.raises(BadControlError):
        read_control(message)


@given(st.text())
def test_no_text_breaks_the_reader(message: str) -> None:
    with suppress(BadControlError):
        assert isinstance(read_control(message), Control)


def test_commands_are_written_as_asterisk_writes() -> None:
    lines, as_json = ControlFormat("MEDIA_START connection_id:x"), ControlFormat('{"event":"MEDIA_START"}')
    assert (lines.mark_of("", "20"), lines.clear_of("")) == ("MARK_MEDIA 20", "FLUSH_MEDIA")
    assert json.loads(as_json.mark_of("", "20")) == {"command": "MARK_MEDIA", "correlation_id": "20"}
    assert json.loads(as_json.clear_of("")) == {"command": "FLUSH_MEDIA"}
    assert lines.sound_of("", [b"a", b"b"]) == [b"ab"]


@pytest.mark.parametrize(
    ("event", "rang", "cause", "words"),
    [
        ({"cause": 17, "tech_cause": 486}, True, "user_busy", "486"),
        ({"cause": 21, "tech_cause": 603}, True, "call_rejected", "603"),
        ({"cause": 21, "tech_cause": 403}, False, "forbidden", "403"),
        ({"cause": 19, "tech_cause": 480}, True, "no_answer", "480"),
        ({"cause": 19, "tech_cause": 480}, False, "unavailable", "480"),
        ({"cause": 17}, True, "user_busy", "17"),
        ({"cause": 34}, False, "congestion", "34"),
        ({"cause": 0}, True, "no_answer", ""),
        ({"cause": 0}, False, "request_timeout", ""),
        ({"cause": 127}, True, "no_answer", "127"),
        ({}, False, "request_timeout", ""),
        ({"cause": "17", "tech_cause": True}, True, "no_answer", ""),
    ],
)
def test_why_a_call_was_not_answered(event: dict[str, object], rang: bool, cause: str, words: str) -> None:
    assert (unanswered(event, rang=rang), words_of(event)) == (CAUSES[cause], words)


def test_the_password_is_in_no_address_and_no_text() -> None:
    settings = AsteriskSettings.of_texts(
        {
            "asterisk_url": "https://pbx.example",
            "asterisk_user": "me",
            "asterisk_password": SECRET,
            "sip_call_headers": "Diversion",
        }
    )
    assert (settings.port, settings.socket_url, settings.app) == (443, "wss://pbx.example", "callwright")
    assert settings.call_headers == ("Diversion",)
    assert SECRET not in f"{settings!r}{settings.socket_url}"
    assert settings.authorization == {"Authorization": f"Basic {base64.b64encode(f'me:{SECRET}'.encode()).decode()}"}


def test_the_port_is_that_of_the_address() -> None:
    assert AsteriskSettings("http://192.0.2.7:8088").port == 8088
    assert AsteriskSettings("http://192.0.2.7").port == 80


def test_the_servers_defaults_are_the_carriers() -> None:
    settings, own = load_settings({}), AsteriskSettings()
    assert (settings.asterisk_url, settings.asterisk_app, settings.asterisk_endpoint) == (
        own.url,
        own.app,
        own.endpoint,
    )
    assert own.endpoint_of("+15550199") == "PJSIP/+15550199@trunk"
