"""A call from a real Chromium: a spoken recording is the microphone, and a recogniser reads what both sides heard."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import threading
import time
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from tests.browser.conftest import CHROMIUM
from tests.browser.world import CALLWRIGHT

import trial_call
from callwright.media.g711 import loudness
from callwright.media.resample import resample
from callwright.media.wav import write_wav
from callwright.ports.registry import PluginContext, Registry
from callwright.ports.speech import FRAME_BYTES, TranscriberSettings, VoiceSettings
from callwright.providers.local import PLUGINS

pytestmark = pytest.mark.voice

T = TypeVar("T")
STATIC = Path(__file__).resolve().parents[2] / "src/callwright/dashboard/static"
MODELS = Path("~/.cache/callwright/models").expanduser()
WELCOME = "Bright Smile Dental, how can I help you?"
ANSWER = "Of course. Which day of the week suits you best?"
WISH = "Hello, I would like to book a cleaning on Tuesday."
STOP = "Stop please, I have a question about the price."
LONG = (
    "We have Monday, Tuesday, Wednesday, Thursday and Friday, in the morning, at noon, in the afternoon and in the evening,"
    " and on Saturday until two if you tell us one day before."
)

AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Clinic",
        "agent_welcome_message": WELCOME,
        "tasks": [
            {
                "task_type": "conversation",
                "tools_config": {
                    "llm_agent": {
                        "provider": "scripted",
                        "model": "scripted",
                        "rules": [
                            {"when": "book", "say": ANSWER},
                            {"when": "price", "say": "That is not expensive at all."},
                        ],
                    }
                },
                "task_config": {"number_of_words_for_interruption": 2, "hangup_after_silence": 60},
            }
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Be brief."}},
}

#: Keeps what goes to the loudspeaker, as 16-bit samples in base64.
TAP = """
(() => {
  const connect = AudioNode.prototype.connect;
  window.heard = [];
  AudioNode.prototype.connect = function (target, ...rest) {
    if (target instanceof AudioDestinationNode && !(this instanceof ScriptProcessorNode)) {
      const tap = this.context.createScriptProcessor(4096, 1, 1);
      window.heardHz = this.context.sampleRate;
      tap.onaudioprocess = (event) => window.heard.push(...event.inputBuffer.getChannelData(0));
      connect.call(this, tap);
      connect.call(tap, target);
    }
    return connect.call(this, target, ...rest);
  };
  window.heardAsText = () => {
    const samples = Int16Array.from(window.heard, (one) => Math.max(-1, Math.min(1, one)) * 32767);
    let text = "";
    for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
    return btoa(text);
  };
})();
"""


#: A page of the older protocol: it decodes each message alone, plays it to its end, and looks at its queue every 100 ms.
OLDER_PAGE = """
([url, key, agent]) => {
  const context = new AudioContext();
  const out = context.createGain();
  out.connect(context.destination);
  const queue = [];
  let playing = null;
  window.older = { errors: [], lengths: [], firstMs: 0, cleared: [], closed: false };
  const bytesOf = (text) => Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const query = `auth_token=${key}&user_agent=web-call&enforce_streaming=true`;
  const socket = new WebSocket(`${url.replace("http", "ws")}/web-call/v1/${agent}?${query}`);
  const say = (message) => socket.readyState === 1 && socket.send(JSON.stringify(message));
  const rest = (ms) => new Promise((done) => setTimeout(done, ms));
  async function microphone() {
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: raw });
    const narrow = new AudioContext({ sampleRate: 16000 });
    const tap = narrow.createScriptProcessor(1024, 1, 1);
    tap.onaudioprocess = (event) => {
      const pcm = Int16Array.from(event.inputBuffer.getChannelData(0), (one) => Math.max(-1, Math.min(1, one)) * 32767);
      say({ type: "audio", data: btoa(String.fromCharCode(...new Uint8Array(pcm.buffer))) });
    };
    narrow.createMediaStreamSource(stream).connect(tap);
    tap.connect(narrow.createGain());
    tap.connect(narrow.createMediaStreamDestination());
  }
  async function play() {
    for (;;) {
      await rest(100);
      const message = queue.shift();
      if (message === undefined) continue;
      if (message.type === "mark") { say(message); continue; }
      try {
        const buffer = await context.decodeAudioData(bytesOf(message.data).buffer);
        playing = context.createBufferSource();
        playing.buffer = buffer;
        playing.connect(out);
        const ended = new Promise((done) => { playing.onended = done; });
        window.older.firstMs ||= performance.now() - window.older.ackMs;
        window.older.lengths.push(buffer.duration);
        playing.start();
        await ended;
      } catch (error) { window.older.errors.push(String(error)); }
    }
  }
  socket.onopen = () => say({ type: "init", meta_data: { context_data: {} } });
  socket.onclose = () => { window.older.closed = true; };
  socket.onmessage = (event) => {
    const message = JSON.parse(event.data);
    if (message.type === "ack") { window.older.ackMs = performance.now(); microphone(); play(); }
    else if (message.type === "clear") {
      queue.length = 0;
      playing?.stop();
      window.older.cleared.push(window.heard.length / window.heardHz);
    } else if (message.type === "audio" || message.type === "mark") queue.push(message);
  };
  window.older.leave = () => socket.close(1000);
}
"""


@dataclass(frozen=True, slots=True)
class Called:
    """A server with an agent, the page of a shop that may call it, and Chromium."""

    url: str
    key: str
    page: str
    agents: Mapping[str, str]
    """The agent that each path of the page calls."""
    chromium: Any

    def asked(self, path: str) -> Any:
        return trial_call.asked(self.url, self.key, path)

    def record(self, path: str = "/") -> dict[str, Any]:
        """The call that was made from a path, once it is over."""
        until = time.monotonic() + 60
        while True:
            rows = self.asked(f"/v2/agent/{self.agents[path]}/executions")["data"]
            if rows and rows[0]["status"] in ("completed", "error", "failed"):
                return dict(self.asked(f"/executions/{rows[0]['id']}"))
            assert time.monotonic() < until, f"the call is not over: {rows}"
            time.sleep(0.25)


@contextmanager
def shop(url: str) -> Iterator[tuple[str, Any]]:
    """The page of somebody else, with a policy that lets in our widget and nothing inline."""

    class Page(BaseHTTPRequestHandler):
        agents: ClassVar[dict[str, str]] = {}

        def do_GET(self) -> None:
            script = f'<script src="{url}/dashboard/widget/widget.js" data-agent="{self.agents.get(self.path)}" async></script>'
            body = f"<!doctype html><html lang=en><title>Shop</title><h1>Shop</h1>{script}".encode()
            policy = f"default-src 'none'; script-src {url}; connect-src {url} {url.replace('http', 'ws')}"
            self.send_response(200 if self.path in self.agents else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
            """Requests of tests are nobody's news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", Page
    finally:
        server.shutdown()


