#!/usr/bin/env python3
"""The numbers worth holding, measured and printed. Exits 1 only where a hard limit is broken.

`python3 tools/gates.py` needs nothing installed and takes seconds. Coverage comes from the last `make coverage`, timings from the
last `make test`. Where there was none the rows say "not measured", and `--static` leaves them out altogether.
A number met by moving code into a worse shape is a defect: the limits are signs, not goals.
"""

from __future__ import annotations

import ast
import gc
import json
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import measure
from measure import Source

MEASURED = "build/coverage"
TIMES = "build/results/times"

# Every exception to a gate stands here: gate -> {what is excepted: why}. A function is named `path:qualified name`.
EXCEPTIONS: dict[str, dict[str, str]] = {
    "function length": {},  # at most three
    "module length": {},
    "class size": {},
    "constructor arguments": {},
    "imports in functions": {},  # optional dependencies (the extras of pyproject.toml) are always allowed
    "vendor names": {
        "src/callwright/providers/openai_compatible/model.py:azure": "a class of the client library",
        "src/callwright/ops/settings.py:openai": "the help of two settings names the wire protocol that other servers speak too",
        "src/callwright/ops/settings.py:asterisk": "the settings of the operator's own PBX",
        "src/callwright/ops/pbx_settings.py:asterisk": "the settings of the operator's own PBX",
        "src/callwright/bootstrap/load_server.py:twilio": "the shape of the calls of a measurement",
        "src/callwright/api/app.py:bolna": "the API's own description says whose wire it speaks",
        "src/callwright/platform/agents/rules/providers.py:elevenlabs": "the hosted service's own error sentence, kept word for word",
    },
    "clock and randomness": {},
}
MOST_LONG_FUNCTIONS = 3

OPTIONAL_EXTRAS = ("local", "sip", "cloud", "webrtc")
MODULES = {"pyopenssl": "OpenSSL"}
"""Top-level modules of optional distributions that have another name."""
BANNED_MODULE_NAMES = {"utils", "util", "helpers", "helper", "manager", "managers", "misc", "common"}
BANNED_CLASS_SUFFIXES = ("Manager", "Helper", "Utils", "Util", "Misc")

CARRIERS = frozenset({"twilio", "plivo", "telnyx", "vonage", "vobiz", "exotel", "asterisk", "kamailio", "baresip"})
SPEECH = frozenset(
    {
        "deepgram",
        "elevenlabs",
        "cartesia",
        "sarvam",
        "rime",
        "polly",
        "assemblyai",
        "gladia",
        "soniox",
        "speechmatics",
        "whisper",
    }
    | {"piper", "kokoro", "silero", "azure", "livekit", "pipecat"}
)
LANGUAGE_MODELS = frozenset(
    {"openai", "anthropic", "groq", "gemini", "openrouter", "mistral", "cohere", "fireworks", "perplexity", "qwen"}
)
VENDORS = CARRIERS | SPEECH | LANGUAGE_MODELS | {"bolna"}
# Where a name is at home although the folder is called otherwise.
VENDOR_HOMES: dict[str, frozenset[str]] = {
    "src/callwright/providers/local/": frozenset(
        {
            "whisper",
            "piper",
            "kokoro",
            "silero",
            "qwen",
            "pipecat",
            "openai",
        }  # models, their carriers and their publishers
    ),
    "src/callwright/providers/cloud/": frozenset(
        {"livekit", "azure"}
    ),  # whose clients they are, and one that needs more
    "src/callwright/providers/hosted_models/": frozenset({"anthropic", "gemini", "google"}),
    "src/callwright/telephony/sip/": frozenset({"baresip"}),
    "src/callwright/telephony/vobiz/": frozenset({"plivo"}),  # whose API it speaks
}
VENDOR_TABLES = re.compile(r"/platform/[a-z_]+/(mapping|schemas)|/price_?book|/provider_table")

