"""Every place where a regular expression is made while the program runs: one that a tenant wrote goes to RE2, in bounded time."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import callwright

SOURCE = Path(callwright.__file__).parent
ENGINES = frozenset({"re", "re2"})
MATCHING = frozenset({"compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn"})

TENANTS = {
    ("domain/patterns.py", "compile_pattern"): "the pattern of a disposition's answer",
    ("domain/patterns.py", "_compiled_search"): "`when` of a scripted model's rule",
}
"""Where a tenant's pattern is compiled."""

OURS = {
    ("conversation/greetings.py", "_places"): "phrases, escaped",
    ("conversation/opt_out.py", "_rules"): "our own phrases",
    ("platform/batches/rules/contact_csv.py", "_opened"): "one of a few delimiters",
    ("platform/dialling/rules/number_plan.py", "_begins_like"): "a range of the library's numbering plan",
    ("domain/pronunciation.py", "_compiled"): "words, escaped",
    ("lab/caller_scenario.py", "fits"): "the operator's scenario file",
    ("lab/outcomes.py", ""): "a scenario file of `callwright simulate`",
    ("lab/scenario_values.py", "pattern_of"): "either of them, when it is read",
    ("telephony/number_markets/rest.py", "__init__"): "the form of a carrier's ids",
    ("domain/sip_message.py", "codec_of"): "a number of a payload type",
}
"""Where another one is made from something that is not a literal, and what that is. An empty function stands for the whole file."""


def made_while_running() -> Iterator[tuple[str, str, str]]:
    """File, function and engine of every call inside a function whose pattern is no literal."""
    for path in sorted(SOURCE.rglob("*.py")):
        name = path.relative_to(SOURCE).as_posix()
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and (engine := engine_of(call)):
                        yield name, function.name, engine


def engine_of(call: ast.Call) -> str:
    """The engine of a call whose pattern is no literal, else nothing. Constants of a module, in capitals, count as literals."""
    made = call.func
    if not isinstance(made, ast.Attribute) or not isinstance(made.value, ast.Name) or made.attr not in MATCHING:
        return ""
    if made.value.id not in ENGINES or all(is_ours(part) for part in ast.walk(call.args[0])):
        return ""
    return made.value.id


def is_ours(part: ast.AST) -> bool:
    return not isinstance(part, ast.Name) or part.id.isupper()


def test_patterns_of_tenants_go_to_re2_and_to_nothing_else() -> None:
    found = set(made_while_running())
    assert {(name, function) for name, function, engine in found if engine == "re2"} == set(TENANTS)
    others = {(name, function) for name, function, engine in found if engine == "re"}
    others = {(name, "" if (name, "") in OURS else function) for name, function in others}
    assert others == set(OURS)
