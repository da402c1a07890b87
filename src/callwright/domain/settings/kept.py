"""Rows of ``setting_rows`` that no part of the platform looks at: settings of the hosted service and of the open engine."""

from __future__ import annotations

from callwright.domain.provider_table import DEFAULT_MODEL_PROVIDER
from callwright.domain.settings.setting import SWITCH, AgentSetting, kept

_LISTENING = "Of one vendor's recogniser."
_LINE = "The line decides."
_GRAPH = "Of graph agents, which think as simple ones here."
_ONE_LANGUAGE = "Of calls in several languages; a call has one here."

KEPT_ROWS: tuple[AgentSetting, ...] = (
    kept(
        "task_config.user_online_message_in_llm_history",
        False,
        "The model is always told of the question whether the caller is there: it was said.",
        values=SWITCH,
    ),
    kept("task_config.max_silence_repeats", None, _GRAPH, values="a whole number"),
    kept("task_config.language_injection_mode", None, _ONE_LANGUAGE, values="system_only or per_turn"),
    kept("task_config.language_instruction_template", None, _ONE_LANGUAGE, values="a text"),
    kept("llm_agent.family", DEFAULT_MODEL_PROVIDER, "The provider says it.", values="a text"),
    kept("llm_agent.agent_flow_type", "streaming", "Replies are always streamed.", values="a text"),
    kept("llm_agent.routes", None, "Sentences answered without a model; ours is always asked.", values="an object"),
    kept(
        "llm_agent.use_responses_api",
        False,
        "Endpoints are asked by chat completions, which all of them have.",
        values=SWITCH,
    ),
    kept(
        "llm_agent.extra_body",
        None,
        "Anything else for an endpoint. Only what has a row here is sent: the rest could undo what the call relies on.",
        values="an object",
    ),
    kept("llm_agent.reasoning_summary", None, "What a model thinks is not asked for.", values="a text"),
    kept("llm_agent.thinking_budget", None, "`reasoning_effort` says it.", values="a whole number"),
    kept("llm_agent.agent_information", None, _GRAPH, values="a text"),
    kept("llm_agent.context_data", None, _GRAPH, values="an object"),
    kept("llm_agent.nodes", None, _GRAPH, values="a list"),
    kept("transcriber.stream", True, "Speech is always streamed.", values=SWITCH),
    kept("transcriber.sampling_rate", 16_000, _LINE, values="a whole number"),
    kept("transcriber.encoding", "linear16", _LINE, values="a text"),
    kept("transcriber.task", "transcribe", "There is no other.", values="a text"),
    kept("transcriber.language_hints", None, _LISTENING, values="a list"),
    kept("transcriber.context", None, _LISTENING, values="a text"),
    kept("transcriber.delay", None, _LISTENING, values="minimal, low, medium, high or xhigh"),
    kept("transcriber.noise_reduction", None, _LISTENING, values=SWITCH),
    kept("transcriber.vad_threshold", None, _LISTENING, values="a number"),
    kept("transcriber.vad_prefix_padding_ms", None, _LISTENING, values="a whole number"),
    kept("synthesizer.stream", True, "Speech is always streamed.", values=SWITCH),
    kept("synthesizer.audio_format", "wav", _LINE, values="wav, pcm, mulaw or mp3"),
    kept("synthesizer.pronunciation_rules", None, "How single words are said.", values="a list"),
    kept(
        "tool_params.scope",
        "global",
        "Of graph agents: in which nodes it is offered. There are no nodes here, and it always is.",
        values="global or node",
    ),
    kept("tool_params.nodes", None, "The nodes of `scope` node.", values="a list of nodes"),
    kept("tools_config.s2s", None, "Models that hear and speak by themselves.", values="an object"),
    kept(
        "tools_config.web_search",
        None,
        "A search of the web as a tool; a tool with a `url` can be one.",
        values="an object",
    ),
    kept("tools_config.agent_names", None, _ONE_LANGUAGE, values="a map of language to name"),
    kept("tools_config.switch_tool_description", None, _ONE_LANGUAGE, values="a text"),
    kept("tools_config.switch_handoff_messages", None, _ONE_LANGUAGE, values="a map of language to text"),
)
"""They are given back as they came."""
