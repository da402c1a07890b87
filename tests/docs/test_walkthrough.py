"""The README's walk through the API, run as it is written: a real server, scripted speech instead of models, a caller who hangs up soon."""

import json
import re
import shutil
import subprocess
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.docs.walked_server import BIN, environment_in, run_script, serving

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [
    pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash"),
    # It places calls and listens to them.
    pytest.mark.real_time,
]


def commands() -> str:
    """The shell blocks between `make serve` and the end of the chapter."""
    chapter = (ROOT / "README.md").read_text().partition("## Use the API")[2].partition("\n## ")[0]
    first, *rest = re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)
    assert first.startswith("make serve")
    return "".join(rest)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    scenario = tmp_path / "callers.json"
    # A caller who rings off once the greeting was heard, however long a busy machine takes to greet.
    brief = {"rules": [{"heard": "smile", "hang_up": True}]}
    scenario.write_text(json.dumps({"default": "brief", "personas": {"brief": brief}}))
    return environment_in(tmp_path) | {"CALLWRIGHT_SCENARIO": str(scenario)}


@pytest.fixture
def url(environment: dict[str, str], tmp_path: Path) -> Iterator[str]:
    with serving(environment, tmp_path) as address:
        yield address


def test_the_walk_through_of_the_readme_works_as_written(environment: dict[str, str], url: str, tmp_path: Path) -> None:
    script = commands().replace("http://127.0.0.1:8700", url)
    assert url in script
    run = run_script(script, environment, tmp_path)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    assert "event: AgentSaid" in run.stdout
    assert "event: end" in run.stdout
    assert '"transcript": "assistant: Bright Smile Dental' in run.stdout
    assert '"component": "synthesizer"' in run.stdout
    with wave.open(str(tmp_path / "call.wav")) as recording:
        assert (recording.getnchannels(), recording.getframerate()) == (2, 8000)
        assert recording.getnframes() > 8000
    assert re.search(r"^the same: \d+ events gave the same [1-9]\d* effects$", run.stdout, re.MULTILINE)


def test_replay_says_what_is_wrong_with_its_argument(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "note.log").write_text("not a log\n")
    told = {}
    for argument in ("note.log", "missing.log", "nobody"):
        run = subprocess.run(
            [str(BIN / "callwright"), "replay", argument],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 2
        told[argument] = run.stderr
    assert "is not a call log" in told["note.log"]
    assert "there is no file" in told["missing.log"]
    assert "no such execution" in told["nobody"]
    assert all("--help" in one and "request" not in one and "the key" not in one for one in told.values())
