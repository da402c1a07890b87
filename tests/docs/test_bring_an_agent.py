"""The guide to bringing an agent from the hosted service, run as it is written: a small server answers in the hosted service's place."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from tests.corpus.bodies import CORPUS
from tests.docs.test_walkthrough import commands
from tests.docs.walked_server import BIN, environment_in, run_script, serving

PAGE = (Path(__file__).resolve().parents[2] / "docs/how-to/bring-an-agent.md").read_text(encoding="utf-8")
HOSTED = "https://api.bolna.ai"
EXPORT = next(json.dumps(body.sent) for body in CORPUS if body.name == "export").replace('"azure"', '"openai"')
"""One agent, whose model needs one key."""
LACKS = {"plivo", "deepgram", "elevenlabs", "openai"}
LATER = """
curl -s "$URL/call" -H "$AUTH" -d "{\\"agent_id\\": \\"$AGENT\\", \\"recipient_phone_number\\": \\"+15550123\\",
  \\"scheduled_at\\": \\"$(date -u -d '+1 hour' +%FT%TZ)\\"}" > later.json
"""
"""A call after the key was stored, for which nobody is asked before the test is over."""

pytestmark = pytest.mark.skipif(not (shutil.which("curl") and shutil.which("bash")), reason="needs curl and bash")


class Exporting(BaseHTTPRequestHandler):
    """The hosted service's answer to one agent and one key."""

    def do_GET(self) -> None:
        known = (self.path, self.headers["Authorization"]) == ("/v2/agent/a-1", "Bearer bn-hosted")
        self.send_response(200 if known else 404)
        self.end_headers()
        self.wfile.write((EXPORT if known else "{}").encode())

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing: the output is the page's."""


@contextmanager
def hosted_service() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Exporting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def script_of(address: str, hosted: str) -> str:
    """The README's names and the page's commands, and a call when they are done."""
    names = "\n".join(line for line in commands().splitlines() if line.startswith(("URL=", "AUTH=", "field()")))
    page = "".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    assert HOSTED in page
    return names.replace("http://127.0.0.1:8700", address) + "\n" + page.replace(HOSTED, hosted) + LATER


def test_the_commands_of_the_guide_export_import_and_call_an_agent(tmp_path: Path) -> None:
    scenario = tmp_path / "callers.json"
    brief = {"rules": [{"heard": "reorder", "say": "No.", "hang_up": True}]}
    scenario.write_text(json.dumps({"default": "brief", "personas": {"brief": brief}}))
    environment = environment_in(tmp_path) | {
        "CALLWRIGHT_SCENARIO": str(scenario),
        "HOSTED_AGENT": "a-1",
        "HOSTED_KEY": "bn-hosted",
        "PATH": f"{BIN}:{os.environ['PATH']}",
    }
    with hosted_service() as hosted, serving(environment, tmp_path) as address:
        run = run_script(script_of(address, hosted), environment, tmp_path)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    saved = json.loads((tmp_path / "saved.json").read_text())
    values = {one["value"] for one in saved["callwright"]["warnings"]}
    assert values >= LACKS
    called = json.loads(run.stdout[run.stdout.index("{") :].partition("\n}\n")[0] + "}")
    assert called["callwright"]["sandbox"]
    assert {one["wanted"] for one in called["callwright"]["stand_ins"]} == LACKS
    later = json.loads((tmp_path / "later.json").read_text())["callwright"]["stand_ins"]
    assert {one["leg"] for one in later} == {"line", "transcriber", "voice"}


def test_the_page_is_short() -> None:
    assert len(PAGE.split()) <= 350
