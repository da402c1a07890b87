"""The providers of an agent: recogniser, model and voice sections of ``tools_config`` (contract 4.3 to 4.5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields, word
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
from callwright.domain.settings.setting import read_all, read_given
from callwright.platform.agent_settings.rules.providers import (
    AGENT_TYPE,
    ENDPOINTING,
    MAX_TOKENS,
    MODEL,
    MODEL_CHAIN,
    PRONUNCIATION_RULES,
    SPEED,
    SYNTHESIZER,
    TEMPERATURE,
    TRANSCRIBER,
    TRANSCRIBER_CHAIN,
    VOICE,
    VOICE_CHAIN,
)
from callwright.platform.agents.rules.spec import ProviderChoice, ProviderDefaults

FLAT_MAX_TOKENS = 350
"""Of the older form of ``llm_agent``, whose settings stand in it without ``llm_config`` and which names a provider or a model."""

FINDS_OUT = frozenset({"auto", "multi", "multilingual", "unknown"})
"""What recognisers are told in place of a language when they are to find it out (contract 4.5)."""


@dataclass(frozen=True, slots=True)
class ProviderNames:
    """Which provider names are acceptable and which are used when an agent names none.

    ``registered(kind)`` are the names of plugins. Without it names are not checked: a stored agent was checked when it was saved.
    """

    registered: Callable[[str], Collection[str]] | None = None
    defaults: ProviderDefaults = field(default_factory=ProviderDefaults)

    def check(self, kind: str, name: str, path: str) -> str:
        """The name when the contract lists it or a plugin has it, else InvalidAgentError in the engine's words."""
        if self.registered is None:
            return name
        accepted = KNOWN[kind].union(self.registered(kind))
        if name in accepted:
            return name
        known = ", ".join(f"'{one}'" for one in sorted(accepted))
        given = word(name, accepted, path, plain=True).replace('"', "'")
        message = f"Invalid value for provider:{given} provided. Supported values: [{known}]"
        raise InvalidAgentError(f"{message} (at {path})", field=path)


def read_model(section: Fields | None, names: ProviderNames) -> ProviderChoice:
    """``llm_agent`` of a task: the newer form with ``llm_config`` or the older flat one. Raises InvalidAgentError.

    A missing section, or one without provider and model, means this platform's own default; a model without a provider means the
    contract's. ``options`` are the settings as given, numbers read, with ``max_tokens`` and ``temperature`` always present.
    """
    if section is None:
        options = {"max_tokens": MAX_TOKENS.default, "temperature": TEMPERATURE.default}
        return ProviderChoice(provider=names.defaults.model, options=options)
    agent_type = AGENT_TYPE.of(section)
    config = section.child("llm_config") or section
    named = read_given(MODEL, config)
    flat = config is section and bool(named.get("provider") or named.get("model"))
    known = {"max_tokens": FLAT_MAX_TOKENS if flat else MAX_TOKENS.default, "temperature": TEMPERATURE.default}
    choice = _model(config, names, FLAT_DEFAULT_MODEL if flat else DEFAULT_MODEL, known)
    options = {**section.value, **choice.options}
    options.pop("llm_config", None)
    if agent_type == "knowledgebase_agent":
        _check_vector_store(section, config)
    return _with_fallbacks("model", replace(choice, options=options), config, names)


def _model(
    config: Fields, names: ProviderNames, default_models: Mapping[str, str], known: Mapping[str, Any]
) -> ProviderChoice:
    """A model by its own settings. ``known``: those that count where it has none of them."""
    given = read_given(MODEL, config)
    model = given.get("model", "")
    provider = given.get("provider", "") or (DEFAULT_MODEL_PROVIDER if model else names.defaults.model)
    names.check("model", provider, config.at("provider"))
    model = model or default_models.get(provider, "")
    fixed = bare_model(model).startswith(FIXED_TEMPERATURE_PREFIX)
    if fixed and given.get("temperature", 1) != 1:
        raise InvalidAgentError("For GPT-5 models, temperature must be 1", field=config.at("temperature"))
    _check_effort(config, model)
    options = {**config.value, **known, **({"temperature": 1} if fixed else {}), "request_json": False, **given}
    return ProviderChoice(provider=provider, model=model, options=options, path=config.path)


def read_fallback(kind: str, link: Fields, names: ProviderNames, first: ProviderChoice) -> ProviderChoice:
    """A fallback of ``first``, which is one of the three kinds. What it does not say of language and pronunciation, or of the length and
    randomness of replies, is as with that. Raises InvalidAgentError."""
    if not link.text("provider"):
        raise link.wrong("provider", "the name of a provider")
    for setting in CHAINS[kind]:
        if link.raw(setting.name) is not None:
            where = link.at(setting.name)
            raise InvalidAgentError(f"{where}: a fallback has none of its own; list them all in one", field=where)
    if kind == "transcriber":
        return _without_chain(_transcriber(link, names, first.language))
    if kind == "voice":
        voice = _without_chain(_voice_choice(link, names, first.language))
        rules = voice.options.get(PRONUNCIATION_RULES.name) or first.options.get(PRONUNCIATION_RULES.name)
        return replace(voice, options={**voice.options, PRONUNCIATION_RULES.name: rules})
    known = {one.name: first.options.get(one.name, one.default) for one in (MAX_TOKENS, TEMPERATURE)}
    if bare_model(first.model).startswith(FIXED_TEMPERATURE_PREFIX):
        known["temperature"] = TEMPERATURE.default
    return _without_chain(_model(link, names, DEFAULT_MODEL, known))


