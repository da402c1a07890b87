"""What the providers of an agent get where no organisation is known (``callwright simulate``): the operator's own keys.

The counterpart of ``call.live.access.TenantAccess`` without a ledger. A provider key is an environment variable of its name.
The address that the agent names for its model is trusted: whoever runs the command chose the agent's file too. The guarded client
reaches it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from callwright.call.live.access import KeyNames
from callwright.call.live.equipment import need_model
from callwright.domain.errors import ConfigurationError
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.provider_keys.rules.access import Access, reach_of_agent
from callwright.ports.registry import PluginGetter

EXTRACTION = "extraction"


def asked_models(spec: AgentSpec) -> tuple[ProviderChoice, ...]:
    """The models that a simulated call asks: the one that talks, and those of its extractions."""
    return (spec.model, *(task.model for task in spec.post_call if task.kind == EXTRACTION))


class OperatorAccess:
    """Fits agents with ``keys``: environment variables by name, of which only those that a model's plugin asks for are read."""

    def __init__(self, key_names_of: KeyNames, keys: Mapping[str, str]) -> None:
        self._key_names_of = key_names_of
        self._keys = keys

    def fit(self, spec: AgentSpec) -> AgentSpec:
        """``spec`` with the access of its language models: the one that talks, and those of the work after the call."""
        return replace(
            spec,
            model=self._fitted(spec.model),
            post_call=tuple(replace(task, model=self._fitted(task.model)) for task in spec.post_call),
        )

    def check(self, spec: AgentSpec, plugin: PluginGetter) -> None:
        """Raises ConfigurationError, which says what to do, when a model of a fitted agent knows that it could not answer at all."""
        for choice in asked_models(spec):
            try:
                need_model(plugin, choice)
            except ConfigurationError as error:
                names = self._named(choice)
                # The plugin's own advice is for organisations, whose keys are not known here.
                where = f" (here provider keys are environment variables: {', '.join(names)})" if names else ""
                raise ConfigurationError(f"{error.message}{where}") from error

    def _fitted(self, choice: ProviderChoice) -> ProviderChoice:
        fallbacks = tuple(self._fitted_itself(one) for one in choice.fallbacks)
        return replace(self._fitted_itself(choice), fallbacks=fallbacks)

    def _fitted_itself(self, choice: ProviderChoice) -> ProviderChoice:
        names = self._named(choice)
        if not names:
            return choice
        reach = reach_of_agent(names, str(choice.options.get("base_url") or ""), trusted=True)
        keys = {name: self._keys[name] for name in reach.names if self._keys.get(name)}
        return replace(choice, access=Access(keys, reach.base_url, reach.refused_url, reach.withheld))

    def _named(self, choice: ProviderChoice) -> tuple[str, ...]:
        """The variables that may hold a model's keys. A name of one word (OPENAI) is left out: in an environment it may be anything."""
        return tuple(name for name in self._key_names_of("model", choice.provider) or () if "_" in name)
