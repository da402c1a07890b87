"""Every setting of an agent in one table: what it does, its default and range, and the test that proves it.

``docs/reference/agent-settings.md`` is made from it.
``tests/docs/test_agent_settings.py`` holds it against the parser: each key the parser
looks at has a row, defaults and bounds are the parser's own, and each named test exists; ``tests/docs/test_proofs_fail.py`` that
it fails where a setting of the conversation, the model, the recogniser or the voice is ignored. A setting that is stored but changes
nothing says so (``kept``).
"""

from __future__ import annotations

from callwright.domain.limits import (
    MAX_CALL_SECONDS,
    MAX_DELAY_MS,
    MAX_KEYWORDS,
    MAX_MODEL_TOKENS,
    MAX_PATIENCE_MS,
    MAX_WAITING_MESSAGES,
    MIN_PATIENCE_MS,
)
from callwright.domain.settings.callers import CALLER_AGENT_ROWS, CALLER_ROWS
from callwright.domain.settings.kept import KEPT_ROWS
from callwright.domain.settings.keys import KEY_ROWS
from callwright.domain.settings.setting import REQUEST_TEST, SENTENCE, SWITCH, AgentSetting, kept
from callwright.domain.settings.sounds import SOUND_ROWS
from callwright.domain.settings.tools import TOOL_ROWS

_A_DAY_S = 86_400


_AGENT = "tests/unit/domain/agent/test_parsing.py::"
_TALK = "tests/unit/conversation/"
_SILENCE, _ENDING, _BARGE = f"{_TALK}test_silence.py::", f"{_TALK}test_ending.py::", f"{_TALK}test_barge_in.py::"
_WELCOME, _TURNS = f"{_TALK}test_welcome.py::", f"{_TALK}test_turns.py::"
_EQUIP = "tests/unit/call/live/test_equipment.py::"
_EARS_AND_VOICE = f"{_EQUIP}test_what_an_agent_says_of_ears_and_voice_is_told_to_their_plugins"
_ENDPOINTS = "tests/contract/test_model_endpoints.py::"
_IN_THE_PLAN = (
    "tests/docs/test_settings_in_the_plan.py::test_a_setting_is_this_field_of_the_plan_with_this_value_and_nothing_else"
)
_REFUSED = f"{_AGENT}test_a_wrong_agent_is_refused_by_path"

_MORE_SAMPLING = (
    "Passed on to vendors that document it ([which](how-to/provider-keys.md#what-is-passed-on));"
    " others refuse a request that has it."
)


_SOUNDS = tuple(
    AgentSetting(f"task_config.{key}", default, does, proof, least, most, values or "")
    for key, default, does, proof, least, most, values in SOUND_ROWS
)

