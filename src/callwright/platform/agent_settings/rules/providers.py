"""The settings of an agent's recogniser, voice and model (contract 4.3 to 4.5)."""

from __future__ import annotations

from callwright.domain.limits import (
    MAX_DELAY_MS,
    MAX_FALLBACK_MS,
    MAX_FALLBACKS,
    MAX_KEYWORDS,
    MAX_MODEL_TOKENS,
    MAX_NAME_CHARACTERS,
)
from callwright.domain.settings.kinds import (
    ADDRESS,
    PRONUNCIATION,
    SEED,
    SWITCH,
    choice,
    described,
    number,
    objects,
    text,
    texts,
    whole,
)
from callwright.domain.settings.setting import Setting, within

_PASSED_ON = "[Some vendors](reference/cloud-models.md) take it."
_PROVIDER = "a provider's name"
_AGENT_TYPES = ("simple_llm_agent", "knowledgebase_agent", "graph_agent", "multiagent", "llm_agent_graph")

_CHAIN = f"up to {MAX_FALLBACKS} objects with `provider` and its settings"


def _chain(section: str, what: str, after_ms: int, nothing: str) -> tuple[Setting, Setting]:
    """``fallbacks`` and ``fallback_after_ms`` of a section."""
    return (
        Setting(
            f"{section}.fallbacks",
            objects(MAX_FALLBACKS, _CHAIN, "provider"),
            None,
            f"Our own. {what} that [take over](how-to/outages.md), in order, when it fails.",
        ),
        Setting(
            f"{section}.fallback_after_ms",
            whole(100, MAX_FALLBACK_MS),
            after_ms,
            f"Our own. Milliseconds {nothing} until the next fallback takes over.",
        ),
    )


TRANSCRIBER_CHAIN = _chain("transcriber", "Recognisers", 1_000, "of speech without a word")
VOICE_CHAIN = _chain("synthesizer", "Voices", 800, "without sound")
MODEL_CHAIN = _chain("llm_agent", "Models", 1_500, "without an answer")

ENDPOINTING = Setting(
    "transcriber.endpointing",
    whole(0, MAX_DELAY_MS),
    250,
    "Milliseconds of silence that end a turn without a turn model.",
)

TRANSCRIBER: tuple[Setting, ...] = (
    Setting(
        "transcriber.provider",
        text(words=_PROVIDER),
        None,
        "The recogniser; null: `CALLWRIGHT_TRANSCRIBER`.",
    ),
    Setting("transcriber.model", text(MAX_NAME_CHARACTERS), "", "The recogniser's model."),
    Setting(
        "transcriber.language",
        text(MAX_NAME_CHARACTERS, "a language code"),
        "en",
        "The caller's language, and the agent's without `synthesizer.language`; there `multi-hi` is Hindi,"
        " `multi`, `auto` and `unknown` English.",
    ),
    ENDPOINTING,
    Setting(
        "transcriber.keywords",
        texts("a list, or a text with commas"),
        None,
        f"Words to expect, {MAX_KEYWORDS} at most. A boost after a colon is ignored.",
    ),
    Setting("transcriber.eot_threshold", number(0.5, 0.9), None, "Of one vendor's end of turn.", kept=True),
    Setting("transcriber.eager_eot_threshold", number(0.3, 0.9), None, "Of one vendor's early end of turn.", kept=True),
    Setting("transcriber.eot_timeout_ms", number(300, 10_000), None, "Of one vendor's end of turn.", kept=True),
    *TRANSCRIBER_CHAIN,
)

SPEED = Setting(
    "synthesizer.speed",
    number(0.1, 4),
    1,
    "Speed of the local voice, within 0.5 to 2.",
    within="provider_config",
)
VOICE = within(
    "provider_config",
    Setting("synthesizer.voice", text(), "", "The voice. This and the next four may stand beside `provider_config`."),
    Setting("synthesizer.voice_id", text(), "", "The voice; takes precedence."),
    Setting("synthesizer.model", text(MAX_NAME_CHARACTERS), "", "The voice's model."),
    Setting(
        "synthesizer.language",
        text(words="a language code"),
        None,
        "Language of stop phrases, opt-outs and platform sentences; null: the transcriber's.",
    ),
    SPEED,
)

CACHING = Setting(
    "synthesizer.caching",
    SWITCH,
    True,
    "Keep and replay speech that is the same in every call, at no cost.",
)

