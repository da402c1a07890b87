"""Agents are read leniently, and what is wrong is named by its path (contract chapter 4)."""

from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.domain.limits import (
    MAX_AGENT_TASKS,
    MAX_AGENT_TOOLS,
    MAX_CALL_SECONDS,
    MAX_NAME_CHARACTERS,
    MAX_PROMPT_CHARACTERS,
    MAX_TOOL_HEADERS,
    MAX_VOICEMAIL_LISTEN_SECONDS,
    MAX_WEBHOOK_HEADERS,
)
from callwright.platform.agent_settings.rules.conversation import SoundSettings, VoicemailSettings
from callwright.platform.agents.rules.parsing import (
    DEFAULT_WELCOME,
    AgentSpec,
    ProviderDefaults,
    check_addresses,
    parse_agent,
)
from callwright.platform.agents.rules.tools import PRESS_KEYS

TASK = "agent_config.tasks[0]"
END_HOUR = "agent_config.calling_guardrails.call_end_hour"


def nothing_registered(kind: str) -> tuple[str, ...]:
    return ()


def agent(*tasks: dict[str, Any], **body: Any) -> dict[str, Any]:
    """A body with one conversation task by default."""
    return {"agent_name": "Reception", "tasks": list(tasks) or [{"task_type": "conversation"}], **body}


def with_tools(**tools_config: Any) -> dict[str, Any]:
    return agent({"task_type": "conversation", "tools_config": tools_config})


def with_settings(**task_config: Any) -> dict[str, Any]:
    return agent({"task_config": task_config})


def with_model(**llm_config: Any) -> dict[str, Any]:
    return with_tools(llm_agent={"agent_type": "simple_llm_agent", "llm_config": llm_config})


def refused(body: dict[str, Any]) -> InvalidAgentError:
    with pytest.raises(InvalidAgentError) as error:
        parse_agent(body, nothing_registered)
    return error.value


def test_the_smallest_agent_is_local_and_has_the_documented_defaults() -> None:
    spec = parse_agent(agent(), nothing_registered)
    assert (spec.transcriber.provider, spec.model.provider, spec.voice.provider) == ("local", "local", "local")
    assert spec.welcome_message == DEFAULT_WELCOME
    assert spec.telephony_provider == "default"
    assert spec.endpointing_ms == 250
    assert spec.model.options["max_tokens"] == 100
    assert spec.model.options["temperature"] == 0.1
    settings = spec.settings
    assert settings.hangup_after_silence_s == 10
    assert settings.call_terminate_s == 90
    assert settings.incremental_delay_ms == 400
    assert settings.number_of_words_for_interruption == 2
    assert settings.check_if_user_online is True
    assert settings.check_user_online_message is None, "it is asked in the call's language"
    assert settings.trigger_user_online_message_after_s == 10
    assert settings.hangup_after_llm_call is False
    assert settings.extra["inbound_limit"] == -1
    assert settings.voicemail == VoicemailSettings()
    assert settings.sounds == SoundSettings()


@pytest.mark.proves("transcriber.provider", "synthesizer.provider", "llm_agent.provider")
def test_providers_of_the_platform_replace_missing_sections() -> None:
    spec = parse_agent(agent(), nothing_registered, ProviderDefaults("scripted", "intents", "scripted"))
    assert (spec.transcriber.provider, spec.model.provider, spec.voice.provider) == ("scripted", "intents", "scripted")


def test_a_toolchain_need_not_say_its_pipelines() -> None:
    assert parse_agent(agent({"toolchain": {"execution": "sequential"}})) == parse_agent(agent())


@pytest.mark.proves("synthesizer.voice_id")
def test_an_agent_of_the_hosted_service_is_read_as_it_is() -> None:
    body = agent(
        {
            "task_type": "conversation",
            "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
            "tools_config": {
                "llm_agent": {
                    "agent_type": "simple_llm_agent",
                    "agent_flow_type": "streaming",
                    "llm_config": {
                        "provider": "openai",
                        "model": "gpt-4.1-mini",
                        "max_tokens": "150",
                        "temperature": 0.2,
                    },
                },
                "synthesizer": {
                    "provider": "elevenlabs",
                    "provider_config": {
                        "voice": "Nila",
                        "voice_id": "V9",
                        "model": "eleven_turbo_v2_5",
                        "speed": "1.1",
                    },
                    "buffer_size": 100.0,
                },
                "transcriber": {
                    "provider": "deepgram",
                    "model": "nova-3",
                    "language": "hi",
                    "endpointing": "300",
                    "keywords": "a:1",
                },
                "input": {"provider": "plivo", "format": "wav"},
                "output": {"provider": "plivo", "format": "wav"},
                "api_tools": None,
            },
            "task_config": {"hangup_after_silence": 12, "call_terminate": "300", "voicemail": True, "novel": 1},
        },
        agent_prompts={"task_1": {"system_prompt": "Confirm."}},
        agent_welcome_message="Hello {name}",
        webhook_url="https://hooks.example.org/x",
        unknown={"kept": True},
    )
    spec = parse_agent(body, nothing_registered)
    assert spec.system_prompt == "Confirm."
    assert (spec.model.provider, spec.model.model, spec.model.options["max_tokens"]) == ("openai", "gpt-4.1-mini", 150)
    assert (spec.voice.provider, spec.voice.voice, spec.voice.model) == ("elevenlabs", "V9", "eleven_turbo_v2_5")
    assert (spec.voice.language, spec.voice.options["speed"], spec.voice.options["buffer_size"]) == ("hi", 1.1, 100)
    assert (spec.transcriber.language, spec.endpointing_ms, spec.transcriber.options["keywords"]) == ("hi", 300, "a:1")
    assert spec.telephony_provider == "plivo"
    assert spec.webhook_url == "https://hooks.example.org/x"
    assert spec.settings.call_terminate_s == 300
    assert spec.settings.voicemail.enabled is True
    assert spec.settings.extra["novel"] == 1


