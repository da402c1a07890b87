#!/usr/bin/env python3
"""Write the pages of docs/ that are made from tables in the code: errors, settings, limits, statuses, causes, routes, doctor,
settings of an agent.

`make docs` writes them; `tests/docs/test_generated_pages.py` fails when one is out of date.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from pathlib import Path
from types import ModuleType

import measure
from callwright.domain import causes, errors, execution, limits
from callwright.domain.settings.table import SETTINGS
from callwright.insight import doctor_rules
from callwright.ops import settings

ROOT = Path(__file__).resolve().parent.parent
ROUTE_DECORATORS = {"get", "post", "put", "patch", "delete", "websocket"}
NOTICE = "<!-- Made by tools/make_docs.py; change the code, then run `make docs`. -->"


def error_classes(module: ModuleType = errors) -> list[type[errors.CallwrightError]]:
    """Every error class of the module, in the order of its source."""
    classes = [c for _, c in inspect.getmembers(module, inspect.isclass) if issubclass(c, errors.CallwrightError)]
    return sorted(classes, key=lambda c: inspect.getsourcelines(c)[1])


def errors_page() -> str:
    """`docs/errors.md`."""
    rows = [
        (f"`{c.code}`", str(c.http_status), _one_line(inspect.getdoc(c)), _one_line(c.hint)) for c in error_classes()
    ]
    intro = (
        "Every failure has a stable code, an HTTP status where it reaches the API, and a sentence that says what to do. Codes are"
        " never reused. The classes are in `src/callwright/domain/errors.py`."
    )
    return _page("Errors", intro, ("Code", "HTTP", "Meaning", "What to do"), rows)


def settings_page() -> str:
    """`docs/settings.md`."""
    defaults = {f.name: f.default for f in fields(settings.Settings)}
    rows = [
        (f"`{s.variable}`", _default(defaults[name]) + (", secret" if s.secret else ""), _one_line(s.summary))
        for name, s in settings.SETTINGS.items()
    ]
    intro = (
        "A setting comes from the command line, else from its environment variable, else from its default. A value that cannot be"
        " read is an error that names the variable. The table is in `src/callwright/ops/settings.py`."
    )
    return _page("Settings", intro, ("Variable", "Default", "Meaning"), rows)


def limits_page() -> str:
    """`docs/limits.md`."""
    rows = [(f"`{name}`", f"{getattr(limits, name):,}", _one_line(text)) for name, text in limit_entries()]
    intro = "Everything has a limit. The list is `src/callwright/domain/limits.py`; each is tested at n and n + 1 where it is enforced."
    return _page("Limits", intro, ("Limit", "Value", "Meaning"), rows)


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
    """`docs/statuses.md`."""
    rows = [
        (
            f"`{status}`",
            ", ".join(f"`{after}`" for after in execution.Status if execution.may_follow(status, after)) or "nothing",
            "yes" if status in execution.PUBLISHED_BY_DEFAULT else "no",
            ", ".join(sorted({phase for (phase, _), mapped in execution.STATUS_OF.items() if mapped is status})),
        )
        for status in execution.Status
    ]
    edges = [
        f"    {_state(s)} --> {_state(a)}"
        for s in execution.Status
        for a in execution.Status
        if execution.may_follow(s, a)
    ]
    intro = (
        "An execution's published status is a function of its internal phase and the detail within it. The tables are in"
        " `src/callwright/domain/execution.py`; nothing else decides."
    )
    table = _page("Statuses", intro, ("Status", "May be followed by", "Webhook by default", "Phases"), rows)
    return "\n".join([table, "```mermaid", "stateDiagram-v2", *edges, "```", ""])


def causes_page() -> str:
    """`docs/causes.md`."""
    intro = (
        "Every way a call ends, for every carrier: what the record says (`status`, `hangup_by`, `hangup_reason`,"
        " `hangup_provider_code`) and which word of a retry policy it belongs to. `never`: the same call again cannot end otherwise,"
        " so it is not tried again whatever the policy names. A reason of ours (`inactivity_timeout`, ...) takes the place of the"
        " reason of a call that we hung up. The table is `src/callwright/domain/causes.py`."
    )
    rows = [
        (f"`{c.key}`", f"`{c.status}`", c.by, c.reason, str(c.code), c.retry, _one_line(c.summary))
        for c in causes.CAUSES.values()
    ]
    head = ("Cause", "Status", "Hung up by", "Reason", "Code", "Retry", "Meaning")
    sip = (
        "A status that is not here counts as the first of its hundred. A Q.850 cause in a Reason header beside it decides, unless it"
        " is 16, 31 or 127, which say nothing, or the status is 401, 402, 407, 487, 607 or 608, which leave no question."
    )
    q850 = "A number that is not here counts as the unspecified one of its class: 31, 47, 63, 79, 95, 111 or 127."
    return "\n".join(
        [
            _page("Causes", intro, head, rows),
            *("## SIP statuses of calls that were not answered", "", sip, "", _code_table(causes.SIP_CODES)),
            *("## Q.850 causes", "", q850, "", _code_table(causes.Q850_CODES)),
        ]
    )


def _code_table(codes: Mapping[int, causes.Code]) -> str:
    head = ("Number", "Name", "Cause")
    rows = [_row((str(c.number), c.name, f"`{c.key}`")) for c in codes.values()]
    return "\n".join([_row(head), _row(tuple("---" for _ in head)), *rows]) + "\n"


def routes_page() -> str:
    """`docs/api.md`."""
    rows = [
        (method, f"`{path}`", summary) for path, method, summary in sorted(routes(measure.read_sources(ROOT, "src")))
    ]
    intro = (
        "Routes of the HTTP API. Requests carry `Authorization: Bearer <key>` unless the text says otherwise. The running server"
        " describes bodies and answers at `/openapi.json`; failures are in [errors](errors.md)."
    )
    return _page("HTTP API", intro, ("Method", "Path", "What it does"), rows)


def routes(sources: list[measure.Source]) -> Iterator[tuple[str, str, str]]:
    """Path, method and first sentence of every route declared by a decorator below `callwright/api`, router prefixes included."""
    for source in (s for s in sources if s.path.startswith("src/callwright/api/")):
        prefixes = _router_prefixes(source)
        for _, function in source.functions:
            for decorator in function.decorator_list:
                router, method, path = _declared_route(decorator)
                if method:
                    yield (
                        prefixes.get(router, "") + path,
                        method,
                        _one_line((ast.get_docstring(function) or "").partition("\n\n")[0]),
                    )


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


def _declared_route(node: ast.expr) -> tuple[str, str, str]:
    """Router, method and path of a decorator, or empty texts."""
    if not (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ROUTE_DECORATORS
        and node.args
    ):
        return "", "", ""
    path = node.args[0]
    if not isinstance(path, ast.Constant):
        return "", "", ""
    return ast.unparse(node.func.value), node.func.attr.upper(), str(path.value)


def doctor_page() -> str:
    """`docs/doctor.md`."""
    intro = (
        "Rules over the log of a call explain each bad moment: when, what happened, with its numbers, and which setting to change. No"
        " model is asked. The findings are in `callwright.doctor` of every execution and webhook (at most"
        f" {limits.MAX_DOCTOR_FINDINGS}, the worst), at `GET /v1/callwright/executions/{{id}}/doctor` also while the call goes on, and"
        " printed by `callwright doctor <execution>` (`--json` for programs), which returns 0 when the call was examined, whatever was"
        " found, and 2 when nothing was: no such call, a log that cannot be read, a wrong option. The table is"
        " `src/callwright/insight/doctor_rules.py`."
    )
    keys = (
        "A finding has `rule`, `severity` (`bad`: the caller certainly suffered; `warning`; `note`), `call_ms` (since the attempt began,"
        " as in the log), `recording_ms` (in the recording, which begins at the answer), `lasted_ms`, `turn`, `what`, and `change`: a list"
        " of `setting`, `direction` (`lower`, `raise`, `change`, or `check`: nothing of the agent would help, look there) and `why`."
        " Settings are named as in the agent's body: `task_config` and `tools_config` are those of `tasks[0]`."
    )
    parts = ["# Call doctor", "", NOTICE, "", intro, "", keys, ""]
    for rule in doctor_rules.RULES.values():
        parts += [f"## {rule.title} (`{rule.name}`)", "", f"{rule.means} It looks at {rule.looks_at}.", ""]
        if rule.thresholds:
            rows = [_row((f"`{n}`", f"{t.value:,} {t.unit}", t.means)) for n, t in rule.thresholds.items()]
            parts += [_row(("Threshold", "Value", "Meaning")), _row(("---",) * 3), *rows, ""]
        rows = [_row((f"`{a.setting}`", a.direction, a.why, f"`{cause}`")) for cause, a in rule.advice.items()]
        parts += [_row(("Setting", "Direction", "Why", "Cause")), _row(("---",) * 4), *rows, ""]
    return "\n".join(parts)


def agent_settings_page() -> str:
    """`docs/agent-settings.md`."""
    intro = (
        "Every setting of an agent ([how an agent is written](agents.md)): what it does, its default and range, and the version that has"
        " it first. **kept**: it is stored and given back as it came, and nothing is done with it; a range of numbers is checked, of the"
        " other kinds hardly any. A setting that is not here is kept too. In a [chat](how-to/chat.md) settings of sound, of delays and of"
        " silence do not count. The settings are declared in `src/callwright/domain/settings/`; tests are marked with those they prove"
        " (`pytest.mark.proves`)."
    )
    sections = list(dict.fromkeys(row.section for row in SETTINGS))
    rows = [
        (
            f"`{row.key}`",
            _json(row.default),
            row.kind.words,
            ("**kept** " if row.kept else "") + _one_line(row.does),
            row.since,
        )
        for row in sorted(SETTINGS, key=lambda row: sections.index(row.section))
    ]
    head = ("Setting", "Default", "Range", "What it does", "Since")
    return _page("Settings of an agent", intro, head, rows)


def _json(value: object) -> str:
    return f"`{json.dumps(value, ensure_ascii=False)}`"


PAGES: dict[str, Callable[[], str]] = {
    "docs/errors.md": errors_page,
    "docs/settings.md": settings_page,
    "docs/limits.md": limits_page,
    "docs/agent-settings.md": agent_settings_page,
    "docs/statuses.md": statuses_page,
    "docs/causes.md": causes_page,
    "docs/api.md": routes_page,
    "docs/doctor.md": doctor_page,
}


def _page(title: str, intro: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [f"# {title}", "", NOTICE, "", intro, "", _row(head), _row(tuple("---" for _ in head)), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _one_line(text: str | None) -> str:
    return " ".join((text or "").replace("``", "`").split())


def _default(value: object) -> str:
    if value is MISSING:
        return "required"
    if value is None or value in ("", ()):
        return "none"
    return f"`{int(value) if isinstance(value, bool) else value}`"


def _state(status: execution.Status) -> str:
    return status.replace("-", "_")


def main() -> int:
    """Write every page."""
    for path, make in PAGES.items():
        (ROOT / path).write_text(make(), encoding="utf-8")
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
