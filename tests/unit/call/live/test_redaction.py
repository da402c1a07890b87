"""Secrets are shown to nobody, and what is none is."""

from __future__ import annotations

import json
import time

import pytest

from callwright.call.live.redaction import redacted
from callwright.domain.secret_names import is_secret


def test_secrets_are_hidden_wherever_they_stand() -> None:
    agent = {
        "agent_name": "A",
        "webhook_headers": {"X-Secret": "s3cret", "X-Other": "o"},
        "tasks": [{"llm_agent": {"api_key": "k", "base_url": "u", "Authorization": "Bearer t", "empty_token": ""}}],
        "tools_params": {"t": {"api_token": "Bearer x", "headers": {"A": "b"}, "param": {"token_count": 3}}},
        "my_api_key": "q",
    }

    text = json.dumps(redacted(agent))

    for secret in ("s3cret", '"k"', "Bearer", '"b"', '"q"', '"o"'):
        assert secret not in text
    assert json.loads(text)["tasks"][0]["llm_agent"]["base_url"] == "u"
    assert json.loads(text)["tools_params"]["t"]["param"] == {"token_count": 3}
    assert json.loads(text)["tasks"][0]["llm_agent"]["empty_token"] == ""
    assert agent["my_api_key"] == "q", "the stored agent itself is not touched"


def test_secrets_are_found_however_they_are_spelt() -> None:
    agent = {
        "accessToken": "s1",
        "x-api-key": "s2",
        "headers": "Authorization: Bearer s3",
        "http_headers": [{"name": "X", "value": "s4"}],
        "webhook_url": "https://h.example/x?token=s5",
        "llm_key": "s6",
        "max_tokens": 60,
    }
    text = json.dumps(redacted(agent))
    assert not [secret for secret in ("s1", "s2", "s3", "s4", "s5", "s6") if secret in text]
    assert json.loads(text)["webhook_url"] == "https://h.example/x?***"
    assert json.loads(text)["max_tokens"] == 60


def test_secrets_in_json_text_are_found_too() -> None:
    agent = {
        "tools": '[{"name": "t", "value": {"api_token": "s1", "url": "https://h/?k=s2", "headers": {"X": "s3"}}}]',
        "param": '{"api_key": "s4", "count": %(n)i, "headers": {"A": "s5"}, "name": "%(name)s"}',
    }
    text = json.dumps(redacted(agent))
    assert not [secret for secret in ("s1", "s2", "s3", "s4", "s5") if secret in text]
    assert "%(name)s" in text
    assert redacted("[not json") == "[not json"


SECRET = (
    *(
        "api_key",
        "apikey",
        "APIKey",
        "app_key",
        "x_key",
        "xKey",
        "Ocp-Apim-Subscription-Key",
        "subscriptionkey",
        "api_key_2",
    ),
    *(
        "pwd",
        "userPwd",
        "db_pwd",
        "passwd",
        "passphrase",
        "passcode",
        "pin",
        "user_pin",
        "userPin",
        "PIN",
        "auth",
        "basicAuth",
    ),
    *(
        "oauth",
        "jwt",
        "idJwt",
        "bearer",
        "cookie",
        "Set-Cookie",
        "cookies",
        "otp",
        "Authorization",
        "client secret",
        "ACCESS_TOKEN",
    ),
)
HARMLESS = (
    *(
        "monkey",
        "MONKEY",
        "keyboard",
        "author",
        "authors",
        "pinned",
        "opinion",
        "shipping",
        "spin",
        "hockey",
        "turkey",
        "dtmf_finish_on_key",
    ),
    *(
        "ingest_lookup_key",
        "public_key",
        "sort_key",
        "token_count",
        "max_tokens",
        "keys",
        "keywords",
        "name",
        "",
        "ключ",
        "7",
    ),
)


@pytest.mark.parametrize("name", [*SECRET, "key"])
def test_one_rule_for_objects_and_for_json_text(name: str) -> None:
    told = json.dumps(redacted({name: "s3cret", "name": "Ann"}, sent=True), ensure_ascii=False)
    template = redacted(f'{{"n": %(n)i, "{name}": "s3cret", "name": "Ann"}}', sent=True)
    for text in (told, template):
        assert "s3cret" not in text
        assert '"name": "Ann"' in text


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_a_secret_is_shown(name: str) -> None:
    assert not is_secret(name, sent=True)
    assert redacted({name: "shown"}, sent=True) == {name: "shown"}
    template = f'{{"n": %(n)i, "{name}": "shown"}}'
    assert redacted(template, sent=True) == template


def test_a_key_names_a_tool_in_an_agent_and_is_a_secret_in_what_the_tool_sends() -> None:
    tool = {"key": "custom_task", "value": {"param": {"key": "s1", "in": [{"key": "s2"}]}, "url": "u"}}
    shown = {"key": "custom_task", "value": {"param": {"key": "***", "in": [{"key": "***"}]}, "url": "u"}}
    assert redacted(tool) == shown
    assert json.loads(redacted(json.dumps(tool))) == shown
    template = {"param": '{"n": %(n)i, "key": "s1"}', "pre_call_webhook_param": {"key": "s2"}}
    assert redacted(template) == {"param": '{"n": %(n)i, "key": "***"}', "pre_call_webhook_param": {"key": "***"}}


@pytest.mark.parametrize(
    "value",
    ['"s1 } s2"', "%(s1)s", '{"a": "b } s1", "c": [{"d": "s1"}]}', '["s1", {"a": 1}, "s2"]', '"s1\\" s2"', "51", '"s1'],
)
def test_the_whole_of_a_value_in_nearly_json_is_hidden(value: str) -> None:
    shown = redacted(f'{{"n": %(n)i, "password": {value}, "name": "Ann"}}')
    rest = "" if value == '"s1' else ', "name": "Ann"}'
    assert shown == f'{{"n": %(n)i, "password": "***"{rest}' or (value == '"s1' and "s1" not in shown)


def test_a_name_without_a_value_in_nearly_json_takes_nothing_with_it() -> None:
    assert redacted('{"n": %(n)i, "password": }') == '{"n": %(n)i, "password": "***"}'
    assert redacted('{"a": {"password":}, "b": 1') == '{"a": {"password":"***"}, "b": 1'
    assert redacted('{"password": , "b": 1') == '{"password": "***", "b": 1'
    assert redacted('{"password":') == '{"password":"***"'


def test_switches_and_what_is_empty_are_no_secrets() -> None:
    assert redacted({"auth": True, "pin": None, "token": ""}) == {"auth": True, "pin": None, "token": ""}
    assert redacted({"pin": 1234}) == {"pin": "***"}


def test_text_made_to_be_slow_is_not() -> None:
    began = time.process_time()
    for text in ('{"' + '\\"' * 100_000, "{" + '"a":{"key' * 30_000, '{"pwd":' + "[" * 100_000, '{"pwd": "' * 30_000):
        redacted(text, sent=True)
    assert time.process_time() - began < 5
