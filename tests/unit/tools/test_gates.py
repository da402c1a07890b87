"""Every gate can pass and every gate can fail: each is shown a good and a bad sample of what it measures."""

import pytest

import gates
from gates import Project
from measure import Source

LONG_BODY = "".join(f"    x{i} = {i}\n" for i in range(71))


def module(path, text):
    """A project of one source file below `callwright`."""
    return Project([Source(f"src/callwright/{path}", text)])


def unit_test(text, path="tests/unit/test_thing.py"):
    """A project of one test file."""
    return Project([], [Source(path, text)])


def class_with(attributes=0, methods=0, arguments=0):
    """A class of that size."""
    text = "class Thing:\n"
    text += f"    def __init__(self, {', '.join(f'a{i}: int' for i in range(arguments))}) -> None:\n"
    text += "".join(f"        self.x{i} = {i}\n" for i in range(attributes)) + "        pass\n"
    return text + "".join(f"    def m{i}(self) -> None: ...\n" for i in range(methods))


BOUNDARY = """
class a_boundary:
    def __exit__(self, kind, error, trace):
        if not isinstance(error, %s):
            return False
        log(error)
        return True
"""
BROKEN = [
    (gates.catch_all_rate, module("call/a.py", (BOUNDARY % "Exception") * 2)),
    (gates.catch_all_rate, module("call/a.py", "class a:\n    def __exit__(self, *error):\n        return True\n" * 2)),
    (gates.blocks_in_boundaries, module("call/a.py", BOUNDARY % "Exception" + "with a_boundary():\n    f()\n" * 6)),
    (gates.function_length, module("call/a.py", f"def f() -> None:\n{LONG_BODY}")),
    (gates.module_length, module("call/a.py", "x = 1\n" * 601)),
    (gates.class_size, module("call/a.py", class_with(attributes=21))),
    (gates.class_size, module("call/a.py", class_with(methods=30))),
    (
        gates.class_size,
        module("call/a.py", "@dataclass\nclass A:\n" + "".join(f"    x{i}: int = 0\n" for i in range(21))),
    ),
    (gates.constructor_arguments, module("call/a.py", class_with(arguments=9))),
    (
        gates.constructor_arguments,
        module("call/a.py", "@dataclass\nclass A:\n" + "".join(f"    x{i}: int\n" for i in range(9))),
    ),
    (
        gates.import_cycles,
        Project(
            [
                Source("src/callwright/a.py", "from callwright import b"),
                Source("src/callwright/b.py", "from callwright.c import x"),
                Source("src/callwright/c.py", "import callwright.a"),
            ]
        ),
    ),
    *(
        (
            gates.import_cycles,
            Project(
                [Source("src/callwright/a.py", "from callwright import b"), Source("src/callwright/b.py", importing)]
            ),
        )
        for importing in (
            "if TYPE_CHECKING:\n    from callwright import a\n",
            "def f() -> None:\n    from callwright.a import x\n",
            "import importlib\ndef f() -> None:\n    importlib.import_module('callwright.a')\n",
            "from importlib import import_module as load\nload('callwright.a')\n",
            "__import__('callwright.a')\n",
        )
    ),
    (gates.imports_in_functions, module("call/a.py", "def f() -> None:\n    import json\n")),
    (gates.catch_all_rate, module("call/a.py", "try:\n    f()\nexcept Exception:  # boundary\n    log()\n" * 2)),
    (gates.catch_all_rate, module("call/a.py", "try:\n    f()\nexcept (ValueError, BaseException):\n    log()\n" * 2)),
    (
        gates.silent_catch_alls,
        module("call/a.py", "try:\n    f()\nexcept Exception:  # boundary: the far end\n    pass\n"),
    ),
    (gates.silent_catch_alls, module("call/a.py", "try:\n    f()\nexcept Exception:  # noqa: BLE001\n    log()\n")),
    (gates.silent_catch_alls, module("call/a.py", "with suppress(Exception):  # boundary: the far end\n    f()\n")),
    (gates.annotated_functions, module("call/a.py", "def f(x) -> None: ...\n")),
    (gates.annotated_functions, module("call/a.py", "class A:\n    def f(self, x: int): ...\n")),
    (gates.async_conversation, module("conversation/core.py", "async def f() -> None: ...\n")),
    (gates.mocks_per_test, unit_test("def test_a():\n    x = mock.MagicMock()\n")),
    (gates.mocks_per_test, unit_test("def test_a(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)\n")),
    (gates.mocks_per_test, unit_test("@patch.object(a, 'b')\ndef test_a(b): ...\n")),
    (gates.sleeps_in_unit_tests, unit_test("from time import sleep\ndef test_a():\n    sleep(1)\n")),
    (gates.sleeps_in_unit_tests, unit_test("import asyncio\nasync def test_a():\n    await asyncio.sleep(0.1)\n")),
    (gates.private_touches, unit_test("def test_a():\n    assert thing._state == 1\n")),
    (gates.private_touches, unit_test("from callwright.a import _secret\n", path="tests/acceptance/test_a.py")),
    (gates.direct_dependencies, Project([], pyproject={"project": {"dependencies": ["x"] * 21}})),
    (gates.vendor_names, module("call/a.py", "PROVIDER = 'twilio'\n")),
    (gates.vendor_names, module("call/a.py", "class OpenAIModel: ...\n")),
    (gates.vendor_names, module("call/a.py", "deepgram_key = 1\n")),
    (gates.vendor_names, module("telephony/plivo/leg.py", "NAME = 'twilio'\n")),
    (gates.vendor_names, module("providers/local/voice.py", "NAME = 'deepgram'\n")),
    (gates.clock_and_randomness, module("call/a.py", "import time\nx = time.time()\n")),
    (gates.clock_and_randomness, module("call/a.py", "from time import monotonic as now\ndef f(clock=now): ...\n")),
    (gates.clock_and_randomness, module("call/a.py", "import datetime as dt\nx = dt.datetime.now(dt.UTC)\n")),
    (gates.clock_and_randomness, module("call/a.py", "from datetime import datetime\nx = datetime.now()\n")),
    (gates.clock_and_randomness, module("call/a.py", "from uuid import uuid4\nx = uuid4()\n")),
    (gates.clock_and_randomness, module("call/a.py", "import random\nx = random.random()\n")),
    (gates.clock_and_randomness, module("call/a.py", "import random\nx = random.Random(1)\n")),
    (gates.clock_and_randomness, module("lab/a.py", "import random\nx = random.Random()\n")),
    (gates.clock_and_randomness, module("call/a.py", "import secrets\nx = secrets.token_hex()\n")),
    (gates.clock_and_randomness, module("call/a.py", "import os\nx = os.urandom(4)\n")),
    (gates.clock_and_randomness, module("call/a.py", "import numpy as np\nx = np.random.rand()\n")),
    (gates.clock_and_randomness, module("call/a.py", "import asyncio\nx = asyncio.get_running_loop().time()\n")),
    (gates.banned_names, module("call/utils.py", "x = 1\n")),
    (gates.banned_names, module("helpers/a.py", "x = 1\n")),
    (gates.banned_names, module("call/a.py", "class CallManager: ...\n")),
    (gates.pure_coverage, Project([], coverage={"domain": 94.9, "ports": 100.0, "rest": 100.0})),
    (gates.rest_coverage, Project([], coverage={"domain": 100.0, "rest": 79.9})),
    (gates.unit_seconds, Project([], unit_seconds=60.1)),
]

