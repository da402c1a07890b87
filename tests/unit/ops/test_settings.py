"""Settings from the environment and the command line."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from tests.phone.certificates import make_certificates

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_ICE_ADDRESSES
from callwright.ops.settings import SETTINGS, Settings, check_sip_files, load_settings, unknown_variables

# One good text for each way a setting is read, other than its default, and what it becomes.
GOOD: dict[type, tuple[str, Any]] = {
    bool: ("yes", True),
    int: ("7", 7),
    tuple: ("https://a.example, https://b.example,", None),
}
TEXTS: dict[str, tuple[str, Any]] = {
    "rate_limits": ("call=5", "executions=500,agent=500,call=5,other=1000,bad_key=100"),
    "trusted_proxies": ("192.0.2.7, 10.0.0.0/8, 2001:db8::/32", ("192.0.2.7/32", "10.0.0.0/8", "2001:db8::/32")),
    "bad_key": ("403", "403"),
    "audit_retention_days": ("30", 30),
    "ringing_tone": ("uk", "uk"),
    "sandbox": ("never", "never"),
    "log_level": ("debug", "debug"),
    "log_format": ("json", "json"),
    "host": ("127.0.0.2", "127.0.0.2"),
    "public_url": ("https://localhost/", "https://localhost"),
    "model_base_url": ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
    "asterisk_url": ("http://192.0.2.7:8088/", "http://192.0.2.7:8088"),
    "asterisk_endpoint": ("PJSIP/{number}@a", "PJSIP/{number}@a"),
    "cors_origins": ("https://a.example, https://b.example,", ("https://a.example", "https://b.example")),
    "local_model_threads": ("4", 4),
    "speech_addresses": (
        "deepgram=wss://eu.example, rime=https://b.example",
        ("deepgram=wss://eu.example", "rime=https://b.example"),
    ),
    "event_days": ("30", 30),
    "local_model_paths": ("small=/srv/a.gguf", ("small=/srv/a.gguf",)),
    "sip_listen": ("127.0.0.1:5062", "127.0.0.1:5062"),
    "sip_rtp_ports": ("30000-30499", "30000-30499"),
    "sip_allow": ("10.0.0.0/8, 192.0.2.7", ("10.0.0.0/8", "192.0.2.7/32")),
    "sip_codecs": ("PCMA", ("pcma",)),
    "sip_headers": ("X-One, Diversion", ("X-One", "Diversion")),
    "sip_call_headers": ("P-Charge-Info, Privacy", ("P-Charge-Info", "Privacy")),
    "trunk_networks": ("10.0.0.0/8, 2001:db8::/32", ("10.0.0.0/8", "2001:db8::/32")),
    "sip_call_to": ("PBX.example.org, 192.0.2.7, 10.0.0.0/8", ("pbx.example.org", "192.0.2.7/32", "10.0.0.0/8")),
    "sip_transfer_to": ("PBX.example.org, 192.0.2.7", ("pbx.example.org", "192.0.2.7")),
    "webrtc_listen": ("[::1]:8701", "::1:8701"),
    "webrtc_address": ("203.0.113.5, 2001:db8::5", ("203.0.113.5", "2001:db8::5")),
    "ice_servers": (
        '[{"urls": ["turn:t.example"],"username":"u","credential":"c"}]',
        '[{"urls": ["turn:t.example"], "username": "u", "credential": "c"}]',
    ),
}
#: Settings that are wrong alone, and what goes with them.
TOGETHER: dict[str, dict[str, str]] = {
    "sip_user": {"sip_password": "secret"},
    "sip_password": {"sip_user": "trunk"},
    "asterisk_url": {"asterisk_user": "me", "asterisk_password": "secret"},
}
SECRET_TEXTS = {
    "asterisk_url": "http://top-secret-value",
    "ice_servers": '[{"urls": "turn:t.example", "credential": "top-secret-value"}]',
}
"""Secrets that are no text of any kind."""
SECRETS = sorted(name for name, setting in SETTINGS.items() if setting.secret)


def good_value(name: str) -> tuple[str, Any]:
    default = getattr(Settings(), name)
    if name in TEXTS:
        return TEXTS[name]
    if isinstance(default, Path) or default is None:
        return "some/place", Path("some/place")
    return GOOD.get(type(default), ("word", "word"))


def test_the_table_and_the_settings_name_the_same_things():
    assert set(SETTINGS) == {field.name for field in dataclasses.fields(Settings)}
    variables = [setting.variable for setting in SETTINGS.values()]
    assert len(set(variables)) == len(variables)
    assert all(setting.summary.endswith(".") for setting in SETTINGS.values())


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_read_from_its_variable(name: str):
    text, value = good_value(name)
    assert getattr(Settings(), name) != value
    others = TOGETHER.get(name, {})
    texts = {SETTINGS[name].variable: text} | {SETTINGS[other].variable: given for other, given in others.items()}
    values: dict[str, Any] = {name: value, **others}
    assert load_settings(texts) == dataclasses.replace(Settings(), **values)


@pytest.mark.parametrize("name", SETTINGS)
def test_an_empty_variable_is_as_good_as_none(name: str):
    assert load_settings({SETTINGS[name].variable: ""}) == Settings()


def test_without_any_variable_the_defaults_hold():
    assert load_settings({}) == Settings()
    assert load_settings({"PATH": "/bin", "CALLWRIGHT_UNKNOWN": "1"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("CALLWRIGHT_PORT", "eighty"),
        ("CALLWRIGHT_PORT", "-1"),
        ("CALLWRIGHT_PORT", "65536"),
        ("CALLWRIGHT_MAX_CALLS", "0"),
        ("CALLWRIGHT_MAX_CALLS", "10001"),
        ("CALLWRIGHT_WEBHOOK_TIMEOUT", "61"),
        ("CALLWRIGHT_DRAIN_SECONDS", "3601"),
        ("CALLWRIGHT_RETENTION_DAYS", "1.5"),
        ("CALLWRIGHT_LOCAL_THREADS", "65"),
        ("CALLWRIGHT_LOCAL_MODEL_THREADS", "0"),
        ("CALLWRIGHT_LOCAL_MODEL_PATHS", "model.gguf"),
        ("CALLWRIGHT_LOCAL_MODEL_PATHS", "small="),
        ("CALLWRIGHT_LOG_LEVEL", "loud"),
        ("CALLWRIGHT_LOG_FORMAT", "xml"),
        ("CALLWRIGHT_STRICT", "maybe"),
        ("CALLWRIGHT_WEBRTC_LISTEN", "8701"),
        ("CALLWRIGHT_WEBRTC_LISTEN", "127.0.0.1:65536"),
        ("CALLWRIGHT_WEBRTC_LISTEN", "calls.example:8701"),
        ("CALLWRIGHT_WEBRTC_LISTEN", "0.0.0.0:8701"),
        ("CALLWRIGHT_WEBRTC_ADDRESS", "calls.example"),
        ("CALLWRIGHT_WEBRTC_ADDRESS", ",".join(["203.0.113.5"] * (MAX_ICE_ADDRESSES + 1))),
        ("CALLWRIGHT_ALLOW_PRIVATE_URLS", "2"),
        ("CALLWRIGHT_PUBLIC_URL", "calls.example"),
        ("CALLWRIGHT_MODEL_BASE_URL", "ftp://models.example"),
        ("CALLWRIGHT_SIP_LISTEN", "5060"),
        ("CALLWRIGHT_SIP_LISTEN", "localhost:5060"),
        ("CALLWRIGHT_SIP_LISTEN", "127.0.0.1:0"),
        ("CALLWRIGHT_SIP_LISTEN", "127.0.0.1:65536"),
        ("CALLWRIGHT_SIP_RTP_PORTS", "20000"),
        ("CALLWRIGHT_SIP_RTP_PORTS", "20999-20000"),
        ("CALLWRIGHT_SIP_RTP_PORTS", "1000-2000"),
        ("CALLWRIGHT_SIP_MAX_CALLS", "0"),
        ("CALLWRIGHT_SIP_MAX_CALLS", "251"),
        ("CALLWRIGHT_SIP_ALLOW", "10.0.0.1/8"),
        ("CALLWRIGHT_SIP_ALLOW", "office.example"),
        ("CALLWRIGHT_SIP_CODECS", "opus"),
        ("CALLWRIGHT_SIP_CODECS", "pcmu,pcmu"),
        ("CALLWRIGHT_SIP_HEADERS", "X One"),
        ("CALLWRIGHT_SIP_TRANSFER_TO", "pbx.example:5060"),
        ("CALLWRIGHT_SIP_CALL_TO", "10.0.0.1/8"),
        ("CALLWRIGHT_SIP_CALL_TO", "pbx.example:5060"),
        ("CALLWRIGHT_SIP_CALL_TO", "127.0.0.1, any"),
    ],
)
def test_a_wrong_value_names_its_variable_and_never_becomes_the_default(variable: str, text: str):
    with pytest.raises(ConfigurationError) as refused:
        load_settings({variable: text})
    assert refused.value.message.startswith(f"{variable}: ")
    assert text in refused.value.message


@pytest.mark.parametrize("variable", ["CALLWRIGHT_PORT", "CALLWRIGHT_AUDIT_RETENTION_DAYS"])
def test_what_is_no_number_is_told_in_our_words(variable: str):
    with pytest.raises(ConfigurationError) as refused:
        load_settings({variable: "many"})
    assert refused.value.message.startswith(f"{variable}: 'many' cannot be used (write a whole number); ")


@pytest.mark.parametrize(
    "text",
    [
        "stun:stun.example",
        '{"urls": "stun:stun.example"}',
        '["stun:stun.example"]',
        '[{"urls": "https://stun.example"}]',
        '[{"urls": ["stun:stun.example", 1]}]',
        '[{"urls": "turn:t.example", "password": "p"}]',
    ],
)
def test_ice_servers_are_those_of_a_browser(text: str):
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_ICE_SERVERS: the given value"):
        load_settings({"CALLWRIGHT_ICE_SERVERS": text})


@pytest.mark.parametrize(
    ("variable", "texts"),
    [
        ("CALLWRIGHT_PORT", ("0", "65535")),
        ("CALLWRIGHT_MAX_CALLS", ("1", "10000")),
        ("CALLWRIGHT_WEBHOOK_TIMEOUT", ("1", "60")),
        ("CALLWRIGHT_DRAIN_SECONDS", ("0", "3600")),
        ("CALLWRIGHT_RETENTION_DAYS", ("0", "36500")),
        ("CALLWRIGHT_LOCAL_THREADS", ("1", "64")),
        ("CALLWRIGHT_LOCAL_MODEL_THREADS", ("1", "64")),
        ("CALLWRIGHT_SIP_MAX_CALLS", ("1", "250")),
    ],
)
def test_numbers_may_lie_on_their_limits(variable: str, texts: tuple[str, str]):
    for text in texts:
        load_settings({variable: text})


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("TRUE", True), ("on", True), ("0", False), ("No", False), (" off ", False)]
)
def test_switches_understand_yes_and_no(text: str, value: bool):
    assert load_settings({"CALLWRIGHT_STRICT": text}).strict is value


def test_the_command_line_goes_before_the_environment():
    settings = load_settings({"CALLWRIGHT_PORT": "1000", "CALLWRIGHT_HOST": "0.0.0.0"}, port=2000, host=None)
    assert (settings.port, settings.host) == (2000, "0.0.0.0")


def test_values_of_the_command_line_are_checked_as_well():
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_PORT"):
        load_settings({}, port=70_000)
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_PORT"):
        load_settings({}, port="8700")
    with pytest.raises(ConfigurationError, match="unknown settings: colour, shape"):
        load_settings({}, shape="round", colour="red")


def test_the_home_folder_may_be_written_short():
    assert load_settings({"CALLWRIGHT_DATA": "~/calls"}).data == Path("~/calls").expanduser()


def test_secrets_are_the_ones_we_know_of():
    assert SECRETS == [
        "asterisk_password",
        "asterisk_url",
        "database_url",
        "ice_servers",
        "master_key",
        "model_api_key",
        "secret",
        "sip_password",
        "webhook_secret",
    ]


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_never_shows(name: str):
    others = {SETTINGS[other].variable: given for other, given in TOGETHER.get(name, {}).items()}
    text = SECRET_TEXTS.get(name, "top-secret-value")
    settings = load_settings({SETTINGS[name].variable: text, **others})
    assert getattr(settings, name) == text
    assert "top-secret-value" not in repr(settings)
    assert "top-secret-value" not in str(settings)


def test_an_error_about_one_setting_shows_no_other():
    with pytest.raises(ConfigurationError) as refused:
        load_settings({**{SETTINGS[name].variable: "top-secret-value" for name in SECRETS}, "CALLWRIGHT_PORT": "x"})
    assert "top-secret-value" not in refused.value.message


def test_sip_can_be_switched_off_and_lists_of_it_emptied():
    settings = load_settings(
        {
            "CALLWRIGHT_SIP_LISTEN": "off",
            "CALLWRIGHT_SIP_HEADERS": "none",
            "CALLWRIGHT_SIP_TRANSFER_TO": "none",
            "CALLWRIGHT_SIP_CALL_TO": "none",
        }
    )
    assert (settings.sip_listen, settings.sip_headers) == ("", ())
    assert (settings.sip_transfer_to, settings.sip_call_to) == ((), ())


def test_any_host_may_be_called_when_the_setting_says_so():
    assert load_settings({"CALLWRIGHT_SIP_CALL_TO": "Any"}).sip_call_to == ("any",)


@pytest.mark.parametrize(
    ("variable", "value", "local"),
    [
        ("CALLWRIGHT_HOST", "0.0.0.0", False),
        ("CALLWRIGHT_PUBLIC_URL", "https://calls.example", False),
        ("CALLWRIGHT_HOST", "::1", True),
        ("CALLWRIGHT_HOST", "localhost", True),
        ("CALLWRIGHT_PUBLIC_URL", "http://127.0.0.1:8700", True),
        ("CALLWRIGHT_SIP_LISTEN", "off", True),
    ],
)
def test_only_a_server_of_its_own_machine_may_call_that_machine_over_sip_by_default(variable, value, local):
    assert load_settings({variable: value}).sip_call_to == (("127.0.0.0/8", "localhost") if local else ())
    assert load_settings({variable: value, "CALLWRIGHT_SIP_CALL_TO": "127.0.0.1"}).sip_call_to == ("127.0.0.1/32",)


@pytest.mark.parametrize(("public_url", "listen"), [("", "127.0.0.1:0"), ("https://calls.example", "")])
def test_web_calls_over_sip_are_off_by_default_where_their_audio_cannot_arrive(public_url: str, listen: str):
    given = {"CALLWRIGHT_PUBLIC_URL": public_url}
    assert load_settings(given).webrtc_listen == listen
    there = {"CALLWRIGHT_WEBRTC_LISTEN": "0.0.0.0:8701", "CALLWRIGHT_WEBRTC_ADDRESS": "203.0.113.5"}
    assert load_settings({**given, **there}).webrtc_listen == "0.0.0.0:8701"
    assert load_settings({**given, "CALLWRIGHT_WEBRTC_LISTEN": "Off"}).webrtc_listen == ""


def test_a_server_that_phones_reach_may_not_call_its_own_machine_over_sip_by_default():
    given = {"CALLWRIGHT_SIP_LISTEN": "192.0.2.1:5060", "CALLWRIGHT_SIP_ALLOW": "192.0.2.0/24"}
    assert load_settings(given).sip_call_to == ()


def test_no_header_of_the_sip_stack_itself_may_be_allowed():
    assert load_settings({"CALLWRIGHT_SIP_CALL_HEADERS": "P-Charge-Info, Privacy"}).sip_call_headers == (
        "P-Charge-Info",
        "Privacy",
    )
    with pytest.raises(ConfigurationError, match=r"CALLWRIGHT_SIP_CALL_HEADERS.*Via is the SIP stack's own"):
        load_settings({"CALLWRIGHT_SIP_CALL_HEADERS": "Privacy, Via"})


def test_as_many_sip_headers_are_kept_as_the_limit_says():
    names = [f"X-{number}" for number in range(15)]
    assert len(load_settings({"CALLWRIGHT_SIP_HEADERS": ",".join(names[:14])}).sip_headers) == 14
    with pytest.raises(ConfigurationError, match="CALLWRIGHT_SIP_HEADERS"):
        load_settings({"CALLWRIGHT_SIP_HEADERS": ",".join(names)})


@pytest.mark.parametrize(
    "more",
    [
        {"CALLWRIGHT_SIP_ALLOW": "10.0.0.0/8"},
        {"CALLWRIGHT_SIP_USER": "trunk", "CALLWRIGHT_SIP_PASSWORD": "secret"},
    ],
)
@pytest.mark.parametrize("listen", ["0.0.0.0:5060", "192.0.2.7:5060"])
def test_sip_beyond_loopback_needs_to_know_who_may_call(listen: str, more: dict[str, str]):
    with pytest.raises(
        ConfigurationError, match=r"CALLWRIGHT_SIP_LISTEN: .* CALLWRIGHT_SIP_ALLOW .* CALLWRIGHT_SIP_PASSWORD"
    ):
        load_settings({"CALLWRIGHT_SIP_LISTEN": listen})
    assert load_settings({"CALLWRIGHT_SIP_LISTEN": listen, **more}).sip_listen == listen


@pytest.mark.parametrize("variable", ["CALLWRIGHT_SIP_USER", "CALLWRIGHT_SIP_PASSWORD"])
def test_a_sip_user_without_password_protects_nothing(variable: str):
    with pytest.raises(ConfigurationError, match="set both or neither"):
        load_settings({variable: "word"})


def test_two_audio_ports_are_needed_for_each_sip_call():
    texts = {"CALLWRIGHT_SIP_RTP_PORTS": "20000-20199"}
    assert load_settings(texts).sip_max_calls == 100
    with pytest.raises(ConfigurationError, match=r"CALLWRIGHT_SIP_RTP_PORTS: .* CALLWRIGHT_SIP_MAX_CALLS"):
        load_settings({**texts, "CALLWRIGHT_SIP_MAX_CALLS": "101"})


def test_own_files_take_the_place_of_local_models():
    settings = load_settings({"CALLWRIGHT_LOCAL_MODEL_PATHS": "small=/srv/a.gguf, large=/srv/b c.gguf,"})
    assert settings.local_model_paths == ("small=/srv/a.gguf", "large=/srv/b c.gguf")


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("CALLWRIGHT_MODEL_BASEURL", "CALLWRIGHT_MODEL_BASE_URL"),
        ("CALLWRIGHT_VOICES", "CALLWRIGHT_VOICE"),
        ("CALLWRIGHT_LOGLEVEL", "CALLWRIGHT_LOG_LEVEL"),
        ("CALLWRIGHT_APIKEY", "CALLWRIGHT_API_KEY"),
        ("CALLWRIGHT_DATABASE_URL", "DATABASE_URL"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_one_that_is_meant(variable: str, meant: str):
    with pytest.raises(ConfigurationError) as refused:
        load_settings({variable: "x"})
    assert refused.value.message == f"there is no setting {variable}; did you mean {meant}?"


def test_a_variable_of_somebody_elses_is_told_and_stops_nothing():
    environ = {
        "CALLWRIGHT_SERVICE_HOST": "10.0.0.1",
        "CALLWRIGHT_API_KEY": "bn-1",
        "CALLWRIGHT_VOICE": "local",
        "HOME": "/",
    }
    assert unknown_variables(environ) == {"CALLWRIGHT_SERVICE_HOST": ""}
    assert load_settings(environ).voice == "local"


def test_no_setting_is_taken_for_a_misspelt_one():
    assert unknown_variables({setting.variable: "x" for setting in SETTINGS.values()}) == {}


def test_the_files_of_sip_over_tls_must_be_there_and_hold_what_they_say(tmp_path: Path):
    check_sip_files(Settings())
    made = make_certificates(tmp_path)
    check_sip_files(Settings(sip_certificate=made.ours, sip_authorities=made.authority))
    wrong = tmp_path / "words.pem"
    wrong.write_text("no certificate")
    for name, path, says in (
        (
            "sip_certificate",
            tmp_path / "none.pem",
            "CALLWRIGHT_SIP_CERTIFICATE: .*none.pem cannot be read: No such file",
        ),
        ("sip_certificate", made.authority, "does not hold a certificate and its key"),
        ("sip_authorities", wrong, "CALLWRIGHT_SIP_AUTHORITIES: .*words.pem does not hold certificates"),
        ("sip_authorities", tmp_path / "a b.pem", "no path with spaces"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            check_sip_files(load_settings({}, **{name: path}))