CLOCKS = (
    *(
        f"time.{name}{suffix}"
        for name in ("time", "monotonic", "perf_counter", "process_time")
        for suffix in ("", "_ns")
    ),
    *("time.localtime", "time.gmtime", "datetime.datetime.now", "datetime.datetime.utcnow", "datetime.datetime.today"),
    "datetime.date.today",
)
RANDOM_PREFIXES = (
    "random.",
    "secrets.token_",
    "secrets.randbelow",
    "secrets.randbits",
    "secrets.choice",
    "secrets.SystemRandom",
    "numpy.random.",
    "uuid.uuid1",
    "uuid.uuid4",
    "uuid.uuid7",
    "os.urandom",
    "os.getrandom",
)
SEEDABLE = {"random.Random", "numpy.random.default_rng"}
ANNOTATIONS = {"random.Random", "numpy.random.Generator"}  # types of generators that came as an argument
MOCKS = {"Mock", "MagicMock", "AsyncMock", "NonCallableMock", "create_autospec", "patch"}


@dataclass(frozen=True)
class Project:
    """What the gates look at. Results of the last test run are None where there are none."""

    sources: list[Source]
    tests: list[Source] = field(default_factory=list)
    pyproject: dict[str, Any] = field(default_factory=dict)
    coverage: dict[str, float] | None = None
    """Percent of statements and branches run: each pure package by its own tests, and "rest" by all tests."""
    unit_seconds: float | None = None


@dataclass(frozen=True)
class Row:
    """One line of the table: the gate, what it aims at, what it must never pass, what it is, and where."""

    gate: str
    aim: str
    hard: str
    measured: str
    within_aim: bool = True
    within_hard: bool = True
    findings: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """`ok`, `aim missed`, `BROKEN` or empty where nothing was measured."""
        if self.measured == "not measured":
            return ""
        return "BROKEN" if not self.within_hard else "ok" if self.within_aim else "aim missed"


def at_most(gate: str, value: float, aim: float, hard: float, findings: Iterable[str] = (), unit: str = "") -> Row:
    """A row for a number that should be small."""
    shown = f"{value:g}" if isinstance(value, int) or value == int(value) else f"{value:.2f}"
    return Row(gate, f"{aim:g}{unit}", f"{hard:g}{unit}", shown + unit, value <= aim, value <= hard, tuple(findings))


def at_least(gate: str, value: float, aim: float, hard: float | None, findings: Iterable[str] = ()) -> Row:
    """A row for a percentage that should be large; without a hard limit it can only miss its aim."""
    shown = f"{int(value * 10) / 10:g} %"  # cut, not rounded: 99.96 % is not 100 %
    limit = "-" if hard is None else f"{hard:g} %"
    return Row(gate, f"{aim:g} %", limit, shown, value >= aim, hard is None or value >= hard, tuple(findings))


