"""Dispositions asked after a call: by which model, how many at once, and what is written when that fails."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.call.afterwards.test_postcall import MODEL, Bench
from tests.unit.call.world import BEGAN

from callwright.call.afterwards.postcall import PostCall
from callwright.platform.dispositions.rules import StoredDisposition
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.registry import UnknownPluginError
from callwright.ports.speech import UsageAmount

ALONE = {"agent_name": "Reception", "tasks": [{"task_type": "conversation", "tools_config": {"llm_agent": MODEL}}]}


class Answering:
    """A model that answers every question with ``say`` and keeps the requests. ``breaks``: answers that come first."""

    costs_nothing = False

    def __init__(self, say: Callable[[str], Any] = lambda key: {"answer": "Ann", "confidence": 1}) -> None:
        self.say = say
        self.requests: list[ModelRequest] = []
        self.breaks: list[str | BaseException] = []

    async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
        self.requests.append(request)
        yield ModelDelta(usage=UsageAmount("model", "counting", "m", 100, 10))
        if self.breaks:
            broken = self.breaks.pop(0)
            if isinstance(broken, BaseException):
                raise broken
            yield ModelDelta(text=broken)
            return
        if not request.schema:
            yield ModelDelta(text="Ann called.")
            return
        keys = list(json.loads(request.schema)["properties"])
        flat = keys[0] != "q1"
        yield ModelDelta(text=json.dumps(self.say("q1") if flat else {key: self.say(key) for key in keys}))


def asked(name: str, **more: Any) -> StoredDisposition:
    body = {"name": name, "question": f"{name} of {{who}}?", "is_subjective": True, **more}
    return StoredDisposition(f"d-{name}", "t", body, "key-1", BEGAN, BEGAN)


def only(model: Any, *unusable: str) -> Callable[[str, str], Any]:
    """Plugins of which there is the model ``counting``, and ``unusable`` ones."""

    def plugin(kind: str, name: str) -> Any:
        if name in unusable:
            raise ProviderError(FailureKind.BAD_REQUEST, name, "there is no key")
        if name != "counting":
            raise UnknownPluginError(f"there is no {kind} {name}")
        return model

    return plugin


def bench(*dispositions: StoredDisposition, tasks: bool = False, unusable: tuple[str, ...] = ()) -> Bench:
    made = Bench()
    made.model = Answering()  # type: ignore[assignment]
    made.ledger.asked = list(dispositions)
    if not tasks:
        made.ledger.row = replace(made.ledger.row, agent=ALONE)
    made.deps = replace(made.deps, plugin=only(made.model, *unusable))
    return made


def results(made: Bench) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = made.record["extracted_data"]["General"]
    return found


async def test_questions_go_together_and_come_back_by_name() -> None:
    made = bench(asked("Name"), asked("Mood", category="Feelings"))
    await made.run()
    assert len(made.model.requests) == 1  # type: ignore[attr-defined]
    assert results(made)["Name"]["subjective"] == "Ann"
    assert results(made)["Call Summary"]["answered"]
    assert made.record["extracted_data"]["Feelings"]["Mood"]["model"] == "counting/m"
    assert made.record["usage_breakdown"]["llm_usage_breakdown"]["extraction"] == {"input": 100, "output": 10}


async def test_a_model_that_costs_nothing_is_asked_one_question_at_a_time() -> None:
    made = bench(asked("Name"), asked("Mood"))
    made.model.costs_nothing = True  # type: ignore[attr-defined]
    await made.run()
    assert len(made.model.requests) == 3  # type: ignore[attr-defined]
    beginnings = {request.messages[-1].content[:60] for request in made.model.requests}  # type: ignore[attr-defined]
    assert len(beginnings) == 1


async def test_a_small_model_is_asked_a_choice_both_ways_round() -> None:
    options = [{"value": "yes"}, {"value": "no"}]
    made = bench(asked("Mood", is_subjective=False, is_objective=True, objective_options=options))
    first, second = {"choice": "yes", "evidence": "Ann", "confidence": 1}, {"choice": "no", "confidence": 1}
    made.model.costs_nothing = True  # type: ignore[attr-defined]
    made.model.breaks = [json.dumps(first), json.dumps(second)]  # type: ignore[attr-defined]
    await made.run()
    assert len(made.model.requests) == 3  # type: ignore[attr-defined]
    assert (results(made)["Mood"]["objective"], results(made)["Mood"]["second_choice"]) == ("yes", "no")
    assert results(made)["Mood"]["confidence_label"] == "Low"


async def test_a_question_whose_answer_is_missing_is_asked_once_more_alone() -> None:
    made = bench(asked("Name"), asked("Mood"))
    made.model.breaks = [json.dumps({"q1": {"answer": "Ann"}, "q3": {"answer": "She called."}})]  # type: ignore[attr-defined]
    await made.run()
    assert len(made.model.requests) == 2  # type: ignore[attr-defined]
    assert "Mood of ?" in made.model.requests[1].messages[-1].content  # type: ignore[attr-defined]
    assert {name: one["answered"] for name, one in results(made).items()} == {
        "Name": True,
        "Mood": True,
        "Call Summary": True,
    }


async def test_an_answer_that_cannot_be_read_twice_says_so() -> None:
    made = bench(asked("Name"))
    made.model.breaks = ["I", "do", "not"]  # type: ignore[attr-defined]
    await made.run()
    assert results(made)["Name"]["error"] == "the model's answer could not be read: do"
    assert not results(made)["Name"]["answered"]
    assert made.ledger.row.status == "completed"


async def test_a_model_that_fails_leaves_every_question_with_the_reason() -> None:
    made = bench(asked("Name"))
    made.model.breaks = [ProviderError(FailureKind.REFUSED, "counting", "the key was refused")]  # type: ignore[attr-defined]
    await made.run()
    assert [one["error"] for one in results(made).values()] == ["the key was refused"] * 2
    assert {"what": "disposition General / Name", "reason": "the key was refused"} in made.record["post_failures"]
    assert made.ledger.row.status == "completed"


async def test_what_was_answered_is_not_asked_again_by_the_next_run_even_when_it_was_changed() -> None:
    made = bench(asked("Name", model="one"), asked("Mood", model="two"))
    model = made.model
    model.breaks = [json.dumps({"q1": {"answer": "Ann"}, "q2": {"answer": "She called."}}), asyncio.CancelledError()]  # type: ignore[attr-defined]
    with pytest.raises(asyncio.CancelledError):
        await made.run()
    made.ledger.asked = [asked("Other")]
    await made.run()
    assert len(model.requests) == 3  # type: ignore[attr-defined]
    assert list(results(made)) == ["Name", "Call Summary", "Mood"]


async def test_the_agents_own_summary_is_taken_for_the_default_one() -> None:
    made = bench(asked("Name"), tasks=True)
    await made.run()
    assert results(made)["Call Summary"]["subjective"] == made.record["summary"]
    assert "Summary" not in str(made.model.requests[-1].messages)  # type: ignore[attr-defined]


async def test_a_disposition_names_its_model_by_provider_or_gets_the_agents() -> None:
    made = bench(
        asked("A", model="counting/big"),
        asked("B", model="counting"),
        asked("C", model="gpt-9"),
        asked("D", model="else/m"),
    )
    await made.run()
    assert {name: one["model"] for name, one in results(made).items()} == {
        "A": "counting/big",
        "B": "counting",
        "C": "counting/m",
        "D": "counting/m",
        "Call Summary": "counting/big",
    }


async def test_a_named_provider_that_cannot_be_used_is_not_replaced() -> None:
    made = bench(asked("A", model="paid/big"), asked("B"), unusable=("paid", "openai"))
    await made.run()
    assert "there is no key" in results(made)["A"]["error"]
    assert results(made)["B"]["model"] == "counting/m"


async def test_a_body_that_is_not_one_any_more_is_left_out() -> None:
    made = bench(StoredDisposition("d", "t", {"name": "Old"}, "key-1", BEGAN, BEGAN), asked("Name"))
    await made.run()
    assert list(results(made)) == ["Name", "Call Summary"]


async def test_what_is_not_answered_in_time_says_so() -> None:
    made = bench(asked("Name", model="one"), asked("Mood", model="two"))
    made.model.breaks = [  # type: ignore[attr-defined]
        json.dumps({"q1": {"answer": "Ann"}, "q2": {"answer": "She called."}}),
        asyncio.CancelledError(),
    ]
    with pytest.raises(asyncio.CancelledError):
        await made.run()
    assert await PostCall(made.deps).sweep() == 1
    assert results(made)["Name"]["answered"]
    assert results(made)["Mood"]["error"] == "not finished 600 s after the call"
    assert made.ledger.row.status == "completed"


async def test_what_another_run_answers_while_this_one_gives_up_stays_answered() -> None:
    made = bench(asked("Name", model="one"), asked("Mood", model="two"))
    made.model.breaks = [asyncio.CancelledError()]  # type: ignore[attr-defined]
    with pytest.raises(asyncio.CancelledError):
        await made.run()
    made.model.breaks = [  # type: ignore[attr-defined]
        json.dumps({"q1": {"answer": "Ann"}, "q2": {"answer": "She called."}}),
        asyncio.CancelledError(),
    ]
    real = made.ledger.unit

    @asynccontextmanager
    async def unit() -> AsyncIterator[Any]:
        # The sweep has found the call and read its section, and has not locked it yet: another run answers two questions and dies.
        made.ledger.unit = real  # type: ignore[method-assign]
        with pytest.raises(asyncio.CancelledError):
            await made.run()
        async with real() as opened:
            yield opened

    made.ledger.unit = unit  # type: ignore[method-assign]
    assert await PostCall(made.deps).sweep() == 1
    assert results(made)["Name"]["subjective"] == "Ann"
    assert results(made)["Call Summary"]["subjective"] == "She called."
    assert results(made)["Mood"]["error"] == "not finished 600 s after the call"
    assert made.ledger.row.status == "completed"


async def test_a_run_whose_model_refuses_leaves_the_answers_that_another_run_has_kept() -> None:
    made = bench(asked("Name"), asked("Mood"))
    began, refused = asyncio.Event(), asyncio.Event()

    class Refusing(Answering):
        """The first that asks is refused when ``refused`` is set."""

        async def answer(self, request: ModelRequest) -> AsyncIterator[ModelDelta]:
            if not began.is_set():
                began.set()
                await refused.wait()
                raise ProviderError(FailureKind.REFUSED, "counting", "the key was refused")
            async for delta in super().answer(request):
                yield delta

    model = Refusing()
    # The second question is not answered and asked once more: there the process ends.
    model.breaks = [
        json.dumps({"q1": {"answer": "Ann"}, "q3": {"answer": "She called."}}),
        asyncio.CancelledError(),
    ]
    made.deps = replace(made.deps, plugin=only(model))
    slow = asyncio.create_task(made.run())
    await began.wait()
    with pytest.raises(asyncio.CancelledError):
        await made.run()
    refused.set()
    await slow
    assert results(made)["Name"]["subjective"] == "Ann"
    assert results(made)["Call Summary"]["subjective"] == "She called."
    assert results(made)["Mood"]["error"] == "the key was refused"
