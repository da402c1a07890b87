"""Credentials inside an agent: where they stand, and which of them a changed agent keeps."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from typing import Any

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.domain.limits import MAX_AGENT_CREDENTIALS
from callwright.platform.agents.rules.credentials import (
    Credential,
    check_credentials,
    credentials_of,
    has_clear,
    kept_credentials,
    shown_body,
    with_credentials,
)
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.provider_keys.rules.sealing import sealed_text

CALL = {"url": "https://crm.example/slots?id=%(id)s", "method": "POST"}
BOOK = {
    "name": "book",
    "description": "Books.",
    "parameters": {"type": "object", "properties": {"pin": {"type": "string"}}},
}


def agent(api_tools: Any = None, **more: Any) -> dict[str, Any]:
    tools_config = {"llm_agent": {"provider": "openai"}, **({} if api_tools is None else {"api_tools": api_tools})}
    return {"agent_name": "Desk", "tasks": [{"task_type": "conversation", "tools_config": tools_config}], **more}


def tools_of(body: Mapping[str, Any]) -> Any:
    return body["tasks"][0]["tools_config"]["api_tools"]


def sealed(body: Mapping[str, Any]) -> dict[str, Any]:
    return with_credentials(body, lambda one: sealed_text(one.text, b"sealed " + one.text.encode()))


def found(body: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    return {one.text: (one.name, one.to) for one in credentials_of(body)}


PARAMS = {
    **CALL,
    "api_token": "Bearer canary-token",
    "headers": {"X-Api-Key": "canary-header", "Content-Type": "application/json", "X-Who": "%(name)s", "X-No": 7},
    "param": {"api_key": "canary-param", "deep": [{"token": "canary-deep"}, "text"], "id": "%(id)s", "n": 1},
    "pre_call_webhook_param": {"secret": "canary-told"},
    "cal_api_key": "canary-cal",
}
EXPECTED = {
    "Bearer canary-token": ("api_token", "https://crm.example:443"),
    "canary-header": ("headers.x-api-key", "https://crm.example:443"),
    "7": ("headers.x-no", "https://crm.example:443"),
    "canary-param": ("param.api_key", "https://crm.example:443"),
    "canary-deep": ("param.token", "https://crm.example:443"),
    "canary-told": ("pre_call_webhook_param.secret", "https://hooks.example:443"),
    "canary-cal": ("cal_api_key", "https://crm.example:443"),
}


@pytest.mark.parametrize(
    "api_tools",
    [
        {"tools": [BOOK], "tools_params": {"book": PARAMS}},
        {"tools": json.dumps([{**BOOK, "value": PARAMS}])},
        [{**BOOK, "value": PARAMS}],
        [{**BOOK, **PARAMS}],
        [{"type": "function", "function": {**BOOK, "value": PARAMS}}],
        [{"type": "function", "function": BOOK, "value": {**PARAMS, "headers": json.dumps(PARAMS["headers"])}}],
    ],
)  # fmt: skip
def test_the_credentials_of_a_tool_are_found_in_every_form_in_which_a_tool_may_come(api_tools: Any) -> None:
    body = agent(api_tools, webhook_url="https://hooks.example/x")
    assert found(body) == EXPECTED
    assert {one.tool for one in credentials_of(body)} == {"book"}
    assert "canary" not in json.dumps(shown_body(body))
    assert [tool.name for tool in parse_agent(sealed(body)).tools] == ["book"]


def test_the_rest_of_an_agent_is_as_it_was() -> None:
    body = agent([{**BOOK, "value": PARAMS}], webhook_headers={"X-Key": "canary-hook"}, colour={"of": [1, None]})
    shown = shown_body(body)
    assert tools_of(shown)[0]["value"]["headers"] == {
        "X-Api-Key": "xxxxxxxer", "Content-Type": "application/json", "X-Who": "%(name)s", "X-No": "xxxxxxx"
    }  # fmt: skip
    assert tools_of(shown)[0]["parameters"] == BOOK["parameters"]
    assert shown["webhook_headers"] == {"X-Key": "xxxxxxx"}
    assert shown["colour"] == body["colour"]


def test_a_param_that_is_text_is_read_by_names_though_its_places_are_no_json() -> None:
    text = '{"id": %(id)d, "api_key" : "canary-\\"quoted\\"", "key": "%(key)s", "name": "Ann", "pin": "bad\\x"}'
    body = agent([{**BOOK, "value": {**CALL, "param": text}}])
    assert found(body) == {'canary-"quoted"': ("param.api_key", "https://crm.example:443")}
    assert tools_of(shown_body(body))[0]["value"]["param"] == text.replace('canary-\\"quoted\\"', 'xxxxxxxd\\"')


def test_credentials_beside_the_tools_are_found() -> None:
    body = agent(
        webhook_url="http://hooks.example:8080/{id}",
        webhook_headers={"Authorization": "Bearer canary-1"},
        webhook_config={"secret": "canary-2", "statuses": ["completed"]},
        ingest_source_config={
            "source_type": "api",
            "source_url": "https://crm.example/c",
            "source_auth_token": "canary-3",
        },
        api_key="canary-4",
        ingest_lookup_key="X-Caller",
    )
    section = {
        "provider": "mine",
        "llm_config": {
            "llm_key": "canary-5",
            "extra_headers": {"X-K": "canary-6"},
            "base_url": "https://llm.example/v1",
        },
        "extraction_json": {"pin": "The pin."},
        "list": [{"token": "canary-7"}, "x"],
    }
    body["tasks"][0]["tools_config"].update(llm_agent=section, odd="text")
    to = '["mine", ["https://llm.example:443"]]'
    assert found(body) == {
        "Bearer canary-1": ("headers.authorization", "http://hooks.example:8080"),
        "canary-2": (".secret", "http://hooks.example:8080"),
        "canary-3": ("source.source_auth_token", "https://crm.example:443"),
        "canary-4": ("api_key", ""),
        "canary-5": ("llm_agent.llm_key", to),
        "canary-6": ("headers.x-k", to),
        "canary-7": ("llm_agent.token", to),
    }
    body["ingest_source_config"] = json.dumps(body["ingest_source_config"])
    assert found(body)["canary-3"] == ("source.source_auth_token", "https://crm.example:443")
    assert parse_agent(sealed(body)).callers.source is not None


@pytest.mark.parametrize(
    "body",
    [
        {},
        agent(7),
        agent([7, {"function": 7, "value": [], "name": None}]),
        agent({"tools": "not json", "tools_params": {"book": 7}}),
        agent({"tools": 7, "tools_params": [7]}),
        agent([{**BOOK, "value": {"headers": "[1]", "param": 7}}]),
        agent(webhook_headers=["x"], webhook_config=["completed"], ingest_source_config="null"),
        {"tasks": [7, {"tools_config": 7}]},
        {"tasks": 7, "api_key": None, "token": "", "secret": True},
    ],
)
def test_what_cannot_be_read_stays(body: dict[str, Any]) -> None:
    assert with_credentials(body, lambda one: "changed") == body
    assert not has_clear(body)


def test_an_address_that_cannot_be_read_is_its_own_place() -> None:
    for url in ("http://[::1", "https://crm.example:x/", "https:///path"):
        assert found(agent(webhook_url=url, webhook_headers={"X-Key": "canary"})) == {"canary": ("headers.x-key", url)}


# -- what a changed agent keeps ---------------------------------------------------------------------------------------------


def stored() -> dict[str, Any]:
    return sealed(
        agent(
            {"tools": [BOOK], "tools_params": {"book": PARAMS}},
            webhook_url="https://hooks.example/a",
            webhook_headers={"X-Key": "canary-of-hook"},
        )
    )


def test_a_body_that_is_put_back_as_it_was_read_keeps_every_credential() -> None:
    assert kept_credentials(shown_body(stored()), stored()) == stored()
    assert kept_credentials(stored(), stored()) == stored()


def test_a_path_may_change_and_a_new_value_takes_the_place_of_the_old_one() -> None:
    body = shown_body(stored())
    body |= {"webhook_url": "https://HOOKS.example:443/b?c"}
    tools_of(body)["tools_params"]["book"]["api_token"] = "new-token"
    kept = kept_credentials(body, stored())
    assert kept["webhook_headers"] == stored()["webhook_headers"]
    assert tools_of(kept)["tools_params"]["book"]["api_token"] == "new-token"


@pytest.mark.parametrize(
    "url",
    ["https://evil.example/a", "http://hooks.example/a", "https://hooks.example:444/a", "https://hooks.example.evil/a"],
)
@pytest.mark.parametrize("masked", [True, False])
def test_no_credential_follows_an_address_to_another_host(url: str, masked: bool) -> None:
    before = sealed(agent(webhook_url="https://hooks.example/a", webhook_headers={"X-Key": "canary-of-hook"}))
    body = {**(shown_body(before) if masked else before), "webhook_url": url}
    with pytest.raises(InvalidAgentError, match="another host") as refused:
        kept_credentials(body, before)
    assert refused.value.field == "agent_config.webhook_headers.X-Key"
    assert "canary" not in refused.value.message
    again = {**body, "webhook_headers": {"X-Key": "told again"}}
    assert kept_credentials(again, before) == again


def test_no_credential_follows_a_tool_or_a_source_to_another_host() -> None:
    body = shown_body(stored())
    tools_of(body)["tools_params"]["book"]["url"] = "https://evil.example/slots"
    with pytest.raises(InvalidAgentError, match=r"tools_params\.book\.api_token: its address names another host"):
        kept_credentials(body, stored())
    source = {"source_type": "api", "source_url": "https://crm.example/c", "source_auth_token": "canary-source"}
    before = sealed(agent(ingest_source_config=source))
    moved = {**shown_body(before)["ingest_source_config"], "source_url": "https://evil.example/c"}
    with pytest.raises(InvalidAgentError, match="another host"):
        kept_credentials(agent(ingest_source_config=moved), before)


def test_another_provider_or_endpoint_gets_no_key_of_a_section() -> None:
    before = sealed(agent())
    before["tasks"][0]["tools_config"]["llm_agent"] = {
        "provider": "mine",
        "llm_key": sealed_text("canary-llm-key", b"k"),
    }
    evil = ("https://evil.example", "HTTPS://evil.example", " https://evil.example", "\nwss:evil.example")
    for change in ({"provider": "other"}, *({"base_url": address} for address in evil)):
        body = shown_body(before)
        body["tasks"][0]["tools_config"]["llm_agent"] |= change
        with pytest.raises(InvalidAgentError, match="another host"):
            kept_credentials(body, before)


def test_without_an_address_a_credential_stays_and_a_new_address_does_not_get_it() -> None:
    silent = kept_credentials({**shown_body(stored()), "webhook_url": None}, stored())
    assert silent["webhook_headers"] == stored()["webhook_headers"]
    for url in ("https://evil.example/", "https://hooks.example/a"):
        with pytest.raises(InvalidAgentError, match="another host"):
            kept_credentials({**shown_body(silent), "webhook_url": url}, silent)


def tool(name: str, token: str, host: str = "crm.example") -> dict[str, Any]:
    return {**BOOK, "name": name, "value": {"url": f"https://{host}/x", "api_token": token}}


def test_a_tool_that_was_moved_keeps_its_own_credential() -> None:
    before = sealed(agent([tool("one", "canary-one-aa"), tool("two", "canary-two-aa")]))
    body = shown_body(before)
    tools_of(body).reverse()
    kept = tools_of(kept_credentials(body, before))
    assert [one["value"]["api_token"] for one in kept] == [
        tools_of(before)[1]["value"]["api_token"],
        tools_of(before)[0]["value"]["api_token"],
    ]


def test_a_renamed_tool_keeps_a_credential_only_where_there_is_one_such() -> None:
    before = sealed(agent([tool("one", "canary-one-aa")]))
    body = shown_body(before)
    tools_of(body)[0]["name"] = "other"
    assert tools_of(kept_credentials(body, before))[0]["value"] == tools_of(before)[0]["value"]
    before = sealed(agent([tool("one", "canary-one-aa"), tool("two", "canary-two-aa")]))
    with pytest.raises(InvalidAgentError, match="stands for no stored value"):
        kept_credentials(body, before)


def test_a_mask_of_nothing_is_refused() -> None:
    for value in ("xxxxxxx", "xxxxxxxab"):
        with pytest.raises(InvalidAgentError, match="send the value itself"):
            kept_credentials(agent(webhook_url="https://hooks.example/a", webhook_headers={"X-Key": value}), {})
    other = {**shown_body(stored()), "webhook_headers": {"X-Other": shown_body(stored())["webhook_headers"]["X-Key"]}}
    with pytest.raises(InvalidAgentError, match="stands for no stored value"):
        kept_credentials(other, stored())


def test_a_sealed_text_of_elsewhere_is_not_taken() -> None:
    text = credentials_of(stored())[0].text
    body = {**copy.deepcopy(stored()), "webhook_headers": {"X-Key": text}}
    with pytest.raises(InvalidAgentError):
        kept_credentials(body, stored())


def test_an_agent_holds_at_most_so_many_credentials() -> None:
    values = {f"token_{number}": "x" for number in range(MAX_AGENT_CREDENTIALS)}
    check_credentials(agent([{**BOOK, "value": {**CALL, "param": values}}]))
    with pytest.raises(InvalidAgentError, match="501 credentials"):
        check_credentials(agent([{**BOOK, "value": {**CALL, "param": {**values, "key": "x"}}}]))


def test_a_credential_is_in_no_text_form() -> None:
    assert "canary" not in repr(Credential(("p", 1), "f", "t", "o", "canary"))
