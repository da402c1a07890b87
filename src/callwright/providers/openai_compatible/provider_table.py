"""Services that speak the OpenAI chat protocol: their base URLs and the provider keys they are reached with.

The addresses are those of the services' own documentation (2026). Nobody has to be in this table: ``custom`` reaches any endpoint.
"""

from __future__ import annotations

from dataclasses import dataclass

from callwright.domain.provider_table import EFFORTS


@dataclass(frozen=True, slots=True)
class Vendor:
    """One service. ``keys``: names of provider keys, the first that is stored counts. ``base_url`` empty: the agent, a custom model or a
    setting names one. ``completion_limit``: the service wants the newer name of the limit on tokens. ``samples_more``: it documents
    MORE_SAMPLING, which others refuse with the whole request.

    Each customer of some services has an address of its own: ``address_key`` and ``model_key`` are the provider keys that hold it and the
    model to ask for, ``path`` what follows the address, and ``bare_models`` says that a prefix of the model's name is the vendor's.
    ``models`` are those that lists offer; any other may be named.
    """

    name: str
    summary: str
    base_url: str = ""
    keys: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    completion_limit: bool = False
    address_key: str = ""
    model_key: str = ""
    path: str = ""
    bare_models: bool = False
    models: tuple[str, ...] = ()
    samples_more: bool = False

    @property
    def all_keys(self) -> tuple[str, ...]:
        """Every provider key it asks for."""
        return (*self.keys, *(name for name in (self.address_key, self.model_key) if name))


CUSTOM = Vendor(
    "custom",
    "Any OpenAI-compatible chat endpoint by base URL and key.",
    keys=("CUSTOM", "CUSTOM_API_KEY"),
    aliases=("openai_compatible", "openai-compatible", "vllm", "ollama"),
)


CONTRACT_MODELS = ("gpt-4.1-mini", *EFFORTS)
"""Those the contract names (4.3)."""


MORE_SAMPLING = ("min_p", "top_k")
"""Settings of sampling that the protocol does not have. Agents of the hosted service carry them whatever their provider is."""


def _vendor(name: str, summary: str, base_url: str, *, samples_more: bool = False) -> Vendor:
    key = name.upper()
    return Vendor(name, summary, base_url, (key, f"{key}_API_KEY"), samples_more=samples_more)


VENDORS: tuple[Vendor, ...] = (
    CUSTOM,
    Vendor(
        "openai",
        "OpenAI",
        "https://api.openai.com/v1",
        keys=("OPENAI", "OPENAI_API_KEY"),
        completion_limit=True,
        models=CONTRACT_MODELS,
    ),
    Vendor(
        "azure-openai",
        "OpenAI on Azure, by AZURE_OPENAI_API_BASE",
        keys=("AZURE_OPENAI_API_KEY",),
        aliases=("azure",),
        completion_limit=True,
        address_key="AZURE_OPENAI_API_BASE",
        model_key="AZURE_OPENAI_MODEL",
        path="/openai/v1",
        bare_models=True,
    ),
    _vendor("openrouter", "OpenRouter", "https://openrouter.ai/api/v1", samples_more=True),
    _vendor("groq", "Groq", "https://api.groq.com/openai/v1"),
    _vendor("deepseek", "DeepSeek", "https://api.deepseek.com/v1"),
    _vendor("google", "Gemini", "https://generativelanguage.googleapis.com/v1beta/openai"),
    _vendor("anthropic", "Claude, by its OpenAI-compatible door", "https://api.anthropic.com/v1"),
    _vendor("cohere", "Cohere", "https://api.cohere.ai/compatibility/v1"),
    _vendor("deepinfra", "DeepInfra", "https://api.deepinfra.com/v1/openai", samples_more=True),
    _vendor("together", "Together", "https://api.together.xyz/v1", samples_more=True),
    _vendor("fireworks", "Fireworks", "https://api.fireworks.ai/inference/v1", samples_more=True),
    _vendor("perplexity", "Perplexity", "https://api.perplexity.ai"),
)

ADDRESSES = frozenset(vendor.base_url for vendor in VENDORS if vendor.base_url)
