"""Seeding: what is rendered when an agent is saved, what of it a later call plays, and that nothing of it can fail a save."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.unit.call.live.test_fixed_speech import Mouth, files_in

from callwright.call.live.access import NoAccess
from callwright.call.live.equipment import voice_settings
from callwright.call.live.fixed_speech import FixedSpeech, SpeechFolder
from callwright.call.process.seeding import Seeding
from callwright.conversation.interjections import fillers_in
from callwright.conversation.plan import plan_for
from callwright.domain.limits import MAX_SEEDED_CHARACTERS, MAX_SEEDING_TRIES
from callwright.lab.virtual_loop import AtOnce
from callwright.ops.clock import SystemClock
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.availability import EverythingAvailable
from callwright.platform.jobs.rules import SpeechOrder
from callwright.ports.failures import FailureKind
from callwright.ports.registry import UnknownPluginError

WELCOME, GOODBYE = "Good day.", "Thank you."
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def agent(revision: int = 1, welcome: str = WELCOME, synthesizer: dict[str, Any] | None = None) -> StoredAgent:
    tools = {
        "llm_agent": {"llm_config": {"provider": "mind"}},
        "synthesizer": {"provider": "mouth", "provider_config": {"voice": "v"}, **(synthesizer or {})},
    }
    settings = {"call_hangup_message": GOODBYE, "use_fillers": True}
    task = {"task_type": "conversation", "tools_config": tools, "task_config": settings}
    body = {"agent_name": "Desk", "agent_welcome_message": welcome, "tasks": [task]}
    return StoredAgent("a-1", "t-1", "Desk", body, revision, NOW, NOW)


class Mind:
    """A model with an answer that the agent gave it, and one with a slot."""

    def fixed_answers(self, settings: Any) -> tuple[str, ...]:
        return "We open at nine.", "Hello {name}."


class Cold(Mouth):
    """A voice that says when its client is loaded."""

    async def warm(self, settings: Any) -> None:
        self.asked.append("(warm)")


class House:
    """A server with one agent."""

    def __init__(self, folder: Path, mouth: Mouth | None = None) -> None:
        self.folder = SpeechFolder(folder)
        self.mouth = mouth or Mouth()
        self.agent: StoredAgent | None = agent()
        deps: Any = SimpleNamespace(
            ledger=self,
            clock=SystemClock(),
            access=NoAccess(),
            availability=EverythingAvailable(),
            plugin=self.plugin,
            settings=SimpleNamespace(defaults=ProviderDefaults()),
        )
        self.again: list[tuple[SpeechOrder, int]] = []
        self.seeding = Seeding(deps, self.folder, AtOnce())

    def plugin(self, kind: str, name: str) -> Any:
        if name not in ("mouth", "mind"):
            raise UnknownPluginError(f"there is no {kind} named {name!r}")
        return self.mouth if kind == "voice" else Mind()

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Any]:
        async def get(tenant_id: str, agent_id: str) -> StoredAgent | None:
            return self.agent

        yield SimpleNamespace(agents=SimpleNamespace(get=get))

    @asynccontextmanager
    async def unit(self) -> AsyncIterator[Any]:
        async def put_speech(order: SpeechOrder, after_seconds: int = 0) -> None:
            self.again.append((order, after_seconds))

        yield SimpleNamespace(jobs=SimpleNamespace(put_speech=put_speech))

    async def save(self, stored: StoredAgent) -> list[str]:
        """What the voice is asked after the save."""
        self.agent, self.mouth.asked = stored, []
        await self.render(stored.revision)
        return self.mouth.asked

    async def render(self, revision: int, tries: int = 0) -> None:
        await self.seeding.run(json.dumps(asdict(SpeechOrder("a-1", "t-1", revision, tries))).encode())

    def in_a_call(self) -> FixedSpeech:
        assert self.agent is not None
        spec = parse_agent(self.agent.body)
        voice = "mouth", voice_settings(spec.voice)
        return FixedSpeech(self.folder, AtOnce(), "t-1", voice, plan_for(spec), {}, ["We open at nine."])


async def test_a_saved_agent_has_its_fixed_sentences_rendered_the_welcome_first(tmp_path: Path) -> None:
    house = House(tmp_path)
    asked = await house.save(agent())
    assert asked[0] == WELCOME
    assert {GOODBYE, "We open at nine.", *fillers_in("en")} <= set(asked)
    assert not any("{" in text or "Hello" in text for text in asked)
    call = house.in_a_call()
    assert await call.unkept() == []
    assert all(call.clause(text) for text in asked)


async def test_a_changed_text_renders_only_itself_and_a_changed_voice_everything(tmp_path: Path) -> None:
    house = House(tmp_path)
    first = await house.save(agent())
    assert await house.save(agent(2, "Good evening.")) == ["Good evening."]
    other = {"provider_config": {"voice": "w"}}
    assert await house.save(agent(3, synthesizer=other)) == first


async def test_an_agent_that_was_saved_again_or_deleted_has_nothing_rendered_as_it_was(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.agent = agent(2)
    await house.render(1)
    house.agent = None
    await house.render(2)
    assert house.mouth.asked == []


async def test_the_client_of_a_voice_is_loaded_before_the_first_clause_and_only_if_there_is_one(tmp_path: Path) -> None:
    house = House(tmp_path, Cold())
    assert (await house.save(agent()))[:2] == ["(warm)", WELCOME]
    assert await house.save(agent(2)) == []


async def test_a_voice_that_fails_is_not_asked_on_and_the_job_is_done(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.mouth.dead = True
    assert await house.save(agent()) == [WELCOME]
    assert files_in(tmp_path) == []


async def test_a_voice_that_is_away_for_a_minute_is_asked_again_later(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.mouth.dead = True
    await house.render(1)
    ((order, after_s),) = house.again
    assert (order, after_s) == (SpeechOrder("a-1", "t-1", 1, 1), 10)
    house.mouth.dead = False
    await house.render(order.revision, order.tries)
    assert house.again == [(order, after_s)]
    assert await house.in_a_call().unkept() == []


async def test_a_voice_that_stays_away_is_asked_so_often_and_then_left_to_the_first_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    house = House(tmp_path)
    house.mouth.dead = True
    tries = [0]
    for done in tries:
        before = len(house.again)
        await house.render(1, done)
        tries += [order.tries for order, _ in house.again[before:]]
    assert tries == list(range(MAX_SEEDING_TRIES))
    assert [after_s for _, after_s in house.again] == [10, 30, 90]
    (last,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert last == "agent a-1: its first call renders what is left, mouth: it is down"


async def test_a_key_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.mouth.dead = FailureKind.REFUSED
    await house.render(1)
    assert house.again == []


async def test_nothing_is_rendered_without_the_voices_package_and_without_caching(tmp_path: Path) -> None:
    house = House(tmp_path)
    assert await house.save(agent(synthesizer={"provider": "elsewhere"})) == []
    assert await house.save(agent(synthesizer={"caching": False})) == []


async def test_so_many_characters_are_rendered_and_no_more(tmp_path: Path) -> None:
    sentences = [f"{number:02}{'a' * 47}." for number in range(MAX_SEEDED_CHARACTERS // 50)]
    assert await House(tmp_path / "one").save(agent(welcome=" ".join(sentences))) == sentences
    longer = ["b" + sentences[0], *sentences[1:]]
    assert await House(tmp_path / "two").save(agent(welcome=" ".join(longer))) == longer[:-1]