_CONVERSATION = (
    AgentSetting(
        "task_config.hangup_after_silence",
        10,
        "Seconds of common silence after which the agent says goodbye and hangs up; 0 or less: never.",
        f"{_SILENCE}test_the_goodbye_is_spoken_before_hanging_up {_SILENCE}test_zero_disables_hanging_up",
        -_A_DAY_S,
        _A_DAY_S,
    ),
    AgentSetting(
        "task_config.call_terminate",
        90,
        f"Seconds from the answer after which the call ends whatever happens; longer than {MAX_CALL_SECONDS} becomes that.",
        f"{_ENDING}test_a_call_ends_at_its_maximum_with_the_goodbye {_IN_THE_PLAN}",
        1,
        _A_DAY_S,
    ),
    AgentSetting(
        "task_config.hangup_after_LLMCall",
        False,
        "After each reply a model is asked whether the conversation is over; yes ends the call.",
        f"{_ENDING}test_a_model_says_after_each_reply_whether_the_call_is_over",
        values=SWITCH,
    ),
    AgentSetting(
        "task_config.call_cancellation_prompt",
        None,
        "The question it is asked; null: ours. Without `hangup_after_LLMCall` nothing is asked.",
        f"{_ENDING}test_a_model_says_after_each_reply_whether_the_call_is_over"
        f" {_ENDING}test_without_a_question_of_the_agents_own_a_model_is_asked_ours_and_only_where_it_is_wanted",
        values="a text",
    ),
    AgentSetting(
        "task_config.call_hangup_message",
        None,
        "The goodbye, before the agent hangs up for a silence, for the maximum, or because a model said that it is over; of `end_call`"
        " where the model said nothing itself.",
        f"{_SILENCE}test_the_goodbye_is_spoken_before_hanging_up {_ENDING}test_a_call_ends_at_its_maximum_with_the_goodbye"
        f" {_ENDING}test_a_model_says_after_each_reply_whether_the_call_is_over"
        f" {_ENDING}test_the_model_ends_the_call_without_a_word",
        values=SENTENCE,
    ),
    AgentSetting(
        "task_config.interruptible_hangup_message",
        True,
        "Whether a caller who speaks over the goodbye of a silence, and not only to return it, stays on the line. Without it only one"
        " who speaks before any of it is heard does.",
        f"{_SILENCE}test_words_over_the_goodbye_of_a_silence_take_it_back"
        f" {_SILENCE}test_an_agent_may_say_the_goodbye_of_a_silence_to_its_end",
        values=SWITCH,
    ),
    AgentSetting(
        "task_config.incremental_delay",
        400,
        "Milliseconds from the caller's last voiced sound before which no reply is heard.",
        f"{_TURNS}test_the_floor_is_counted_from_the_voice_not_from_its_arrival",
        0,
        MAX_DELAY_MS,
    ),
    AgentSetting(
        "task_config.patience",
        1_000,
        "Our own. Milliseconds a caller may pause though they do not seem to have finished; longer in numbers, spellings and half"
        " sentences ([table](conversation.md#how-long-a-caller-may-pause)).",
        f"{_TURNS}test_an_unfinished_caller_is_given_patience",
        MIN_PATIENCE_MS,
        MAX_PATIENCE_MS,
    ),
    AgentSetting(
        "task_config.number_of_words_for_interruption",
        2,
        "More words than this interrupt the agent, and whole stop phrases always do; 0: only those, once they are final.",
        f"{_BARGE}test_more_words_than_the_setting_interrupt_the_agent {_BARGE}test_a_stop_phrase_interrupts_below_the_count"
        f" {_BARGE}test_with_zero_words_a_final_stop_phrase_still_stops",
        0,
        1_000,
    ),
    AgentSetting(
        "task_config.check_if_user_online",
        True,
        "Ask once in a silence whether the caller is still there.",
        f"{_SILENCE}test_the_question_is_asked_once_and_its_playout_restarts_the_clock {_SILENCE}test_an_agent_may_not_ask_at_all",
        values=SWITCH,
    ),
    AgentSetting(
        "task_config.check_user_online_message",
        None,
        "How that is asked; null or an empty text: our words in the call's language ([which](agents.md#the-platforms-own-sentences)).",
        f"{_SILENCE}test_the_question_is_asked_once_and_its_playout_restarts_the_clock",
        values=SENTENCE,
    ),
    AgentSetting(
        "task_config.trigger_user_online_message_after",
        10,
        "Seconds of silence after which it is asked; longer than a `hangup_after_silence` above 0: never. 0: at once, after every reply"
        " (0 of `hangup_after_silence` means never).",
        f"{_SILENCE}test_the_question_comes_first_at_the_same_time"
        f" {_SILENCE}test_a_question_after_no_time_is_asked_at_once_after_every_reply"
        f" {_SILENCE}test_hanging_up_sooner_than_the_question_hangs_up",
        0,
        _A_DAY_S,
    ),
    AgentSetting(
        "task_config.welcome_message_delay",
        0,
        "Milliseconds from the answer to the welcome; a caller who speaks then is let finish, 8 s at most.",
        f"{_WELCOME}test_the_welcome_waits_for_its_delay",
        0,
        MAX_DELAY_MS,
    ),
    AgentSetting(
        "task_config.discard_pre_welcome_utterance",
        False,
        "What the caller says or types before and over a welcome that is heard to its end is not answered. A sentence or an entry that"
        " goes on when it ends is kept whole. Words that interrupt the welcome are answered, and so are keys that do.",
        f"{_WELCOME}test_words_over_the_welcome_can_be_discarded",
        values=SWITCH,
    ),
    *KEY_ROWS,
    AgentSetting(
        "task_config.speculative_replies",
        None,
        "Our own. Ask the model as soon as the caller may have finished; null: where that costs nothing.",
        f"{_EQUIP}test_the_model_is_asked_in_vain_where_the_agent_says_so_or_it_costs_nothing",
        values="true, false or null",
    ),
    AgentSetting(
        "task_config.use_llm_for_initial_message",
        False,
        "The model says the first words; the welcome message is said instead when it takes too long.",
        f"{_TALK}test_written_welcome.py::test_the_model_is_asked_when_the_call_is_answered_and_its_words_are_the_welcome",
        values=SWITCH,
    ),
    AgentSetting(
        "task_config.tool_waiting_messages",
        None,
        "Our own. Said one after the other while a tool that is asked at its address takes long; null: two of ours in the"
        " call's language ([which](agents.md#the-platforms-own-sentences)); `[]`: none.",
        f"{_TALK}test_waiting.py::test_waiting_messages_come_after_silence_each_once_and_in_order",
        values=f"up to {MAX_WAITING_MESSAGES} sentences",
    ),
    AgentSetting(
        "task_config.opt_out_ends_call",
        True,
        "Our own. A caller who wants no more calls is told that there will be none, and the call ends.",
        f"{_TALK}test_opt_out.py::test_the_agent_says_that_it_will_not_call_again_and_hangs_up"
        f" {_TALK}test_opt_out.py::test_an_agent_that_is_not_to_end_goes_on",
        values=SWITCH,
    ),
    AgentSetting(
        "task_config.opt_out_message",
        None,
        "Our own. How that is said; null: our words in the call's language.",
        f"{_TALK}test_opt_out.py::test_the_agent_says_that_it_will_not_call_again_and_hangs_up",
        values=SENTENCE,
    ),
    AgentSetting(
        "task_config.end_call_tool_mode",
        None,
        "Any text but `off`: the model may hang up (`end_call`). An agent with a tool of that name or key may in any case.",
        f"{_ENDING}test_the_model_ends_the_call_with_its_own_goodbye {_IN_THE_PLAN}"
        f" {_AGENT}TestTools::test_built_in_tools_go_by_name_and_the_calendar_by_either_key",
        values="a text",
    ),
    AgentSetting(
        "task_config.auto_reschedule",
        False,
        "A caller who asks to be called back, with a day and a clock time, is called back ([how](how-to/call-back.md)).",
        "tests/acceptance/test_callbacks.py::test_a_caller_who_asks_to_be_called_back_is",
        values=SWITCH,
    ),
    *_SOUNDS,
    kept(
        "task_config.noise_cancellation_level",
        None,
        "How much noise is taken from the caller's sound: none, what can be had makes recognition worse.",
        0,
        100,
    ),
    AgentSetting(
        "task_config.interruption_backoff_period",
        0,
        "Milliseconds from the last sound of a caller who interrupted the agent, or from the key that did, in which it stays silent.",
        f"{_TALK}test_resuming.py::test_an_interrupted_agent_answers_only_after_its_backoff_period",
        0,
        MAX_DELAY_MS,
    ),
    kept("task_config.generate_precise_transcript", False, "The transcript is always what was heard.", values=SWITCH),
    kept("task_config.optimize_latency", True, "Latency is always the shortest we can.", values=SWITCH),
    kept("task_config.language_detection_turns", None, "Turns after which the language is detected.", 0, 1_000),
    *(AgentSetting(*row) for row in CALLER_ROWS),
)

