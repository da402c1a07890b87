"""The settings of the operator's PBX."""

from __future__ import annotations

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.ops.settings import load_settings

SECRET = "pbx-password-4711"
GOOD = {
    "CALLWRIGHT_ASTERISK_URL": "http://192.0.2.7:8088/",
    "CALLWRIGHT_ASTERISK_USER": "callwright",
    "CALLWRIGHT_ASTERISK_PASSWORD": SECRET,
}


def test_they_are_read() -> None:
    settings = load_settings(
        {**GOOD, "CALLWRIGHT_ASTERISK_APP": "node-1", "CALLWRIGHT_ASTERISK_ENDPOINT": "PJSIP/{number}@a"}
    )
    assert (settings.asterisk_url, settings.asterisk_app) == ("http://192.0.2.7:8088", "node-1")
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("CALLWRIGHT_ASTERISK_URL", "ws://192.0.2.7:8088", "http://host:port"),
        ("CALLWRIGHT_ASTERISK_URL", "http://", "http://host:port"),
        ("CALLWRIGHT_ASTERISK_URL", "http://192.0.2.7:99999", "Port out of range"),
        ("CALLWRIGHT_ASTERISK_URL", "http://192.0.2.7:0", "http://host:port"),
        ("CALLWRIGHT_ASTERISK_URL", f"http://me:{SECRET}@192.0.2.7", "their own settings"),
        ("CALLWRIGHT_ASTERISK_APP", "a.b", "letters, digits"),
        ("CALLWRIGHT_ASTERISK_APP", "x" * 41, "letters, digits"),
        ("CALLWRIGHT_ASTERISK_ENDPOINT", "PJSIP/trunk", "{number}"),
        ("CALLWRIGHT_ASTERISK_USER", "", "CALLWRIGHT_ASTERISK_USER"),
        ("CALLWRIGHT_ASTERISK_PASSWORD", "", "CALLWRIGHT_ASTERISK_PASSWORD"),
    ],
)
def test_what_cannot_be_used_is_said_without_secrets(variable: str, value: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings({**GOOD, variable: value})
    assert says in str(refused.value)
    assert SECRET not in str(refused.value)
