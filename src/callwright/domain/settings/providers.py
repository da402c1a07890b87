"""The settings of an agent's recogniser, voice and model (contract 4.3 to 4.5)."""

from __future__ import annotations

from callwright.domain.limits import MAX_DELAY_MS, MAX_KEYWORDS, MAX_MODEL_TOKENS, MAX_NAME_CHARACTERS
from callwright.domain.settings.kinds import ADDRESS, SEED, SWITCH, choice, described, number, text, texts, whole
from callwright.domain.settings.setting import Setting, within

_PROVIDER = "a registered or a hosted provider"
_AGENT_TYPES = ("simple_llm_agent", "knowledgebase_agent", "graph_agent", "multiagent", "llm_agent_graph")

ENDPOINTING = Setting(
    "transcriber.endpointing",
    whole(0, MAX_DELAY_MS),
    250,
    "Milliseconds of silence that end a turn where no turn model decides.",
)

TRANSCRIBER: tuple[Setting, ...] = (
    Setting(
        "transcriber.provider",
        text(words=_PROVIDER),
        None,
        "Who hears; null: the platform's (`CALLWRIGHT_TRANSCRIBER`).",
    ),
    Setting("transcriber.model", text(MAX_NAME_CHARACTERS), "", "Its model."),
    Setting(
        "transcriber.language",
        text(MAX_NAME_CHARACTERS, "a language code"),
        "en",
        "What the caller speaks. Where the voice has no language (`synthesizer.language`), also that of the stop"
        " phrases, of opting out and of our own words; of `multi-hi` that is Hindi, and of `multi`, `auto` and"
        " `unknown` English.",
    ),
    ENDPOINTING,
    Setting(
        "transcriber.keywords",
        texts("a list, or a text with commas"),
        None,
        f"Words the recogniser should expect, {MAX_KEYWORDS} at most; a boost behind a colon is left out.",
    ),
    Setting("transcriber.eot_threshold", number(0.5, 0.9), None, "Of one vendor's end of turn.", kept=True),
    Setting("transcriber.eager_eot_threshold", number(0.3, 0.9), None, "Of one vendor's early end of turn.", kept=True),
    Setting("transcriber.eot_timeout_ms", number(300, 10_000), None, "Of one vendor's end of turn.", kept=True),
)

SPEED = Setting(
    "synthesizer.speed",
    number(0.1, 4),
    1,
    "How fast the local voice speaks, which it does at 0.5 to 2: less and more become these.",
    within="provider_config",
)
VOICE = within(
    "provider_config",
    Setting("synthesizer.voice", text(), "", "Which voice."),
    Setting("synthesizer.voice_id", text(), "", "The same, and goes before it."),
    Setting("synthesizer.model", text(MAX_NAME_CHARACTERS), "", "Its model."),
    Setting(
        "synthesizer.language",
        text(words="a language code"),
        None,
        "The language of its words, of the stop phrases, of opting out and of our own words; null: the transcriber's.",
    ),
    SPEED,
)

SYNTHESIZER: tuple[Setting, ...] = (
    Setting(
        "synthesizer.provider", text(words=_PROVIDER), None, "Who speaks; null: the platform's (`CALLWRIGHT_VOICE`)."
    ),
    Setting(
        "synthesizer.buffer_size",
        whole(0, 100_000),
        250,
        "Characters gathered before the voice is asked; ours gets whole clauses.",
        kept=True,
    ),
    Setting("synthesizer.caching", SWITCH, True, "Keep what was spoken; nothing is cached.", kept=True),
)

AGENT_TYPE = Setting(
    "llm_agent.agent_type",
    choice(_AGENT_TYPES, "simple_llm_agent, knowledgebase_agent, graph_agent, ..."),
    "simple_llm_agent",
    "How it thinks. Graph and knowledge base agents are saved and think as simple ones.",
)

MAX_TOKENS = Setting("llm_agent.max_tokens", whole(1, MAX_MODEL_TOKENS), 100, "Longest reply.", within="llm_config")
TEMPERATURE = Setting("llm_agent.temperature", number(0, 2), 0.1, "How freely it answers.", within="llm_config")

MODEL = within(
    "llm_config",
    Setting(
        "llm_agent.provider",
        text(words=_PROVIDER),
        None,
        "Who thinks; null: the platform's (`CALLWRIGHT_MODEL`).",
    ),
    Setting(
        "llm_agent.model",
        text(MAX_NAME_CHARACTERS),
        None,
        "Which model; null: the provider's usual one.",
    ),
    MAX_TOKENS,
    TEMPERATURE,
    Setting("llm_agent.top_p", number(0, 1), None, "Passed on to endpoints."),
    Setting("llm_agent.presence_penalty", number(-2, 2), None, "Passed on to endpoints."),
    Setting("llm_agent.frequency_penalty", number(-2, 2), None, "Passed on to endpoints."),
    Setting(
        "llm_agent.reasoning_effort",
        described("none, minimal, low, medium, high, xhigh, max"),
        None,
        "Passed on to endpoints; checked against the model.",
    ),
    Setting(
        "llm_agent.min_p",
        number(0, 1),
        None,
        "Passed on to vendors that document it ([which](how-to/provider-keys.md#what-is-passed-on)); others refuse a"
        " request that has it.",
    ),
    Setting(
        "llm_agent.top_k",
        whole(0, 10_000_000),
        None,
        "Passed on to vendors that document it ([which](how-to/provider-keys.md#what-is-passed-on)); others refuse a"
        " request that has it.",
    ),
    Setting(
        "llm_agent.stop",
        texts("a text or a list"),
        None,
        "Passed on to endpoints: the model writes no further than to one of these.",
    ),
    Setting("llm_agent.seed", SEED, None, "Passed on to endpoints. Our own."),
    Setting(
        "llm_agent.compact_threshold",
        whole(0, 10_000_000),
        None,
        "When the history is shortened; ours keeps the newest turns.",
        kept=True,
    ),
    Setting(
        "llm_agent.verbosity",
        choice(("low", "medium", "high")),
        None,
        "How much it says. Passed on to models that know it ([which](how-to/provider-keys.md#what-is-passed-on)).",
    ),
    Setting("llm_agent.request_json", SWITCH, False, "Ask for JSON; extraction always does.", kept=True),
    Setting(
        "llm_agent.base_url",
        ADDRESS,
        None,
        "With `custom`: an endpoint of the agent's own. A vendor's key never goes there ([provider"
        " keys](how-to/provider-keys.md)).",
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
        "Of an extraction task: what to extract, `key : description` a line.",
    ),
    Setting(
        "llm_agent.extraction_json",
        described("an object or its text"),
        None,
        "The same as JSON, and goes before it.",
    ),
    Setting(
        "llm_agent.summarization_details",
        described("a text"),
        None,
        "Of a summary task: what to say in it.",
    ),
)
