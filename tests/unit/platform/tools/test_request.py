"""The request of a tool, whole."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.domain.injections import ATTACKS

from callwright.domain.limits import MAX_TOOL_HEADER_CHARACTERS, MAX_TOOL_REQUEST_BYTES, MAX_URL_CHARACTERS
from callwright.platform.agents.rules.spec import ToolSpec
from callwright.platform.tools.rules.arguments import UnfitArgumentsError
from callwright.platform.tools.rules.request import ToolRequest, tool_request

SCHEMA = {"type": "object", "properties": {"name": {"type": "string"}, "guests": {"type": "integer"}}}


def request(
    values: dict[str, Any], fixed: dict[str, Any] | None = None, extra: Any = None, **params: Any
) -> ToolRequest:
    tool = ToolSpec("book", "", "custom_task", SCHEMA, {"url": "https://api.example.com/book", **params})
    return tool_request(tool, values, fixed or {}, extra)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_methods_with_a_body_send_json(method: str) -> None:
    sent = request({"name": "Zoë", "guests": 4}, method=method, param={"who": "%(name)s", "n": {"$var": "guests"}})
    assert (sent.method, sent.url) == (method, "https://api.example.com/book")
    assert sent.headers == {"content-type": "application/json"}
    assert sent.body == '{"who":"Zoë","n":4}'.encode()
    assert sent.sent == {"who": "Zoë", "n": 4}


def test_get_sends_a_query() -> None:
    sent = request(
        {"name": "A & B", "guests": None}, method="GET", param={"q": "%(name)s", "n": {"$var": "guests"}, "l": [1]}
    )
    assert (sent.url, sent.body, sent.headers) == ("https://api.example.com/book?q=A%20%26%20B&l=%5B1%5D", b"", {})
    assert request({}, method="GET", url="https://h/?a=1", param={"b": "2"}).url == "https://h/?a=1&b=2"
    assert request({}, method="GET", param={}).url == "https://api.example.com/book"


def test_a_form_when_the_content_type_says_so() -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    sent = request({"name": "A & B"}, headers=headers, param={"who": "%(name)s", "list": [1], "yes": True})
    assert dict(parse_qsl(sent.body.decode())) == {"who": "A & B", "list": "[1]", "yes": "true"}


def test_without_a_param_the_declared_arguments_are_sent() -> None:
    assert request({"name": "Ann", "other": 1}).sent == {"name": "Ann"}
    assert request({}).body == b""
    assert request({"name": "Ann"}, method="GET").url.endswith("?name=Ann")


def test_the_token_is_sent_unchanged_and_headers_hold_only_the_calls_variables() -> None:
    sent = request(
        {"execution_id": "forged", "name": "x"},
        {"execution_id": "e1", "city": "Zürich\r\nX-Evil: 1"},
        api_token="Bearer abc",
        headers={"X-Call": "id-%(execution_id)s", "X-City": "%(city)s", "X-Name": "%(name)s", "Host": "evil", "X-N": 5},
        param={},
    )
    assert sent.headers == {
        "authorization": "Bearer abc",
        "content-type": "application/json",
        "x-call": "id-e1",
        "x-city": "Z%C3%BCrich%0D%0AX-Evil: 1",
        "x-name": "",
        "x-n": "5",
    }
    assert "abc" not in repr(sent)


@pytest.mark.parametrize(
    ("value", "sent_as"),
    [
        ("50% off", "50% off"),
        ("abc%20d+e/f==", "abc%20d+e/f=="),
        ("50% größer", "50%25 gr%C3%B6%C3%9Fer"),
        ("a%0Ab\n", "a%250Ab%0A"),
    ],
)
def test_a_value_that_a_header_can_hold_is_sent_as_it_is(value: str, sent_as: str) -> None:
    assert request({}, {"token": value}, headers={"X-Token": "%(token)s"}).headers["x-token"] == sent_as


@pytest.mark.parametrize("given", ["Ann ", "\tAnn", " Ann\t ", "Ann"])
def test_blanks_around_a_header_and_around_what_fills_it_are_not_sent(given: str) -> None:
    headers = {"X-Name": "%(name)s", "X-Words": " \tfor %(name)s, please ", "X-Empty": " %(nothing)s "}
    sent = request({}, {"name": given, "nothing": " "}, headers=headers, api_token=f" {given}\t")
    assert sent.headers == {"x-name": "Ann", "x-words": "for Ann, please", "x-empty": "", "authorization": "Ann"}
    assert request({}, {"name": " Zoë "}, headers={"X-Name": "%(name)s"}).headers["x-name"] == "Zo%C3%AB"


def test_a_header_that_is_too_long_when_it_is_filled_is_told_and_not_left_out() -> None:
    headers = {"X-Note": "a%(note)s"}
    sent = request({}, {"note": "x" * (MAX_TOOL_HEADER_CHARACTERS - 1)}, headers=headers)
    assert len(sent.headers["x-note"]) == MAX_TOOL_HEADER_CHARACTERS
    with pytest.raises(UnfitArgumentsError, match="its header X-Note has 8,193 characters"):
        request({}, {"note": "x" * MAX_TOOL_HEADER_CHARACTERS}, headers=headers)


def test_a_control_request_has_its_own_keys_below_those_of_the_param() -> None:
    sent = request({"name": "Ann"}, extra={"call_sid": "c", "who": "x"}, param={"who": "%(name)s"})
    assert sent.sent == {"call_sid": "c", "who": "Ann"}


def test_what_is_too_long_to_be_sent_is_told() -> None:
    for values, method in (
        ({"name": "x" * MAX_TOOL_REQUEST_BYTES}, "POST"),
        ({"name": "x" * MAX_URL_CHARACTERS}, "GET"),
    ):
        with pytest.raises(UnfitArgumentsError, match="too long"):
            request(values, method=method, param={"who": "%(name)s"})


def assert_contained(said: str) -> None:
    values = {"name": said, "guests": 4}
    sent = request(
        values, {"name": said}, param={"who": "%(name)s", "admin": False}, headers={"X-Who": "%(name)s", "X-A": "1"}
    )
    assert json.loads(sent.body.decode("utf-8")).keys() == {"who", "admin"}
    assert json.loads(sent.body)["admin"] is False
    assert list(sent.headers) == ["x-who", "x-a", "content-type"]
    assert all(sign.isprintable() and sign.isascii() for value in sent.headers.values() for sign in value)
    asked = request(values, method="GET", param={"who": "%(name)s", "fixed": "1"})
    query = parse_qsl(urlsplit(asked.url).query, keep_blank_values=True)
    assert [name for name, _ in query] == ["who", "fixed"]


@pytest.mark.parametrize("said", ATTACKS)
def test_no_attack_changes_the_request(said: str) -> None:
    assert_contained(said)


@given(st.text(max_size=200))
def test_nothing_said_changes_the_request(said: str) -> None:
    assert_contained(said)
