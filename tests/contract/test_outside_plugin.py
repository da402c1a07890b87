"""An outsider's plugin against the public suites: five lines and pytest, without a plugin of pytest and without our own tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

VOICE = """
import asyncio, time
from callwright.media.tonetext import spoken
from callwright.ports.registry import Plugin
from callwright.ports.speech import UsageAmount, VoiceChunk

class Voice:
    name = "mine"

    async def speak(self, text, settings):
        yield VoiceChunk(spoken(text))
        yield VoiceChunk(last=True, usage=UsageAmount("voice", "mine", "mine", len(text)))

    async def warm(self, settings):
        pass

def plugin_of(voice):
    return Plugin("voice", "mine", "says text", lambda context: voice())
"""

FIVE_LINES = """
from callwright.testing import VoiceContract
from my_voice import Voice, plugin_of
class TestMyVoice(VoiceContract):
    plugin = plugin_of(Voice)
"""

BROKEN = {
    "length": (
        """
    async def speak(self, text, settings):
        yield VoiceChunk(spoken(text) * 3)
        yield VoiceChunk(last=True, usage=UsageAmount("voice", "mine", "mine", len(text)))
""",
        "test_the_audio_is_as_long_as_speech",
        "takes 4800 ms; speech takes 390 to 4420 ms. Is it 8000 Hz, 16 bits, mono?",
    ),
    "end": (
        """
    async def speak(self, text, settings):
        yield VoiceChunk(spoken(text))
""",
        "test_a_clause_is_audio_with_one_end",
        "exactly one chunk has last=True, and it comes at the end",
    ),
    "blocking": (
        """
    async def speak(self, text, settings):
        time.sleep(0.6)
        yield VoiceChunk(spoken(text))
        yield VoiceChunk(last=True, usage=UsageAmount("voice", "mine", "mine", len(text)))
""",
        "test_speaking_does_not_block_the_event_loop",
        "and with it the audio of all calls; work in a thread or a process",
    ),
    "usage": (
        """
    async def speak(self, text, settings):
        yield VoiceChunk(spoken(text))
        yield VoiceChunk(last=True)
""",
        "test_the_last_chunk_tells_what_was_used",
        "the last chunk has no usage; a voice counts its characters",
    ),
}


def run_pytest(folder: Path, test: str, only: str = "") -> subprocess.CompletedProcess[str]:
    """Runs pytest in a folder of its own, as the outsider has it: the whole suite, or one test of it."""
    (folder / "my_voice.py").write_text(VOICE)
    (folder / "test_my_voice.py").write_text(test)
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        f"test_my_voice.py{only}",
    ]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_five_lines_test_a_voice(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, FIVE_LINES)
    assert run.returncode == 0, run.stdout
    assert "11 passed, 11 skipped" in run.stdout


@pytest.mark.parametrize("defect", BROKEN)
def test_a_broken_voice_is_caught_with_a_sentence_that_says_what_is_wrong(tmp_path: Path, defect: str) -> None:
    speak, test, sentence = BROKEN[defect]
    broken = f"class Broken(Voice):\n{speak.strip(chr(10))}\n"
    file = f"import time\nfrom my_voice import *\n{FIVE_LINES}\n{broken}\nTestMyVoice.plugin = plugin_of(Broken)\n"
    run = run_pytest(tmp_path, file, f"::TestMyVoice::{test}")
    assert run.returncode == 1, run.stdout
    assert f"FAILED test_my_voice.py::TestMyVoice::{test}" in run.stdout
    assert sentence in run.stdout