_EARS_AND_MOUTH = (
    AgentSetting(
        "transcriber.provider",
        None,
        "Who hears; null: the platform's (`CALLWRIGHT_TRANSCRIBER`).",
        f"{_AGENT}test_providers_of_the_platform_replace_missing_sections",
        values="a registered or a hosted provider",
    ),
    AgentSetting(
        "transcriber.model",
        "",
        "Its model.",
        _EARS_AND_VOICE,
        values="a text",
    ),
    AgentSetting(
        "transcriber.language",
        "en",
        "What the caller speaks. Where the voice has no language (`synthesizer.language`), also that of the stop phrases, of opting out and"
        " of our own words; of `multi-hi` that is Hindi, and of `multi`, `auto` and `unknown` English.",
        f"{_BARGE}test_a_stop_phrase_of_the_calls_language_interrupts {_EARS_AND_VOICE}"
        f" {_AGENT}test_a_voice_without_a_language_speaks_that_of_a_recogniser_of_several",
        values="a language code",
    ),
    AgentSetting(
        "transcriber.endpointing",
        250,
        "Milliseconds of silence that end a turn where no turn model decides.",
        f"{_TURNS}test_without_a_turn_model_silence_decides {_EARS_AND_VOICE}",
        0,
        MAX_DELAY_MS,
    ),
    AgentSetting(
        "transcriber.keywords",
        None,
        f"Words the recogniser should expect, {MAX_KEYWORDS} at most; a boost behind a colon is left out.",
        _EARS_AND_VOICE,
        values="a list, or a text with commas",
    ),
    kept("transcriber.eot_threshold", None, "Of one vendor's end of turn.", 0.5, 0.9),
    kept("transcriber.eager_eot_threshold", None, "Of one vendor's early end of turn.", 0.3, 0.9),
    kept("transcriber.eot_timeout_ms", None, "Of one vendor's end of turn.", 300, 10_000),
    AgentSetting(
        "synthesizer.provider",
        None,
        "Who speaks; null: the platform's (`CALLWRIGHT_VOICE`).",
        f"{_AGENT}test_providers_of_the_platform_replace_missing_sections",
        values="a registered or a hosted provider",
    ),
    AgentSetting("synthesizer.voice", "", "Which voice.", _EARS_AND_VOICE, values="a text"),
    AgentSetting(
        "synthesizer.voice_id",
        "",
        "The same, and goes before it.",
        f"{_AGENT}test_an_agent_of_the_hosted_service_is_read_as_it_is {_EARS_AND_VOICE}",
        values="a text",
    ),
    AgentSetting(
        "synthesizer.model",
        "",
        "Its model.",
        _EARS_AND_VOICE,
        values="a text",
    ),
    AgentSetting(
        "synthesizer.language",
        None,
        "The language of its words, of the stop phrases, of opting out and of our own words; null: the transcriber's.",
        f"{_BARGE}test_a_stop_phrase_of_the_calls_language_interrupts {_EARS_AND_VOICE}",
        values="a language code",
    ),
    AgentSetting(
        "synthesizer.speed",
        1,
        "How fast the local voice speaks, which it does at 0.5 to 2: less and more become these.",
        f"tests/contract/test_local_plugins.py::test_a_faster_voice_takes_less_time {_EARS_AND_VOICE}",
        0.1,
        4,
    ),
    kept(
        "synthesizer.buffer_size",
        250,
        "Characters gathered before the voice is asked; ours gets whole clauses.",
        0,
        100_000,
    ),
    kept("synthesizer.caching", True, "Keep what was spoken; nothing is cached.", values=SWITCH),
)

