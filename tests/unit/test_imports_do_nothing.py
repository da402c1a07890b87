"""Importing any module of the package opens no file, no socket, no thread and no process."""

import json
import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest

import gates
import measure

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "callwright"

# Not imported by anybody: the migration tool runs it, and that is what it is for.
RUN_NOT_IMPORTED = ("__main__",)

# What others do on import and we cannot prevent: distribution -> why it is let pass.
OTHERS = {
    "croniter": "asks the `file` program whether the interpreter is a 32-bit one; the job queue needs it for its schedules"
}

WATCH = textwrap.dedent(
    '''
    """Imports the modules named on standard input and prints what they did besides, as JSON."""
    import _thread, importlib, json, sys, threading

    order = json.load(sys.stdin)
    here = order["package"]
    watching = False
    seen = []
    ALWAYS = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system", "os.mkdir", "os.remove",
              "os.rename", "os.rmdir", "shutil.", "sqlite3.connect", "_thread.start_joinable_thread")
    HARMLESS = ("socket.gethostname",)

    def doers():
        """Files of the frames between the event and the import that is going on."""
        frame = sys._getframe(2)
        while frame is not None and "importlib" not in frame.f_code.co_filename:
            yield frame.f_code.co_filename
            frame = frame.f_back

    def hook(event, arguments):
        global watching
        if not watching:
            return
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if (event.startswith(ALWAYS) and event not in HARMLESS) or writes:
            if not any(f"/site-packages/{other}/" in name for name in doers() for other in order["others"]):
                complain(event, arguments)
        elif event == "open" and any(name.startswith(here) for name in doers()):
            complain(event, arguments)

    def complain(event, arguments):
        global watching
        watching = False
        seen.append(f"{current}: {event} {arguments!r}"[:300])
        watching = True

    def start_thread(*arguments, **more):
        # Python raises an audit event for this only from 3.12 on.
        if watching:
            complain("start of a thread", arguments)
        return really_start_thread(*arguments, **more)

    really_start_thread = _thread.start_new_thread
    _thread.start_new_thread = _thread.start_new = threading._start_new_thread = start_thread
    sys.addaudithook(hook)
    absent = []
    for current in order["modules"]:
        watching = True
        try:
            importlib.import_module(current)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.partition(".")[0] not in order["optional"]:
                raise
            absent.append(current)
        finally:
            watching = False
    print(json.dumps({"seen": seen, "absent": absent}))
    '''
)


def import_in_a_new_process(package: Path, modules: list[str], optional: list[str]) -> dict[str, list[str]]:
    """What importing the modules did, and which could not be imported because an optional dependency is absent."""
    environment = {**os.environ, "PYTHONPATH": str(package.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    order = json.dumps({"package": str(package), "modules": modules, "optional": optional, "others": list(OTHERS)})
    run = subprocess.run(
        [sys.executable, "-c", WATCH],
        input=order,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    result: dict[str, list[str]] = json.loads(run.stdout)
    return result


def test_importing_every_module_does_nothing():
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    modules = [s.module for s in measure.read_sources(ROOT, "src") if not s.module.endswith(RUN_NOT_IMPORTED)]

    result = import_in_a_new_process(PACKAGE, modules, sorted(gates.optional_modules(pyproject)))

    assert result["seen"] == []
    assert len(result["absent"]) < len(modules)


@pytest.mark.parametrize(
    "deed",
    [
        "open(__file__).read()",
        "import socket; socket.socket()",
        "import threading; threading.Thread(target=print).start()",
        "import subprocess; subprocess.run(['true'])",
        "import os; os.mkdir('made')",
        "open('made', 'w')",
        "from pathlib import Path; TEXT = Path(__file__).read_text()",
    ],
)
def test_a_module_that_does_something_is_noticed(tmp_path, deed, monkeypatch):
    monkeypatch.chdir(tmp_path)
    package = tmp_path / "busy"
    package.mkdir()
    (package / "__init__.py").write_text(deed + "\n")

    assert import_in_a_new_process(package, ["busy"], [])["seen"] != []


def test_a_module_that_only_defines_things_passes(tmp_path):
    package = tmp_path / "quiet"
    package.mkdir()
    (package / "__init__.py").write_text("import json, sqlite3, threading\n\nLOCK = threading.Lock()\n")

    assert import_in_a_new_process(package, ["quiet"], [])["seen"] == []