FINE = [
    (
        gates.function_length,
        module("call/a.py", 'def f() -> None:\n    """Doc.\n' + "\n" * 90 + '    """\n    # why\n    return\n'),
    ),
    (gates.module_length, module("call/a.py", "# a comment\n" * 700 + "x = 1\n")),
    (gates.class_size, module("call/a.py", class_with(attributes=12, methods=19))),
    (gates.class_size, module("call/a.py", "class A(BaseModel):\n" + "".join(f"    x{i}: int\n" for i in range(40)))),
    (
        gates.class_size,
        module(
            "api/a.py", "class Open(BaseModel): ...\nclass A(Open):\n" + "".join(f"    x{i}: int\n" for i in range(40))
        ),
    ),
    (gates.constructor_arguments, module("call/a.py", class_with(arguments=6))),
    (
        gates.constructor_arguments,
        module("call/a.py", "@dataclass(frozen=True)\nclass A:\n" + "".join(f"    x{i}: int\n" for i in range(40))),
    ),
    (
        gates.import_cycles,
        Project(
            [
                Source("src/callwright/a.py", "from callwright import b"),
                Source("src/callwright/b.py", "import importlib\nimportlib.import_module(f'callwright.{name}')\n"),
                Source("src/callwright/c.py", "from callwright import a, c\nimport_module('callwright.a')\n"),
            ]
        ),
    ),
    (
        gates.imports_in_functions,
        Project(
            [Source("src/callwright/a.py", "def f() -> None:\n    import onnxruntime\n")],
            pyproject={"project": {"optional-dependencies": {"local": ["onnxruntime>=1"]}}},
        ),
    ),
    (
        gates.imports_in_functions,
        Project(
            [
                Source("src/callwright/a.py", "def f() -> None:\n    from callwright.b import x\n"),
                Source("src/callwright/b.py", "import onnxruntime\n"),
            ],
            pyproject={"project": {"optional-dependencies": {"local": ["onnxruntime>=1"]}}},
        ),
    ),
    (gates.catch_all_rate, module("call/a.py", "try:\n    f()\nexcept ValueError:\n    pass\n" * 9)),
    (gates.catch_all_rate, module("call/a.py", (BOUNDARY % "OSError") * 9)),
    (gates.catch_all_rate, module("call/a.py", "class a:\n    def __exit__(self, *error):\n        return None\n" * 9)),
    (gates.blocks_in_boundaries, module("call/a.py", BOUNDARY % "OSError" + "with a_boundary():\n    f()\n" * 9)),
    (gates.blocks_in_boundaries, module("call/a.py", BOUNDARY % "Exception" + "with a_boundary():\n    f()\n" * 2)),
    (gates.catch_all_rate, module("call/a.py", "try:\n    f()\nexcept BaseException:\n    undo()\n    raise\n" * 9)),
    (
        gates.silent_catch_alls,
        module("call/a.py", "try:\n    f()\nexcept Exception:  # boundary: a plugin may raise anything\n    log()\n"),
    ),
    (
        gates.annotated_functions,
        module("call/a.py", "class A:\n    def __init__(self, x: int): ...\n    def f(self) -> int: ...\n"),
    ),
    (
        gates.documented_names,
        module(
            "call/a.py",
            '"""A."""\ndef f() -> None:\n    """Do."""\n    def inner() -> None: ...\ndef _g() -> None: ...\n',
        ),
    ),
    (gates.async_conversation, module("call/a.py", "async def f() -> None: ...\n")),
    (gates.mocks_per_test, unit_test("def test_a(monkeypatch):\n    monkeypatch.setenv('A', 'b')\n")),
    (gates.sleeps_in_unit_tests, unit_test("import asyncio\nasync def test_a():\n    await asyncio.sleep(0)\n")),
    (gates.sleeps_in_unit_tests, unit_test("import time\ntime.sleep(1)\n", path="tests/acceptance/test_a.py")),
    (
        gates.private_touches,
        unit_test("class T:\n    def test_a(self):\n        assert self._x == a.__name__ == t._asdict()\n"),
    ),
    (gates.direct_dependencies, Project([], pyproject={"project": {"dependencies": ["x"] * 15}})),
    (gates.vendor_names, module("telephony/twilio/leg.py", "NAME = 'twilio'\n")),
    (gates.vendor_names, module("platform/agents/mapping.py", "NAME = 'twilio'\n")),
    (gates.vendor_names, module("providers/local/voice.py", "NAME = 'piper'\n")),
    (
        gates.vendor_names,
        module("call/a.py", '"""A carrier such as Twilio."""\n# Twilio returns pending marks\nx = 1\n'),
    ),
    (gates.clock_and_randomness, module("ops/clock.py", "import time\nx = time.time()\n")),
    (gates.clock_and_randomness, module("lab/a.py", "import random\nx = random.Random(7)\n")),
    (
        gates.clock_and_randomness,
        module("call/a.py", "import random\ndef f(rng: random.Random) -> float:\n    return rng.random()\n"),
    ),
    (gates.clock_and_randomness, module("call/a.py", "import secrets\nx = secrets.compare_digest(b'a', b'b')\n")),
    (gates.banned_names, module("call/runner.py", "class Runner: ...\n")),
    (gates.pure_coverage, Project([], coverage={"domain": 100.0, "rest": 10.0})),
    (gates.rest_coverage, Project([], coverage={"domain": 10.0, "rest": 90.0})),
    (gates.unit_seconds, Project([], unit_seconds=29.9)),
]


