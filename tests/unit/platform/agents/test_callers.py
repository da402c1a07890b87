"""What an agent says of its callers."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_HEADER_VARIABLES, MAX_WHITELISTED
from callwright.platform.agent_settings.rules.conversation import read_settings
from callwright.platform.agents.rules.callers import CallerData, CallerSource, read_caller_data


def read(**agent: Any) -> CallerData:
    return read_caller_data(Fields(agent, "agent_config"))


def source(**config: Any) -> CallerSource | None:
    return read(ingest_source_config=config).source


@pytest.mark.parametrize("config", [None, {}])
def test_an_agent_may_have_no_source(config: Any) -> None:
    assert read(ingest_source_config=config) == CallerData()


def test_the_three_kinds_of_source() -> None:
    assert source(source_type="api", source_url="https://crm.example/who", source_auth_token="t0ken") == CallerSource(
        "api", "https://crm.example/who", "t0ken"
    )
    assert source(source_type="csv", source_name="customers.csv") == CallerSource("csv", name="customers.csv")
    sheet = "https://docs.google.com/spreadsheets/d/1/edit"
    assert source(source_type="google_sheet", source_url=sheet, source_name="Tab") == CallerSource(
        "google_sheet", sheet, "", "Tab"
    )


@pytest.mark.parametrize("token", ["Bearer t0ken", "bearer  t0ken ", " t0ken"])
def test_a_token_may_come_with_its_scheme(token: str) -> None:
    found = source(source_type="api", source_url="https://crm.example", source_auth_token=token)
    assert found is not None
    assert found.token == "t0ken"


@pytest.mark.parametrize("text", ["null", "", "{}"])
def test_a_source_may_be_the_text_of_nothing(text: str) -> None:
    assert read(ingest_source_config=text) == CallerData()


def test_a_source_may_be_json_text_whose_faults_are_named_by_their_path() -> None:
    text = '{"source_type": "csv", "source_name": "customers.csv"}'
    assert read(ingest_source_config=text).source == CallerSource("csv", name="customers.csv")
    with pytest.raises(InvalidAgentError) as caught:
        read(ingest_source_config='{"source_type": "csv"}')
    assert caught.value.field == "agent_config.ingest_source_config.source_name"
    with pytest.raises(InvalidAgentError, match="an object or its JSON text, not a string of 3 characters"):
        read(ingest_source_config="crm")


def test_a_token_is_not_shown() -> None:
    assert "t0ken" not in repr(source(source_type="api", source_url="https://crm.example", source_auth_token="t0ken"))


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"source_url": "https://crm.example"}, "source_type"),
        ({"source_type": "ftp"}, "source_type"),
        ({"source_type": "api"}, "source_url"),
        ({"source_type": "google_sheet", "source_name": "Tab"}, "source_url"),
        ({"source_type": "api", "source_url": "ftp://crm.example"}, "source_url"),
        ({"source_type": "csv"}, "source_name"),
        (
            {"source_type": "api", "source_url": "https://crm.example", "source_auth_token": "two words"},
            "source_auth_token",
        ),
        (
            {"source_type": "api", "source_url": "https://crm.example", "source_auth_token": "two bearer words"},
            "source_auth_token",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named(config: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidAgentError) as caught:
        source(**config)
    assert caught.value.field == f"agent_config.ingest_source_config.{path}"
    assert "two words" not in caught.value.message


def test_headers_become_variables() -> None:
    found = read(sip_header_variables={"X-CALLERNO": "caller_no"}, ingest_lookup_key=" X-CALLERNO ")
    assert (found.header_variables, found.lookup_header) == ({"X-CALLERNO": "caller_no"}, "X-CALLERNO")


@pytest.mark.parametrize(
    "agent",
    [
        {"sip_header_variables": []},
        {"sip_header_variables": {"two words": "x"}},
        {"sip_header_variables": {"X-A": "{braces}"}},
        {"sip_header_variables": {"X-A": None}},
        {"sip_header_variables": {f"X-{n}": "x" for n in range(MAX_HEADER_VARIABLES + 1)}},
        {"ingest_lookup_key": "two words"},
    ],
)
def test_what_cannot_be_a_header_or_a_variable_is_refused(agent: dict[str, Any]) -> None:
    with pytest.raises(InvalidAgentError):
        read(**agent)


def test_as_many_headers_as_the_limit() -> None:
    given = {f"X-{n}": "x" for n in range(MAX_HEADER_VARIABLES)}
    assert read(sip_header_variables=given).header_variables == given


def whitelist(numbers: Any) -> Any:
    return read_settings(Fields({"whitelist_phone_numbers": numbers}, "task_config")).extra["whitelist_phone_numbers"]


def test_a_list_of_callers_who_always_may() -> None:
    assert whitelist(None) is None
    assert whitelist([" +15550123 "]) == ["+15550123"]
    assert len(whitelist(["+1"] * MAX_WHITELISTED) or ()) == MAX_WHITELISTED


@pytest.mark.parametrize("numbers", ["+15550123", [15550123], [""], ["+1"] * (MAX_WHITELISTED + 1)])
def test_other_lists_are_refused(numbers: Any) -> None:
    with pytest.raises(InvalidAgentError, match="whitelist_phone_numbers"):
        whitelist(numbers)
