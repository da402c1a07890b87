"""The local detector of voice judges the sound of several calls in one run, and says of each what it would say alone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from random import Random
from typing import Any

import numpy as np
import pytest

from callwright.domain.limits import VAD_GATHER_SECONDS
from callwright.lab.virtual_loop import VirtualLoop
from callwright.ops.clock import SystemClock
from callwright.providers.local.vad import SileroModel, SileroStream

_CLOCK = SystemClock()
"""On the virtual loop its pauses take no time."""
FRAME = 320
CALLS = 5


class Session:
    """Stands for the model: what it says of a window depends on the window and on all windows of the call before it."""

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.failing = False

    def run(self, _outputs: None, given: dict[str, Any]) -> tuple[Any, Any]:
        if self.failing:
            raise RuntimeError("out of memory")
        windows, state = given["input"], given["state"]
        assert windows.shape == (len(windows), 288)
        assert state.shape == (2, len(windows), 128)
        self.runs.append(len(windows))
        loud = np.abs(windows).mean(axis=1, keepdims=True)
        state = state * np.float32(0.9) + loud[None]
        return np.tanh(state[0, :, :1]), state


def _sound(seed: int, frames: int = 40) -> list[bytes]:
    random = Random(seed)
    return [random.randbytes(FRAME) if random.random() < 0.6 else bytes(FRAME) for _ in range(frames)]


def _fed(pieces: list[bytes]) -> list[int]:
    stream = SileroStream(SileroModel(Session()))
    return [stream.feed(piece) for piece in pieces]


async def _submitted(model: SileroModel, calls: list[list[bytes]], apart_s: float) -> list[list[int]]:
    streams = [SileroStream(model) for _ in calls]
    told: list[list[int]] = [[] for _ in calls]
    for at in range(max(map(len, calls))):
        for number, call in enumerate(calls):
            if at < len(call):
                streams[number].submit(call[at], told[number].append)
        await _CLOCK.sleep(apart_s)
    await _CLOCK.sleep(VAD_GATHER_SECONDS)
    return told


@pytest.mark.parametrize("apart_s", [0.02, 0.003])
def test_several_calls_are_judged_in_one_run_and_each_as_if_alone(apart_s: float) -> None:
    session, calls = Session(), [_sound(seed) for seed in range(CALLS)]
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        told = runner.run(_submitted(SileroModel(session), calls, apart_s))
    assert told == [_fed(call) for call in calls]
    assert session.runs == [CALLS] * (40 * FRAME // 512)


def test_pieces_of_any_length_are_judged_in_order() -> None:
    random = Random(3)
    calls = [[random.randbytes(2 * random.choice((1, 80, 160, 700))) for _ in range(30)] for _ in range(CALLS)]
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        told = runner.run(_submitted(SileroModel(Session()), calls, 0.004))
    assert told == [_fed(call) for call in calls]


def test_a_frame_that_completes_no_window_is_judged_at_once() -> None:
    async def submit() -> list[int]:
        told: list[int] = []
        stream = SileroStream(SileroModel(Session()))
        stream.submit(bytes(FRAME), told.append)
        return told

    assert asyncio.run(submit()) == [0]


def test_a_call_with_a_defect_leaves_the_others_their_detector() -> None:
    def broken(_probability: int) -> None:
        raise ValueError("a defect of this call")

    async def submit() -> list[int]:
        model, told = SileroModel(Session()), list[int]()
        broken_one, other = SileroStream(model), SileroStream(model)
        for piece in _sound(4):
            with suppress(ValueError):
                broken_one.submit(piece, broken)
            other.submit(piece, told.append)
            await _CLOCK.sleep(0.02)
        await _CLOCK.sleep(VAD_GATHER_SECONDS)
        return told

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(submit()) == _fed(_sound(4))


def test_a_run_that_fails_is_made_up_for_by_the_next() -> None:
    session = Session()
    pieces = _sound(9, frames=8)

    async def submit() -> list[int]:
        told: list[int] = []
        stream = SileroStream(SileroModel(session))
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for at, piece in enumerate(pieces):
            session.failing = at == 1
            stream.submit(piece, told.append)
            await _CLOCK.sleep(0.02)
        return told

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(submit()) == _fed(pieces)