@contextmanager
def calling(folder: Path, chromium: Any = None) -> Iterator[Called]:
    """A server with local speech, and the shop. Skips where the widget or the models are missing."""
    if not (STATIC / "widget/widget.js").is_file():
        pytest.skip("the widget is not built: make dashboard")
    if not (MODELS / "silero-vad").is_dir():
        pytest.skip("there are no local models: make models")
    local = {f"CALLWRIGHT_{name}": "local" for name in ("TRANSCRIBER", "VOICE", "VAD")}
    with trial_call.serving(CALLWRIGHT, folder, local) as (url, key), shop(url) as (page, handler):
        for path, welcome in (("/", WELCOME), ("/long", LONG), ("/older", WELCOME), ("/older-long", LONG)):
            body = json.loads(json.dumps(AGENT))
            body["agent_config"]["agent_welcome_message"] = welcome
            body["agent_config"]["tasks"][0]["task_config"]["web_call_origins"] = [page]
            handler.agents[path] = trial_call.asked(url, key, "/v2/agent", body)["agent_id"]
        yield Called(url, key, page, handler.agents, chromium)


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Iterator[Called]:
    with calling(tmp_path_factory.mktemp("called"), chromium) as one:
        yield one


@contextmanager
def speaking(called: Called, wav: Path, path: str = "/") -> Iterator[Any]:
    """The shop's page in a Chromium whose microphone is a recording. The console must stay empty."""
    with visiting(called, wav, called.page + path) as (page, console):
        yield page
    assert [line for line in console if "ScriptProcessorNode is deprecated" not in line] == []


