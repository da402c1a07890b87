"""What in a stored agent does not do what it seems to, as far as the agent alone can tell."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from callwright.domain.fields import Fields, kind_of, named
from callwright.domain.redaction import holds_secret
from callwright.domain.variables import name_of, names_in
from callwright.platform.agents.rules.known_keys import unknown_keys
from callwright.platform.agents.rules.spec import AgentWarning
from callwright.platform.agents.rules.tool_checks import object_at, unfilled_places, written_tools, wrong_schemas
from callwright.platform.tools.rules.template import GIVEN

_GIVEN = re.compile(GIVEN)
_BRACES = re.compile(r"\{([^{}]+)\}")


def body_warnings(body: Mapping[str, Any]) -> Iterator[AgentWarning]:
    """A warning for each unknown key, wrong schema of a tool's parameters and place that nothing fills, of a flat body of any shape."""
    yield from unknown_keys(body)
    texts = dict(_texts(body))
    yield from _secrets_in_clear(body, texts)
    for path, text in texts.items():
        yield from _unfilled(path, text)
    variables = {name for text in texts.values() for name in names_in(text)} | _header_variables(body)
    for tools_config in _tools_configs(body):
        for tool in written_tools(tools_config):
            yield from wrong_schemas(tool)
            yield from unfilled_places(tool, variables)


def _secrets_in_clear(body: Mapping[str, Any], texts: Mapping[str, str]) -> Iterator[AgentWarning]:
    """Secrets in texts and addresses, which every reader of the agent sees: only credentials in their own places are sealed."""
    for path, text in [*texts.items(), *addresses(body)]:
        if holds_secret(text):
            remedy = "Put it into the tool's api_token or headers, or into webhook_headers, where it is sealed."
            message = "This seems to hold a secret, which whoever may read the agent sees."
            yield AgentWarning(path, kind_of(text), message, remedy)


def addresses(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The addresses that the platform asks for an agent, by path: of its webhook, its look-up of callers and its tools."""
    agent = Fields(body, "agent_config")
    source = object_at(agent, "ingest_source_config")
    places = [(agent, "webhook_url"), *([(source, "source_url")] if source is not None else [])]
    for tools_config in _tools_configs(body):
        for tool in written_tools(tools_config):
            places += [(tool.params, "url"), (tool.params, "pre_call_webhook_url")]
    for fields, name in places:
        url = fields.raw(name)
        if isinstance(url, str) and url:
            yield fields.at(name), url


def _texts(body: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The welcome message and the prompts, by path."""
    agent = Fields(body, "agent_config")
    if isinstance(welcome := agent.raw("agent_welcome_message"), str):
        yield agent.at("agent_welcome_message"), welcome
    prompts = object_at(Fields(body, ""), "agent_prompts")
    for name, one in ({} if prompts is None else prompts.value).items():
        prompt = one.get("system_prompt") if isinstance(one, Mapping) else one
        if prompts is not None and isinstance(prompt, str):
            yield prompts.at(name) + (".system_prompt" if isinstance(one, Mapping) else ""), prompt


def _unfilled(path: str, text: str) -> Iterator[AgentWarning]:
    """Places of tools in a text, and names behind a blank: both stay as they are written."""
    for written, name in dict.fromkeys((match[0], match[1]) for match in _GIVEN.finditer(text)):
        yield _stays(path, written.replace(name, named(name)), name)
    for inner in dict.fromkeys(match[1] for match in _BRACES.finditer(text)):
        if inner[0].isspace() and name_of(inner.strip(), ()) is not None:
            yield _stays(path, f"{{ {named(inner.strip())} }}", inner.strip())


def _stays(path: str, written: str, name: str) -> AgentWarning:
    return AgentWarning(
        path, written, "This is no variable, and is read as it is written.", f"Write {{{named(name)}}}."
    )


def _header_variables(body: Mapping[str, Any]) -> set[str]:
    given = body.get("sip_header_variables")
    return {one for one in given.values() if isinstance(one, str)} if isinstance(given, Mapping) else set()


def _tools_configs(body: Mapping[str, Any]) -> Iterator[Fields]:
    tasks = body.get("tasks")
    for index, task in enumerate(tasks if isinstance(tasks, list) else ()):
        if isinstance(task, Mapping):
            found = object_at(Fields(task, f"agent_config.tasks[{index}]"), "tools_config")
            if found is not None:
                yield found
