"""Settings of the hosted service and of the open engine that no part of the platform looks at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwright.domain.provider_table import DEFAULT_MODEL_PROVIDER
from callwright.domain.settings.kinds import TEXT, described
from callwright.domain.settings.setting import Setting

_LISTENING = "Of one vendor's recogniser."
_LINE = "The line decides."
_GRAPH = "Of graph agents, which think as simple ones here."
_ONE_LANGUAGE = "Of calls in several languages; a call has one here."


def _kept(key: str, words: str, default: object, does: str, schema: Mapping[str, Any] | None = None) -> Setting:
    return Setting(key, described(words, schema), default, does, kept=True)


KEPT: tuple[Setting, ...] = (
    _kept(
        "task_config.user_online_message_in_llm_history",
        "true or false",
        False,
        "The model is always told of the question whether the caller is there: it was said.",
    ),
    _kept("task_config.max_silence_repeats", "a whole number", None, _GRAPH),
    _kept("task_config.language_injection_mode", "system_only or per_turn", None, _ONE_LANGUAGE),
    _kept("task_config.language_instruction_template", "a text", None, _ONE_LANGUAGE),
    _kept("llm_agent.family", "a text", DEFAULT_MODEL_PROVIDER, "The provider says it."),
    _kept("llm_agent.agent_flow_type", "a text", "streaming", "Replies are always streamed.", TEXT),
    _kept("llm_agent.routes", "an object", None, "Sentences answered without a model; ours is always asked."),
    _kept(
        "llm_agent.extra_body",
        "an object",
        None,
        "Anything else for an endpoint. Only what has a row here is sent: the rest could undo what the call relies on.",
    ),
    _kept("llm_agent.reasoning_summary", "a text", None, "What a model thinks is not asked for."),
    _kept("llm_agent.agent_information", "a text", None, _GRAPH),
    _kept("llm_agent.context_data", "an object", None, _GRAPH),
    _kept("llm_agent.nodes", "a list", None, _GRAPH),
    _kept("transcriber.stream", "true or false", True, "Speech is always streamed."),
    _kept("transcriber.sampling_rate", "a whole number", 16_000, _LINE),
    _kept("transcriber.encoding", "a text", "linear16", _LINE),
    _kept("transcriber.task", "a text", "transcribe", "There is no other."),
    _kept("transcriber.language_hints", "a list", None, _LISTENING),
    _kept("transcriber.context", "a text", None, _LISTENING),
    _kept("transcriber.delay", "minimal, low, medium, high or xhigh", None, _LISTENING),
    _kept("transcriber.noise_reduction", "true or false", None, _LISTENING),
    _kept("transcriber.vad_threshold", "a number", None, _LISTENING),
    _kept("transcriber.vad_prefix_padding_ms", "a whole number", None, _LISTENING),
    _kept("synthesizer.stream", "true or false", True, "Speech is always streamed."),
    _kept("synthesizer.audio_format", "wav, pcm, mulaw or mp3", "wav", _LINE),
    _kept(
        "tool_params.scope",
        "global or node",
        "global",
        "Of graph agents: in which nodes it is offered. There are no nodes here, and it always is.",
    ),
    _kept("tool_params.nodes", "a list of nodes", None, "The nodes of `scope` node."),
    _kept("tools_config.s2s", "an object", None, "Models that hear and speak by themselves."),
    _kept(
        "tools_config.web_search", "an object", None, "A search of the web as a tool; a tool with a `url` can be one."
    ),
    _kept("tools_config.agent_names", "a map of language to name", None, _ONE_LANGUAGE),
    _kept("tools_config.switch_tool_description", "a text", None, _ONE_LANGUAGE),
    _kept("tools_config.switch_handoff_messages", "a map of language to text", None, _ONE_LANGUAGE),
)
"""They are given back as they came."""
