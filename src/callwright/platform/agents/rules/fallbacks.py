"""Fallbacks of an organisation: what takes over from the providers of agents that name no fallbacks themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import MAX_FALLBACKS
from callwright.domain.settings.kinds import objects
from callwright.domain.settings.setting import Kind, read_record, setting
from callwright.platform.agents.rules.credentials import credentials_of
from callwright.platform.agents.rules.providers import CHAINS, ProviderNames, read_fallback
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice

TRANSCRIBER, VOICE, MODEL = KINDS = ("transcriber", "voice", "model")
"""Kinds of the registry."""

_Section = Mapping[str, Any]


def _links(given: Fields, kind: str) -> tuple[_Section, ...]:
    listed, path = given.list(kind) or [], given.at(kind)
    if len(listed) > MAX_FALLBACKS:
        raise BadInputError(f"{path} may hold at most {MAX_FALLBACKS} fallbacks", field=path)
    for index, one in enumerate(listed):
        if not isinstance(one, Mapping):
            raise BadInputError(f"{path}[{index}] must be an object", field=f"{path}[{index}]")
    if credentials_of({"tasks": [{"tools_config": {kind: {"fallbacks": list(listed)}}}]}):
        raise BadInputError(f"{path} holds a credential; store it with POST /providers", field=path)
    return tuple(listed)


_LINKS = Kind("objects", objects(MAX_FALLBACKS, "", "provider").schema, _links)


@dataclass(frozen=True, slots=True)
class FallbacksPolicy:
    """What takes over from a recogniser, a voice or a model of agents that name no ``fallbacks`` of that kind, in order."""

    transcriber: tuple[_Section, ...] = setting("fallbacks.transcriber", _LINKS, [], absent=())
    voice: tuple[_Section, ...] = setting("fallbacks.voice", _LINKS, [], absent=())
    model: tuple[_Section, ...] = setting("fallbacks.model", _LINKS, [], absent=())

    @classmethod
    def read(cls, given: Fields) -> Self:
        """Reads the section. Raises BadInputError, also for a credential: those come from the provider keys."""
        found = read_record(cls, given)
        found.check(ProviderNames())
        return found

    def of(self, kind: str) -> tuple[_Section, ...]:
        """The fallbacks of a kind."""
        listed: tuple[_Section, ...] = getattr(self, kind)
        return listed

    def check(self, names: ProviderNames) -> None:
        """Raises InvalidAgentError for a fallback that cannot be read."""
        for kind in KINDS:
            self._read(kind, names, ProviderChoice(""))

    def given_to(self, spec: AgentSpec) -> AgentSpec:
        """The agent with these fallbacks where it names none of a kind. One that is the agent's own provider is left out."""
        return replace(
            spec,
            transcriber=self._given(TRANSCRIBER, spec.transcriber),
            voice=self._given(VOICE, spec.voice),
            model=self._given(MODEL, spec.model),
        )

    def _given(self, kind: str, choice: ProviderChoice) -> ProviderChoice:
        if choice.fallbacks or not self.of(kind):
            return choice
        links = self._read(kind, ProviderNames(), choice)
        others = tuple(one for one in links if (one.provider, one.model) != (choice.provider, choice.model))
        return replace(choice, fallbacks=others, fallback_after_ms=choice.fallback_after_ms or CHAINS[kind][1].default)

    def _read(self, kind: str, names: ProviderNames, first: ProviderChoice) -> list[ProviderChoice]:
        sections = (Fields(one, f"fallbacks.{kind}[{index}]") for index, one in enumerate(self.of(kind)))
        return [read_fallback(kind, section, names, first) for section in sections]