def test_the_flat_form_of_a_model_has_its_own_defaults():
    flat = parse_agent(with_tools(llm_agent={"provider": "openai"})).model
    assert (flat.model, flat.options["max_tokens"]) == ("gpt-4.1-mini", 350)
    assert parse_agent(with_tools(llm_agent={"agent_type": "simple_llm_agent"})).model.options["max_tokens"] == 100
    newer = parse_agent(with_tools(llm_agent={"llm_config": {"provider": "openai"}})).model
    assert (newer.model, newer.options["max_tokens"]) == ("gpt-5.4-mini", 100)


@pytest.mark.parametrize(("given", "expected"), [("30", 30), (30.0, 30), (30, 30), (None, 400), ("30.0", 30)])
def test_whole_numbers_come_in_several_dresses(given: Any, expected: int) -> None:
    assert parse_agent(with_settings(incremental_delay=given)).settings.incremental_delay_ms == expected


@pytest.mark.parametrize(("given", "expected"), [(None, None), (True, True), ("false", False)])
def test_speculation_is_left_to_the_platform_unless_the_agent_says(given, expected):
    assert parse_agent(with_settings(speculative_replies=given)).settings.speculative_replies is expected


@pytest.mark.parametrize("given", [30.5, "30.5", "soon", True, [], {}, -1, 60_001, "1e999", "nan"])
def test_a_wrong_whole_number_is_named_and_never_the_default(given: Any) -> None:
    error = refused(with_settings(incremental_delay=given))
    assert error.field == f"{TASK}.task_config.incremental_delay"
    assert "must be a whole number from 0 to 60000" in error.message


def test_silence_and_duration_have_their_special_values() -> None:
    assert parse_agent(with_settings(hangup_after_silence=0)).settings.hangup_after_silence_s == 0
    assert parse_agent(with_settings(hangup_after_silence=-1)).settings.hangup_after_silence_s == 0
    assert parse_agent(with_settings(hangup_after_silence=None)).settings.hangup_after_silence_s == 10
    assert parse_agent(with_settings(hangup_after_silence=1.5)).settings.hangup_after_silence_s == 1.5
    assert parse_agent(with_settings(call_terminate=MAX_CALL_SECONDS)).settings.call_terminate_s == MAX_CALL_SECONDS
    assert parse_agent(with_settings(call_terminate=MAX_CALL_SECONDS + 1)).settings.call_terminate_s == MAX_CALL_SECONDS
    assert refused(with_settings(call_terminate=0)).field == f"{TASK}.task_config.call_terminate"


@pytest.mark.parametrize(
    ("given", "expected"), [(True, True), ("true", True), ("False", False), (1, True), (0, False), (None, False)]
)
def test_switches_come_in_several_dresses(given: Any, expected: bool) -> None:
    assert parse_agent(with_settings(voicemail=given)).settings.voicemail.enabled is expected


@pytest.mark.parametrize("given", ["perhaps", 2, 0.5, [], {}])
def test_a_wrong_switch_is_named(given: Any) -> None:
    assert refused(with_settings(voicemail=given)).message.startswith(
        f"{TASK}.task_config.voicemail must be true or false"
    )


@pytest.mark.proves("transcriber.language")
@pytest.mark.parametrize(
    ("heard", "spoken"),
    [
        ("multi-hi", "hi"),
        ("multi-en-IN", "en-IN"),
        *((word, "en") for word in ("multi", "Multi", "auto", "unknown", "multilingual")),
        ("hi-IN", "hi-IN"),
    ],
)
@pytest.mark.parametrize("synthesizer", [None, {"provider": "polly", "provider_config": {"voice": "v"}}])
def test_a_voice_without_a_language_speaks_that_of_a_recogniser_of_several(
    heard: str, spoken: str, synthesizer: dict[str, Any] | None
) -> None:
    spec = parse_agent(with_tools(transcriber={"language": heard}, synthesizer=synthesizer))
    assert spec.transcriber.language == heard, "the recogniser is told what the agent says"
    assert spec.voice.language == spoken


def test_a_voices_speed_is_a_number_wherever_it_stands() -> None:
    def voice(**section: Any) -> dict[str, Any]:
        return with_tools(synthesizer={"provider": "local", **section})

    assert parse_agent(voice(speed="1.5")).voice.options["speed"] == 1.5
    assert parse_agent(voice(speed="1.5", provider_config={"speed": 2})).voice.options["speed"] == 2
    assert refused(voice(speed="fast")).field == f"{TASK}.tools_config.synthesizer.speed"
    assert (
        refused(voice(provider_config={"speed": 9})).field == f"{TASK}.tools_config.synthesizer.provider_config.speed"
    )


def test_messages_may_be_maps_of_languages() -> None:
    settings = parse_agent(
        with_settings(
            call_hangup_message={"en": "Bye", "hi": "Namaste"},
            check_user_online_message="Hello?",
            noise_cancellation_level="80",
        )
    ).settings
    assert settings.call_hangup_message == {"en": "Bye", "hi": "Namaste"}
    assert settings.check_user_online_message == "Hello?"
    assert settings.extra["noise_cancellation_level"] == 80
    assert refused(with_settings(call_hangup_message={"en": 1})).field == f"{TASK}.task_config.call_hangup_message"


