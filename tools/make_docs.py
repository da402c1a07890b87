#!/usr/bin/env python3
"""Write the pages of docs/ that are made from tables in the code: errors, settings, limits, statuses, causes, routes, doctor,
settings of an agent.

`make docs` writes them; `tests/docs/test_generated_pages.py` fails when one is out of date.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType

import measure
from callwright.domain import errors, limits
from callwright.domain.provider_table import EFFORTS, RESPONSES_MODELS
from callwright.domain.settings.kinds import MESSAGE
from callwright.domain.settings.provider_option import ProviderOption
from callwright.domain.settings.setting import Setting
from callwright.insight import doctor_rules
from callwright.ops import settings
from callwright.platform.agent_settings.rules.table import SETTINGS
from callwright.platform.executions.rules import causes, execution
from callwright.providers import hosted_models
from callwright.providers.cloud.provider_table import VENDORS as OF_SPEECH
from callwright.providers.cloud.vendor import TRANSCRIBER, VOICE, Vendor
from callwright.providers.openai_compatible import provider_table as openai_compatible

ROOT = Path(__file__).resolve().parent.parent
ROUTE_DECORATORS = {"get", "post", "put", "patch", "delete", "websocket"}
NOTICE = "<!-- Made by tools/make_docs.py; change the code, then run `make docs`. -->"


def error_classes(module: ModuleType = errors) -> list[type[errors.CallwrightError]]:
    """Every error class of the module, in the order of its source."""
    classes = [c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, errors.CallwrightError)]
    return sorted(classes, key=lambda c: inspect.getsourcelines(c)[1])


def errors_page() -> str:
    """`docs/reference/errors.md`."""
    intro = "Every error has a stable `code`, an HTTP status and a `hint` that says what to do. Codes are never reused."
    lines = [
        f"- `{c.code}` ({c.http_status}): {_one_line((inspect.getdoc(c) or '').partition(chr(10) * 2)[0])}"
        for c in error_classes()
    ]
    return "\n".join(["# Errors", "", NOTICE, "", intro, "", *lines, ""])


def settings_page() -> str:
    """`docs/reference/settings.md`."""
    defaults = {f.name: f.default for f in fields(settings.Settings)}
    intro = (
        "Settings of the server are environment variables; options of the command line take precedence. An invalid value stops the start"
        " and is named. The default is in parentheses, if there is one."
    )
    lines = [
        f"- `{s.variable}`{_default(defaults[name], s.secret)}: {_one_line(s.summary)}"
        for name, s in settings.SETTINGS.items()
    ]
    return "\n".join(["# Settings", "", NOTICE, "", intro, "", *lines, ""])


def limits_page() -> str:
    """`docs/reference/limits.md`."""
    entries = [(name, f"`{name}` {getattr(limits, name):,}", _one_line(text)) for name, text in limit_entries()]
    met = _limits_met_by_users()
    intro = (
        "What requests, lists and records may hold, and how long they may take. [Settings of an agent](agent-settings.md) have their own."
        " `src/callwright/domain/limits.py` also has those of the server's own parts."
    )
    return "\n".join(
        [
            *("# Limits", "", NOTICE, "", intro, ""),
            *(f"- {shown}: {text}" for name, shown, text in entries if name in met),
            "",
        ]
    )


def _limits_met_by_users() -> set[str]:
    """Limits that the parts enforce which read what users send, or write what they read."""
    sources = [s for s in measure.read_sources(ROOT, "src") if _MET_BY_USERS.match(s.path) and s.path != _LIMITS]
    found = {node.id for source in sources for node in source.nodes if isinstance(node, ast.Name) and node.id.isupper()}
    return (found | _MET_ELSEWHERE) - _OF_THE_SERVER - _OF_SETTINGS


#: Limits that other parts enforce, and users meet.
_MET_ELSEWHERE = {
    "EXAMINATION_SECONDS",
    "MAX_CATALOGUE_VOICES",
    "MAX_RING_SECONDS",
    "MAX_TOOL_TRIALS",
    "MAX_TRANSFERS",
    "TOOL_REQUEST_SECONDS",
}

#: Limits of the server's own work, or that hardly anybody meets: their errors say enough.
_OF_THE_SERVER = {
    "AT_REST_SECONDS",
    "CARRIER_LIST_AGE_SECONDS",
    "CARRIER_LIST_SECONDS",
    "DOOR_SOCKET_CLOSE_SECONDS",
    "EVENT_POLL_SECONDS",
    "INBOUND_BURST_SECONDS",
    "LIVE_HEARTBEAT_SECONDS",
    "MAX_AGENT_ERRORS",
    "MAX_AGENT_WARNINGS",
    "MAX_API_KEY_CHARACTERS",
    "MAX_AUDIT_TEXT_CHARACTERS",
    "MAX_CACHED_BODIES",
    "MAX_CATALOGUE_VOICES",
    "MAX_CHECKED_CHARACTERS",
    "MAX_DECISIONS_SHOWN",
    "MAX_DELIVERIES_LISTED",
    "MAX_DISCARDED_BYTES",
    "MAX_DOOR_CAPABILITIES",
    "MAX_ESTIMATE_CALLS",
    "MAX_EVENT_PAGE_BYTES",
    "MAX_FILE_NAME_CHARACTERS",
    "MAX_FILLED_CHARACTERS",
    "MAX_FORM_HEADER_BYTES",
    "MAX_FORM_MEMORY_BYTES",
    "MAX_FORM_NAME_CHARACTERS",
    "MAX_FORM_PART_HEADERS",
    "MAX_GATEWAY_WEIGHT",
    "MAX_IGNORED_NAMES",
    "MAX_IVR_STEPS",
    "MAX_KNOWLEDGE_BASES",
    "MAX_KNOWLEDGE_BASE_BYTES",
    "MAX_LIVE_EXAMINED_BYTES",
    "MAX_LIVE_LISTED",
    "MAX_PAGE_NUMBER",
    "MAX_PEAKS_PER_SECOND",
    "MAX_POLICY_COUNTRIES",
    "MAX_PROVIDER_CALLS",
    "MAX_RATE_WINDOWS",
    "MAX_REFUSED_ROW_CHARACTERS",
    "MAX_SAMPLES_AT_ONCE",
    "MAX_SEARCH_STEPS",
    "MAX_SESSION_CLIENT_CHARACTERS",
    "MAX_SIGN_IN_BYTES",
    "MAX_SUBJECTIVE_CHARACTERS",
    "MAX_SUMMARY_SHOWN",
    "MAX_SUMMARY_VALUES",
    "MAX_SUSPECTS_WAITING",
    "MAX_SUSPECTS_WAITING_OF_ADDRESS",
    "MAX_SUSPECT_LOOKUPS",
    "MAX_TEMPLATES",
    "MAX_TEMPLATE_BYTES",
    "MAX_UNKNOWN_KEYS",
    "MAX_UPLOADS_IN_MEMORY",
    "MAX_VOICE_CATALOGUES",
    "MAX_VOICE_ID_CHARACTERS",
    "MAX_VOICE_SAMPLES",
    "MIN_PEAKS_PER_SECOND",
    "MODEL_SILENT_SECONDS",
    "ORDER_FORGOTTEN_SECONDS",
    "SESSION_USE_SECONDS",
    "STANDING_SECONDS",
    "UNCHECKED_SECONDS",
    "VOICE_CATALOGUE_RETRY_SECONDS",
    "VOICE_CATALOGUE_SECONDS",
    "VOICE_SAMPLE_SECONDS",
}

#: Limits that the page of an agent's settings shows.
_OF_SETTINGS = {
    "MAX_AGENT_TASKS",
    "MAX_DELAY_MS",
    "MAX_FALLBACKS",
    "MAX_FALLBACK_MS",
    "MAX_KEYWORDS",
    "MAX_KEY_DIGITS",
    "MAX_MODEL_TOKENS",
    "MAX_PATIENCE_MS",
    "MAX_PRONUNCIATION_RULES",
    "MAX_VOICEMAIL_LISTEN_SECONDS",
    "MAX_WAITING_MESSAGES",
    "MIN_PATIENCE_MS",
}
_LIMITS = "src/callwright/domain/limits.py"
_MET_BY_USERS = re.compile(
    r"src/callwright/(api|campaigns|domain|insight|platform/\w+/(?!rows|runner)|platform/(services|uploads))"
)


def limit_entries() -> Iterator[tuple[str, str]]:
    """Each constant of `domain/limits.py` with the string that follows it."""
    body = ast.parse(inspect.getsource(limits)).body
    for node, following in zip(body, [*body[1:], ast.Pass()], strict=True):
        target = (
            node.targets[0]
            if isinstance(node, ast.Assign)
            else node.target
            if isinstance(node, ast.AnnAssign)
            else None
        )
        if isinstance(target, ast.Name) and target.id.isupper():
            documented = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            yield target.id, str(following.value.value) if documented else ""  # type: ignore[attr-defined]


def statuses_page() -> str:
    """`docs/reference/statuses.md`."""
    lines = (
        f"- `{status}` ({_phases(status)}{'' if status in execution.PUBLISHED_BY_DEFAULT else '; no webhook'}):"
        f" {', '.join(f'`{after}`' for after in execution.Status if execution.may_follow(status, after)) or 'nothing'}"
        for status in execution.Status
    )
    intro = (
        "Each status, its phases, and the statuses that may follow. All but those marked *no webhook* send one, unless the agent's"
        " `webhook_config` names others; `scheduled` sends one before a retry."
        "\n\nA call is also `error` if a person took it and the model never answered; `error_message` says why."
    )
    return "\n".join(["# Statuses", "", NOTICE, "", intro, "", *lines, ""])


def _phases(status: execution.Status) -> str:
    return ", ".join(sorted({phase for (phase, _), mapped in execution.STATUS_OF.items() if mapped is status}))


def causes_page() -> str:
    """`docs/reference/causes.md`."""
    intro = (
        "How calls end, for every carrier, by the `status` of the execution. Each line has `hangup_by`, `hangup_reason`,"
        " `hangup_provider_code`, SIP statuses and Q.850 causes. If the platform hung up, its own reason (`inactivity_timeout`, ...)"
        " replaces the reason. Busy, no-answer, failed and error can be retried, except where the line says `never`."
    )
    numbers = (
        "A Q.850 cause in a Reason header decides, except 16, 31 and 127, and except beside the SIP statuses 401, 402, 407, 487, 607 and"
        " 608. An unlisted SIP status counts as the first of its hundred, an unlisted Q.850 cause as the last of its class: 31, 47, 63,"
        " 79, 95, 111 or 127."
    )
    parts = ["# Causes", "", NOTICE, "", intro, "", numbers, ""]
    for status in dict.fromkeys(c.status for c in causes.CAUSES.values()):
        lines = (_cause_line(c) for c in causes.CAUSES.values() if c.status is status)
        parts += [f"## {status}", "", *lines, ""]
    return "\n".join(parts)


def _cause_line(c: causes.Cause) -> str:
    # Other statuses have no policy of retries.
    said = "" if c.status not in causes.RETRY_CLASSES or c.retry == c.status else f" Retry: {c.retry}."
    return " ".join(
        [
            f"- `{c.key}`: {_one_line(c.summary)} {c.by}: {c.reason} ({c.code}).{said}",
            *(f"{name} {found}." for name, codes in _PROTOCOLS.items() if (found := _numbers(codes, c.key))),
        ]
    )


_PROTOCOLS: Mapping[str, Mapping[int, causes.Code]] = {"SIP": causes.SIP_CODES, "Q.850": causes.Q850_CODES}


def _numbers(codes: Mapping[int, causes.Code], key: str) -> str:
    """The numbers of a cause, without those that have it like the number that unknown ones count as."""
    counts_as = _first_of_hundred if codes is causes.SIP_CODES else _last_of_class
    listed = (
        n
        for n, code in sorted(codes.items())
        if code.key == key and (n == counts_as(n) or codes[counts_as(n)].key != key)
    )
    return ", ".join(map(str, listed))


def _first_of_hundred(status: int) -> int:
    return status // 100 * 100


def _last_of_class(cause: int) -> int:
    return cause // 16 * 16 + 15 if cause > 31 else 31


def routes_page() -> str:
    """`docs/reference/api.md`."""
    intro = (
        "The server shows parameters, bodies and answers at `/docs`, and as OpenAPI at `/openapi.json`. HEAD answers wherever"
        " GET does. Requests carry `Authorization: Bearer <key>`; only `/`, `/docs`, `/openapi.json`, `/healthz`, `/readyz`,"
        " `/metrics` and signed recording links need none. Failures are in [errors](errors.md). Paths with several methods"
        " read, change and delete what they name."
    )
    paths: dict[str, list[tuple[str, str]]] = {}
    for path, method, summary in sorted(routes(measure.read_sources(ROOT, "src"))):
        paths.setdefault(path, []).append((method, summary))
    areas: dict[str, list[str]] = {area: [] for area in (*_COMMON_AREAS, _OTHER_PATHS)}
    for path, declared in paths.items():
        declared.sort(key=lambda one: _METHODS.index(one[0]))
        methods = ", ".join(method for method, _ in declared)
        summary = f": {declared[0][1]}" if len(declared) == 1 else ""
        areas[_area(path)].append(f"- `{methods} {path}`{summary}")
    parts = ["# HTTP API", "", NOTICE, "", intro, ""]
    for area, lines in areas.items():
        parts += [f"## {area}", "", *lines, ""]
    return "\n".join(parts)


_COMMON_AREAS = ("/v2/agent", "/call", "/executions", "/batches", "/v1/callwright")
_OTHER_PATHS = "Other paths"
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "WEBSOCKET")


def _area(path: str) -> str:
    """The heading below which the page lists a path."""
    return next((area for area in _COMMON_AREAS if f"{path}/".startswith(f"{area}/")), _OTHER_PATHS)


def routes(sources: list[measure.Source]) -> Iterator[tuple[str, str, str]]:
    """Path, method and summary of every route declared by a decorator below `callwright/api`, router prefixes included. Without a
    summary it is the beginning of the docstring."""
    for source in (s for s in sources if s.path.startswith(("src/callwright/api/", "src/callwright/platform/"))):
        prefixes = _router_prefixes(source)
        for _, function in source.functions:
            for decorator in function.decorator_list:
                router, method, path, summary = _declared_route(decorator)
                if method:
                    text = summary or (ast.get_docstring(function) or "").partition("\n\n")[0]
                    yield prefixes.get(router, "") + path, method, _one_line(text)


def _router_prefixes(source: measure.Source) -> dict[str, str]:
    """The prefix of each router by the name of its variable."""
    return {
        ast.unparse(node.targets[0]): str(keyword.value.value)
        for node in source.nodes
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func).endswith("APIRouter")
        for keyword in node.value.keywords
        if keyword.arg == "prefix" and isinstance(keyword.value, ast.Constant)
    }


def _declared_route(node: ast.expr) -> tuple[str, str, str, str]:
    """Router, method, path and summary of a decorator, or empty texts."""
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ROUTE_DECORATORS
        and node.args
    ):
        return "", "", "", ""
    path = node.args[0]
    if not isinstance(path, ast.Constant):
        return "", "", "", ""
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    summary = given.get("summary")
    text = str(summary.value) if isinstance(summary, ast.Constant) else ""
    return ast.unparse(node.func.value), node.func.attr.upper(), str(path.value), text


def doctor_page() -> str:
    """`docs/reference/doctor.md`."""
    intro = (
        "The call doctor finds the bad moments of a call and the setting to change, by rules over its log."
        f" The worst {limits.MAX_DOCTOR_FINDINGS} findings are in `callwright.doctor` of every execution and webhook, and at"
        " `GET /v1/callwright/executions/{id}/doctor`, also of a live call. `callwright doctor ID` prints them (`--json`: for programs);"
        " it exits with 2 if it cannot examine the call."
    )
    keys = (
        "Each finding has `rule`, `severity` (`bad`, `warning` or `note`), `call_ms` (since the attempt began), `recording_ms`,"
        " `lasted_ms`, `turn`, `what` and `change`. `change` lists `setting`, `direction` (`lower`, `raise`, `change`, or `check` where no"
        " setting helps), `value` (that would have helped, or null) and `why`. The settings a rule may name are below."
    )
    parts = ["# Call doctor", "", NOTICE, "", intro, "", keys, ""]
    for rule in doctor_rules.RULES.values():
        parts += [f"## {rule.name}", "", rule.means, ""]
        found = ", ".join(_threshold(name, one) for name, one in rule.thresholds.items())
        parts += [f"- thresholds: {found}"] if found else []
        parts += [*_advice(rule), ""]
    return "\n".join(parts)


def _threshold(name: str, one: doctor_rules.Threshold) -> str:
    """Name and value, and the unit where the name does not end with it."""
    return f"`{name}` {one.value:,}" + ("" if re.search(rf"(^|_){one.unit}$", name) else f" {one.unit}")


def _advice(rule: doctor_rules.Rule) -> Iterator[str]:
    """A line for each direction with the settings that the rule may name."""
    for direction in dict.fromkeys(advice.direction for advice in rule.advice.values()):
        names = dict.fromkeys(a.setting for a in rule.advice.values() if a.direction == direction)
        yield f"- {direction}: {', '.join(f'`{name}`' for name in names)}"


def agent_settings_page() -> str:
    """`docs/reference/agent-settings.md`."""
    intro = (
        "[Settings by task](../how-to/agent-settings.md) and [agents](agents.md) explain these. A name begins with its section;"
        " `task_config` and `tools_config` are in `agent_config.tasks[0]`. A message is a text, or a map of language to text."
        " *Our own* settings are not in the hosted API. A [chat](../how-to/chat.md) ignores settings of sound, delays and silence."
    )
    kept = "These settings, and all others, are stored and returned without effect. Ranges of numbers are checked."
    acted_on = [row for row in SETTINGS if not row.kept]
    parts = ["# Settings of an agent", "", NOTICE, "", intro, ""]
    for section in dict.fromkeys(row.section for row in acted_on):
        parts += [f"## {section}", "", *(_setting_line(row) for row in acted_on if row.section == section), ""]
    names = ", ".join(f"`{row.key}`" for row in SETTINGS if row.kept)
    return "\n".join([*parts, "## Stored without effect", "", kept, "", f"{names}.", ""])


def _setting_line(row: Setting) -> str:
    default = [] if row.default in (None, "") else [f"default {_json(row.default)}"]
    words = "message" if row.kind is MESSAGE else re.sub(r"^an? ", "", row.kind.words)
    values = [] if isinstance(row.default, bool) else [words]
    return f"- `{row.key}` ({'; '.join(values + default)}): {_seen_from_reference(_one_line(row.does))}"


def _seen_from_reference(text: str) -> str:
    """Links to pages of other folders, which rows write as seen from `docs/`."""
    seen = text.replace("](how-to/", "](../how-to/").replace("](conversation.md", "](../explanation/conversation.md")
    return seen.replace("](reference/", "](")


def cloud_speech_page() -> str:
    """`docs/reference/cloud-speech.md`."""
    intro = (
        "What each vendor is sent for an agent's settings. A setting stands in `transcriber` or in `synthesizer.provider_config`. Behind"
        " the arrow is its name at the client, in parentheses the default; without one, the vendor's own holds. A value that a vendor does"
        " not take is refused when the agent is saved; a setting of another vendor is a warning. `make cloud` installs the clients;"
        f" {_without_clients()} need none. The provider key comes first, or that of the address: then `_API_KEY` is optional."
    )
    lines = ["# Cloud speech", "", NOTICE, "", intro]
    for title, kind in (("Recognisers", TRANSCRIBER), ("Voices", VOICE)):
        lines += ["", f"## {title}", "", *(_vendor_line(one) for one in OF_SPEECH if one.kind == kind)]
    return "\n".join([*lines, ""])


def cloud_models_page() -> str:
    """`docs/reference/cloud-models.md`."""
    intro = (
        "What each vendor of models gets for an agent's settings in `llm_config`. After the arrow is the name in the request,"
        " in parentheses the default, in brackets the models by the beginning of their names. A value that a vendor does not"
        " take is refused when the agent is saved. A setting that it does not take is a warning, unless it has the hosted"
        " service's default. Any other name is sent nowhere. The provider key comes first, `_API_BASE` that of another"
        " address."
    )
    efforts = "; ".join(f"{', '.join(group)}: {', '.join(levels)}" for levels, group in _by_levels())
    chat_only = ", ".join(f"`{name}`" for name in sorted(openai_compatible.CHAT_ONLY))
    rules = (
        f"- OpenAI and Azure are asked for {', '.join(RESPONSES_MODELS)} by the Responses API, others where `use_responses_api` is true.\n"
        "- The Responses API calls settings `max_output_tokens`, `reasoning.effort` and `text.verbosity`.\n"
        f"- It has no {chat_only}.\n"
        "- Without `reasoning_effort`, a GPT-5 model is told its lowest level, and a Gemini model to think as little as it can.\n"
        f"- Levels of `reasoning_effort`: {efforts}."
    )
    lines = ["# Cloud models", "", NOTICE, "", intro, "", rules, "", "## By the OpenAI protocol", ""]
    lines += [_model_line(one.name, one.all_keys, one.options) for one in openai_compatible.VENDORS]
    lines += ["", "## By the vendor's own protocol", ""]
    lines += [_model_line(one.name, (*one.keys, one.address_key), one.options) for one, _ in hosted_models.VENDORS]
    return "\n".join([*lines, ""])


def _by_levels() -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Levels of effort with the models that have them."""
    for levels in dict.fromkeys(EFFORTS.values()):
        yield levels, [model for model, found in EFFORTS.items() if found == levels]


