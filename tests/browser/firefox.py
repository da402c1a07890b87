"""Debian's Firefox, driven over WebDriver BiDi, with a sound server whose microphone is a file and whose loudspeaker is recorded.

Playwright drives only a Firefox of its own. Without a sound server Firefox starts no ``AudioContext``, with fake streams neither.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

PROGRAMS = ("firefox-esr", "pulseaudio", "pactl", "paplay", "parec")
RECORDED_HZ = 48_000
ANSWER_SECONDS = 60
START_SECONDS = 30
PREFERENCES = {
    "media.navigator.permission.disabled": True,
    "media.autoplay.default": 0,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.normandy.enabled": False,
    "messaging-system.rsexperimentloader.enabled": False,
    # The page that is visited forbids them by its policy, and Firefox asks all the same.
    "browser.chrome.site_icons": False,
}


def missing() -> list[str]:
    """Names the programs that are not installed."""
    return [name for name in PROGRAMS if shutil.which(name) is None]


class SoundServer:
    """PulseAudio of one test. What is played to ``voice`` is the microphone; ``speaker`` is the loudspeaker."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    def speak(self, wav: Path) -> subprocess.Popen[bytes]:
        """Start to say a recording into the microphone."""
        return subprocess.Popen(["paplay", "--device=voice", str(wav)], env=self.environment)

    @contextmanager
    def recorded(self, target: Path) -> Iterator[None]:
        """Keep what sounds meanwhile in ``target``: 16-bit samples of ``RECORDED_HZ``."""
        command = ["parec", "--device=speaker.monitor", f"--rate={RECORDED_HZ}", "--format=s16le", "--channels=1"]
        with target.open("wb") as file, subprocess.Popen(command, env=self.environment, stdout=file) as recorder:
            try:
                yield
            finally:
                recorder.terminate()


@contextmanager
def sound_server(folder: Path) -> Iterator[SoundServer]:
    """A sound server without devices, reached by those who know its address only."""
    home = folder / "sound"
    home.mkdir()
    # A socket's path may be 107 bytes long; the folder's own is reached from itself.
    socket = home / "s"
    environment = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PULSE_SERVER": f"unix:{socket}"}
    modules = [
        f"module-null-sink sink_name=speaker rate={RECORDED_HZ}",
        f"module-null-sink sink_name=voice rate={RECORDED_HZ}",
        f"module-native-protocol-unix socket={socket} auth-anonymous=1",
    ]
    options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes"]
    command = ["pulseaudio", *options, *(word for one in modules for word in ("-L", one))]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as server:
        try:
            until = time.monotonic() + START_SECONDS
            while not socket.exists():
                assert server.poll() is None, "the sound server ended"
                assert time.monotonic() < until, "the sound server does not start"
                time.sleep(0.05)
            for chosen in (("set-default-sink", "speaker"), ("set-default-source", "voice.monitor")):
                subprocess.run(["pactl", *chosen], env=environment, check=True)
            yield SoundServer(environment)
        finally:
            server.terminate()


class Firefox:
    """One window of a Firefox. ``console`` has its warnings, errors and exceptions."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.console: list[str] = []
        self.ask("session.new", {"capabilities": {}})
        self.ask("session.subscribe", {"events": ["log.entryAdded"]})
        self._window = self.ask("browsingContext.getTree", {})["contexts"][0]["context"]

    def ask(self, method: str, parameters: dict[str, Any]) -> Any:
        """The result of a command."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=ANSWER_SECONDS))
            if message.get("id") == number:
                assert message["type"] == "success", message
                return message["result"]
            if message.get("method") == "log.entryAdded" and message["params"]["level"] in ("warn", "error"):
                self.console.append(str(message["params"]["text"]))

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.ask("browsingContext.navigate", {"context": self._window, "url": url, "wait": "complete"})

    def evaluate(self, expression: str) -> Any:
        """The value of an expression, evaluated as if the person had just clicked."""
        target = {"context": self._window}
        options = {"awaitPromise": True, "userActivation": True}
        answer = self.ask("script.evaluate", {"expression": expression, "target": target, **options})
        assert answer["type"] == "success", answer
        return answer["result"].get("value")

    def wait_for(self, expression: str, seconds: float = ANSWER_SECONDS) -> None:
        """Return when an expression is true."""
        until = time.monotonic() + seconds
        while not self.evaluate(expression):
            assert time.monotonic() < until, f"it does not come to hold: {expression}"
            time.sleep(0.1)


@contextmanager
def firefox(folder: Path, sound: SoundServer) -> Iterator[Firefox]:
    """A Firefox without a window on the screen, with a profile of its own."""
    profile = folder / "profile"
    profile.mkdir()
    lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items())
    (profile / "user.js").write_text("".join(lines))
    options = ["--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
    environment = {**sound.environment, "HOME": str(folder)}
    with subprocess.Popen(
        ["firefox-esr", *options, "about:blank"], env=environment, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.stderr is not None
        try:
            address = next(found[0] for line in program.stderr if (found := re.search(r"ws://\S+", line)))
            # Else its pipe fills up.
            threading.Thread(target=program.stderr.read, daemon=True).start()
            with connect(f"{address}/session", max_size=None) as socket:
                one = Firefox(socket)
                yield one
                one.ask("browser.close", {})
        finally:
            program.terminate()