@pytest.mark.proves("agent.agent_name", "agent.webhook_url", "agent.tasks", "task.task_type")
@pytest.mark.parametrize(
    ("body", "message", "field"),
    [
        ({"agent_name": "x"}, "tasks is required", "agent_config.tasks"),
        ({"tasks": [{}]}, "agent_name is required", "agent_config.agent_name"),
        ({"agent_name": "  ", "tasks": [{}]}, "agent_name is required", "agent_config.agent_name"),
        (agent(agent_name=7), "must be a string, not a number", "agent_config.agent_name"),
        (agent(agent_name="n" * (MAX_NAME_CHARACTERS + 1)), "at most 200", "agent_config.agent_name"),
        (agent(tasks={}), "must be an array, not an object", "agent_config.tasks"),
        (agent(tasks=[]), "must hold 1 to 20 tasks", "agent_config.tasks"),
        (agent(tasks=[{}] * (MAX_AGENT_TASKS + 1)), "must hold 1 to 20 tasks, not 21", "agent_config.tasks"),
        (agent(tasks=["x"]), "must be an object", TASK),
        (agent({"task_type": "chat"}), "one of conversation, extraction", f"{TASK}.task_type"),
        (agent({"task_type": "extraction"}), "nothing to say", "agent_config.tasks"),
        (agent({"toolchain": []}), "must be an object, not an array", f"{TASK}.toolchain"),
        (agent({"toolchain": {"execution": "random"}}), "parallel, sequential", f"{TASK}.toolchain.execution"),
        (agent({"toolchain": {"pipelines": ["llm"]}}), "toolchain.pipelines must be array of arrays", f"{TASK}.toolchain.pipelines"),
        (agent({"toolchain": {"pipelines": "llm"}}), "toolchain.pipelines must be array of arrays", f"{TASK}.toolchain.pipelines"),
        (agent({"toolchain": {"pipelines": [["ears"]]}}), "one of input, llm", f"{TASK}.toolchain.pipelines[0][0]"),
        (agent({"toolchain": {"pipelines": [[{}]]}}), "one of input, llm", f"{TASK}.toolchain.pipelines[0][0]"),
        (agent({"tools_config": "x"}), "must be an object", f"{TASK}.tools_config"),
        (agent(agent_prompts=[]), "must be an object", "agent_prompts"),
        (agent(agent_prompts={"task1": {}}), "agent_prompts.task_1.system_prompt is required", "agent_prompts.task_1.system_prompt"),
        (agent(agent_prompts={"task_2": {"system_prompt": "x"}}), "task_1.system_prompt is required", "agent_prompts.task_1.system_prompt"),
        (agent(agent_prompts={"task_1": {"prompt": "x"}}), "task_1.system_prompt is required", "agent_prompts.task_1.system_prompt"),
        (agent(agent_prompts={"task_1": {"system_prompt": 1}}), "must be a string", "agent_prompts.task_1.system_prompt"),
        (agent(agent_welcome_message=5), "must be a string", "agent_config.agent_welcome_message"),
        (agent(webhook_url="https://{region}.x"), "stand in its path and query only", "agent_config.webhook_url"),
        (agent(webhook_url="ftp://x"), "an http or https URL", "agent_config.webhook_url"),
        (agent(webhook_url=" https://x"), "an http or https URL", "agent_config.webhook_url"),
        (agent(webhook_headers={"a": None}), "must be a string, not null", "agent_config.webhook_headers.a"),
        (agent(webhook_headers={"a": True}), "must be a string, not true", "agent_config.webhook_headers.a"),
        (agent(webhook_url="https://x y"), "an http or https URL", "agent_config.webhook_url"),
        (agent(webhook_url="https://{1 st}.x"), "stand in its path and query only", "agent_config.webhook_url"),
        (agent(webhook_headers={"a:b": "c"}), "not a header", "agent_config.webhook_headers"),
        (agent(webhook_headers={"a": "c\r\nd: e"}), "not a header", "agent_config.webhook_headers.a"),
        (agent(webhook_headers={f"h{n}": "v" for n in range(MAX_WEBHOOK_HEADERS + 1)}), "at most 20", "agent_config.webhook_headers"),
        (agent(webhook_config={"statuses": ["ended"]}), "one of balance-low", "agent_config.webhook_config.statuses[0]"),
        (agent(webhook_config=["completed", []]), "one of balance-low", "agent_config.webhook_config[1]"),
        (agent(webhook_config="completed"), "a list of statuses", "agent_config.webhook_config"),
        (agent(telephony_provider="pigeon"), "Invalid value for provider:'pigeon'", "agent_config.telephony_provider"),
        (with_tools(input={"provider": "pigeon"}), "Invalid value for provider:'pigeon'", f"{TASK}.tools_config.input.provider"),
        (agent(calling_guardrails="9 to 5"), "an object or its JSON text, not a string of 6", "agent_config.calling_guardrails"),
        (agent(calling_guardrails="[9, 17]"), "an object or its JSON text", "agent_config.calling_guardrails"),
        (agent(calling_guardrails='{"call_end_hour": 24}'), "from 0 to 23", "agent_config.calling_guardrails.call_end_hour"),
        (agent(calling_guardrails={"call_end_hour": 24}), "from 0 to 23", "agent_config.calling_guardrails.call_end_hour"),
        (agent(calling_guardrails={"call_start_hour": 9, "call_end_hour": 8}), "at least call_start", END_HOUR),
    ],
)  # fmt: skip
def test_a_wrong_agent_is_refused_by_path(body: dict[str, Any], message: str, field: str) -> None:
    error = refused(body)
    assert message in error.message
    assert error.field == field


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"webhook_url": "http://[bad"}, "webhook_url"),
        ({"webhook_url": "http://a:99999/"}, "webhook_url"),
        (
            {"ingest_source_config": {"source_type": "api", "source_url": "http://[bad"}},
            "ingest_source_config.source_url",
        ),
        (
            {
                "ingest_source_config": {
                    "source_type": "google_sheet",
                    "source_url": "https://[::1/",
                    "source_name": "Tab",
                }
            },
            "ingest_source_config.source_url",
        ),
        (
            {"ingest_source_config": {"source_type": "csv", "source_url": "https://a:99999/", "source_name": "Tab"}},
            "ingest_source_config.source_url",
        ),
    ],
)
def test_an_address_that_nobody_can_be_asked_at_is_no_hindrance_to_a_call_and_is_not_saved(
    changes: dict[str, Any], field: str
) -> None:
    spec = parse_agent(agent(**changes))
    with pytest.raises(InvalidAgentError, match="a host that can be read") as caught:
        check_addresses(spec)
    assert caught.value.field == f"agent_config.{field}"