def _model_line(name: str, keys: tuple[str, ...], options: tuple[ProviderOption, ...]) -> str:
    shown = ", ".join(f"`{key}`" for key in keys if not key.endswith("_API_KEY") or key == keys[0])
    # The first that is sent the same: the vendor itself where there is no other before it.
    first = next((one.name for one in openai_compatible.VENDORS if one.options == options), name)
    sent = f"as {first}" if first != name else ", ".join(_option(one) for one in options)
    return f"- **{name}** ({shown}): {sent}"


def _without_clients() -> str:
    *others, last = dict.fromkeys(f"`{one.name}`" for one in OF_SPEECH if one.clients[0].own)
    return f"{', '.join(others)} and {last}"


def _vendor_line(vendor: Vendor) -> str:
    names = (vendor.address_key or vendor.keys[0], *vendor.more_keys.values())
    keys = ", ".join(f"`{key}`" for key in names)
    return f"- **{vendor.name}** ({keys}): {', '.join(_option(one) for one in vendor.options)}"


def _option(option: ProviderOption) -> str:
    sent_as = "" if option.sent_as == option.name else f"→`{option.sent_as}`"
    only = f" [{'/'.join(option.models)}]" if option.models else ""
    but = f" [not {'/'.join(option.not_models)}]" if option.not_models else ""
    default = "" if option.default is None else f" ({_json(option.default).strip('`')})"
    switch = f" [with {option.needs}]" if option.needs else ""
    return f"`{option.name}`{sent_as}{default}{only}{but}{switch}"


