"""An agent's settings of recogniser and voice, held against what their providers take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callwright.domain.agent.spec import AgentSpec, AgentWarning, ProviderChoice
from callwright.domain.fields import Fields, named, plain_value
from callwright.domain.settings.provider_option import default_model, read_options, unsent
from callwright.ports.registry import Plugin


def check_options(plugins: Sequence[Plugin], spec: AgentSpec) -> None:
    """Raises InvalidAgentError for a value that the agent's recogniser or voice would refuse."""
    for plugin, choice, path in _chosen(plugins, spec):
        read_options(plugin.options, choice.model or default_model(plugin.options), Fields(choice.options, path))


def unsent_options(plugins: Sequence[Plugin], spec: AgentSpec) -> Iterator[AgentWarning]:
    """A warning for each setting of another recogniser or voice, or of another model of this one: nothing is sent of it."""
    for plugin, choice, path in _chosen(plugins, spec):
        model = choice.model or default_model(plugin.options)
        others = [option for one in plugins if one.kind == plugin.kind for option in one.options]
        for name in unsent(plugin.options, others, model, choice.options):
            place = f"{path}.{name}"
            message = f"{plugin.name} takes no {named(name)}{f' with {named(model)}' if model else ''}; it is not sent."
            yield AgentWarning(place, plain_value(choice.options[name], place), message, "Remove it.")


def _chosen(plugins: Sequence[Plugin], spec: AgentSpec) -> Iterator[tuple[Plugin, ProviderChoice, str]]:
    """Recognisers and voices that say what they take, fallbacks too, and where the agent's settings of them stand."""
    ears, voices = spec.transcriber, spec.voice
    chosen = [("transcriber", one, "") for one in (ears, *ears.fallbacks)]
    chosen += [("voice", one, ".provider_config") for one in (voices, *voices.fallbacks)]
    for kind, choice, within in chosen:
        found = (one for one in plugins if one.kind == kind and choice.provider in (one.name, *one.aliases))
        plugin = next(found, None)
        if plugin is not None and plugin.options:
            yield plugin, choice, choice.path + within
