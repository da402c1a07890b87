"""Seeding: the fixed sentences of a saved agent are rendered before its first call, which plays them at once and at no cost."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

from callwright.call.live.access import patiently
from callwright.call.live.boundary import plugin_boundary
from callwright.call.live.clause_spoken import ClauseSpoken
from callwright.call.live.deps import RuntimeDeps
from callwright.call.live.equipment import fixed_answers_of, model_settings, voice_settings
from callwright.call.live.fixed_speech import FixedSpeech, SpeechFolder
from callwright.conversation.effects import Speak
from callwright.conversation.plan import plan_for
from callwright.domain.errors import CallwrightError, UnavailableError
from callwright.domain.limits import MAX_SEEDED_CHARACTERS, MAX_SEEDING_TRIES, SEEDING_RETRY_SECONDS, SEEDING_SECONDS
from callwright.platform.agent_settings.rules.providers import CACHING
from callwright.platform.agents.rules.availability import VOICE, Line, Provision
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.jobs.rules import SpeechOrder
from callwright.platform.unit import Unit
from callwright.ports.failures import RETRYABLE, ProviderError
from callwright.ports.model import Model
from callwright.ports.registry import UnknownPluginError
from callwright.ports.speech import Voice, VoiceSettings

_LOG = logging.getLogger(__name__)


class Seeding:
    """Renders fixed sentences of saved agents into ``folder``, which the one thread of ``disk`` reads and writes.

    A voice that is away or busy is asked again after SEEDING_RETRY_SECONDS, and up to MAX_SEEDING_TRIES times. What cannot be rendered is
    left to the first call, which makes it and reports what is wrong.
    """

    def __init__(self, deps: RuntimeDeps, folder: SpeechFolder, disk: Executor) -> None:
        self._deps = deps
        self._folder = folder
        self._disk = disk

    async def run(self, payload: bytes) -> None:
        """``platform.jobs.rules.SPEECH_JOB``. Raises UnavailableError without a database: the job is tried again."""
        order = SpeechOrder(**json.loads(payload))
        deps = self._deps
        agent = await patiently(deps.ledger, deps.clock, lambda unit: unit.agents.get(order.tenant_id, order.agent_id))
        # Saved again since, it has another job.
        if agent is None or agent.revision != order.revision:
            return
        try:
            provision = await self._provided(agent)
            if provision.stands_in(VOICE) or not _keeps(provision.spec):
                return
            voice: Voice = deps.plugin("voice", provision.spec.voice.provider)
            model: Model = deps.plugin("model", provision.spec.model.provider)
            answers = fixed_answers_of(model, model_settings(provision.spec.model))
        except UnavailableError:
            raise
        except (CallwrightError, UnknownPluginError, ProviderError) as error:
            _LOG.info("nothing of agent %s is rendered ahead: %s", agent.id, error)
            return
        failure = await self._render(agent, provision.spec, voice, answers)
        if failure is not None:
            await self._failed(order, failure)

    async def _failed(self, order: SpeechOrder, failure: ProviderError) -> None:
        """Has it tried again, if that may help and was not done often enough."""
        again = failure.kind in RETRYABLE and order.tries + 1 < MAX_SEEDING_TRIES
        if not again:
            _LOG.warning("agent %s: its first call renders what is left, %s", order.agent_id, failure)
            return
        after_s = SEEDING_RETRY_SECONDS * 3**order.tries
        _LOG.info("agent %s: rendered again in %d s, %s", order.agent_id, after_s, failure)
        async with self._deps.ledger.unit() as unit:
            await unit.jobs.put_speech(replace(order, tries=order.tries + 1), after_s)

    async def _provided(self, agent: StoredAgent) -> Provision:
        deps = self._deps
        body = await deps.access.opened(agent.tenant_id, agent.body)
        spec = parse_agent(body, defaults=deps.settings.defaults)

        async def read(unit: Unit) -> Provision:
            return await deps.availability.provide(unit, agent.tenant_id, spec, Line())

        return await patiently(deps.ledger, deps.clock, read)

    async def _render(
        self, agent: StoredAgent, spec: AgentSpec, voice: Voice, answers: Sequence[str]
    ) -> ProviderError | None:
        """Returns the failure of the voice, if there was one."""
        provider, settings = spec.voice.provider, voice_settings(spec.voice)
        fixed = FixedSpeech(
            self._folder, self._disk, agent.tenant_id, (provider, settings), plan_for(spec), {}, answers
        )
        rendered: list[str] = []
        with plugin_boundary(provider) as outcome:
            async with asyncio.timeout(SEEDING_SECONDS):
                unkept = await fixed.unkept()
                if unkept:
                    # Loading the vendor's client, once for a process, may take longer than a clause may.
                    await voice.warm(settings)
                for text in unkept:
                    if sum(map(len, rendered)) + len(text) > MAX_SEEDED_CHARACTERS:
                        break
                    await _speak(voice, provider, settings, text, fixed)
                    rendered.append(text)
        if rendered:
            characters = sum(map(len, rendered))
            _LOG.info("agent %s: rendered %d characters ahead with the voice %s", agent.id, characters, provider)
        await fixed.stored()
        return outcome.failure


def _keeps(spec: AgentSpec) -> bool:
    return bool(spec.voice.options.get(CACHING.name, CACHING.default)) and not spec.settings.written


async def _speak(voice: Voice, provider: str, settings: VoiceSettings, text: str, fixed: FixedSpeech) -> None:
    clause = ClauseSpoken(Speak(0, 0, 0, "seeding", text))
    await clause.spoken_by(voice, settings)
    kept = clause.kept(provider) if clause.sound else None
    if kept is not None:
        fixed.made(text, kept)