@contextmanager
def visiting(called: Called, wav: Path, address: str) -> Iterator[tuple[Any, list[str]]]:
    """A page in a Chromium whose microphone is a recording, and the errors and warnings of its console."""
    options = [
        "--no-sandbox",
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={wav}%noloop",
    ]
    browser = called.chromium.browser_type.launch(executable_path=CHROMIUM, args=options)
    page = browser.new_page()
    console: list[str] = []
    page.on("console", lambda one: console.append(one.text) if one.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: console.append(str(error)))
    page.add_init_script(TAP)
    page.goto(address)
    yield page, console
    browser.close()


def test_a_visitor_talks_to_the_agent_and_a_recogniser_understands_both(called: Called, tmp_path: Path) -> None:
    with speaking(called, recording(tmp_path, (7.0, WISH), (60.0, ""))) as page:
        heard = held(page, seconds=18)

    record = called.record()
    transcript = str(record["transcript"])
    caller = words(" ".join(line for line in transcript.splitlines() if line.startswith("user:")))
    assert {"book", "cleaning", "tuesday"} <= caller, transcript
    agents = words(run(recognised(heard)))
    assert {"help", "you", "day", "week"} <= agents, agents
    assert record["telephony_data"]["provider"] == "web-call"
    assert record["telephony_data"]["hangup_by"] == "Caller"


def test_a_visitor_who_interrupts_silences_the_agent_at_once(called: Called, tmp_path: Path) -> None:
    with speaking(called, recording(tmp_path, (5.0, STOP), (60.0, "")), "/long") as page:
        heard = held(page, seconds=22)

    transcript = str(called.record("/long")["transcript"])
    cut = next(line for line in transcript.splitlines() if line.startswith("assistant: We have"))
    assert len(cut) < len(LONG), transcript
    assert "expensive" in transcript
    # What the record says was heard is what sounded: the words behind the cut did not.
    sounded = words(run(recognised(heard)))
    assert "saturday" in words(LONG) - words(cut)
    assert "saturday" not in sounded
    assert {"monday", "expensive"} <= sounded, sounded


def test_a_page_of_the_older_protocol_hears_and_is_heard(called: Called, tmp_path: Path) -> None:
    with speaking(called, recording(tmp_path, (6.0, WISH), (60.0, "")), "/older") as page:
        heard, told = held_by_older(page, called, "/older", seconds=18)

    assert told["errors"] == []
    assert told["firstMs"] < 1_500, told
    transcript = str(called.record("/older")["transcript"])
    caller = words(" ".join(line for line in transcript.splitlines() if line.startswith("user:")))
    assert {"book", "cleaning", "tuesday"} <= caller, transcript
    agents = words(run(recognised(heard)))
    assert {"help", "you", "day", "week"} <= agents, agents
    # Two sentences: pauses between messages are few.
    assert len(told["lengths"]) <= 6, told


def test_who_interrupts_in_the_older_protocol_hears_silence_and_the_record_has_what_was_played(
    called: Called, tmp_path: Path
) -> None:
    with speaking(called, recording(tmp_path, (5.0, STOP), (60.0, "")), "/older-long") as page:
        heard, told = held_by_older(page, called, "/older-long", seconds=22)

    transcript = str(called.record("/older-long")["transcript"])
    cut = next(line for line in transcript.splitlines() if line.startswith("assistant: We have"))
    assert len(cut) < len(LONG), transcript
    assert "expensive" in transcript
    sounded = words(run(recognised(heard)))
    assert "saturday" in words(LONG) - words(cut)
    assert "saturday" not in sounded
    assert {"monday", "expensive"} <= sounded, sounded
    # Silence begins half a second after the order at the latest, and lasts until the answer.
    at = int((told["cleared"][0] + 0.5) * 8_000) * 2
    assert loudness(heard[at : at + 4_000]) < 100, told


def test_the_owner_of_a_page_that_may_not_call_reads_in_the_console_what_to_check(
    called: Called, tmp_path: Path
) -> None:
    address = called.page.replace("127.0.0.1", "localhost")
    with visiting(called, recording(tmp_path, (9.0, "")), address) as (page, console):
        page.get_by_role("button", name="Call us").click()
        page.get_by_text("The connection failed.").wait_for()
    (told,) = (line for line in console if line.startswith("callwright:"))
    assert f'"{called.agents["/"]}"' in told
    assert f'"{address}"' in told