def test_an_address_with_places_in_its_path_is_saved() -> None:
    check_addresses(parse_agent(agent(webhook_url="https://hooks.example/{region}?at={day}")))
    check_addresses(parse_agent(agent(webhook_url="https://hooks.example/{Prénom}?of={name (first)}")))


def test_limits_are_reached_before_they_are_passed() -> None:
    assert parse_agent(agent(agent_name="n" * MAX_NAME_CHARACTERS)).name
    assert parse_agent(agent(tasks=[{}] * MAX_AGENT_TASKS)).name
    assert (
        parse_agent(agent(webhook_headers={f"h{n}": n for n in range(MAX_WEBHOOK_HEADERS)})).webhook_headers["h7"]
        == "7"
    )
    assert parse_agent(agent(agent_prompts={"task_1": "p" * MAX_PROMPT_CHARACTERS})).system_prompt
    assert "at most 100000" in refused(agent(agent_prompts={"task_1": "p" * (MAX_PROMPT_CHARACTERS + 1)})).message


def test_long_values_are_not_repeated_in_errors() -> None:
    assert len(refused(with_settings(voicemail="s" * 5000)).message) < 200


@pytest.mark.parametrize("prompts", [{}, None, {"task_1": {}}, {"task_1": None}, {"task_1": {"system_prompt": None}}])
def test_an_agent_may_have_no_prompts(prompts: Any) -> None:
    assert parse_agent(agent(agent_prompts=prompts), nothing_registered) == parse_agent(agent(), nothing_registered)


def test_a_graph_agent_may_have_the_prompt_of_its_second_task_alone() -> None:
    graph = {"tools_config": {"llm_agent": {"agent_type": "graph_agent", "llm_config": {"nodes": []}}}}
    body = agent(graph, {"task_type": "extraction"}, agent_prompts={"task_2": {"system_prompt": "Extract."}})
    spec = parse_agent(body, nothing_registered)
    assert (spec.system_prompt, spec.post_call[0].system_prompt) == ("", "Extract.")


@pytest.mark.parametrize("text", ["null", "", " ", "{}"])
def test_hours_that_are_the_text_of_nothing_are_those_of_an_agent_without(text: str) -> None:
    assert parse_agent(agent(calling_guardrails=text)).calling_hours == parse_agent(agent()).calling_hours


def test_hours_may_be_json_text() -> None:
    text = '{"call_start_hour": 10, "call_end_hour": "16"}'
    assert parse_agent(agent(calling_guardrails=text)).calling_hours == (10, 16)


@pytest.mark.proves("agent.agent_prompts")
def test_prompts_belong_to_the_number_of_their_task() -> None:
    spec = parse_agent(
        agent(
            {"task_type": "summarization"},
            {"task_type": "conversation"},
            agent_prompts={"task_1": {"system_prompt": "Sum up."}, "task_2": {"system_prompt": "Talk."}},
        )
    )
    assert spec.system_prompt == "Talk."
    assert spec.post_call[0].system_prompt == "Sum up."


@pytest.mark.proves("agent.agent_welcome_message")
def test_no_welcome_is_a_choice_of_its_own() -> None:
    assert parse_agent(agent(agent_welcome_message=None)).welcome_message == ""
    assert parse_agent(agent(agent_welcome_message="")).welcome_message == ""


def test_webhook_settings_are_read() -> None:
    spec = parse_agent(
        agent(webhook_headers={"X-Key": "\tv "}, webhook_config={"statuses": ["completed"]}, webhook_url="")
    )
    assert spec.webhook_headers == {"X-Key": "v"}
    assert spec.webhook_statuses == frozenset({"completed"})
    assert spec.webhook_url is None
    assert parse_agent(agent(webhook_config={"enabled": True})).webhook_statuses is None


@pytest.mark.proves("agent.calling_guardrails")
def test_hours_in_which_a_caller_may_ask_to_be_called_back() -> None:
    assert parse_agent(agent()).calling_hours == (9, 21)
    assert parse_agent(agent(calling_guardrails={})).calling_hours == (9, 21)
    hours = {"call_start_hour": 8, "call_end_hour": 17}
    assert parse_agent(agent(calling_guardrails=hours)).calling_hours == (8, 17)


