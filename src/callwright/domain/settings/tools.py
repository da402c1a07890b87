"""The settings of an agent's tools: what the model may call, and how it is called."""

from __future__ import annotations

from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_PROMPT_CHARACTERS
from callwright.domain.settings.kinds import MESSAGE, SWITCH, choice, described, text
from callwright.domain.settings.setting import Kind, Setting

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def _method(given: Fields, name: str) -> str:
    method = given.text(name).upper()
    if method not in _METHODS:
        raise given.not_among(name, _METHODS)
    return method


DESCRIPTION = Setting("tool.description", text(MAX_PROMPT_CHARACTERS), "", "When to call it.")
TRANSFER_MODE = Setting(
    "tool.transfer_mode",
    choice(("blind", "attended")),
    "blind",
    "Our own. Whether we wait with the caller for the target.",
)
STRICT = Setting(
    "tool.strict",
    SWITCH,
    False,
    "An endpoint is asked to hold the model to the schema, which must then be one it takes as strict. May stand"
    " in the parameters too.",
)
METHOD = Setting(
    "tool_params.method",
    Kind("GET, POST, PUT, PATCH or DELETE", {"type": "string", "enum": list(_METHODS)}, _method),
    "POST",
    "How its address is asked.",
)

TOOLS: tuple[Setting, ...] = (
    Setting(
        "api_tools.tools",
        described("a list, or its JSON text"),
        None,
        "What the model may call ([tools](how-to/tools.md)).",
    ),
    Setting("api_tools.tools_params", described("an object"), None, "How, by the tool's name."),
    Setting(
        "tool.name",
        described("a text"),
        None,
        "Its name to the model; unique. Saved are 1 to 64 letters (a to z, A to Z), digits, `_` and `-`.",
    ),
    DESCRIPTION,
    Setting("tool.parameters", described("a JSON schema"), None, "Its arguments; they are checked."),
    Setting(
        "tool.key",
        described("custom_task, transfer_call, press_keys, end_call, ..."),
        None,
        "What kind of tool; null: by its name. The hosted service's own (`check_availability_of_slots`,"
        " `book_appointment`, `switch_language`) have nothing behind them here: with a `url` they are asked there as"
        " any tool, without one they are kept and the model is not told of them.",
    ),
    Setting(
        "tool.pre_call_message",
        MESSAGE,
        None,
        "Said as it is called, unless the model said something itself; null: after 1.2 s one of ours in the call's"
        " language ([which](agents.md#the-platforms-own-sentences)). Of a transfer it is said before it."
        " `press_keys` and `end_call` have none. May stand in the parameters too.",
    ),
    TRANSFER_MODE,
    STRICT,
    METHOD,
    Setting(
        "tool_params.url",
        described("an http or https URL"),
        None,
        "Its address, with places for arguments and variables behind the host. Of a transfer: who is asked for it;"
        " null: our own line.",
    ),
    Setting(
        "tool_params.param",
        described("an object, or its JSON text, with places"),
        None,
        "What is sent: a query with GET, else JSON or a form.",
    ),
    Setting("tool_params.api_token", described("a text"), None, "Sent as it is in `Authorization`."),
    Setting("tool_params.headers", described("a map, or its JSON text"), None, "Headers of the request, with places."),
    Setting(
        "tool_params.pre_call_webhook_param",
        described("an object, or its JSON text, with places"),
        None,
        "With it a webhook tells that the tool is about to run, with these values.",
    ),
    Setting(
        "tool_params.pre_call_webhook_url",
        described("an http or https URL"),
        None,
        "Who hears of it; null: the agent's `webhook_url`.",
    ),
)
