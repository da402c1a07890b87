"""The providers of an agent: recogniser, model and voice sections of ``tools_config`` (contract 4.3 to 4.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callwright.domain.agent.spec import ProviderChoice, ProviderDefaults
from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, word
from callwright.domain.limits import MAX_ADDRESS_CHARACTERS, MAX_DELAY_MS, MAX_MODEL_TOKENS, MAX_NAME_CHARACTERS
from callwright.domain.provider_table import (
    ALL_EFFORTS,
    DEFAULT_MODEL,
    DEFAULT_MODEL_PROVIDER,
    DEFAULT_TRANSCRIBER_PROVIDER,
    EFFORTS,
    FIXED_TEMPERATURE_PREFIX,
    FLAT_DEFAULT_MODEL,
    KNOWN,
    VOICE_NEEDS_VOICE,
    bare_model,
)
from callwright.domain.web_address import names_host

AGENT_TYPES = frozenset({"simple_llm_agent", "knowledgebase_agent", "graph_agent", "multiagent", "llm_agent_graph"})
VERBOSITIES = frozenset({"low", "medium", "high"})
DEFAULT_MAX_TOKENS = 100
FLAT_MAX_TOKENS = 350
"""Of the older form of ``llm_agent``, whose settings stand in it without ``llm_config`` and which names a provider or a model."""

DEFAULT_TEMPERATURE = 0.1
_LARGEST_SEED = 2**63
"""Endpoints read 64 bits."""
DEFAULT_ENDPOINTING_MS = 250
_FINDS_OUT = frozenset({"auto", "multi", "multilingual", "unknown"})
"""What recognisers are told in place of a language when they are to find it out (contract 4.5)."""


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """Which provider names are acceptable and which are used when an agent names none.

    ``has(kind, name)`` says whether a plugin is registered. Without it names are not checked: a stored agent was checked when it was saved.
    """

    has: Callable[[str, str], bool] | None = None
    defaults: ProviderDefaults = field(default_factory=ProviderDefaults)

    def check(self, kind: str, name: str, path: str) -> str:
        """The name when the contract lists it or a plugin has it, else InvalidAgentError in the engine's words."""
        if self.has is None or name in KNOWN[kind] or self.has(kind, name):
            return name
        known = ", ".join(f"'{one}'" for one in sorted(KNOWN[kind]))
        given = word(name, KNOWN[kind], path, plain=True).replace('"', "'")
        message = f"Invalid value for provider:{given} provided. Supported values: [{known}]"
        raise InvalidAgentError(f"{message} (at {path})", field=path)


def read_model(section: Fields | None, names: ProviderNames) -> ProviderChoice:
    """``llm_agent`` of a task: the newer form with ``llm_config`` or the older flat one. Raises InvalidAgentError.

    A missing section, or one without provider and model, means this platform's own default; a model without a provider means the
    contract's. ``options`` are the settings as given, numbers read, with ``max_tokens`` and ``temperature`` always present.
    """
    if section is None:
        options = {"max_tokens": DEFAULT_MAX_TOKENS, "temperature": DEFAULT_TEMPERATURE}
        return ProviderChoice(provider=names.defaults.model, options=options)
    agent_type = section.choice("agent_type", "simple_llm_agent", AGENT_TYPES)
    config = section.child("llm_config") or section
    model = config.text("model", longest=MAX_NAME_CHARACTERS)
    named = config.text("provider")
    provider = named or (DEFAULT_MODEL_PROVIDER if model else names.defaults.model)
    names.check("model", provider, config.at("provider"))
    flat = config is section and bool(named or model)
    model = model or (FLAT_DEFAULT_MODEL if flat else DEFAULT_MODEL).get(provider, "")
    options = {**section.value, **config.value}
    options.pop("llm_config", None)
    options.update(_model_numbers(config, model, FLAT_MAX_TOKENS if flat else DEFAULT_MAX_TOKENS))
    _check_texts(config, "stop")
    _check_effort(config, model)
    config.choice("verbosity", "low", VERBOSITIES)
    _check_url(config, "base_url")
    if agent_type == "knowledgebase_agent":
        _check_vector_store(section, config)
    return ProviderChoice(provider=provider, model=model, options=options)


def _model_numbers(config: Fields, model: str, max_tokens: int) -> dict[str, Any]:
    fixed = bare_model(model).startswith(FIXED_TEMPERATURE_PREFIX)
    temperature = config.number("temperature", 1 if fixed else DEFAULT_TEMPERATURE, 0, 2)
    if fixed and temperature != 1:
        raise InvalidAgentError("For GPT-5 models, temperature must be 1", field=config.at("temperature"))
    found: dict[str, Any] = {
        "max_tokens": config.whole("max_tokens", max_tokens, 1, MAX_MODEL_TOKENS),
        "temperature": temperature,
        "request_json": config.switch("request_json", False),
    }
    for name, least, most in (
        ("top_p", 0, 1),
        ("min_p", 0, 1),
        ("presence_penalty", -2, 2),
        ("frequency_penalty", -2, 2),
    ):
        if config.raw(name) is not None:
            found[name] = config.number(name, 0, least, most)
    for name in ("top_k", "compact_threshold"):
        if config.raw(name) is not None:
            found[name] = config.whole(name, 0, 0, 10_000_000)
    if config.raw("seed") is not None:
        seed = config.whole("seed", 0, -_LARGEST_SEED, _LARGEST_SEED)
        # As it came where it is whole already: larger ones are not exact on the way through a fraction.
        found["seed"] = config.raw("seed") if isinstance(config.raw("seed"), int) else seed
    return found


