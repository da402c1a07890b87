"""Every provider that is installed or that an agent names: what it lacks, who has keys for it, how many agents use it, and how it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from callwright.domain.errors import InvalidAgentError, VaultLockedError
from callwright.domain.limits import MAX_PROVIDER_CALLS
from callwright.insight.provider_figures import ProviderFigures, figures_over
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.agent_settings.rules.agent import TELEPHONY_PROVIDER
from callwright.platform.agents.rules.availability import Lack, LackKind
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.services import Services
from callwright.platform.unit import Unit
from callwright.ports.registry import Plugin

_CARRIER = "carrier"
_NAMED_BY_AGENTS = ("transcriber", "model", "voice", _CARRIER)
_NOT_WHOLE = (LackKind.NO_EXTRA, LackKind.NO_MODEL_FILES)
_ASKED_ANYWAY = (LackKind.NOT_INSTALLED, LackKind.NO_KEY, LackKind.NO_TRUNK, LackKind.NO_PHONE_LINE)
"""What other columns say, what no plugin can help, or what is no lack of the plugin."""

_NOBODY = {"agent_name": "nobody", "tasks": [{}]}


@dataclass(frozen=True, slots=True)
class ProviderState:
    """A provider. ``asks_for``: names of the secret keys it can use; ``keys``: those that are stored, each with the names of its
    organisations; ``lacks_keys``: those that an organisation with another one of them still needs; ``agents``: how many use it, None for a
    kind that no agent names; ``lack``: why it cannot be used, apart from keys.
    ``model``: one of its models that agents name, else one that it offers. ``figures``: of the last MAX_PROVIDER_CALLS calls. ``reach``:
    what the provider said when it was asked, empty where it was not."""

    kind: str
    name: str
    installed: bool
    asks_for: tuple[str, ...]
    keys: Mapping[str, Sequence[str]]
    agents: int | None
    lack: str
    model: str = ""
    figures: ProviderFigures = field(default_factory=ProviderFigures)
    reach: str = ""
    lacks_keys: tuple[str, ...] = ()


async def provider_states(services: Services, tenant_id: str = DEFAULT_TENANT_ID) -> list[ProviderState]:
    """The providers of the installation, by kind and name, with what an account lacks for them. Unreadable agents are not counted."""
    plugins = {(plugin.kind, plugin.name): plugin for plugin in services.plugins()}
    names = {(one.kind, name): one.name for one in plugins.values() for name in (one.name, *one.aliases)}
    async with services.ledger.reading() as unit:
        used, keys, models = await _belongings(services, unit)
        figures = figures_over(await unit.executions.summaries.recent_records(MAX_PROVIDER_CALLS))
        counts: Counter[tuple[str, str]] = Counter()
        for (kind, name), count in used.items():
            counts[kind, names.get((kind, name), name)] += count
        found = []
        for kind, name in sorted({*plugins, *counts}):
            plugin = plugins.get((kind, name))
            stored = {key: keys[key] for key in sorted(keys) if _is_for(key, name, plugin)}
            lack = None if plugin is None else await _lack(services, unit, tenant_id, kind, name)
            found.append(
                ProviderState(
                    kind=kind,
                    name=name,
                    installed=plugin is not None and (lack is None or lack.kind not in _NOT_WHOLE),
                    asks_for=() if plugin is None else plugin.secrets,
                    keys=stored,
                    lacks_keys=() if plugin is None else _lacking_keys(plugin, stored),
                    agents=counts[kind, name] if kind in _NAMED_BY_AGENTS else None,
                    lack="" if lack is None or lack.kind in _ASKED_ANYWAY else lack.sentence,
                    model=_model_of(plugin, models) if kind == "model" else "",
                    figures=figures.get((kind, name), ProviderFigures()),
                )
            )
        return found


def _model_of(plugin: Plugin | None, models: Mapping[str, str]) -> str:
    if plugin is None:
        return ""
    named = next((models[name] for name in (plugin.name, *plugin.aliases) if name in models), "")
    return named or next((offer.model for offer in plugin.models), "")


async def _belongings(
    services: Services, unit: Unit
) -> tuple[Counter[tuple[str, str]], dict[str, list[str]], dict[str, str]]:
    """How many agents name each provider, which organisations have a key of each name in capitals, and a model of each that is named."""
    models: dict[str, str] = {}
    used: Counter[tuple[str, str]] = Counter()
    keys: dict[str, list[str]] = {}
    for organisation in await unit.accounts.organisations():
        for key in await unit.provider_keys.all(organisation.id):
            keys.setdefault(key.name.upper(), []).append(organisation.name)
        for tenant in (organisation, *await unit.accounts.sub_accounts(organisation.id)):
            for agent in await unit.agents.all(tenant.id):
                try:
                    spec = parse_agent(agent.body, defaults=services.policy.defaults)
                except InvalidAgentError:
                    continue
                used.update(set(_providers_of(spec, services.policy.carrier)))
                if spec.model.model:
                    models.setdefault(spec.model.provider, spec.model.model)
    return used, keys, models


def _providers_of(spec: AgentSpec, carrier: str) -> Iterator[tuple[str, str]]:
    named = spec.telephony_provider
    yield _CARRIER, carrier if named == TELEPHONY_PROVIDER.default else named
    yield "transcriber", spec.transcriber.provider
    yield "voice", spec.voice.provider
    for choice in (spec.model, *(task.model for task in spec.post_call)):
        yield "model", choice.provider


def _is_for(key: str, name: str, plugin: Plugin | None) -> bool:
    """Whether a key is for a provider: one that it asks for, or, while nobody can ask, one that begins with its name."""
    return key.partition("_")[0] == name.upper() if plugin is None else key in plugin.keys


def _lacking_keys(plugin: Plugin, stored: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    owners = {owner for owners in stored.values() for owner in owners}
    return tuple(name for name in plugin.needed_keys if owners.difference(stored.get(name, ())))


async def _lack(services: Services, unit: Unit, tenant_id: str, kind: str, name: str) -> Lack | None:
    """Why the account cannot use a plugin that agents name; None when it can."""
    change = _CHOSEN.get(kind)
    if change is None:
        return None
    spec = change(parse_agent(_NOBODY, defaults=services.policy.defaults), ProviderChoice(provider=name))
    carrier = name if kind == _CARRIER else ""
    try:
        lacks = await services.availability.lacks(unit, tenant_id, spec, carrier)
    except VaultLockedError:
        # Keys are stored, and nobody can open them: what is asked with them is not known.
        return None
    leg = "line" if kind == _CARRIER else kind
    return next((lack for lack in lacks if lack.leg == leg), None)


_CHOSEN: Mapping[str, Callable[[AgentSpec, ProviderChoice], AgentSpec]] = {
    "transcriber": lambda spec, choice: replace(spec, transcriber=choice),
    "model": lambda spec, choice: replace(spec, model=choice),
    "voice": lambda spec, choice: replace(spec, voice=choice),
    _CARRIER: lambda spec, choice: replace(spec, telephony_provider=choice.provider),
}
