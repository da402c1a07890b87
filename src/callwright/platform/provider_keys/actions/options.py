"""An agent's settings of recogniser, voice and models, held against what their providers take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from callwright.domain.fields import Fields, named, plain_value
from callwright.domain.provider_table import HOSTED_SAMPLING, bare_model
from callwright.domain.settings.provider_option import default_model, read_options, unsent
from callwright.platform.agents.rules.spec import AgentSpec, AgentWarning, ProviderChoice
from callwright.ports.registry import Plugin

_MODEL = "model"
_UNCHOSEN = object()


def check_options(plugins: Sequence[Plugin], spec: AgentSpec) -> None:
    """Raises InvalidAgentError for a value that the agent's recogniser, voice or one of its models would refuse."""
    for plugin, choice, path in _chosen(plugins, spec):
        model = _model_of(plugin, choice)
        read_options(plugin.options, model, Fields({**choice.options, "model": model}, path))


def unsent_options(plugins: Sequence[Plugin], spec: AgentSpec) -> Iterator[AgentWarning]:
    """A warning for each setting of another recogniser, voice or model: nothing is sent of it. What agents of the hosted service carry
    where nobody chose anything is no warning."""
    for plugin, choice, path in _chosen(plugins, spec):
        model = _model_of(plugin, choice)
        others = [option for one in plugins if one.kind == plugin.kind for option in one.options]
        for name in unsent(plugin.options, others, model, choice.options):
            if plugin.kind == _MODEL and choice.options[name] == HOSTED_SAMPLING.get(name, _UNCHOSEN):
                continue
            place = f"{path}.{name}"
            message = f"{plugin.name} takes no {named(name)}{f' with {named(model)}' if model else ''}; it is not sent."
            yield AgentWarning(place, plain_value(choice.options[name], place), message, "Remove it.")


def _model_of(plugin: Plugin, choice: ProviderChoice) -> str:
    """The model as the options know it."""
    model = choice.model or default_model(plugin.options)
    return bare_model(model) if plugin.kind == _MODEL else model


def _chosen(plugins: Sequence[Plugin], spec: AgentSpec) -> Iterator[tuple[Plugin, ProviderChoice, str]]:
    """Recognisers, voices and models that say what they take, fallbacks too, and where the agent's settings of them stand."""
    ears, voices, models = spec.transcriber, spec.voice, spec.model
    chosen = [("transcriber", one, "") for one in (ears, *ears.fallbacks)]
    chosen += [("voice", one, ".provider_config") for one in (voices, *voices.fallbacks)]
    chosen += [(_MODEL, one, "") for one in (models, *models.fallbacks)]
    chosen += [(_MODEL, task.model, "") for task in spec.post_call if task.model != spec.model]
    for kind, choice, within in chosen:
        found = (one for one in plugins if one.kind == kind and choice.provider in (one.name, *one.aliases))
        plugin = next(found, None)
        if plugin is not None and plugin.options:
            yield plugin, choice, choice.path + within
