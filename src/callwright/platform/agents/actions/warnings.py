"""Warnings about a saved agent: what in it does not do what it seems to, with what is installed and allowed here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from itertools import islice
from typing import Any

from callwright.domain.errors import BlockedUrlError, InvalidAgentError, UnavailableError, VaultLockedError
from callwright.domain.fields import nearest, plain_value
from callwright.domain.limits import MAX_AGENT_WARNINGS
from callwright.domain.redaction import redacted
from callwright.net.policy import check_written
from callwright.platform.accounts.rules import Principal
from callwright.platform.agents.rules.availability import VOICE, LackKind
from callwright.platform.agents.rules.callers import CSV
from callwright.platform.agents.rules.credentials import shown_body
from callwright.platform.agents.rules.parsing import parse_agent
from callwright.platform.agents.rules.spec import AgentSpec, AgentWarning
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.agents.rules.warnings import addresses, body_warnings
from callwright.platform.provider_keys.actions.options import unsent_options
from callwright.platform.services import Services
from callwright.platform.tools.rules.address import host_of

_ANY_VOICE = ("", "default")


async def agent_warnings(services: Services, principal: Principal, agent: StoredAgent) -> list[AgentWarning]:
    """The warnings about a stored agent, at most MAX_AGENT_WARNINGS: of its providers first, then of its addresses, keys and tools."""
    return await warnings_of(services, principal, agent.body)


async def warnings_of(
    services: Services, principal: Principal, flat: Mapping[str, Any], *, providers: bool = True
) -> list[AgentWarning]:
    """The same of a flat body of any shape. Without ``providers`` nothing is said of those, of the prompt and of files: a body with errors
    names none for sure."""
    body = shown_body(flat)
    found = [warning async for warning in _of_agent(services, principal, body)] if providers else []
    private = services.policy.allow_private_urls
    found += islice(_of_addresses(body, allow_private=private), MAX_AGENT_WARNINGS)
    found += islice(body_warnings(body), MAX_AGENT_WARNINGS)
    return found[:MAX_AGENT_WARNINGS]


async def _of_agent(services: Services, principal: Principal, body: Mapping[str, Any]) -> AsyncIterator[AgentWarning]:
    """Of an agent that can be read: its providers, its prompt and its file of contacts."""
    try:
        spec = parse_agent(body, defaults=services.policy.defaults)
    except InvalidAgentError as error:
        # Saved by an older version, which took what is refused now.
        path = error.field or "agent_config"
        yield AgentWarning(path, None, _sentence(error.message), "Correct it: no call can be made.")
        return
    async for warning in _of_providers(services, principal, spec):
        yield warning
    if not spec.system_prompt.strip():
        remedy = "Set agent_prompts beside agent_config: task_1.system_prompt is the prompt of the first task."
        yield AgentWarning("agent_prompts", None, "The agent has no prompt.", remedy)
    source = spec.callers.source
    if source is not None and source.kind == CSV and not source.url:
        async with services.ledger.reading() as unit:
            file = await unit.contact_files.get(principal.tenant_id, source.name)
        if file is None:
            path = "agent_config.ingest_source_config.source_name"
            remedy = "Upload it with PUT /v1/callwright/contact-files/{name}, or name another one."
            yield AgentWarning(path, plain_value(source.name), "There is no such file of contacts.", remedy)


async def _of_providers(services: Services, principal: Principal, spec: AgentSpec) -> AsyncIterator[AgentWarning]:
    try:
        async with services.ledger.reading() as unit:
            lacks = await services.availability.lacks(unit, principal.tenant_id, spec, spec.telephony_provider)
    except (UnavailableError, VaultLockedError) as error:
        message = f"Whether its providers can be used is not known: {error.message}."
        yield AgentWarning("agent_config", None, message, "Read the agent again.")
        return
    for lack in lacks:
        # A plugin may quote what it was given.
        message = _sentence(redacted(lack.message))
        # As stand-ins and refusals have it: often a command to copy.
        remedy = lack.remedy or "Name another one."
        yield AgentWarning(lack.path or "agent_config", plain_value(lack.wanted), message, remedy)
    if not any(lack.leg == VOICE and lack.kind is not LackKind.LANGUAGE for lack in lacks):
        for warning in _of_voice(services, spec):
            yield warning
    for warning in unsent_options(services.plugins(), spec):
        yield warning


def _of_voice(services: Services, spec: AgentSpec) -> Iterator[AgentWarning]:
    """A voice that its provider does not list. A provider that lists none is not judged."""
    chosen = spec.voice
    named = (one for one in services.plugins() if one.kind == "voice" and chosen.provider in (one.name, *one.aliases))
    plugin = next(named, None)
    asked = chosen.voice.lower()
    if plugin is None or not plugin.voices or asked in _ANY_VOICE:
        return
    # A longer name may hold that of a voice, as a file's does.
    if not any(offer.voice_id.lower() in asked or offer.name.lower() == asked for offer in plugin.voices):
        voices = [offer.voice_id for offer in plugin.voices]
        near = nearest(chosen.voice, voices)
        remedy = f"Write {near}." if near else f"Write one of {', '.join(voices)}."
        path = f"{chosen.path}.provider_config.{'voice_id' if chosen.options.get('voice_id') else 'voice'}"
        yield AgentWarning(path, plain_value(chosen.voice), f"{plugin.name} has no such voice.", remedy)


def _of_addresses(body: Mapping[str, Any], *, allow_private: bool) -> Iterator[AgentWarning]:
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