class TestModels:
    """The model section."""

    def test_the_older_flat_form_is_read(self) -> None:
        spec = parse_agent(
            with_tools(llm_agent={"provider": "groq", "model": "m", "max_tokens": 350}), nothing_registered
        )
        assert (spec.model.provider, spec.model.model, spec.model.options["max_tokens"]) == ("groq", "m", 350)

    def test_a_model_without_a_provider_means_the_contracts(self) -> None:
        assert parse_agent(with_model(model="gpt-4.1-mini")).model.provider == "openai"
        assert parse_agent(with_model(provider="openai")).model.model == "gpt-5.4-mini"
        assert parse_agent(with_model(max_tokens=50)).model.provider == "local"

    def test_a_registered_provider_is_accepted_and_an_unknown_one_is_not(self) -> None:
        body = with_model(provider="acme")
        assert parse_agent(body, lambda kind: {"acme"} if kind == "model" else set()).model.provider == "acme"
        assert parse_agent(body).model.provider == "acme", "a stored agent was checked when it was saved"
        error = refused(body)
        assert error.message.startswith("Invalid value for provider:'acme' provided. Supported values: ['anthropic', ")
        assert error.field == f"{TASK}.tools_config.llm_agent.llm_config.provider"

    def test_the_refusal_of_a_provider_lists_those_that_are_registered(self) -> None:
        with pytest.raises(InvalidAgentError, match=r"Supported values: \[.*'sip-trunk', 'telnyx', 'twilio'"):
            parse_agent(agent(telephony_provider="nobody"), lambda kind: {"telnyx"} if kind == "carrier" else set())

    @pytest.mark.parametrize("model", ["gpt-5", "gpt-5.4-mini", "azure/gpt-5.1"])
    def test_gpt_5_wants_temperature_1(self, model: str) -> None:
        assert parse_agent(with_model(model=model)).model.options["temperature"] == 1
        assert parse_agent(with_model(model=model, temperature=1.0)).model.options["temperature"] == 1
        assert refused(with_model(model=model, temperature=0.1)).message == "For GPT-5 models, temperature must be 1"

    @pytest.mark.parametrize(
        ("given", "sent"), [("7", 7), (7.0, 7), (-1, -1), (2**63 - 1, 2**63 - 1), (9_007_199_254_740_993,) * 2]
    )
    def test_a_seed_is_a_whole_number_and_exact(self, given: object, sent: int) -> None:
        seed = parse_agent(with_model(seed=given)).model.options["seed"]
        assert (seed, type(seed)) == (sent, int)

    @pytest.mark.parametrize("stop", [None, "User:", ["User:", "Agent:"], []])
    def test_where_to_stop_is_a_text_or_several(self, stop: object) -> None:
        assert parse_agent(with_model(stop=stop)).model.options["stop"] == stop

    @pytest.mark.parametrize("keywords", [5, {"a": 1}, ["Ada", 5], True])
    def test_keywords_are_texts(self, keywords: object) -> None:
        error = refused(with_tools(transcriber={"keywords": keywords}))
        assert error.field == f"{TASK}.tools_config.transcriber.keywords"
        assert "a text or a list of texts" in error.message

    def test_reasoning_effort_depends_on_the_model(self) -> None:
        assert parse_agent(with_model(model="gpt-5", reasoning_effort="minimal"), nothing_registered)
        assert parse_agent(with_model(model="other", reasoning_effort="max"), nothing_registered)
        error = refused(with_model(model="azure/gpt-5", reasoning_effort="xhigh"))
        assert error.message == "reasoning_effort 'xhigh' is not supported for model 'azure/gpt-5'"
        assert "must be one of" in refused(with_model(model="other", reasoning_effort="huge")).message

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"max_tokens": 0}, "max_tokens"),
            ({"temperature": 3}, "temperature"),
            ({"top_p": 2}, "top_p"),
            ({"top_k": 1.5}, "top_k"),
            ({"seed": "banana"}, "seed"),
            ({"seed": 2**64}, "seed"),
            ({"stop": 5}, "stop"),
            ({"stop": ["User:", 5]}, "stop"),
            ({"stop": {"a": "b"}}, "stop"),
            ({"verbosity": "loud"}, "verbosity"),
            ({"base_url": "file:///etc/passwd"}, "base_url"),
            ({"base_url": "https://[llm/v1"}, "base_url"),
            ({"request_json": "so"}, "request_json"),
            ({"model": 5}, "model"),
        ],
    )
    def test_wrong_model_settings_are_named(self, wrong: dict[str, Any], field: str) -> None:
        assert refused(with_model(**wrong)).field == f"{TASK}.tools_config.llm_agent.llm_config.{field}"

    def test_a_knowledge_base_needs_its_vectors_wherever_they_stand(self) -> None:
        store = {"provider": "lancedb", "provider_config": {"vector_id": "v"}}
        for section in (
            {"llm_config": {"vector_store": store}},
            {"llm_config": {}, "vector_store": store},
            {"llm_config": {"rag_config": {"vector_store": {"vector_ids": ["v"]}}}},
        ):
            assert parse_agent(with_tools(llm_agent={"agent_type": "knowledgebase_agent", **section}))
        error = refused(with_tools(llm_agent={"agent_type": "knowledgebase_agent", "llm_config": {}}))
        assert "vector_store is required" in error.message
        empty: dict[str, Any] = {"vector_store": {"provider_config": {}}}
        assert (
            "'vector_id' or 'vector_ids'"
            in refused(with_tools(llm_agent={"agent_type": "knowledgebase_agent", "llm_config": empty})).message
        )

    @pytest.mark.proves("llm_agent.agent_type")
    def test_every_kind_of_agent_is_read_and_what_is_none_is_refused(self) -> None:
        store = {"vector_store": {"provider_config": {"vector_id": "v"}}}
        kinds = ("simple_llm_agent", "knowledgebase_agent", "graph_agent")
        specs = [parse_agent(with_tools(llm_agent={"agent_type": kind, "llm_config": store})) for kind in kinds]
        assert [spec.model.options["agent_type"] for spec in specs] == list(kinds)
        error = refused(with_tools(llm_agent={"agent_type": "oracle"}))
        assert error.field == f"{TASK}.tools_config.llm_agent.agent_type"