def held(page: Any, seconds: float) -> bytes:
    """Call, hang up after a while, and return what sounded, at 8 kHz."""
    page.get_by_role("button", name="Call us").click()
    page.get_by_text("You are connected.").wait_for()
    page.wait_for_timeout(seconds * 1_000)
    page.get_by_role("button", name="Hang up").click()
    page.get_by_text("The call has ended.").wait_for()
    return resample(
        base64.b64decode(page.evaluate("window.heardAsText()")), int(page.evaluate("window.heardHz")), 8_000
    )


def held_by_older(page: Any, called: Called, path: str, seconds: float) -> tuple[bytes, dict[str, Any]]:
    """Call by the older protocol and leave after a while. Returns what sounded, at 8 kHz, and what the page noted."""
    page.get_by_role("heading").click()
    page.evaluate(OLDER_PAGE, [called.url, called.key, called.agents[path]])
    reaches(page, "window.older.ackMs > 0")
    page.wait_for_timeout(seconds * 1_000)
    page.evaluate("window.older.leave()")
    reaches(page, "window.older.closed")
    told = page.evaluate("({ ...window.older, leave: null })")
    sound = base64.b64decode(page.evaluate("window.heardAsText()"))
    return resample(sound, int(page.evaluate("window.heardHz")), 8_000), told


def reaches(page: Any, state: str) -> None:
    """Wait until an expression is true. Playwright's own wait is forbidden by the policy of the page."""
    until = time.monotonic() + 15
    while not page.evaluate(state):
        assert time.monotonic() < until, (state, page.evaluate("window.older"))
        page.wait_for_timeout(50)


async def recognised(pcm: bytes) -> str:
    """What the local recogniser reads in 8 kHz sound."""
    context = PluginContext({}, MODELS)
    registry = Registry(PLUGINS)
    vad = registry.find("vad", "local").factory(context).open()
    heard = Heard()
    stream = await registry.find("transcriber", "local").factory(context).open(TranscriberSettings(), heard)
    active, quiet, began = False, 1_000, 0
    for number, at in enumerate(range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)):
        frame = pcm[at : at + FRAME_BYTES]
        stream.feed(frame)
        quiet = 0 if vad.feed(frame) > 127 else quiet + 20
        if active != (quiet < 400):
            active = not active
            began = number if active else began
            heard.news.clear()
            stream.activity(active, 20 * number)
            if not active and number - began > 40:
                await asyncio.wait_for(heard.news.wait(), 30)
    await stream.aclose()
    await context.shared.aclose()
    return " ".join(heard.texts.values())


class Heard:
    """A ``TranscriberSink`` that keeps all final texts."""

    def __init__(self) -> None:
        self.texts: dict[int, str] = {}
        self.news = asyncio.Event()

    def partial(self, segment: int, text: str, audio_ms: int) -> None:
        """Only what stays counts."""

    def final(self, segment: int, text: str, audio_ms: int, language: str) -> None:
        self.texts[segment] = f"{self.texts.get(segment, '')} {text}"
        self.news.set()

    def usage(self, amount: object) -> None:
        """Nothing is paid."""

    def failed(self, error: Exception) -> None:
        raise AssertionError(error)

    def eager_end(self, audio_ms: int) -> None:
        """It does not tell."""

    resumed = end_of_turn = eager_end


def recording(folder: Path, *parts: tuple[float, str]) -> Path:
    """A file of sentences, each after so many seconds of silence, at the rate of a sound card."""
    pcm = b"".join(bytes(2 * int(8_000 * seconds)) + run(spoken(text)) for seconds, text in parts)
    path = folder / "caller.wav"
    path.write_bytes(write_wav(resample(pcm, 8_000, 48_000), rate_hz=48_000))
    return path


def run(work: Coroutine[Any, Any, T]) -> T:
    """What a coroutine returns. The browser's own loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def spoken(text: str) -> bytes:
    """A sentence by the local voice, at 8 kHz."""
    if not text:
        return b""
    context = PluginContext({}, MODELS)
    voice = Registry(PLUGINS).find("voice", "local").factory(context)
    pcm = b"".join([chunk.pcm async for chunk in voice.speak(text, VoiceSettings(voice="joe"))])
    await context.shared.aclose()
    return pcm


def words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))
