"""Services that speak the OpenAI protocol: their base URLs, the provider keys they are reached with, and what each is sent.

``docs/reference/cloud-models.md`` is made from this table. The addresses and settings are those of the services' own documentation (2026).
Nobody has to be in this table: ``custom`` reaches any endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from callwright.domain.limits import MAX_MODEL_TOKENS
from callwright.domain.provider_table import ALL_EFFORTS, EFFORTS, MODEL_ADDRESSES, RESPONSES_MODELS
from callwright.domain.settings.kinds import SEED, SWITCH, choice, number, stops, whole
from callwright.domain.settings.provider_option import ProviderOption as Option

RESPONSES = "use_responses_api"
THINKING = ("gpt-5", "gpt-6", "o1", "o3", "o4")
"""Models that refuse a request with settings of sampling."""
GPT_5 = ("gpt-5", "gpt-6")
UNTHINKING = ("gpt-4", "gpt-3.5", "chatgpt")

_LIMIT = whole(1, MAX_MODEL_TOKENS)
_COMPACT = whole(1_000, 10_000_000)
_EFFORT = choice(sorted(ALL_EFFORTS))
MAX_TOKENS = Option("max_tokens", "max_tokens", _LIMIT)
MAX_COMPLETION_TOKENS = Option("max_tokens", "max_completion_tokens", _LIMIT)
TEMPERATURE = Option("temperature", "temperature", number(0, 2))
TOP_P = Option("top_p", "top_p", number(0, 1))
PENALTIES = (
    Option("presence_penalty", "presence_penalty", number(-2, 2)),
    Option("frequency_penalty", "frequency_penalty", number(-2, 2)),
)
MIN_P = Option("min_p", "min_p", number(0, 1))
TOP_K = Option("top_k", "top_k", whole(0, 10_000_000))
SEED_SENT = Option("seed", "seed", SEED)
EFFORT = Option("reasoning_effort", "reasoning_effort", _EFFORT)
VERBOSITY = Option("verbosity", "verbosity", choice(("low", "medium", "high")), models=GPT_5)
_BY_RESPONSES = Option(RESPONSES, RESPONSES, SWITCH)
_COMPACT_IF_ASKED = Option("compact_threshold", "compact_threshold", _COMPACT, needs=RESPONSES)


def _stop(most: int) -> Option:
    return Option("stop", "stop", stops(most))


def _both(*options: Option) -> tuple[Option, ...]:
    """The options of a service that has the Responses API as well, which knows only some of them."""
    return tuple(replace(one, excludes=RESPONSES) if one.name in CHAT_ONLY else one for one in options)


CHAT_ONLY = frozenset({"presence_penalty", "frequency_penalty", "stop", "seed", "min_p", "top_k"})
"""Settings that the Responses API does not have."""

_PROTOCOL = (MAX_TOKENS, TEMPERATURE, TOP_P, *PENALTIES, _stop(4))
OPENAI_OPTIONS = _both(
    MAX_COMPLETION_TOKENS,
    TEMPERATURE,
    *(replace(one, not_models=THINKING) for one in (TOP_P, *PENALTIES, _stop(4))),
    replace(SEED_SENT, not_models=RESPONSES_MODELS),
    Option("reasoning_effort", "reasoning_effort", _EFFORT, not_models=UNTHINKING),
    Option("verbosity", "verbosity", choice(("low", "medium", "high")), "low", models=GPT_5),
    _BY_RESPONSES,
    Option("compact_threshold", "compact_threshold", _COMPACT, models=RESPONSES_MODELS),
    Option("compact_threshold", "compact_threshold", _COMPACT, not_models=RESPONSES_MODELS, needs=RESPONSES),
)


@dataclass(frozen=True, slots=True)
class Vendor:
    """One service. ``keys``: names of provider keys, the first that is stored counts. ``base_url`` empty: the agent, a custom model or a
    setting names one. ``options``: what it is sent. ``is_openai``: it serves OpenAI's own models, whose newest are asked by the Responses
    API and by the newer name of the limit on tokens. ``lowest_effort``: a GPT-5 model that is told no effort is told its lowest.

    ``address_key`` is the provider key that holds another address, of a gateway or of a customer of its own. ``model_key`` holds the model
    to ask for, ``path`` is what follows the address, and ``bare_models`` says that a prefix of the model's name is the vendor's.
    ``version_key`` holds the version of the older addresses, with the model in the path. ``lists_models``: its list has what can be asked.
    ``models`` are those that lists offer; any other may be named.
    """

    name: str
    summary: str
    base_url: str = ""
    keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    is_openai: bool = False
    lowest_effort: bool = False
    address_key: str = ""
    model_key: str = ""
    version_key: str = ""
    path: str = ""
    bare_models: bool = False
    lists_models: bool = True
    models: tuple[str, ...] = ()

    @property
    def settings_keys(self) -> tuple[str, ...]:
        """The provider keys that hold no secret but where and what is asked."""
        return tuple(name for name in (self.address_key, self.model_key, self.version_key) if name)

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Every provider key it asks for."""
        return (*self.keys, *self.settings_keys)