def _check_texts(section: Fields, name: str) -> None:
    """Endpoints refuse every request of an agent with anything else."""
    value = section.raw(name)
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    if not texts and value is not None and not isinstance(value, str):
        raise section.wrong(name, "a text or a list of texts")


def _check_effort(config: Fields, model: str) -> None:
    effort = config.raw("reasoning_effort")
    if effort is None:
        return
    allowed = EFFORTS.get(bare_model(model))
    if allowed is None:
        config.choice("reasoning_effort", "none", ALL_EFFORTS)
    elif effort not in allowed:
        given = word(effort, ALL_EFFORTS, plain=True)
        bare = bare_model(model)
        prefix = model.removesuffix(bare).removesuffix("/")
        of = f'"{model if prefix in KNOWN["model"] else bare}"'
        message = f"reasoning_effort {given} is not supported for model {of}".replace('"', "'")
        raise InvalidAgentError(message, field=config.at("reasoning_effort"))


def _check_url(config: Fields, name: str) -> None:
    url = config.text(name, longest=MAX_ADDRESS_CHARACTERS)
    if url and not (url.startswith(("http://", "https://")) and names_host(url)):
        raise config.wrong(name, "an http or https URL")


def _check_vector_store(section: Fields, config: Fields) -> None:
    """Contract 4.3: the store may stand in ``llm_config``, in ``llm_agent`` or in ``rag_config``; it must name its vectors."""
    for place in (config, section):
        rag = place.child("rag_config")
        store = place.child("vector_store") or (rag.child("vector_store") if rag is not None else None)
        if store is None:
            continue
        given = store.child("provider_config") or store
        if given.raw("vector_id") or given.raw("vector_ids"):
            return
        raise InvalidAgentError(f"{given.path} needs 'vector_id' or 'vector_ids'", field=given.path)
    path = config.at("vector_store")
    raise InvalidAgentError(f"{path} is required for a knowledgebase_agent", field=path)


def read_voice(section: Fields | None, names: ProviderNames, language: str) -> ProviderChoice:
    """``synthesizer`` of a task. ``voice`` is the provider's id of the voice, else its name; ``language`` what the recogniser is told, for
    a voice that is told none. Raises InvalidAgentError."""
    if section is None:
        return ProviderChoice(provider=names.defaults.voice, language=_spoken(language))
    provider = names.check("voice", section.text("provider") or names.defaults.voice, section.at("provider"))
    config = section.child("provider_config") or Fields({}, section.at("provider_config"))
    voice = config.text("voice_id") or config.text("voice")
    if provider == VOICE_NEEDS_VOICE and not voice:
        raise InvalidAgentError("ElevenLabs config requires 'voice' or 'voice_id'.", field=config.path)
    outside = {name: value for name, value in section.value.items() if name not in {"provider", "provider_config"}}
    options = {**outside, **config.value}
    for place in (section, config):
        if place.raw("speed") is not None:
            options["speed"] = place.number("speed", 1, 0.1, 4)
    options["buffer_size"] = section.whole("buffer_size", 250, 0, 100_000)
    options["caching"] = section.switch("caching", True)
    return ProviderChoice(
        provider=provider,
        model=config.text("model", longest=MAX_NAME_CHARACTERS),
        voice=voice,
        language=config.text("language") or _spoken(language),
        options=options,
    )


def _spoken(heard: str) -> str:
    """The language of what is said to somebody who is heard in ``heard``: ``multi-hi`` is Hindi and English mixed, and no voice speaks, and
    no words of ours are in, a language that is to be found out."""
    mixed, _, language = heard.partition("-")
    if mixed.lower() == "multi" and language:
        return language
    return "en" if heard.lower() in _FINDS_OUT else heard


def read_transcriber(section: Fields | None, names: ProviderNames) -> tuple[ProviderChoice, int]:
    """``transcriber`` of a task and its ``endpointing`` in milliseconds. Raises InvalidAgentError."""
    if section is None:
        return ProviderChoice(provider=names.defaults.transcriber), DEFAULT_ENDPOINTING_MS
    model = section.text("model", longest=MAX_NAME_CHARACTERS)
    fallback = DEFAULT_TRANSCRIBER_PROVIDER if model else names.defaults.transcriber
    provider = names.check("transcriber", section.text("provider") or fallback, section.at("provider"))
    options = {name: value for name, value in section.value.items() if name not in {"provider", "model", "language"}}
    for name, least, most in (
        ("eot_threshold", 0.5, 0.9),
        ("eager_eot_threshold", 0.3, 0.9),
        ("eot_timeout_ms", 300, 10_000),
    ):
        if section.raw(name) is not None:
            options[name] = section.number(name, 0, least, most)
    _check_texts(section, "keywords")
    language = section.text("language", longest=MAX_NAME_CHARACTERS) or "en"
    endpointing = section.whole("endpointing", DEFAULT_ENDPOINTING_MS, 0, MAX_DELAY_MS)
    return ProviderChoice(provider=provider, model=model, language=language, options=options), endpointing
