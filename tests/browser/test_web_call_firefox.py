"""A call from Debian's Firefox: a spoken recording is the microphone, and a recogniser reads what both sides heard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.browser.firefox import RECORDED_HZ, Firefox, firefox, missing, sound_server
from tests.browser.test_web_call import LONG, STOP, WISH, Called, calling, recognised, recording, run, words

from callwright.media.resample import resample

pytestmark = [
    pytest.mark.voice,
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]

#: With its processing on, Firefox takes words from a caller who speaks over the agent where nothing echoes, as here.
UNPROCESSED = """
const devices = navigator.mediaDevices;
const open = devices.getUserMedia.bind(devices);
devices.getUserMedia = () => open({audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
true
"""
WIDGET = "[...document.querySelectorAll('div')].find(one => one.shadowRoot).shadowRoot"


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Called]:
    with calling(tmp_path_factory.mktemp("called")) as one:
        yield one


def test_a_visitor_talks_to_the_agent_and_a_recogniser_understands_both(called: Called, tmp_path: Path) -> None:
    heard = held(called, tmp_path, (7.0, WISH), seconds=20)

    record = called.record()
    transcript = str(record["transcript"])
    caller = words(" ".join(line for line in transcript.splitlines() if line.startswith("user:")))
    assert {"book", "cleaning", "tuesday"} <= caller, transcript
    agents = words(run(recognised(heard)))
    assert {"help", "you", "day", "week"} <= agents, agents
    assert record["telephony_data"]["provider"] == "web-call"
    assert record["telephony_data"]["hangup_by"] == "Caller"


def test_a_visitor_who_interrupts_silences_the_agent_at_once(called: Called, tmp_path: Path) -> None:
    heard = held(called, tmp_path, (5.0, STOP), seconds=22, path="/long", before=UNPROCESSED)

    transcript = str(called.record("/long")["transcript"])
    cut = next(line for line in transcript.splitlines() if line.startswith("assistant: We have"))
    assert len(cut) < len(LONG), transcript
    assert "expensive" in transcript
    sounded = words(run(recognised(heard)))
    assert "saturday" in words(LONG) - words(cut)
    assert "saturday" not in sounded
    assert {"monday", "expensive"} <= sounded, sounded


def held(
    called: Called, folder: Path, line: tuple[float, str], seconds: float, path: str = "/", before: str = "true"
) -> bytes:
    """Call from the shop's page, say a line after so many seconds, hang up, and return what sounded, at 8 kHz."""
    wav, sounded = recording(folder, line, (2.0, "")), folder / "sounded.pcm"
    with sound_server(folder) as sound, firefox(folder, sound) as page:
        page.open(called.page + path)
        page.evaluate(before)
        with sound.recorded(sounded):
            press(page, "Call us")
            page.wait_for(f"{WIDGET}.textContent.includes('You are connected.')")
            with sound.speak(wav):
                time.sleep(seconds)
            press(page, "Hang up")
            page.wait_for(f"{WIDGET}.textContent.includes('The call has ended.')")
        assert page.console == []
    return resample(sounded.read_bytes(), RECORDED_HZ, 8_000)


def press(page: Firefox, name: str) -> None:
    """Press a button of the widget."""
    button = f"{WIDGET} && [...{WIDGET}.querySelectorAll('button')].find(one => one.textContent === {name!r})"
    page.wait_for(f"Boolean([...document.querySelectorAll('div')].some(one => one.shadowRoot) && {button})")
    page.evaluate(f"({button}).click()")