CUSTOM = Vendor(
    "custom",
    "Any OpenAI-compatible chat endpoint by base URL and key.",
    keys=("CUSTOM", "CUSTOM_API_KEY"),
    aliases=("openai_compatible", "openai-compatible", "vllm", "ollama"),
    options=_both(*_PROTOCOL, SEED_SENT, EFFORT, VERBOSITY, _BY_RESPONSES, _COMPACT_IF_ASKED),
)


CONTRACT_MODELS = ("gpt-4.1-mini", *EFFORTS)
"""Those the contract names (4.3)."""


MORE_SAMPLING = (MIN_P.name, TOP_K.name)
"""Settings of sampling that the protocol does not have. Agents of the hosted service carry them whatever their provider is."""


def _vendor(name: str, summary: str, *options: Option, lowest_effort: bool = False) -> Vendor:
    key = name.upper()
    found = (*_PROTOCOL, *options)
    found = _both(*found) if _BY_RESPONSES in options else found
    keys = (key, f"{key}_API_KEY")
    address_key = f"{key}_API_BASE"
    return Vendor(
        name,
        summary,
        MODEL_ADDRESSES.get(name, ""),
        keys,
        options=found,
        lowest_effort=lowest_effort,
        address_key=address_key,
    )


VENDORS: tuple[Vendor, ...] = (
    CUSTOM,
    Vendor(
        "openai",
        "OpenAI",
        MODEL_ADDRESSES["openai"],
        keys=("OPENAI", "OPENAI_API_KEY"),
        options=OPENAI_OPTIONS,
        is_openai=True,
        lowest_effort=True,
        address_key="OPENAI_API_BASE",
        models=CONTRACT_MODELS,
    ),
    Vendor(
        "azure-openai",
        "OpenAI on Azure, by AZURE_OPENAI_API_BASE",
        keys=("AZURE_OPENAI_API_KEY",),
        aliases=("azure",),
        options=OPENAI_OPTIONS,
        is_openai=True,
        lowest_effort=True,
        address_key="AZURE_OPENAI_API_BASE",
        model_key="AZURE_OPENAI_MODEL",
        version_key="AZURE_OPENAI_API_VERSION",
        path="/openai/v1",
        bare_models=True,
        lists_models=False,
    ),
    _vendor(
        "openrouter",
        "OpenRouter",
        *(MIN_P, TOP_K, SEED_SENT, EFFORT, VERBOSITY, _BY_RESPONSES),
        lowest_effort=True,
    ),
    Vendor(
        "groq",
        "Groq",
        MODEL_ADDRESSES["groq"],
        ("GROQ", "GROQ_API_KEY"),
        options=_both(MAX_TOKENS, TEMPERATURE, TOP_P, _stop(4), SEED_SENT, EFFORT, _BY_RESPONSES),
        address_key="GROQ_API_BASE",
    ),
    Vendor(
        "deepseek",
        "DeepSeek",
        MODEL_ADDRESSES["deepseek"],
        ("DEEPSEEK", "DEEPSEEK_API_KEY"),
        options=(MAX_TOKENS, TEMPERATURE, TOP_P, *PENALTIES, _stop(16)),
        address_key="DEEPSEEK_API_BASE",
    ),
    _vendor("cohere", "Cohere", SEED_SENT, EFFORT),
    _vendor("deepinfra", "DeepInfra", MIN_P, TOP_K, SEED_SENT, EFFORT),
    _vendor("together", "Together", MIN_P, TOP_K, SEED_SENT, EFFORT),
    _vendor(
        "fireworks",
        "Fireworks",
        *(MIN_P, TOP_K, SEED_SENT, EFFORT, _BY_RESPONSES),
    ),
    _vendor("perplexity", "Perplexity"),
    _vendor("ola", "Krutrim Cloud of Ola"),
    _vendor("anyscale", "Anyscale, by ANYSCALE_API_BASE: the shared endpoint ended on 2024-08-01"),
    _vendor("bolna", "The endpoint of BOLNA_API_BASE, in place of the model of the hosted service"),
)