PRONUNCIATION_RULES = Setting(
    "synthesizer.pronunciation_rules",
    PRONUNCIATION,
    None,
    "What any voice says in place of a word or phrase. Capitals make no difference.",
)

SYNTHESIZER: tuple[Setting, ...] = (
    Setting("synthesizer.provider", text(words=_PROVIDER), None, "The voice's provider; null: `CALLWRIGHT_VOICE`."),
    Setting(
        "synthesizer.buffer_size",
        whole(0, 100_000),
        250,
        "Characters gathered before the voice is asked; ours gets whole clauses.",
        kept=True,
    ),
    CACHING,
    *VOICE_CHAIN,
    PRONUNCIATION_RULES,
)

AGENT_TYPE = Setting(
    "llm_agent.agent_type",
    choice(_AGENT_TYPES, "simple_llm_agent, knowledgebase_agent, graph_agent, ..."),
    "simple_llm_agent",
    "Graph and knowledge base agents act as simple ones.",
)

MAX_TOKENS = Setting("llm_agent.max_tokens", whole(1, MAX_MODEL_TOKENS), 100, "Longest reply.", within="llm_config")
TEMPERATURE = Setting("llm_agent.temperature", number(0, 2), 0.1, "Randomness of replies.", within="llm_config")

MODEL = within(
    "llm_config",
    Setting(
        "llm_agent.provider",
        text(words=_PROVIDER),
        None,
        "The model's provider; null: `CALLWRIGHT_MODEL`.",
    ),
    Setting(
        "llm_agent.model",
        text(MAX_NAME_CHARACTERS),
        None,
        "The model; null: the provider's default.",
    ),
    MAX_TOKENS,
    TEMPERATURE,
    Setting("llm_agent.top_p", number(0, 1), None, _PASSED_ON),
    Setting("llm_agent.presence_penalty", number(-2, 2), None, _PASSED_ON),
    Setting("llm_agent.frequency_penalty", number(-2, 2), None, _PASSED_ON),
    Setting(
        "llm_agent.reasoning_effort",
        described("none, minimal, low, medium, high, xhigh, max"),
        None,
        f"{_PASSED_ON} Checked against the model; null: the lowest that a GPT-5 model has.",
    ),
    Setting(
        "llm_agent.min_p",
        number(0, 1),
        None,
        _PASSED_ON,
    ),
    Setting(
        "llm_agent.top_k",
        whole(0, 10_000_000),
        None,
        _PASSED_ON,
    ),
    Setting(
        "llm_agent.stop",
        texts("a text or a list"),
        None,
        f"Texts before which the reply ends. {_PASSED_ON}",
    ),
    Setting("llm_agent.seed", SEED, None, f"Our own. {_PASSED_ON}"),
    Setting(
        "llm_agent.compact_threshold",
        whole(0, 10_000_000),
        None,
        "Tokens above which the Responses API shortens history.",
    ),
    Setting(
        "llm_agent.use_responses_api",
        SWITCH,
        False,
        "Use the [Responses API](reference/cloud-models.md), as GPT-5.4 and newer always do.",
    ),
    Setting(
        "llm_agent.thinking_budget",
        whole(-1, MAX_MODEL_TOKENS),
        None,
        f"Tokens that a model may think. {_PASSED_ON}",
    ),
    Setting(
        "llm_agent.verbosity",
        choice(("low", "medium", "high")),
        None,
        f"How much the model says. {_PASSED_ON}",
    ),
    Setting("llm_agent.request_json", SWITCH, False, "Ask for JSON; extraction always does.", kept=True),
    Setting(
        "llm_agent.base_url",
        ADDRESS,
        None,
        "With `custom`: the agent's own endpoint. It never gets a vendor's [key](how-to/provider-keys.md).",
    ),
    Setting(
        "llm_agent.vector_store",
        described("an object with `vector_id`"),
        None,
        "Where a knowledge base agent looks things up.",
        kept=True,
    ),
    Setting(
        "llm_agent.extraction_details",
        described("a text or JSON"),
        None,
        "Values of an extraction task, one `key : description` per line.",
    ),
    Setting(
        "llm_agent.extraction_json",
        described("an object or its text"),
        None,
        "The same as JSON; takes precedence.",
    ),
    Setting(
        "llm_agent.summarization_details",
        described("a text"),
        None,
        "Instructions for a summary task.",
    ),
    *MODEL_CHAIN,
)