def _json(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


PAGES: dict[str, Callable[[], str]] = {
    "docs/reference/errors.md": errors_page,
    "docs/reference/settings.md": settings_page,
    "docs/reference/limits.md": limits_page,
    "docs/reference/agent-settings.md": agent_settings_page,
    "docs/reference/statuses.md": statuses_page,
    "docs/reference/causes.md": causes_page,
    "docs/reference/api.md": routes_page,
    "docs/reference/doctor.md": doctor_page,
    "docs/reference/cloud-speech.md": cloud_speech_page,
    "docs/reference/cloud-models.md": cloud_models_page,
}


def _one_line(text: str | None) -> str:
    return " ".join((text or "").replace("``", "`").split())


def _default(value: object, secret: bool) -> str:
    """Default of a setting and whether it is a secret, in parentheses; nothing where there is neither."""
    found = [] if value is None or value in ("", ()) else [_shown(value)]
    found += ["secret"] if secret else []
    return f" ({', '.join(found)})" if found else ""


def _shown(value: object) -> str:
    if value is MISSING:
        return "required"
    return f"`{','.join(value) if isinstance(value, tuple) else int(value) if isinstance(value, bool) else value}`"


def main() -> int:
    """Write every page."""
    for path, make in PAGES.items():
        (ROOT / path).write_text(make(), encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