def percentile(values: list[int], percent: int) -> int:
    """The smallest value that at least so many percent of the values do not exceed; 0 for no values."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0


def function_length(project: Project) -> Row:
    """Code lines of functions: the 99th percentile and the longest."""
    lengths = {
        f"{source.path}:{name}": measure.function_length(source, node)
        for source in project.sources
        for name, node in source.functions
    }
    excepted = EXCEPTIONS["function length"]
    longest = max((n for name, n in lengths.items() if name not in excepted), default=0)
    p99 = percentile(list(lengths.values()), 99)
    return Row(
        "Function, code lines (p99; longest)",
        "p99 50",
        f"70, {MOST_LONG_FUNCTIONS} exceptions",
        f"{p99}; {longest}" + (f", {len(excepted)} excepted" if excepted else ""),
        p99 <= 50,
        longest <= 70 and len(excepted) <= MOST_LONG_FUNCTIONS,
        _largest(lengths, above=50),
    )


def module_length(project: Project) -> Row:
    """Code lines of modules: the 90th percentile and the longest."""
    lengths = {source.path: len(source.code_lines) for source in project.sources}
    longest = max((n for name, n in lengths.items() if name not in EXCEPTIONS["module length"]), default=0)
    p90 = percentile(list(lengths.values()), 90)
    findings = _largest(lengths, above=250)
    return Row(
        "Module, code lines (p90; longest)", "p90 250", "600", f"{p90}; {longest}", p90 <= 250, longest <= 600, findings
    )


def class_size(project: Project) -> Row:
    """Instance attributes and methods of the largest classes; declarative records are exempt."""
    attributes: dict[str, int] = {}
    methods: dict[str, int] = {}
    for name, node in _behavioural_classes(project, "class size"):
        class_shape = measure.shape(node)
        attributes[name], methods[name] = len(class_shape.attributes), len(class_shape.methods)
    most = max(attributes.values(), default=0), max(methods.values(), default=0)
    findings = [
        *(f"{text} attributes" for text in _largest(attributes, above=12)),
        *(f"{text} methods" for text in _largest(methods, above=20)),
    ]
    return Row(
        "Class: instance attributes / methods",
        "12 / 20",
        "20 / 30",
        f"{most[0]} / {most[1]}",
        most[0] <= 12 and most[1] <= 20,
        most[0] <= 20 and most[1] <= 30,
        tuple(findings),
    )


def constructor_arguments(project: Project) -> Row:
    """Arguments needed to construct an object; declarative records are exempt."""
    counts = {
        n: measure.shape(c).constructor_arguments for n, c in _behavioural_classes(project, "constructor arguments")
    }
    return at_most("Constructor arguments", max(counts.values(), default=0), 6, 8, _largest(counts, above=6))


def import_cycles(project: Project) -> Row:
    """Groups of modules that need each other, also if an import is only for the type checker, in a function or by a literal name."""
    found = [" <-> ".join(group) for group in measure.cycles(measure.import_graph(project.sources))]
    return at_most("Import cycles", len(found), 0, 0, found)


def imports_in_functions(project: Project) -> Row:
    """Imports inside functions, other than of optional dependencies and of our own modules that import one at their top."""
    optional = optional_modules(project.pyproject) | {
        source.module
        for source in project.sources
        if any(item.module.partition(".")[0] in optional_modules(project.pyproject) for item in measure.imports(source))
    }
    found = [
        f"{source.path}:{item.line} {item.module}"
        for source in project.sources
        for item in measure.imports(source)
        if item.in_function and not item.type_checking and not {item.module, item.module.partition(".")[0]} & optional
        if f"{source.path}:{item.module}" not in EXCEPTIONS["imports in functions"]
    ]
    return at_most("Imports inside functions", len(found), 0, 0, found)


def catch_all_rate(project: Project) -> Row:
    """Handlers and boundaries (context managers) that take every exception, per 1,000 code lines of the whole package."""
    found = [
        source.at(node)
        for source in project.sources
        for node in [*measure.catch_alls(source), *measure.boundary_classes(source)]
    ]
    lines = sum(len(source.code_lines) for source in project.sources)
    # Below 2,000 lines one handler alone would pass the limit and say nothing.
    return at_most("Catch-alls per 1,000 code lines", 1000 * len(found) / max(lines, 2000), 0.3, 0.5, found)


def blocks_in_boundaries(project: Project) -> Row:
    """Blocks that stand in one of the boundaries, per 1,000 code lines: one handler that is used everywhere takes as much as many do."""
    names = {node.name for source in project.sources for node in measure.boundary_classes(source)}
    found = [source.at(node) for source in project.sources for node in measure.blocks_within(source, names)]
    lines = sum(len(source.code_lines) for source in project.sources)
    return at_most("Blocks in a boundary per 1,000 code lines", 1000 * len(found) / max(lines, 2000), 1.5, 2.5, found)


def silent_catch_alls(project: Project) -> Row:
    """Catch-alls that drop what they caught, or that have no comment naming the boundary they stand at."""
    found = [
        f"{source.at(node)} {'silent' if measure.is_silent(node) else 'no comment says which boundary'}"
        for source in project.sources
        for node in measure.catch_alls(source)
        if measure.is_silent(node) or not measure.has_comment(source, node)
    ]
    return at_most("Catch-alls, silent or unexplained", len(found), 0, 0, found)


def annotated_functions(project: Project) -> Row:
    """Functions whose arguments and result all have types."""
    functions = [(source, name, node) for source in project.sources for name, node in source.functions]
    bare = [f"{source.at(node)} {name}" for source, name, node in functions if not measure.is_annotated(node)]
    return at_least("Annotated functions", 100 * (1 - len(bare) / max(1, len(functions))), 100, 100, bare)


DocumentedNode = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def documented_names(project: Project) -> Row:
    """Public modules, classes and functions with a docstring. There is no hard limit: it is read in review."""
    public = [
        (source.at(node), name, node)
        for source in project.sources
        for name, node in _documented(source)
        if source.code_lines and not any(part.startswith("_") for part in name.split("."))
    ]
    bare = [f"{place} {name}" for place, name, node in public if ast.get_docstring(node) is None]
    return at_least("Public names with a docstring", 100 * (1 - len(bare) / max(1, len(public))), 100, None, bare)


def async_conversation(project: Project) -> Row:
    """`async def` and `await` in the conversation core, which is a pure function of events."""
    asynchronous = ast.AsyncFunctionDef | ast.Await | ast.AsyncFor | ast.AsyncWith
    found = [
        source.at(node)
        for source in project.sources
        if _below(source, "conversation")
        for node in source.nodes
        if isinstance(node, asynchronous)
    ]
    return at_most("Async code in the conversation core", len(found), 0, 0, found)


def pure_coverage(project: Project) -> Row:
    """The least covered pure package, counting only what its own unit tests run."""
    gate = "Branch coverage, pure packages by own tests"
    if project.coverage is None:
        return Row(gate, "100 %", "95 %", "not measured")
    pure = {name: value for name, value in project.coverage.items() if name != "rest"}
    low = [f"{name} {value:.1f} %" for name, value in sorted(pure.items(), key=lambda item: item[1]) if value < 100]
    return at_least(gate, min(pure.values(), default=100.0), 100, 95, low)


def rest_coverage(project: Project) -> Row:
    """Everything but the pure packages, by all tests."""
    gate = "Branch coverage, the rest"
    if project.coverage is None or "rest" not in project.coverage:
        return Row(gate, "90 %", "80 %", "not measured")
    return at_least(gate, project.coverage["rest"], 90, 80)


def mocks_per_test(project: Project) -> Row:
    """Mock objects and patches per test; setting an attribute through monkeypatch counts as one."""
    calls = [(s, n) for s in project.tests for n in s.nodes if isinstance(n, ast.Call)]
    found = [source.at(node) for source, node in calls if _is_mock(node)]
    return at_most("Mocks per test", len(found) / max(1, test_count(project)), 0.05, 0.1, found)


def sleeps_in_unit_tests(project: Project) -> Row:
    """Calls that let real time pass in tests/unit; `asyncio.sleep(0)` only yields and is allowed."""
    found = [
        source.at(node)
        for source in project.tests
        if source.path.startswith("tests/unit/")
        for node in source.nodes
        if isinstance(node, ast.Call) and source.dotted(node.func) in {"time.sleep", "asyncio.sleep", "anyio.sleep"}
        if not (node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0)
    ]
    return at_most("Sleeps in unit tests", len(found), 0, 0, found)


def private_touches(project: Project) -> Row:
    """Places where a test reaches for a name with a leading underscore."""
    found = [f"{s.at(n)} {touched}" for s in project.tests for n in s.nodes for touched in _private_names(n)]
    return at_most("Tests that touch a leading underscore", len(found), 0, 0, found)


def direct_dependencies(project: Project) -> Row:
    """Direct dependencies of the core install; the extras are apart."""
    names = project.pyproject.get("project", {}).get("dependencies", [])
    return at_most("Direct dependencies of the core", len(names), 15, 20)


def unit_seconds(project: Project) -> Row:
    """Time that the tests in tests/unit computed in the last run."""
    gate = "Unit suite, seconds of one core"
    if project.unit_seconds is None:
        return Row(gate, "30 s", "60 s", "not measured")
    return at_most(gate, round(project.unit_seconds, 1), 30, 60, unit=" s")


def vendor_names(project: Project) -> Row:
    """Names of vendors and of their products in names or strings of code outside their folder and the tables."""
    found = [
        f"{source.path}:{line} {word}"
        for source in project.sources
        for line, word in measure.string_and_name_words(source)
        if word in VENDORS and not _at_home(source.path, word)
        if f"{source.path}:{word}" not in EXCEPTIONS["vendor names"]
    ]
    return at_most("Vendor names outside their folder", len(found), 0, 0, found)


def clock_and_randomness(project: Project) -> Row:
    """Reads of a clock and draws of chance outside `ops`; a seeded generator is allowed in `lab`."""
    found = [
        f"{source.at(node)} {name}"
        for source in project.sources
        if not _below(source, "ops")
        for node, name in _world_reads(source)
        if f"{source.path}:{name}" not in EXCEPTIONS["clock and randomness"]
    ]
    return at_most("Clock and unseeded randomness outside ops", len(found), 0, 0, found)


def banned_names(project: Project) -> Row:
    """Modules and classes named after nothing in particular."""
    found = [s.path for s in project.sources if BANNED_MODULE_NAMES & set(s.module.split("."))]
    found += [
        f"{source.at(node)} {name}"
        for source in project.sources
        for name, node in source.classes
        if name.endswith(BANNED_CLASS_SUFFIXES)
    ]
    return at_most("Banned names (utils, helpers, manager, misc)", len(found), 0, 0, found)


STATIC_GATES: tuple[Callable[[Project], Row], ...] = (
    function_length,
    module_length,
    class_size,
    constructor_arguments,
    import_cycles,
    imports_in_functions,
    catch_all_rate,
    blocks_in_boundaries,
    silent_catch_alls,
    annotated_functions,
    documented_names,
    async_conversation,
    mocks_per_test,
    sleeps_in_unit_tests,
    private_touches,
    direct_dependencies,
    vendor_names,
    clock_and_randomness,
    banned_names,
)
MEASURED_GATES: tuple[Callable[[Project], Row], ...] = (pure_coverage, rest_coverage, unit_seconds)


def test_count(project: Project) -> int:
    """Test functions; each parametrised one counts once."""
    return sum(name.rpartition(".")[2].startswith("test_") for source in project.tests for name, _ in source.functions)


def optional_modules(pyproject: dict[str, Any]) -> frozenset[str]:
    """Top-level modules of the optional extras, mostly by their distribution names."""
    extras = pyproject.get("project", {}).get("optional-dependencies", {})
    requirements = [text for extra in OPTIONAL_EXTRAS for text in extras.get(extra, [])]
    names = (re.split(r"[^A-Za-z0-9._-]", text)[0].lower().replace("-", "_") for text in requirements)
    return frozenset(MODULES.get(name, name) for name in names)


def _documented(source: Source) -> list[tuple[str, DocumentedNode]]:
    inner = {n for _, function in source.functions for n in ast.walk(function) if n is not function}
    named: list[tuple[str, DocumentedNode]] = [*source.classes, *source.functions]
    return [("module", source.tree), *((name, node) for name, node in named if node not in inner)]


def _largest(counts: dict[str, int], above: int) -> tuple[str, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(f"{name} {count}" for name, count in ordered if count > above)


def _behavioural_classes(project: Project, gate: str) -> Iterator[tuple[str, ast.ClassDef]]:
    records = measure.record_names(project.sources)
    for source in project.sources:
        for name, node in source.classes:
            full = f"{source.path}:{name}"
            if not measure.is_record(node, records) and full not in EXCEPTIONS[gate]:
                yield full, node


def _below(source: Source, package: str) -> bool:
    return source.path.startswith(f"src/callwright/{package}/") or source.path == f"src/callwright/{package}.py"


def _at_home(path: str, vendor: str) -> bool:
    plugin = re.match(r"src/callwright/(?:providers|telephony)/(.+)\.py$", path)
    if plugin and vendor in re.findall(r"[a-z0-9]+", plugin.group(1).lower()):
        return True
    if VENDOR_TABLES.search(path):
        return True
    return any(path.startswith(home) and vendor in vendors for home, vendors in VENDOR_HOMES.items())


def _world_reads(source: Source) -> Iterator[tuple[ast.AST, str]]:
    seeded = {
        n.func
        for n in source.nodes
        if isinstance(n, ast.Call) and n.args and source.dotted(n.func) in SEEDABLE and _below(source, "lab")
    }
    called = {n.func for n in source.nodes if isinstance(n, ast.Call)}
    for node in source.nodes:
        name = source.dotted(node)
        if name in CLOCKS or _is_loop_clock(source, node):
            yield node, name or "loop.time"
        elif name.startswith(RANDOM_PREFIXES) and node not in seeded and (node in called or name not in ANNOTATIONS):
            yield node, name


def _is_loop_clock(source: Source, node: ast.AST) -> bool:
    if not (isinstance(node, ast.Attribute) and node.attr == "time" and isinstance(node.value, ast.Call)):
        return False
    return source.dotted(node.value.func) in {"asyncio.get_running_loop", "asyncio.get_event_loop"}


def _is_mock(node: ast.Call) -> bool:
    parts = ast.unparse(node.func).split(".")
    return parts[-1] in MOCKS or parts[0] == "mocker" or parts[:-1] == ["patch"] or parts == ["monkeypatch", "setattr"]


def _private_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [alias.name for alias in node.names if _is_private(alias.name)]
    if not isinstance(node, ast.Attribute) or not _is_private(node.attr):
        return []
    own = isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}
    return [] if own or node.attr in {"_replace", "_asdict", "_fields", "_make"} else [node.attr]


def _is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__")) and name != "_"


def read_project(root: Path) -> Project:
    """The checkout at this path with the results of its last test run."""
    coverage_file = root / MEASURED / "coverage.json"
    timed_runs = [json.loads(file.read_text()) for file in (root / TIMES).glob("*.json")]
    return Project(
        measure.read_sources(root, "src"),
        measure.read_sources(root, "tests"),
        tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8")),
        summarise_coverage(json.loads(coverage_file.read_text())) if coverage_file.exists() else None,
        summarise_unit_time(timed_runs) if timed_runs else None,
    )


def summarise_coverage(results: dict[str, Any]) -> dict[str, float]:
    """Percent by pure package (its own tests) and for the rest, from what `own_coverage.py` wrote. Empty packages are left out."""
    counts = {**results["pure"], "rest": results["rest"]}
    return {name: 100 * covered / total for name, (covered, total) in counts.items() if total}


def summarise_unit_time(runs: list[dict[str, Any]]) -> float:
    """Seconds that all tests below tests/unit computed, in runs as `tests/time_spent.py` describes them: five workers on two cores each
    take longer than the tests need, so the time they took says nothing."""
    tests = [row for run in runs for row in run["tests"].items()]
    return float(sum(taken_s - waited_s for test, (taken_s, waited_s) in tests if test.startswith("tests/unit/")))


def render(rows: list[Row], most_findings: int = 8) -> str:
    """The table, then where the missed ones are."""
    cells = [("Gate", "Aim", "Hard", "Measured", ""), *((r.gate, r.aim, r.hard, r.measured, r.verdict) for r in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(5)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    for row in rows:
        if row.verdict in {"BROKEN", "aim missed"} and row.findings:
            lines += ["", f"{row.gate} ({row.verdict}):", *(f"  {text}" for text in row.findings[:most_findings])]
            if len(row.findings) > most_findings:
                lines.append(f"  and {len(row.findings) - most_findings} more")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the table of the checkout this file lies in. `--static` leaves out what needs a test run."""
    project = read_project(Path(__file__).resolve().parent.parent)
    gates = STATIC_GATES if "--static" in arguments else STATIC_GATES + MEASURED_GATES
    rows = [gate(project) for gate in gates]
    print(render(rows))
    # How long a machine of CI took is printed and no reason to refuse a change: time is a benchmark's figure.
    timed = {"Unit suite, seconds of one core"} if os.environ.get("CI") else set()
    broken = [row.gate for row in rows if not row.within_hard and row.gate not in timed]
    if broken:
        print(f"\nHard limits broken: {'; '.join(broken)}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    # The trees of all files stay until the end: there is no garbage among them to look for.
    gc.disable()
    sys.exit(main(sys.argv[1:]))