_MODEL = (
    AgentSetting(
        "llm_agent.agent_type",
        "simple_llm_agent",
        "How it thinks. Graph and knowledge base agents are saved and think as simple ones.",
        f"{_AGENT}TestModels::test_every_kind_of_agent_is_read_and_what_is_none_is_refused",
        values="simple_llm_agent, knowledgebase_agent, graph_agent, ...",
    ),
    AgentSetting(
        "llm_agent.provider",
        None,
        "Who thinks; null: the platform's (`CALLWRIGHT_MODEL`).",
        f"{_AGENT}test_providers_of_the_platform_replace_missing_sections",
        values="a registered or a hosted provider",
    ),
    AgentSetting(
        "llm_agent.model",
        None,
        "Which model; null: the provider's usual one.",
        REQUEST_TEST,
        values="a text",
    ),
    AgentSetting(
        "llm_agent.max_tokens",
        100,
        "Longest reply.",
        REQUEST_TEST,
        1,
        MAX_MODEL_TOKENS,
    ),
    AgentSetting(
        "llm_agent.temperature",
        0.1,
        "How freely it answers.",
        REQUEST_TEST,
        0,
        2,
    ),
    AgentSetting(
        "llm_agent.top_p",
        None,
        "Passed on to endpoints.",
        REQUEST_TEST,
        0,
        1,
    ),
    AgentSetting(
        "llm_agent.presence_penalty",
        None,
        "Passed on to endpoints.",
        REQUEST_TEST,
        -2,
        2,
    ),
    AgentSetting(
        "llm_agent.frequency_penalty",
        None,
        "Passed on to endpoints.",
        REQUEST_TEST,
        -2,
        2,
    ),
    AgentSetting(
        "llm_agent.reasoning_effort",
        None,
        "Passed on to endpoints; checked against the model.",
        REQUEST_TEST,
        values="none, minimal, low, medium, high, xhigh, max",
    ),
    AgentSetting(
        "llm_agent.min_p",
        None,
        _MORE_SAMPLING,
        f"{_ENDPOINTS}test_sampling_the_protocol_does_not_have_goes_to_vendors_that_document_it {REQUEST_TEST}",
        0,
        1,
    ),
    AgentSetting(
        "llm_agent.top_k",
        None,
        _MORE_SAMPLING,
        f"{_ENDPOINTS}test_sampling_the_protocol_does_not_have_goes_to_vendors_that_document_it {REQUEST_TEST}",
        0,
        10_000_000,
    ),
    AgentSetting(
        "llm_agent.stop",
        None,
        "Passed on to endpoints: the model writes no further than to one of these.",
        REQUEST_TEST,
        values="a text or a list",
    ),
    AgentSetting(
        "llm_agent.seed",
        None,
        "Passed on to endpoints. Our own.",
        REQUEST_TEST,
        values="a whole number",
    ),
    kept(
        "llm_agent.compact_threshold",
        None,
        "When the history is shortened; ours keeps the newest turns.",
        0,
        10_000_000,
    ),
    AgentSetting(
        "llm_agent.verbosity",
        None,
        "How much it says. Passed on to models that know it ([which](how-to/provider-keys.md#what-is-passed-on)).",
        f"{_ENDPOINTS}test_how_much_a_model_says_is_told_to_those_that_can_be_told {REQUEST_TEST}",
        values="low, medium or high",
    ),
    kept("llm_agent.request_json", False, "Ask for JSON; extraction always does.", values=SWITCH),
    AgentSetting(
        "llm_agent.base_url",
        None,
        "With `custom`: an endpoint of the agent's own. A vendor's key never goes there ([provider keys](how-to/provider-keys.md)).",
        "tests/acceptance/test_provider_keys_in_calls.py"
        "::test_the_key_for_any_endpoint_goes_to_the_address_of_the_organisations_agent_and_of_no_sub_accounts"
        f" {_ENDPOINTS}test_a_key_of_a_vendor_is_not_sent_to_an_address_an_agent_names",
        values="an http or https URL",
    ),
    kept(
        "llm_agent.vector_store",
        None,
        "Where a knowledge base agent looks things up.",
        values="an object with `vector_id`",
    ),
    AgentSetting(
        "llm_agent.extraction_details",
        None,
        "Of an extraction task: what to extract, `key : description` a line.",
        "tests/unit/insight/test_extraction.py::test_what_a_task_wants_is_read_from_lines_of_text",
        values="a text or JSON",
    ),
    AgentSetting(
        "llm_agent.extraction_json",
        None,
        "The same as JSON, and goes before it.",
        f"{_AGENT}TestPostCall::test_what_json_says_to_extract_goes_before_the_text"
        " tests/unit/insight/test_extraction.py::test_what_a_task_wants_is_read_from_json",
        values="an object or its text",
    ),
    AgentSetting(
        "llm_agent.summarization_details",
        None,
        "Of a summary task: what to say in it.",
        "tests/unit/insight/test_extraction.py::test_a_summary_is_asked_for_in_the_tasks_words_or_in_ours",
        values="a text",
    ),
)

