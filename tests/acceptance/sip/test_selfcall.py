"""`callwright selfcall` as a user types it: over the loopback and over SIP, on a good line and on a bad one."""

import asyncio
import json
import os
import sys

import pytest
from tests.acceptance.sip.gateway_world import needs_stack

pytestmark = pytest.mark.real_time

SECONDS = 120


async def selfcall(*arguments):
    """Exit status, standard output and standard error of the command, without any setting of this environment."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("CALLWRIGHT_", "DATABASE_"))}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "callwright",
        "selfcall",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environ,
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, out.decode(), err.decode()


async def measured(*arguments):
    """What it measured, and the rows that failed.

    A machine that stands still for longer than the 60 ms a leg may be ahead makes holes that are real and no fault of what is tested
    here. Its own counts tell: what the sender had not ready in time (``tx_starved_frames``), and what came after its turn to be played
    (``jbuf_late``: on a line that delays nothing, only a machine does that). Then the call is placed once more, five times at most.
    """
    for _ in range(5):
        status, out, err = await selfcall("--json", *arguments)
        assert out, err
        body = json.loads(out)
        failed = [row for row in body["rows"] if not row["ok"]]
        assert (status, body["ok"]) == ((1, False) if failed else (0, True))
        ways = [body[way] for way in ("there", "back")]
        starved = sum(way["sender_quality"]["tx_starved_frames"] for way in ways)
        late = sum(way["quality"].get("jbuf_late", 0) for way in ways)
        if not (failed and starved + late):
            break
    return body, failed


async def test_a_clean_loopback_call_is_good():
    body, failed = await measured("--carrier", "loopback", "--no-models")
    assert failed == []
    assert len(body["there"]["delays_ms"]) == len(body["back"]["delays_ms"]) == 5


@pytest.mark.long
async def test_loopback_shows_the_echo_the_losses_and_the_level_it_was_told():
    line = "loss=5,jitter=60,delay=80,echo=-20dB/120ms,level=-6,codec=pcma"
    body, failed = await measured("--carrier", "loopback", "--no-models", "--line", line)
    assert failed == []
    there = body["there"]
    level_db, after_ms = there["echo"]
    # There and back again, the echo's own time, and what both ends keep ahead or wait for.
    assert 2 * 80 + 120 <= after_ms <= 2 * (80 + 60 + 100) + 120
    # On the way out it lost 6 dB, as everything does.
    assert level_db == pytest.approx(-26, abs=1)
    assert body["back"]["echo"] is None
    assert there["tone"]["level_dbfs"] == pytest.approx(there["sent_dbfs"] - 6, abs=0.5)
    assert there["quality"]["rx_lost"] > 0


class TestOverSip:
    pytestmark = needs_stack

    @pytest.mark.long
    async def test_a_clean_call_is_good(self):
        body, failed = await measured("--carrier", "sip", "--no-models")
        assert failed == []
        assert body["there"]["quality"]["rx_lost"] == body["back"]["quality"]["rx_lost"] == 0
        assert len(body["there"]["delays_ms"]) == len(body["back"]["delays_ms"]) == 5
        assert body["there"]["sender_quality"]["held_in_stack_ms_max"] <= 60

    @pytest.mark.long
    async def test_lost_requests_5_percent_loss_and_100_ms_of_jitter_are_survived(self):
        line = "loss=5,jitter=100,lose_requests=1"
        body, failed = await measured("--carrier", "sip", "--no-models", "--line", line)
        assert failed == []
        assert 500 <= body["set_up_ms"] <= 3_500
        assert body["there"]["quality"]["rx_lost"] + body["back"]["quality"]["rx_lost"] > 0

    @pytest.mark.voice
    async def test_speech_is_understood_at_5_percent_loss_and_100_ms_of_jitter(self):
        body, _ = await measured("--carrier", "sip", "--line", "loss=5,jitter=100", "--seconds", "40")
        (row,) = [row for row in body["rows"] if row["what"] == "recognised"]
        assert row["judged"]
        assert row["ok"], body["there"]["spoken"] + body["back"]["spoken"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--line", "loss=101"), "--line: loss is 101, not between 0 and 100"),
        (("--seconds", "1"), "--seconds: 1 is not between 5 and 300"),
    ],
)
async def test_a_wrong_switch_is_refused_before_anything_is_dialled(arguments, says):
    status, out, err = await selfcall("--carrier", "loopback", *arguments)
    assert (status, out) == (1, "")
    assert says in err