class TestVoicesAndEars:
    """Synthesizer and transcriber sections."""

    def test_a_voice_by_name_or_id(self) -> None:
        assert (
            parse_agent(with_tools(synthesizer={"provider": "piper", "provider_config": {"voice": "amy"}})).voice.voice
            == "amy"
        )
        assert parse_agent(with_tools(synthesizer={"provider_config": None})).voice.provider == "local"
        error = refused(with_tools(synthesizer={"provider": "elevenlabs", "provider_config": {"model": "m"}}))
        assert error.message == "ElevenLabs config requires 'voice' or 'voice_id'."
        assert refused(with_tools(synthesizer={"provider": "x"})).field == f"{TASK}.tools_config.synthesizer.provider"

    @pytest.mark.parametrize("provider", ["elevenlabs", "cartesia", "polly", "piper"])
    def test_a_voice_beside_its_config_is_that_in_it(self, provider: str) -> None:
        voice = {"voice": "Nila", "voice_id": "V9", "model": "m-2", "language": "hi", "speed": 1.2, "stability": 0.4}
        beside = parse_agent(with_tools(synthesizer={"provider": provider, "stream": True, **voice})).voice
        inside = parse_agent(with_tools(synthesizer={"provider": provider, "stream": True, "provider_config": voice}))
        assert beside == inside.voice
        assert (beside.voice, beside.model, beside.language) == ("V9", "m-2", "hi")

    def test_what_stands_in_the_config_goes_first(self) -> None:
        section = {
            "voice_id": "V9",
            "model": "m-1",
            "language": "hi",
            "provider_config": {"voice": "amy", "model": "m-2"},
        }
        voice = parse_agent(with_tools(synthesizer=section)).voice
        assert (voice.voice, voice.model, voice.language) == ("amy", "m-2", "hi")
        wrong = refused(with_tools(synthesizer={"voice": 5, "provider_config": {"voice": "amy"}}))
        assert wrong.field == f"{TASK}.tools_config.synthesizer.voice"

    def test_the_recogniser(self) -> None:
        assert parse_agent(with_tools(transcriber={"model": "nova-3"})).transcriber.provider == "deepgram"
        assert parse_agent(with_tools(transcriber={"language": "de"})).transcriber.provider == "local"
        assert parse_agent(with_tools(transcriber={"language": "de"})).voice.language == "de"
        assert parse_agent(with_tools(transcriber={"eot_threshold": "0.8"})).transcriber.options["eot_threshold"] == 0.8
        assert (
            refused(with_tools(transcriber={"eot_threshold": 0.1})).field
            == f"{TASK}.tools_config.transcriber.eot_threshold"
        )

    def test_several_languages(self) -> None:
        two = {"enabled": True, "active_language": "en", "languages": {"en": {}, "hi": {}}}
        assert parse_agent(with_tools(multilingual_config=two))
        assert parse_agent(with_tools(multilingual_config={"enabled": False}))
        wrong: Any
        for wrong in (
            [],
            {**two, "active_language": "fr"},
            {**two, "active_language": {}},
            {"enabled": True},
            {**two, "languages": {"en": {}}},
        ):
            assert refused(with_tools(multilingual_config=wrong)).message == "Invalid multilingual config"


class TestWaitingMessages:
    """``tool_waiting_messages``."""

    def test_they_are_sentences_in_order_none_or_ours(self) -> None:
        for given, found in ((["One.", "Two."], ("One.", "Two.")), ([], ()), (None, None)):
            assert parse_agent(with_settings(tool_waiting_messages=given)).settings.tool_waiting_messages == found

    @pytest.mark.parametrize("wrong", [["a"] * 5, [""], [5], ["x" * 301], "One."])
    def test_what_cannot_be_said_is_refused(self, wrong: object) -> None:
        field = refused(with_settings(tool_waiting_messages=wrong)).field or ""
        assert field.startswith(f"{TASK}.task_config.tool_waiting_messages")


