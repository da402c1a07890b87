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
    choice(("blind", "attended", "warm")),
    "blind",
    "Our own. Attended: the caller waits for the answer. Warm: the agent briefs the target first.",
)
BRIEFING = Setting(
    "tool.briefing",
    MESSAGE,
    None,
    "Our own. A warm transfer's briefing, with places; null: the model's summary.",
)
CONFIRM = Setting(
    "tool.confirm",
    SWITCH,
    False,
    "Our own. The target of a warm transfer presses 1 to accept, 9 to decline.",
)
BRIDGE = Setting(
    "tool.bridge",
    SWITCH,
    False,
    "Our own. After a warm transfer the carrier connects the two, unrecorded, where it can.",
)
STRICT = Setting(
    "tool.strict",
    SWITCH,
    False,
    "The endpoint holds the model to the schema, which must suit it. Also read in the parameters.",
)
METHOD = Setting(
    "tool_params.method",
    Kind("GET, POST, PUT, PATCH or DELETE", {"type": "string", "enum": list(_METHODS)}, _method),
    "POST",
    "The HTTP method.",
)

TOOLS: tuple[Setting, ...] = (
    Setting(
        "api_tools.tools",
        described("a list, or its JSON text"),
        None,
        "What the model may call ([tools](how-to/tools.md)). `api_tools` may be this list.",
    ),
    Setting("api_tools.tools_params", described("an object"), None, "Their parameters, by name."),
    Setting(
        "tool.name",
        described("a text"),
        None,
        "Unique. 1 to 64 letters (a to z, A to Z), digits, `_` and `-`.",
    ),
    DESCRIPTION,
    Setting("tool.parameters", described("a JSON schema"), None, "Its arguments, which are checked."),
    Setting(
        "tool.key",
        described("custom_task, transfer_call, press_keys, end_call, ..."),
        None,
        "The kind of tool; null: by its name. `check_availability_of_slots`, `book_appointment` and"
        " `switch_language` need a `url`; without one they are stored only.",
    ),
    Setting(
        "tool.pre_call_message",
        MESSAGE,
        None,
        "Said before the tool runs, unless the model spoke; null: the platform's after 1.2 s"
        " ([which](agents.md#the-platforms-own-sentences)). Not for `press_keys` and `end_call`. Also read in the"
        " parameters.",
    ),
    TRANSFER_MODE,
    BRIEFING,
    CONFIRM,
    BRIDGE,
    STRICT,
    METHOD,
    Setting(
        "tool_params.url",
        described("an http or https URL"),
        None,
        "With places for arguments and variables after the host. For a transfer: the service that"
        " connects; null: the line.",
    ),
    Setting(
        "tool_params.param",
        described("an object, or its JSON text, with places"),
        None,
        "What is sent: a query with GET, else JSON or a form.",
    ),
    Setting("tool_params.api_token", described("a text"), None, "Sent unchanged in `Authorization`."),
    Setting("tool_params.headers", described("a map, or its JSON text"), None, "Headers of the request, with places."),
    Setting(
        "tool_params.pre_call_webhook_param",
        described("an object, or its JSON text, with places"),
        None,
        "Values sent to a webhook before the tool runs.",
    ),
    Setting(
        "tool_params.pre_call_webhook_url",
        described("an http or https URL"),
        None,
        "That webhook; null: the agent's `webhook_url`.",
    ),
)