CHAINS = {"transcriber": TRANSCRIBER_CHAIN, "voice": VOICE_CHAIN, "model": MODEL_CHAIN}
"""Kind of the registry -> its settings ``fallbacks`` and ``fallback_after_ms``."""


def _with_fallbacks(kind: str, choice: ProviderChoice, section: Fields, names: ProviderNames) -> ProviderChoice:
    """``choice`` with the fallbacks of its section."""
    fallbacks, after_ms = CHAINS[kind]
    links = fallbacks.of(section) or ()
    return replace(
        _without_chain(choice),
        fallbacks=tuple(read_fallback(kind, link, names, choice) for link in links),
        fallback_after_ms=after_ms.of(section),
    )


def _without_chain(choice: ProviderChoice) -> ProviderChoice:
    """``choice`` with nothing of its chain among its options, which are the provider's."""
    names = {setting.name for chain in CHAINS.values() for setting in chain}
    return replace(choice, options={name: value for name, value in choice.options.items() if name not in names})


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
    a voice that is told none. Settings of the voice may stand beside ``provider_config``, which goes first. Raises InvalidAgentError."""
    if section is None:
        return ProviderChoice(provider=names.defaults.voice, language=_spoken(language))
    return _with_fallbacks("voice", _voice_choice(section, names, language), section, names)


def _voice_choice(section: Fields, names: ProviderNames, language: str) -> ProviderChoice:
    """A voice by its own settings."""
    ours = read_all(SYNTHESIZER, section)
    provider = names.check("voice", ours.pop("provider") or names.defaults.voice, section.at("provider"))
    outside = {name: value for name, value in section.value.items() if name not in {"provider", "provider_config"}}
    config = section.child("provider_config") or Fields({}, section.at("provider_config"))
    beside, within = read_given(VOICE, section), read_given(VOICE, config)
    # Not by key: the name of a voice in provider_config goes before the id of another beside it.
    voice = _voice(within) or _voice(beside)
    said = {**beside, **within}
    if provider == VOICE_NEEDS_VOICE and not voice:
        raise InvalidAgentError("ElevenLabs config requires 'voice' or 'voice_id'.", field=config.path)
    return ProviderChoice(
        provider=provider,
        model=said.get("model", ""),
        voice=voice,
        language=said.get("language") or _spoken(language),
        options={**outside, **read_given((SPEED,), section), **config.value, **read_given((SPEED,), config), **ours},
        path=section.path,
    )


def _voice(given: Mapping[str, str]) -> str:
    return given.get("voice_id") or given.get("voice", "")


def _spoken(heard: str) -> str:
    """The language of what is said to somebody who is heard in ``heard``: ``multi-hi`` is Hindi and English mixed, and no voice speaks, and
    no words of ours are in, a language that is to be found out."""
    mixed, _, language = heard.partition("-")
    if mixed.lower() == "multi" and language:
        return language
    return "en" if heard.lower() in FINDS_OUT else heard


def knows_language(languages: Sequence[str], wanted: str) -> bool:
    """Whether a provider of ``languages`` (ISO 639-1, empty for any) hears or speaks what an agent writes: ``hi``, ``hi-IN``, ``multi-hi``,
    ``hindi``. One that is to find the language out hears those it knows."""
    low = wanted.lower()
    return not languages or not low or low in FINDS_OUT or _spoken(low)[:2] in languages


def read_transcriber(section: Fields | None, names: ProviderNames) -> tuple[ProviderChoice, int]:
    """``transcriber`` of a task and its ``endpointing`` in milliseconds. Raises InvalidAgentError."""
    if section is None:
        return ProviderChoice(provider=names.defaults.transcriber), ENDPOINTING.default
    return _with_fallbacks("transcriber", _transcriber(section, names), section, names), ENDPOINTING.of(section)


def _transcriber(section: Fields, names: ProviderNames, language: str = "") -> ProviderChoice:
    """A recogniser by its own settings. ``language``: the one of a section that names none."""
    said = read_all(TRANSCRIBER, section)
    fallback = DEFAULT_TRANSCRIBER_PROVIDER if said["model"] else names.defaults.transcriber
    provider = names.check("transcriber", said["provider"] or fallback, section.at("provider"))
    options = {**section.value, **read_given(TRANSCRIBER, section)}
    for name in ("provider", "model", "language"):
        options.pop(name, None)
    spoken = said["language"] if section.raw("language") or not language else language
    return ProviderChoice(provider=provider, model=said["model"], language=spoken, options=options, path=section.path)
