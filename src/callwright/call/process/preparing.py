"""Preparing for calls to come: models and voices of an agent are loaded, and its prompt read into the cache, when it is saved."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from callwright.call.live.equipment import model_settings, voice_settings
from callwright.conversation.history import stable_characters, system_text
from callwright.conversation.plan import plan_for
from callwright.domain.errors import CallwrightError
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice, ProviderDefaults
from callwright.ports.failures import ProviderError
from callwright.ports.model import Message, ModelRequest
from callwright.ports.registry import PluginGetter, UnknownPluginError

_LOG = logging.getLogger(__name__)

MOST_AT_ONCE = 4


def warm_request(spec: AgentSpec, variables: Mapping[str, str]) -> ModelRequest:
    """A request that begins as the agent's calls will."""
    plan = plan_for(spec)
    prompt = Message("system", system_text(plan, variables))
    return ModelRequest(
        (prompt,),
        model_settings(spec.model),
        "warm",
        plan.tools,
        context=variables,
        stable_characters=stable_characters(plan, variables),
    )


class Preparer:
    """Prepares in the background; at most a few agents at once, further ones are left to their first call."""

    def __init__(self, plugin: PluginGetter, defaults: ProviderDefaults) -> None:
        self._plugin = plugin
        self._defaults = defaults
        self._tasks: set[asyncio.Task[None]] = set()

    def agent_saved(self, body: Mapping[str, Any]) -> None:
        """An agent was saved (``body`` is its flat body). Returns at once."""
        if len(self._tasks) >= MOST_AT_ONCE:
            return
        task = asyncio.get_running_loop().create_task(self.prepare(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def prepare(self, body: Mapping[str, Any]) -> None:
        """Prepare model and voice of an agent. What is missing or fails is left to the call, which reports it."""
        try:
            spec = parse_agent(body, defaults=self._defaults)
            spec = self._with_stand_ins(spec)
            voice = self._plugin("voice", spec.voice.provider)
            model = self._plugin("model", spec.model.provider)
        except (CallwrightError, UnknownPluginError, ProviderError) as error:
            _LOG.info("an agent cannot be prepared yet: %s", error)
            return
        # Variables are only known in the call: the prompt is warmed up to its first one.
        request = warm_request(spec, {})
        await asyncio.gather(voice.warm(voice_settings(spec.voice)), model.warm(request))

    def _with_stand_ins(self, spec: AgentSpec) -> AgentSpec:
        """The agent with the server's own voice and model in place of those that no plugin has, as it may be called in a sandbox."""
        voice, model = spec.voice, spec.model
        if not self._has("voice", voice.provider):
            voice = ProviderChoice(self._defaults.voice, language=voice.language)
        if not self._has("model", model.provider):
            model = ProviderChoice(self._defaults.model)
        return replace(spec, voice=voice, model=model)

    def _has(self, kind: str, name: str) -> bool:
        try:
            self._plugin(kind, name)
        except UnknownPluginError:
            return False
        return True

    async def settled(self, timeout_seconds: float) -> bool:
        """Wait until what was begun is prepared or was given up; False when it still goes on behind the time."""
        if not self._tasks:
            return True
        _, going_on = await asyncio.wait(tuple(self._tasks), timeout=timeout_seconds)
        return not going_on

    async def aclose(self) -> None:
        """Stop preparing."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
