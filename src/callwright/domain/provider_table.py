"""The provider names an agent may carry (contract 4.3 to 4.6) and what the contract fixes for single models.

Agents written for the hosted service name providers that may not be installed here: they are saved all the same, and a call fails with a
clear reason when it needs a provider that is missing. Anything registered as a plugin is accepted as well.
"""

from __future__ import annotations

from typing import Any

LOCAL = "local"

MODELS: frozenset[str] = frozenset(
    {
        "openai",
        "azure-openai",
        "azure",
        "anthropic",
        "google",
        "deepseek",
        "openrouter",
        "groq",
        "custom",
        "ola",
        "bolna",
        "cohere",
        "ollama",
        "deepinfra",
        "together",
        "fireworks",
        "perplexity",
        "vllm",
        "anyscale",
        "openai-compatible",
        LOCAL,
        "llama",
        "intents",
        "scripted",
    }
)

VOICES: frozenset[str] = frozenset(
    {
        "elevenlabs",
        "cartesia",
        "sarvam",
        "polly",
        "azuretts",
        "deepgram",
        "openai",
        "smallest",
        "rime",
        "pixa",
        "maya",
        "styletts",
        "kalpa",
        "gemini",
        "soniox",
        "custom",
        LOCAL,
        "piper",
        "scripted",
    }
)

TRANSCRIBERS: frozenset[str] = frozenset(
    {
        "deepgram",
        "sarvam",
        "azure",
        "assembly",
        "google",
        "gladia",
        "elevenlabs",
        "pixa",
        "smallest",
        "openai",
        "soniox",
        "bodhi",
        "gemini",
        "bolna",
        LOCAL,
        "whisper",
        "scripted",
    }
)

CARRIERS: frozenset[str] = frozenset(
    {
        "twilio",
        "plivo",
        "exotel",
        "vobiz",
        "sip-trunk",
        "default",
        "freeswitch",
        "database",
        "websocket",
        "web-call",
        "sip",
        "loopback",
        "browser",
    }
)

#: kind of the registry -> names the contract or this platform knows.
KNOWN: dict[str, frozenset[str]] = {
    "model": MODELS,
    "voice": VOICES,
    "transcriber": TRANSCRIBERS,
    "carrier": CARRIERS,
}

#: Formats that `telephony_provider` writes into `tools_config.input` and `output` (contract 3.1); others keep theirs.
CARRIER_FORMAT: dict[str, str] = {
    "twilio": "wav",
    "plivo": "wav",
    "exotel": "wav",
    "vobiz": "wav",
    "sip-trunk": "ulaw",
}

CARRIER_KEYS: tuple[str, ...] = ("TWILIO", "PLIVO", "EXOTEL", "VOBIZ")
"""Carriers as their provider keys begin (contract 3.9): an account that has one is connected."""

DEFAULT_MODEL_PROVIDER = "openai"
"""The provider of a model that is named without one (contract 4.3)."""

DEFAULT_MODEL: dict[str, str] = {"openai": "gpt-5.4-mini"}
"""The model of a provider that is named without one (contract 4.3)."""

DISPOSITION_MODEL = "gpt-4.1-mini"
"""The model of a disposition that names none (contract 3.12)."""

FLAT_DEFAULT_MODEL: dict[str, str] = {"openai": "gpt-4.1-mini"}
"""The same for the older, flat form of ``llm_agent`` (contract 3.1)."""

DEFAULT_TRANSCRIBER_PROVIDER = "deepgram"
"""The provider of a recogniser's model that is named without one (contract 4.5)."""

FIXED_TEMPERATURE_PREFIX = "gpt-5"
"""Models whose temperature must be 1."""

VOICE_NEEDS_VOICE = "elevenlabs"
"""The voice provider whose configuration the hosted service refuses without a voice."""

_LOW_TO_HIGH = ("low", "medium", "high")

EFFORTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("gpt-5", "gpt-5-mini", "gpt-5-nano"), ("minimal", *_LOW_TO_HIGH)),
    **dict.fromkeys(("gpt-5.1", "gpt-5.4-mini", "gpt-5.4-nano"), ("none", *_LOW_TO_HIGH)),
    **dict.fromkeys(
        ("gpt-5.2", "gpt-5.4", "gpt-5.5", "gpt-5.6-sol", "gpt-5.6-terra", "gpt-5.6-luna"),
        ("none", *_LOW_TO_HIGH, "xhigh"),
    ),
    "gpt-5.5-pro": ("medium", "high", "xhigh"),
}
"""Model -> its levels of ``reasoning_effort`` (contract 4.3). Models not listed are not checked."""

MODEL_ADDRESSES: dict[str, str] = {
    "openai": "https://api.openai.com/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "groq": "https://api.groq.com/openai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "google": "https://generativelanguage.googleapis.com/v1beta/openai",
    "anthropic": "https://api.anthropic.com/v1",
    "cohere": "https://api.cohere.ai/compatibility/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "together": "https://api.together.xyz/v1",
    "fireworks": "https://api.fireworks.ai/inference/v1",
    "perplexity": "https://api.perplexity.ai",
    "ola": "https://cloud.olakrutrim.com/v1",
}
"""Where vendors answer in the OpenAI protocol. Agents of the hosted service carry one of these whatever their provider is: no choice."""

RESPONSES_MODELS = ("gpt-5.4", "gpt-5.5", "gpt-5.6", "gpt-6")
"""Beginnings of models that are asked by the Responses API whatever ``use_responses_api`` says (contract 4.3)."""

HOSTED_SAMPLING: dict[str, Any] = {
    "top_p": 0.9,
    "min_p": 0.1,
    "top_k": 0,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "use_responses_api": False,
}
"""What agents of the hosted service carry where nobody chose anything (contract 4.3)."""

ALL_EFFORTS: frozenset[str] = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})


def bare_model(model: str) -> str:
    """The model's name without a provider's prefix (``azure/gpt-4.1-mini``)."""
    return model.rsplit("/", 1)[-1]


IVR_CARRIER = "plivo"
"""The carrier on whose numbers the hosted service has menus before the agent (contract 12.4)."""

IVR_VOICE = "Polly.Joanna"
"""The voice of such a menu that names none."""
