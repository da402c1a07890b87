"""Rows of ``setting_rows`` about tools."""

from __future__ import annotations

from callwright.domain.settings.setting import REQUEST_TEST, SENTENCE, AgentSetting

_AGENT = "tests/unit/domain/agent/test_parsing.py::"
_TALK = "tests/unit/conversation/"
_PLAN = "tests/docs/test_settings_in_the_plan.py::"
_WEB = "tests/contract/test_web_tools.py::"
_TRANSFER = "tests/unit/domain/agent/test_transfers.py::"

TOOL_ROWS: tuple[AgentSetting, ...] = (
    AgentSetting(
        "api_tools.tools",
        None,
        "What the model may call ([tools](how-to/tools.md)).",
        f"{_TALK}test_tools.py::test_a_tool_is_called_when_the_turn_is_taken_and_its_result_answered",
        values="a list, or its JSON text",
    ),
    AgentSetting(
        "api_tools.tools_params",
        None,
        "How, by the tool's name.",
        f"{_TRANSFER}test_the_mode_and_the_message_may_stand_beside_the_key_or_the_parameters",
        values="an object",
    ),
    AgentSetting(
        "tool.name",
        None,
        "Its name to the model; unique. Saved are 1 to 64 letters (a to z, A to Z), digits, `_` and `-`.",
        f"{_AGENT}test_a_name_that_endpoints_refuse_is_not_saved_and_is_no_hindrance_to_a_call"
        f" {_AGENT}TestTools::test_a_tool_that_could_not_be_called_is_refused",
        values="a text",
    ),
    AgentSetting(
        "tool.description",
        "",
        "When to call it.",
        REQUEST_TEST,
        values="a text",
    ),
    AgentSetting(
        "tool.parameters",
        None,
        "Its arguments; they are checked.",
        f"{_TALK}test_tools.py::test_a_tool_gets_arguments_that_fit_its_schema",
        values="a JSON schema",
    ),
    AgentSetting(
        "tool.key",
        None,
        "What kind of tool; null: by its name. The hosted service's own (`check_availability_of_slots`, `book_appointment`,"
        " `switch_language`) have nothing behind them here: with a `url` they are asked there as any tool, without one they are kept and"
        " the model is not told of them.",
        f"{_TRANSFER}test_a_tool_transfers_by_its_key_or_by_its_name"
        f" {_PLAN}test_a_tool_of_the_hosted_services_own_is_offered_only_where_it_has_an_address",
        values="custom_task, transfer_call, press_keys, end_call, ...",
    ),
    AgentSetting(
        "tool.pre_call_message",
        None,
        "Said as it is called, unless the model said something itself; null: after 1.2 s one of ours in the call's language"
        " ([which](agents.md#the-platforms-own-sentences)). Of a transfer it is said before it. `press_keys` and `end_call` have none."
        " May stand in the parameters too.",
        f"{_TALK}test_waiting.py::test_the_agents_own_message_is_said_as_the_tool_is_called"
        f" {_PLAN}test_a_setting_is_this_field_of_the_plan_with_this_value_and_nothing_else",
        values=SENTENCE,
    ),
    AgentSetting(
        "tool.transfer_mode",
        "blind",
        "Our own. Whether we wait with the caller for the target.",
        f"{_TRANSFER}test_a_mode_that_is_none_is_refused_with_its_path"
        f" {_TALK}test_transfers.py::test_without_an_announcement_the_line_is_asked_at_once"
        " tests/phone/test_transfers.py::test_an_attended_transfer_joins_the_two_once_the_target_has_answered",
        values="blind or attended",
    ),
    AgentSetting(
        "tool.strict",
        False,
        "An endpoint is asked to hold the model to the schema, which must then be one it takes as strict. May stand in the parameters too.",
        REQUEST_TEST,
        values="true or false",
    ),
    AgentSetting(
        "tool_params.method",
        "POST",
        "How its address is asked.",
        f"{_WEB}test_methods_with_a_body {_WEB}test_get_and_places_in_the_address",
        values="GET, POST, PUT, PATCH or DELETE",
    ),
    AgentSetting(
        "tool_params.url",
        None,
        "Its address, with places for arguments and variables behind the host. Of a transfer: who is asked for it; null: our own line.",
        f"{_WEB}test_get_and_places_in_the_address {_WEB}test_a_transfer_tool_with_a_url_sends_the_control_request",
        values="an http or https URL",
    ),
    AgentSetting(
        "tool_params.param",
        None,
        "What is sent: a query with GET, else JSON or a form.",
        f"{_WEB}test_methods_with_a_body {_WEB}test_a_form",
        values="an object, or its JSON text, with places",
    ),
    AgentSetting(
        "tool_params.api_token",
        None,
        "Sent as it is in `Authorization`.",
        f"{_WEB}test_methods_with_a_body",
        values="a text",
    ),
    AgentSetting(
        "tool_params.headers",
        None,
        "Headers of the request, with places.",
        f"{_WEB}test_methods_with_a_body {_WEB}test_a_form",
        values="a map, or its JSON text",
    ),
    AgentSetting(
        "tool_params.pre_call_webhook_param",
        None,
        "With it a webhook tells that the tool is about to run, with these values.",
        f"{_WEB}test_a_webhook_tells_of_the_tool_with_the_execution_and_the_rendered_parameters"
        f" {_WEB}test_nobody_is_told_without_parameters_for_the_webhook",
        values="an object, or its JSON text, with places",
    ),
    AgentSetting(
        "tool_params.pre_call_webhook_url",
        None,
        "Who hears of it; null: the agent's `webhook_url`.",
        f"{_WEB}test_a_tools_own_webhook_address_does_not_get_the_agents_headers",
        values="an http or https URL",
    ),
)
"""What the model may call, and how it is called."""
