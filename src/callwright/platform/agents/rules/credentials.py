"""Credentials inside an agent's body: where they stand, and which of them a changed body keeps.

| Place | Sent to |
| --- | --- |
| ``webhook_headers`` | the host of ``webhook_url`` |
| ``ingest_source_config.source_auth_token`` | the host of ``source_url`` |
| ``api_token``, ``headers`` and secret-like names in a tool's parameters | the host of the tool's ``url`` |
| secret-like names in ``param`` | the host of the tool's ``url`` |
| secret-like names in ``pre_call_webhook_param`` | the host of ``pre_call_webhook_url``, else of ``webhook_url`` |
| secret-like names and ``headers`` in sections of providers and in ``webhook_config`` | provider and addresses of the section |
| the same in ``fallbacks`` of such a section | provider and addresses of the fallback |
| secret-like names beside the agent's own settings | nobody |

A value that is nothing but places (``%(token)s``) is none, nor is a header that never authorises, as ``Content-Type``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import named
from callwright.domain.limits import MAX_AGENT_CREDENTIALS
from callwright.domain.secret_names import is_secret
from callwright.platform.provider_keys.rules.sealing import is_mask, mask_of, sealed_bytes
from callwright.platform.tools.rules.template import read_text

_PLAIN_HEADERS = frozenset(
    {"accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-language"}
    | {"content-type", "prefer", "user-agent"}
)
_TEXTS = frozenset({"extraction_json", "extraction_details", "summarization_details", "keywords"})
"""In sections of providers: what is asked for, in names of somebody's choice."""

FALLBACKS = "fallbacks"
"""In a section of a provider: those that take over, each a section of its own."""

_ADDRESS = re.compile(r"\s*(?:https?|wss?):", re.IGNORECASE)
_SENT = frozenset({"param", "pre_call_webhook_param"})
_PAIR = re.compile(r'("([^"\\]{1,200})"\s*+:\s*+)("(?:[^"\\]|\\.)*+")', re.DOTALL)
"""A name and a text in a JSON text. It is read in linear time, whatever somebody wrote."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential in an agent: ``text`` at ``steps`` (names and indices). ``name`` is its own within its section and ``tool`` the tool it
    belongs to, if any. ``to`` is where it is sent: an origin, empty where there is no address."""

    steps: tuple[str | int, ...]
    name: str
    tool: str
    to: str
    text: str = field(repr=False)

    @property
    def path(self) -> str:
        """Where it is, as errors name it."""
        return "agent_config" + "".join(f"[{one}]" if isinstance(one, int) else f".{named(one)}" for one in self.steps)


Change = Callable[[Credential], str]
"""The text that stands in a credential's place."""


def with_credentials(body: Mapping[str, Any], change: Change) -> dict[str, Any]:
    """A copy of a flat body in which each credential is what ``change`` makes of it. What cannot be read stays."""
    webhook = _origin(body.get("webhook_url"))
    agent = _Place(change, to=webhook)
    return {name: _of_agent(agent, name, value) for name, value in body.items()}


def credentials_of(body: Mapping[str, Any]) -> list[Credential]:
    """The credentials of a flat body, in their order."""
    found: list[Credential] = []

    def note(one: Credential) -> str:
        found.append(one)
        return one.text

    with_credentials(body, note)
    return found


def has_clear(body: Mapping[str, Any]) -> bool:
    """Whether a credential in a flat body is not sealed."""
    return any(sealed_bytes(one.text) is None for one in credentials_of(body))


def credential_name(tenant_id: str) -> str:
    """The name a tenant's credentials are sealed under."""
    return f"agent credential of {tenant_id}"


def shown_body(body: Mapping[str, Any]) -> dict[str, Any]:
    """A flat body as readers see it: each credential is masked."""
    return with_credentials(body, lambda one: mask_of(one.text))


def check_credentials(body: Mapping[str, Any]) -> None:
    """Raise InvalidAgentError for more credentials than MAX_AGENT_CREDENTIALS."""
    count = len(credentials_of(body))
    if count > MAX_AGENT_CREDENTIALS:
        raise InvalidAgentError(
            f"the agent holds {count} credentials (headers, tokens and the like), at most {MAX_AGENT_CREDENTIALS} are allowed",
            field="agent_config",
        )