class TestTools:
    """API tools."""

    BOOK: ClassVar[dict[str, Any]] = {
        "name": "book",
        "description": "Book.",
        "key": "custom_task",
        "parameters": {"type": "object"},
    }
    MANY: ClassVar[dict[str, Any]] = {f"X-{n}": "" for n in range(MAX_TOOL_HEADERS + 1)}
    CALL: ClassVar[dict[str, Any]] = {"method": "post", "url": "https://api.example.org/{id}", "param": {"a": "%(a)s"}}

    def spec(self, api_tools: Any) -> AgentSpec:
        return parse_agent(with_tools(api_tools=api_tools))

    def test_both_spellings_and_the_wrapped_form_are_the_same_tool(self) -> None:
        wrapped = {
            "type": "function",
            "function": {k: v for k, v in self.BOOK.items() if k != "key"},
            "key": "custom_task",
        }
        forms = [
            {"tools": [self.BOOK], "tools_params": {"book": self.CALL}},
            {"tools": json.dumps([self.BOOK]), "tools_params": {"book": self.CALL}},
            {"tools": [{**self.BOOK, "value": self.CALL}]},
            {"tools": [wrapped], "tools_params": {"book": self.CALL}},
            {"tools": [{**self.BOOK, **self.CALL}]},
            [{**self.BOOK, "value": self.CALL}],
            [{**wrapped, "value": self.CALL}],
            [{**self.BOOK, **self.CALL}],
        ]
        specs = [self.spec(form).tools for form in forms]
        assert specs[0][0].params["method"] == "POST"
        assert all(tools == specs[0] for tools in specs)

    def test_a_list_may_be_empty_and_names_its_faults_by_their_place(self) -> None:
        assert self.spec([]).tools == ()
        assert refused(with_tools(api_tools=[self.BOOK])).field == f"{TASK}.tools_config.api_tools[0].value.url"
        twice = refused(with_tools(api_tools=[{"name": "end_call"}, {"name": "end_call"}]))
        assert twice.field == f"{TASK}.tools_config.api_tools[1].name"
        assert refused(with_tools(api_tools="x")).message.endswith(
            "an object or an array of tools, not a string of 1 characters"
        )

    @pytest.mark.proves("task_config.end_call_tool_mode")
    def test_built_in_tools_go_by_name_and_the_calendar_by_either_key(self) -> None:
        spec = self.spec(
            {
                "tools": [
                    {"name": "end_call"},
                    {"name": "transfer_call_sales"},
                    {"name": "slots", "key": "calendar_slot_availability"},
                ]
            }
        )
        assert [tool.key for tool in spec.tools] == ["end_call", "transfer_call", "check_availability_of_slots"]
        assert spec.end_call_tool is True
        assert self.spec(None).end_call_tool is False
        assert parse_agent(with_settings(end_call_tool_mode="primary")).end_call_tool is True
        assert parse_agent(with_settings(end_call_tool_mode="off")).end_call_tool is False

    @pytest.mark.proves("tool.name")
    @pytest.mark.parametrize(
        ("api_tools", "message"),
        [
            ({"tools": "["}, "text that is not JSON"),
            ({"tools": {}}, "an array of tools"),
            ({"tools": ["x"]}, "must be an object"),
            ({"tools": [{}]}, "name is required"),
            ({"tools": [{"name": "book"}]}, "has nothing to call"),
            ({"tools": [BOOK, BOOK], "tools_params": {"book": CALL}}, 'two tools named "book"'),
            ({"tools": [BOOK], "tools_params": {"book": {**CALL, "method": "BREW"}}}, "DELETE, GET"),
            ({"tools": [BOOK], "tools_params": {"book": {**CALL, "url": "gopher://x"}}}, "an http or https URL"),
            ({"tools": [BOOK], "tools_params": {"book": {**CALL, "headers": []}}}, "a map of header to value"),
            (
                {"tools": [BOOK], "tools_params": {"book": {**CALL, "url": "https://{host}/"}}},
                "book.url has a placeholder in its host",
            ),
            (
                {"tools": [BOOK], "tools_params": {"book": {**CALL, "pre_call_webhook_url": "x"}}},
                "pre_call_webhook_url must be an http",
            ),
            (
                {"tools": [BOOK], "tools_params": {"book": {**CALL, "headers": {"X": "a\r\nb"}}}},
                "headers.X is not a header",
            ),
            (
                {"tools": [BOOK], "tools_params": {"book": {**CALL, "headers": {"X": {"$var": "name"}}}}},
                "headers.X is not a header",
            ),
            (
                {
                    "tools": [BOOK],
                    "tools_params": {"book": {**CALL, "headers": MANY}},
                },
                "at most 30 headers",
            ),
            ({"tools": [BOOK], "tools_params": {"book": {**CALL, "api_token": "a\nb"}}}, "a header cannot carry"),
            (
                {"tools": [BOOK], "tools_params": {"book": {**CALL, "param": "a=%(a)s"}}},
                '"book" is text that is not JSON',
            ),
            ({"tools": [{"name": f"end_call_{n}"} for n in range(MAX_AGENT_TOOLS + 1)]}, "at most 64"),
        ],
    )
    def test_a_tool_that_could_not_be_called_is_refused(self, api_tools: dict[str, Any], message: str) -> None:
        assert message in refused(with_tools(api_tools=api_tools)).message

    def test_keys_are_pressed_by_a_tool_of_any_of_its_names(self) -> None:
        spec = self.spec(
            {"tools": [{"name": "press_keys"}, {"name": "dial", "key": "dtmf"}, {"name": "p", "key": "press_digit"}]}
        )
        assert {tool.key for tool in spec.tools} == {PRESS_KEYS}
        assert spec.tools[0].parameters["required"] == ["keys"]

    def test_a_call_without_a_method_is_left_to_the_runtime(self) -> None:
        (tool,) = self.spec({"tools": [self.BOOK], "tools_params": {"book": {"url": self.CALL["url"]}}}).tools
        assert tool.params == {"url": self.CALL["url"]}

    def test_as_many_tools_as_allowed(self) -> None:
        assert (
            len(self.spec({"tools": [{"name": f"end_call_{n}"} for n in range(MAX_AGENT_TOOLS)]}).tools)
            == MAX_AGENT_TOOLS
        )
        assert self.spec({"tools": ""}).tools == ()
        headers = {"tools": [self.BOOK], "tools_params": {"book": {**self.CALL, "headers": '{"X": "y"}'}}}
        assert self.spec(headers).tools[0].params["headers"] == {"X": "y"}


