"""Rows of ``setting_rows`` about those who call an agent."""

from __future__ import annotations

_CALLERS = "tests/acceptance/test_callers.py::"
_PAGE = "how-to/inbound-and-numbers.md"

Row = tuple[str, object, str, str, float | None, float | None, str]

CALLER_ROWS: tuple[Row, ...] = (
    (
        "task_config.inbound_limit",
        -1,
        f"Calls one caller may make in all ([who may call]({_PAGE})); -1: any number.",
        f"{_CALLERS}test_a_caller_may_call_so_often_and_no_more",
        -1,
        1_000_000,
        "",
    ),
    (
        "task_config.whitelist_phone_numbers",
        None,
        "Callers who always may.",
        f"{_CALLERS}test_whoever_is_on_the_list_always_may",
        None,
        None,
        "a list of numbers",
    ),
    (
        "task_config.disallow_unknown_numbers",
        False,
        "Only callers that `ingest_source_config` knows may call, and those who always may.",
        f"{_CALLERS}test_an_unknown_caller_is_refused_with_a_record_that_says_so",
        None,
        None,
        "true or false",
    ),
)

CALLER_AGENT_ROWS: tuple[Row, ...] = (
    (
        "agent.ingest_source_config",
        None,
        f"Where the data of callers are looked up before a call that comes in is answered ([how]({_PAGE})).",
        f"{_CALLERS}test_what_is_known_of_a_caller_is_in_the_prompt_and_the_record",
        None,
        None,
        "`source_type` (api, csv, google_sheet), `source_url`, `source_auth_token`, `source_name`",
    ),
    (
        "agent.ingest_lookup_key",
        None,
        "A header of the call whose value is looked up in place of the caller's number, where the call has it.",
        f"{_CALLERS}test_a_header_may_stand_for_the_number",
        None,
        None,
        "the name of a header",
    ),
    (
        "agent.sip_header_variables",
        None,
        "Headers of calls that come in as variables.",
        "tests/acceptance/test_inbound_calls.py::test_headers_are_in_the_log_in_the_execution_and_variables_of_the_prompt",
        None,
        None,
        "a map of header to variable",
    ),
)
