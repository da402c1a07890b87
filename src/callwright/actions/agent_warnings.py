"""Warnings about a saved agent: what in it does not do what it seems to, with what is installed and allowed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from callwright.actions.services import Services
from callwright.actions.voices import speaks
from callwright.domain.agent.parsing import parse_agent
from callwright.domain.agent.spec import AgentSpec, AgentWarning, ProviderChoice
from callwright.domain.agent.warnings import addresses, body_warnings
from callwright.domain.errors import BlockedUrlError, InvalidAgentError
from callwright.domain.fields import nearest, plain
from callwright.domain.limits import MAX_AGENT_WARNINGS
from callwright.domain.tools.address import host_of
from callwright.net.policy import check_written
from callwright.ports.catalogue import VoiceOffer
from callwright.ports.registry import Plugin

_ANY_VOICE = ("", "default")


def agent_warnings(services: Services, body: Mapping[str, Any]) -> list[AgentWarning]:
    """The warnings about a flat body, at most MAX_AGENT_WARNINGS."""
    return list(islice(_all(services, body), MAX_AGENT_WARNINGS))


def _all(services: Services, body: Mapping[str, Any]) -> Iterator[AgentWarning]:
    try:
        spec = parse_agent(body, defaults=services.policy.defaults)
    except InvalidAgentError as error:
        # Saved by an older version: what would be said of its providers is not known.
        yield AgentWarning(
            error.field or "agent_config", None, _sentence(error.message), "Correct it: no call can be made."
        )
    else:
        yield from _of_voice(services, body, spec)
    yield from _blocked(body, allow_private=services.policy.allow_private_urls)
    yield from body_warnings(body)


def _of_voice(services: Services, body: Mapping[str, Any], spec: AgentSpec) -> Iterator[AgentWarning]:
    """A voice that its provider does not list, or that does not speak the agent's language. Providers that list none are not judged."""
    plugins = [plugin for plugin in services.plugins() if plugin.kind == "voice"]
    chosen = spec.voice
    plugin = next((one for one in plugins if chosen.provider in (one.name, *one.aliases)), None)
    if plugin is None or not plugin.voices:
        return
    path = _conversation(body)
    offers = _offers(plugin, chosen)
    if not offers:
        voices = [offer.voice_id for offer in plugin.voices]
        near = nearest(chosen.voice, [*voices, *(offer.name for offer in plugin.voices)])
        yield AgentWarning(
            f"{path}.synthesizer.provider_config.voice",
            plain(chosen.voice),
            f"{plugin.name} has no such voice.",
            f"Write {near}." if near else f"Write one of {', '.join(voices)}; GET /me/voices lists them.",
        )
        return
    language = chosen.language.lower().replace("_", "-").partition("-")[0]
    if not any(speaks(offer, language) for offer in offers):
        yield AgentWarning(
            f"{path}.synthesizer.provider_config.language",
            plain(chosen.language),
            f"{plugin.name} does not speak this language{f' with {offers[0].voice_id}' if chosen.voice else ''}.",
            _speaker_of(language, plugins, plugin),
        )


def _offers(plugin: Plugin, chosen: ProviderChoice) -> Sequence[VoiceOffer]:
    """The offers that are meant: all of them where any voice will do. A longer name may hold that of a voice, as a file's does."""
    asked = chosen.voice.lower()
    if asked in _ANY_VOICE:
        return plugin.voices
    return [offer for offer in plugin.voices if offer.voice_id.lower() in asked or offer.name.lower() == asked]


def _speaker_of(language: str, plugins: Sequence[Plugin], but: Plugin) -> str:
    for plugin in plugins:
        voices = [offer.voice_id for offer in plugin.voices if offer.languages and speaks(offer, language)]
        if voices:
            choice = f"the voice {voices[0]}" if plugin is but else f"the provider {plugin.name}"
            return f"Use {choice}, which speaks it."
    return "Install a voice provider that speaks it; GET /me/voices lists the installed voices."


def _conversation(body: Mapping[str, Any]) -> str:
    tasks = body.get("tasks")
    for index, task in enumerate(tasks if isinstance(tasks, list) else ()):
        if isinstance(task, Mapping) and (task.get("task_type") or "conversation") == "conversation":
            return f"agent_config.tasks[{index}].tools_config"
    return "agent_config.tasks[0].tools_config"


def _blocked(body: Mapping[str, Any], *, allow_private: bool) -> Iterator[AgentWarning]:
    for path, url in addresses(body):
        try:
            check_written(url, allow_private=allow_private)
        except BlockedUrlError as error:
            yield AgentWarning(path, host_of(url), f"Nothing is sent there: {error.message}.", _remedy(url))


def _remedy(url: str) -> str:
    """What to do about a blocked address: most private ones can be allowed."""
    try:
        check_written(url, allow_private=True)
    except BlockedUrlError:
        return "Use another address; CALLWRIGHT_ALLOW_PRIVATE_URLS=1 does not open this one."
    return "Use a public address, or set CALLWRIGHT_ALLOW_PRIVATE_URLS=1 on the server."


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].removesuffix('.')}."