@pytest.mark.proves("tool.name")
@pytest.mark.parametrize("name", ["book a table", "buchen_für", "book.table", "b" * 65, "book\n"])
def test_a_name_that_endpoints_refuse_is_not_saved_and_is_no_hindrance_to_a_call(name: str) -> None:
    body = with_tools(api_tools={"tools": [{**TestTools.BOOK, "name": name, "value": TestTools.CALL}]})
    assert [tool.name for tool in parse_agent(body).tools] == [name]
    with pytest.raises(InvalidAgentError, match="endpoints refuse: use 1 to 64 of the letters") as caught:
        parse_agent(body, nothing_registered)
    assert caught.value.field == "agent_config.tasks[0].tools_config.api_tools.tools[0].name"
    assert parse_agent(body, nothing_registered, kept_tools=[name]).tools[0].name == name


def test_a_name_that_endpoints_take_is_saved() -> None:
    for name in ("b", "Book-a_table9", "b" * 64):
        body = with_tools(api_tools={"tools": [{**TestTools.BOOK, "name": name, "value": TestTools.CALL}]})
        assert parse_agent(body, nothing_registered).tools[0].name == name


class TestPostCall:
    """Tasks after the call."""

    def test_what_to_extract_as_object_text_or_json_text(self) -> None:
        for key, given, details, schema in (
            ("extraction_json", {"date": "the date"}, "", {"date": "the date"}),
            ("extraction_json", '{"date": "the date"}', "", {"date": "the date"}),
            ("extraction_details", "date : the date", "date : the date", {}),
            ("extraction_details", "{date}: not JSON", "{date}: not JSON", {}),
            ("extraction_details", None, "", {}),
        ):
            task = {"task_type": "extraction", "tools_config": {"llm_agent": {"llm_config": {key: given}}}}
            found = parse_agent(agent({}, task)).post_call[0]
            assert (found.kind, found.details, found.schema) == ("extraction", details, schema)

    @pytest.mark.proves("llm_agent.extraction_json")
    def test_what_json_says_to_extract_goes_before_the_text(self) -> None:
        both = {"extraction_details": "day : which day", "extraction_json": {"date": "the date"}}
        task = {"task_type": "extraction", "tools_config": {"llm_agent": {"llm_config": both}}}
        found = parse_agent(agent({}, task)).post_call[0]
        assert (found.details, found.schema) == ("", {"date": "the date"})

    def test_a_task_without_a_model_uses_the_conversations(self) -> None:
        body = agent(
            {"tools_config": {"llm_agent": {"provider": "groq", "model": "m"}}}, {"task_type": "summarization"}
        )
        assert parse_agent(body).post_call[0].model.provider == "groq"

    def test_a_summary_has_its_details_and_a_webhook_task_is_no_work(self) -> None:
        summary = {
            "task_type": "summarization",
            "tools_config": {"llm_agent": {"llm_config": {"summarization_details": "Short."}}},
        }
        found = parse_agent(agent({}, summary, {"task_type": "webhook"})).post_call
        assert [(task.kind, task.details) for task in found] == [("summarization", "Short.")]

    def test_a_wrong_request_is_named(self) -> None:
        task = {"task_type": "extraction", "tools_config": {"llm_agent": {"llm_config": {"extraction_json": 5}}}}
        assert (
            refused(agent({}, task)).field == "agent_config.tasks[1].tools_config.llm_agent.llm_config.extraction_json"
        )


def test_the_carrier_may_be_named_at_the_top_or_by_input_and_output() -> None:
    assert parse_agent(agent(telephony_provider="twilio"), nothing_registered).telephony_provider == "twilio"
    assert parse_agent(with_tools(output={"provider": "exotel", "format": "wav"})).telephony_provider == "exotel"
    assert parse_agent(with_tools(input={}, output={"provider": None})).telephony_provider == "default"
    assert parse_agent(agent(calling_guardrails={"call_start_hour": "9", "call_end_hour": 20.0}))


def test_what_is_done_about_machines_and_beside_speech() -> None:
    settings = parse_agent(
        with_settings(
            voicemail=True,
            voicemail_detection_duration=12.5,
            voicemail_check_interval=3,
            voicemail_min_transcript_length=4,
            voicemail_detection_time=2.5,
            voicemail_message={"en": "Please call {name} back."},
            use_fillers=1,
            backchanneling="true",
            backchanneling_message_gap=2,
            backchanneling_start_delay=3,
            ambient_noise=True,
            ambient_noise_track="coffee-shop",
        )
    ).settings
    assert settings.voicemail == VoicemailSettings(
        enabled=True,
        detection_duration_s=12.5,
        check_interval_s=3,
        min_transcript_length=4,
        detection_time_s=2.5,
        message={"en": "Please call {name} back."},
    )
    assert settings.sounds == SoundSettings(
        fillers=True, backchannels=True, backchannel_gap_s=2, backchannel_delay_s=3, ambient="coffee-shop"
    )


def test_ambient_noise_is_off_with_a_track_alone_and_has_a_track_without_one() -> None:
    assert parse_agent(with_settings(ambient_noise_track="street")).settings.sounds.ambient == ""
    assert parse_agent(with_settings(ambient_noise=True)).settings.sounds.ambient == "office-ambience"
    assert refused(with_settings(ambient_noise_track="../secret")).field == f"{TASK}.task_config.ambient_noise_track"


def test_the_welcome_waits_for_a_limited_time_only() -> None:
    most = MAX_VOICEMAIL_LISTEN_SECONDS
    for given, expected in ((most, most), (most + 1, most)):
        assert (
            parse_agent(with_settings(voicemail_detection_time=given)).settings.voicemail.detection_time_s == expected
        )