_WHOLE_AGENT = (
    AgentSetting("agent.agent_name", None, "Its name; required.", _REFUSED, values="a text"),
    AgentSetting(
        "agent.agent_welcome_message",
        "This call is recorded for quality assurance and training. Please speak now.",
        "Said first; empty: the caller speaks first.",
        f"{_WELCOME}test_the_welcome_is_spoken_at_the_answer_with_the_calls_variables"
        f" {_WELCOME}test_without_a_welcome_the_agent_waits_for_the_caller {_AGENT}test_no_welcome_is_a_choice_of_its_own",
        values="a text",
    ),
    AgentSetting(
        "agent.agent_prompts",
        None,
        "`task_N.system_prompt`: what it is told, with the call's variables.",
        f"{_AGENT}test_prompts_belong_to_the_number_of_their_task"
        f" {_TALK}test_history.py::test_the_model_is_told_the_prompt_with_the_calls_variables",
        values="an object",
    ),
    AgentSetting(
        "agent.webhook_url",
        None,
        "Who hears of each status. `{names}` in its path and query are the call's variables, percent-encoded; its host has none.",
        "tests/unit/insight/test_publication.py::test_a_webhook_carries_the_execution_as_it_is_now"
        " tests/unit/insight/test_publication.py::test_variables_of_the_call_stand_in_the_address"
        f" {_REFUSED}",
        values="an http or https URL",
    ),
    AgentSetting(
        "agent.webhook_headers",
        None,
        "Headers of those webhooks.",
        "tests/acceptance/test_webhooks.py::test_the_body_is_the_execution_of_that_moment_signed_for_the_receiver",
        values="a map",
    ),
    AgentSetting(
        "agent.webhook_config",
        None,
        "Which statuses; null: all published ones.",
        "tests/unit/insight/test_publication.py::test_an_agent_may_choose_its_statuses",
        values="a list, or an object with `statuses`",
    ),
    AgentSetting(
        "agent.telephony_provider",
        "default",
        "Its carrier; `default`: the platform's.",
        "tests/acceptance/test_api_sip_trunks.py::test_a_call_is_made_from_a_number_of_an_active_trunk"
        " tests/acceptance/test_api_calls.py::test_an_agent_for_a_carrier_that_is_not_here_calls_over_the_platforms_own",
        values="a registered or a hosted carrier",
    ),
    *(AgentSetting(*row) for row in CALLER_AGENT_ROWS),
    AgentSetting(
        "agent.calling_guardrails",
        None,
        "Hours in which a caller may ask to be called back; null: 9 to 21. Other calls are not held to them yet.",
        "tests/acceptance/test_callbacks.py::test_a_time_outside_the_hours_of_the_agent_is_refused_with_its_reason"
        f" {_AGENT}test_hours_in_which_a_caller_may_ask_to_be_called_back",
        values="`call_start_hour` and `call_end_hour`, 0 to 23",
    ),
    AgentSetting(
        "agent.gpt_assistants",
        None,
        "Of older agents: the questions in their `custom_questions` are asked after a call of an agent that has no dispositions.",
        "tests/unit/domain/agent/test_questions.py::test_the_questions_in_an_agents_body_are_a_task_after_its_calls"
        " tests/unit/domain/agent/test_questions.py::test_a_shape_is_understood",
        values="a list of objects",
    ),
    AgentSetting("agent.tasks", None, "The conversation, and what is done after it.", _REFUSED, values="1 to 20 tasks"),
    AgentSetting(
        "task.task_type",
        "conversation",
        "What it is.",
        _REFUSED,
        values="conversation, extraction, summarization or webhook",
    ),
    kept("task.toolchain", None, "In which order its parts work; ours is fixed.", values="`execution` and `pipelines`"),
    kept("tools_config.multilingual_config", None, "Several languages in one call.", values="at least two languages"),
)