def kept_credentials(body: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """``body`` with the credentials of ``before`` (sealed) in place of their masks.

    A mask stands for the credential of the same name that is sent to the same origin: of the tool of the same name, else of the only such
    tool. Raises InvalidAgentError for a mask of none, and for a credential that stayed while its address came to name another origin:
    otherwise whoever may change an agent could send its credentials to themselves.
    """
    stored = [(one, mask_of(one.text)) for one in credentials_of(before)]
    return with_credentials(body, lambda one: _kept(one, stored))


def _kept(one: Credential, stored: Sequence[tuple[Credential, str]]) -> str:
    sealed = sealed_bytes(one.text) is not None
    if not sealed and not is_mask(one.text):
        return one.text
    alike = [other for other, mask in stored if other.name == one.name and one.text in (other.text, mask)]
    there = [other for other in alike if one.to in ("", other.to)]
    for near in (
        [other for other in there if other.steps == one.steps and other.tool == one.tool],
        [other for other in there if other.tool == one.tool],
        there,
    ):
        texts = {other.text for other in near}
        if len(texts) == 1:
            return texts.pop()
        if texts:
            break
    if alike and not there:
        why = "its address names another host now, and a stored value goes to no other host: send the value again"
    else:
        why = "it is a mask that stands for no stored value of this place: send the value itself"
    raise InvalidAgentError(f"{one.path}: {why}", field=one.path)


@dataclass(frozen=True, slots=True)
class _Place:
    """A part of an agent that is being read. ``hook`` is the origin of the webhook that tells of a tool."""

    change: Change
    steps: tuple[str | int, ...] = ()
    tool: str = ""
    to: str = ""
    hook: str = ""

    def at(self, step: str | int) -> _Place:
        return _Place(self.change, (*self.steps, step), self.tool, self.to, self.hook)

    def changed(self, name: str, value: Any) -> Any:
        """A value, changed where it is a credential."""
        text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
        if not isinstance(text, str) or not any(isinstance(part, str) for part in read_text(text.strip()).parts):
            return value
        found = self.change(Credential(self.steps, name, self.tool, self.to, text))
        return value if found == text else found


def _of_agent(agent: _Place, name: str, value: Any) -> Any:
    place = agent.at(name)
    if name == "webhook_headers":
        return _headers(place, value)
    if name == "webhook_config":
        return _options(place, value)
    if name == "ingest_source_config":
        return _json_text(value, lambda given: _source(place, given))
    if name == "tasks" and isinstance(value, list):
        return [_of_task(replace(place.at(index), hook=agent.to), task) for index, task in enumerate(value)]
    return replace(place, to="").changed(name, value) if is_secret(name) else value


def _source(place: _Place, given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    place = replace(place, to=_origin(given.get("source_url")))
    return {
        name: place.at(name).changed(f"source.{name}", one) if is_secret(name) else one for name, one in given.items()
    }


def _of_task(place: _Place, task: Any) -> Any:
    config = task.get("tools_config") if isinstance(task, Mapping) else None
    if not isinstance(config, Mapping):
        return task
    place = replace(place.at("tools_config"), to="")
    found = {}
    for name, section in config.items():
        if name == "api_tools":
            found[name] = _api_tools(place.at(name), section)
        elif isinstance(section, Mapping):
            found[name] = _options(replace(place.at(name), to=_destination(section)), section, name)
        else:
            found[name] = section
    return {**task, "tools_config": found}


def _api_tools(place: _Place, given: Any) -> Any:
    if isinstance(given, list):
        return [_tool(place.at(index), one) for index, one in enumerate(given)]
    if not isinstance(given, Mapping):
        return given
    found = dict(given)
    listed = place.at("tools")
    if "tools" in given:
        found["tools"] = _json_text(
            given["tools"], lambda value: _api_tools(listed, value) if isinstance(value, list) else value
        )
    if isinstance(given.get("tools_params"), Mapping):
        params = place.at("tools_params")
        found["tools_params"] = {
            name: _params(replace(params.at(name), tool=name), one) for name, one in given["tools_params"].items()
        }
    return found


def _tool(place: _Place, given: Any) -> Any:
    """A tool of a list, whose parameters may stand in itself, in ``value``, or in the same of its ``function``."""
    if not isinstance(given, Mapping):
        return given
    function = given.get("function")
    name = (function if isinstance(function, Mapping) else given).get("name")
    place = replace(place, tool=str(name))
    found = _params(place, given)
    for inner, rewrite in (("value", _params), ("function", _tool)):
        if inner in found:
            found[inner] = rewrite(place.at(inner), found[inner])
    return found


def _params(place: _Place, given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    place = replace(place, to=_origin(given.get("url")))
    told = replace(place, to=_origin(given.get("pre_call_webhook_url")) or place.hook)
    found = {}
    for name, value in given.items():
        if name == "headers":
            found[name] = _headers(place.at(name), value)
        elif name in _SENT:
            found[name] = _sent((place if name == "param" else told).at(name), name, value)
        else:
            found[name] = place.at(name).changed(name, value) if is_secret(name) else value
    return found


def _headers(place: _Place, given: Any) -> Any:
    if isinstance(given, str):
        return _json_text(given, lambda value: _headers(place, value))
    if not isinstance(given, Mapping):
        return given
    return {
        name: value if name.lower() in _PLAIN_HEADERS else place.at(name).changed(f"headers.{name.lower()}", value)
        for name, value in given.items()
    }


def _sent(place: _Place, within: str, value: Any) -> Any:
    """What a tool sends: a JSON value, or the text of one, in which places need not be JSON."""
    if isinstance(value, str):
        return _PAIR.sub(lambda pair: _pair(place, within, pair), value)
    return _named(place, within, value)


def _named(place: _Place, within: str, value: Any) -> Any:
    if isinstance(value, list):
        return [_named(place.at(index), within, one) for index, one in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    return {
        name: place.at(name).changed(f"{within}.{name}", one)
        if isinstance(one, str) and is_secret(name, sent=True)
        else _named(place.at(name), within, one)
        for name, one in value.items()
    }


def _pair(place: _Place, within: str, pair: re.Match[str]) -> str:
    name = pair[2]
    if not is_secret(name, sent=True):
        return pair[0]
    try:
        value = json.loads(pair[3])
    except ValueError:
        return pair[0]
    changed = place.at(name).changed(f"{within}.{name}", value)
    return pair[0] if changed == value else pair[1] + json.dumps(changed, ensure_ascii=False)


def _options(place: _Place, given: Any, within: str = "") -> Any:
    """A section of a provider, whose names are its own."""
    if isinstance(given, list):
        return [_options(place.at(index), one, within) for index, one in enumerate(given)]
    if not isinstance(given, Mapping):
        return given
    found = {}
    for name, value in given.items():
        if name in _TEXTS:
            found[name] = value
        elif name == FALLBACKS and isinstance(value, list):
            found[name] = [_fallback(place.at(name).at(index), one, within) for index, one in enumerate(value)]
        elif isinstance(value, Mapping) and name.lower().endswith("headers"):
            found[name] = _headers(place.at(name), value)
        elif isinstance(value, Mapping | list):
            found[name] = _options(place.at(name), value, within)
        else:
            found[name] = place.at(name).changed(f"{within}.{name}", value) if is_secret(name) else value
    return found


def _fallback(place: _Place, given: Any, within: str) -> Any:
    """A fallback of a provider's section: its credentials are sent to its own provider and addresses."""
    if not isinstance(given, Mapping):
        return given
    return _options(replace(place, to=_destination(given)), given, f"{within}.{FALLBACKS}")


def _json_text(given: Any, rewrite: Callable[[Any], Any]) -> Any:
    """A value that may have been given as JSON text, which it stays."""
    if not isinstance(given, str):
        return rewrite(given)
    try:
        value = json.loads(given)
    except (ValueError, RecursionError):
        return given
    found = rewrite(value)
    return given if found == value else json.dumps(found, ensure_ascii=False)


def _origin(url: Any) -> str:
    """Scheme, host and port of an address; the address itself where they cannot be read."""
    if not isinstance(url, str) or not url.strip():
        return ""
    try:
        parts = urlsplit(url.strip())
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return url
    return f"{parts.scheme}://{parts.hostname}:{port}" if parts.hostname else url


def _destination(section: Mapping[str, Any]) -> str:
    """The provider of a section, and every address in it."""
    return json.dumps([str(section.get("provider")), sorted({_origin(url) for url in _addresses(section)})])


def _addresses(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        # As a client reads it: blanks around it and the case of its scheme do not count.
        if _ADDRESS.match(value):
            yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _addresses(one)