def name_of(value):
    """The gate's name for the test's id."""
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("gate", "project"), BROKEN, ids=name_of)
def test_a_gate_refuses_what_is_beyond_its_hard_limit(gate, project):
    assert gate(project).verdict == "BROKEN"


@pytest.mark.parametrize(("gate", "project"), FINE, ids=name_of)
def test_a_gate_accepts_what_is_within_its_aim(gate, project):
    assert gate(project).verdict == "ok"


def test_every_gate_is_shown_a_sample_that_breaks_it_unless_it_has_no_hard_limit():
    shown = {gate for gate, _ in BROKEN} | {gates.documented_names}
    assert shown == {*gates.STATIC_GATES, *gates.MEASURED_GATES}


def test_a_public_function_without_a_docstring_misses_the_aim():
    row = gates.documented_names(module("call/a.py", '"""A."""\ndef f() -> None: ...\n'))
    assert (row.verdict, row.findings) == ("aim missed", ("src/callwright/call/a.py:2 f",))


@pytest.mark.parametrize("gate", gates.MEASURED_GATES, ids=name_of)
def test_without_a_test_run_coverage_and_time_are_not_measured(gate):
    row = gate(Project([]))
    assert (row.measured, row.within_hard) == ("not measured", True)


def test_coverage_is_summarised_by_package_and_empty_packages_are_left_out():
    results = {"pure": {"domain": [95, 100], "media": [0, 0]}, "rest": [8, 10]}
    assert gates.summarise_coverage(results) == {"domain": 95.0, "rest": 80.0}


def test_only_what_unit_tests_compute_counts():
    one = {"tests": {"tests/unit/a.py::one": [1.0, 0.5], "tests/acceptance/b.py::two": [9.0, 9.0]}}
    other = {"tests": {"tests/unit/a.py::three": [0.5, 0.0]}}
    assert gates.summarise_unit_time([one, other]) == 1.0


def test_the_table_names_the_place_of_what_is_broken():
    text = gates.render([gates.banned_names(module("call/utils.py", "x = 1\n"))])
    assert "BROKEN" in text
    assert "src/callwright/call/utils.py" in text