SETTINGS: tuple[AgentSetting, ...] = (*_WHOLE_AGENT, *_CONVERSATION, *_EARS_AND_MOUTH, *_MODEL, *TOOL_ROWS, *KEPT_ROWS)
"""All of them."""

ELSEWHERE: dict[str, str] = {
    "task.task_config": "a section",
    "task.tools_config": "a section",
    "task_1.system_prompt": "in the row of agent_prompts",
    "toolchain": "in the row of task.toolchain",
    "calling_guardrails": "in the row of agent.calling_guardrails",
    "ingest_source_config": "in the row of agent.ingest_source_config",
    "webhook_config": "in the row of agent.webhook_config",
    "vector_store": "in the row of llm_agent.vector_store",
    "llm_agent.llm_config": "a section",
    "llm_agent.rag_config": "in the row of llm_agent.vector_store",
    "synthesizer.provider_config": "a section",
    "tools_config.": "sections",
    "input/output": "another way to name agent.telephony_provider; the format of the sound is the carrier's",
    "tool.function": "a section",
    "tool.value": "a section",
    "tool_params.strict": "in the row of tool.strict",
    "tool_params.transfer_mode": "in the row of tool.transfer_mode",
    "tool_params.pre_call_message": "in the row of tool.pre_call_message",
    "tool.input_schema": "another name of tool.parameters",
}
"""Keys without a row, by how they begin, and why."""
