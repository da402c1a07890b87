"""The rules of the call doctor as a table: what each means, its thresholds, and the setting to change.

docs/reference/doctor.md is made from it.

Settings are named as in the agent's body: ``task_config`` is ``tasks[0].task_config``, ``tools_config`` is ``tasks[0].tools_config``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PATH = re.compile(r"(task_config|agent_prompts|tools_config\.[a-z_]+)(\.[a-z_0-9]+)+")

LOWER, RAISE, CHANGE, CHECK = "lower", "raise", "change", "check"
"""Directions of an advice. ``check``: nothing of the agent would help; look there. Every other one is of a setting that does something."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number a rule compares with."""

    value: int
    unit: str
    means: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What to change, in which direction, and why that helps."""

    setting: str
    direction: str
    why: str

    @property
    def path(self) -> str | None:
        """Where the setting stands in the agent; None where it is no single value of it."""
        return self.setting if _PATH.fullmatch(self.setting) else None


@dataclass(frozen=True, slots=True)
class Rule:
    """One way in which a call goes wrong. ``advice`` has a key where the cause decides what helps; the key is the cause."""

    name: str
    title: str
    means: str
    thresholds: Mapping[str, Threshold] = field(default_factory=dict)
    advice: Mapping[str, Advice] = field(default_factory=dict)

    def limit(self, name: str) -> int:
        """The value of a threshold."""
        return self.thresholds[name].value


_PROMPT = "agent_prompts.task_1.system_prompt"
_MODEL = "tools_config.llm_agent"
_VOICE = "tools_config.synthesizer"
_EARS = "tools_config.transcriber"
_INTERRUPT = "task_config.number_of_words_for_interruption"
_ONLINE = "task_config.trigger_user_online_message_after"
_PATIENCE = "task_config.patience"
_PRE_CALL = "tools_config.api_tools: pre_call_message"
_BRIEFING = "tools_config.api_tools: briefing"
_SILENCE = "task_config.hangup_after_silence"
_LONGEST = Advice("the platform", CHECK, "the call was as long as any may be; no setting makes it longer")
_HOLD = Advice("task_config.incremental_delay", LOWER, "the answer was ready and was held back")
_BACKOFF = Advice("task_config.interruption_backoff_period", LOWER, "an agent that was interrupted speaks again sooner")
_CALLER = Advice(
    "the caller",
    CHECK,
    "the answer was ready, but the caller made a sound (words or a noise), typed, or had the line on hold: it is not said into that",
)
_SEND = Advice("the machine", CHECK, "the way from the finished answer to the line took long; too many calls for it?")


def _table(*rules: Rule) -> dict[str, Rule]:
    return {rule.name: rule for rule in rules}


RULES: dict[str, Rule] = _table(
    Rule(
        "dead_air",
        "Dead air",
        "Nobody is heard, and no slow reply or tool explains it.",
        {
            "reply_ms": Threshold(
                3_000, "ms", "after the caller spoke, or after the answer when the agent has a welcome"
            ),
            "within_ms": Threshold(2_000, "ms", "between two clauses of one reply"),
            "transfer_ms": Threshold(10_000, "ms", "while the target of a transfer rings or is briefed"),
            "caller_ms": Threshold(15_000, "ms", "after the agent spoke, while it is the caller's turn"),
            "bad_ms": Threshold(6_000, "ms", "from here on it is bad, unless it is the caller's turn"),
        },
        {
            "greeting": Advice(
                "task_config.welcome_message_delay", LOWER, "the wait before the welcome counts from the answer"
            ),
            "voice": Advice(
                _VOICE, CHANGE, "the voice was still making the welcome; another voice or model begins sooner"
            ),
            "asked": Advice(
                "task_config.use_llm_for_initial_message", CHANGE, "off, the agent's own welcome is said at once"
            ),
            "unanswered": Advice(f"{_MODEL}.llm_config.model", CHANGE, "no answer came to what the caller said"),
            "within": Advice(_VOICE, CHANGE, "the next clause was not there when the one before it had been said"),
            "model": Advice(f"{_MODEL}.llm_config.model", CHANGE, "the model stopped in the middle of its answer"),
            "tool": Advice(_PRE_CALL, CHANGE, "say something before a tool that takes long"),
            "transfer": Advice(_PRE_CALL, CHANGE, "tell the caller that it will ring for a while"),
            "briefing": Advice(_BRIEFING, CHANGE, "a shorter one connects the two sooner"),
            "unaccepted": Advice(_PRE_CALL, CHANGE, "tell the caller that the transfer may take a while"),
            "caller": Advice(_ONLINE, LOWER, "the agent asks sooner whether the caller is still there"),
            "asked_before": Advice(
                _SILENCE, LOWER, "the agent had asked already whether the caller is still there; it hangs up sooner"
            ),
            "never_ends": Advice(
                _SILENCE,
                CHANGE,
                "the agent had asked already whether the caller is still there; at 0 it never hangs up",
            ),
            "never_asked": Advice(
                "task_config.check_if_user_online",
                CHANGE,
                "on, the agent asks in a silence whether the caller is still there",
            ),
        },
    ),
    Rule(
        "slow_reply",
        "Slow reply",
        "The caller waits too long for the agent's first sound.",
        {
            "warn_ms": Threshold(1_500, "ms", "from the caller's last voiced frame to the agent's first frame"),
            "bad_ms": Threshold(3_000, "ms", "from here on it is bad"),
        },
        {
            "end_of_turn": Advice(
                _PATIENCE, LOWER, "the caller did not seem to have finished, and their pause was waited out for so long"
            ),
            "endpointing": Advice(f"{_EARS}.endpointing", LOWER, "silence alone ended the turn, and late"),
            "turn_model": Advice(
                "CALLWRIGHT_TURN", CHECK, "the turn model was long in saying that the caller had finished"
            ),
            "recogniser": Advice(_EARS, CHANGE, "the final words came late; another recogniser or model is faster"),
            "keys": Advice("task_config.dtmf_timeout", LOWER, "an entry without the finishing key is complete sooner"),
            "ask": Advice(
                "task_config.speculative_replies",
                CHANGE,
                "the model was asked late; on, it is asked sooner",
            ),
            "again": Advice(
                f"{_MODEL}.llm_config.model", CHANGE, "the model was asked again, what it said first came to nothing"
            ),
            "model_failed": Advice(_MODEL, CHECK, "the model failed or kept silent, and was asked again"),
            "voice_failed": Advice(_VOICE, CHECK, "the voice failed or kept silent, and the model was asked again"),
            "tool": Advice(
                _PRE_CALL, CHANGE, "the answer waited for a tool; say something meanwhile, or make the tool faster"
            ),
            "first_token": Advice(
                f"{_MODEL}.llm_config.model",
                CHANGE,
                "a smaller model or a shorter prompt has its first words sooner",
            ),
            "first_clause": Advice(_PROMPT, CHANGE, "the first clause was long; ask for a short first sentence"),
            "first_audio": Advice(_VOICE, CHANGE, "the voice's first audio came late; another voice or model"),
            "hold": _HOLD,
            "backoff": _BACKOFF,
            "caller": _CALLER,
            "send": _SEND,
        },
    ),
    Rule(
        "slow_tool",
        "Slow tool",
        "A tool takes long, or never answers.",
        {
            "warn_ms": Threshold(2_000, "ms", "from the call of a tool to its result"),
            "bad_ms": Threshold(6_000, "ms", "from here on it is bad"),
        },
        {
            "slow": Advice(_PRE_CALL, CHANGE, "say what is being done; and make the tool itself answer sooner"),
            "never": Advice("tools_config.api_tools", CHECK, "the tool never answered while the call lasted"),
        },
    ),
    Rule(
        "failed_tool",
        "Failed tool",
        "A tool answers with an error, or the model repeats a call that does not fit.",
        {"refused_times": Threshold(2, "times", "in the call, of one tool; once the model is told and mends it")},
        {
            "error": Advice(
                "tools_config.api_tools", CHECK, "the API answered with an error, told in callwright.tools"
            ),
            "blocked": Advice(
                "CALLWRIGHT_ALLOW_PRIVATE_URLS",
                CHECK,
                "nothing was sent: the outbound policy forbids the tool's address",
            ),
            "refused": Advice(
                "tools_config.api_tools",
                CHECK,
                "nothing was called: does the tool's description say what its parameters are?",
            ),
        },
    ),
    Rule(
        "early_cut",
        "Early cut",
        "The agent begins while the caller only paused.",
        {
            "after_ms": Threshold(
                700, "ms", "the caller goes on at most so long after the agent began: too soon to be an answer to it"
            ),
            "before_ms": Threshold(300, "ms", "or this long before, which the detector told too late"),
            "pause_ms": Threshold(2_000, "ms", "the longest pause that counts as one of the same sentence"),
        },
        {
            "floor": Advice(
                "task_config.incremental_delay", RAISE, "the agent then waits longer after the caller's last sound"
            ),
            "patience": Advice(
                _PATIENCE, RAISE, "the caller may then pause for longer when they do not seem to have finished"
            ),
            "endpointing": Advice(
                f"{_EARS}.endpointing",
                RAISE,
                "longer pauses are then part of the sentence: silence alone ended the turn",
            ),
        },
    ),
    Rule(
        "talk_over",
        "Talk-over",
        "The caller speaks over the agent, and the agent goes on.",
        {
            "most_ms": Threshold(2_000, "ms", "both speak, and the caller says at least two words"),
            "words": Threshold(2, "words", "of the caller; less is a sign of listening"),
        },
        {
            "words": Advice(
                _INTERRUPT, LOWER, "fewer words then interrupt the agent; not to 0, at which only stop phrases do"
            ),
            "never": Advice(_INTERRUPT, CHANGE, "at 0 partial words never interrupt; 1 to 3 let the caller in"),
            "slow": Advice(
                _EARS, CHANGE, "the words that should interrupt came late; a recogniser with partial results is faster"
            ),
            "fixed": Advice("task_config.call_hangup_message", CHANGE, "a goodbye is not interrupted; keep it short"),
        },
    ),
    Rule(
        "false_interruption",
        "False interruption",
        "The agent breaks off for a back-channel, a noise or its own echo.",
        {
            "wait_ms": Threshold(4_000, "ms", "no words became a turn in so long after the cut"),
        },
        {
            "words": Advice(_INTERRUPT, RAISE, "more words are then needed to interrupt"),
            "phrase": Advice(
                _EARS, CHECK, "only a stop phrase can have interrupted; is it what the caller said, by the recording?"
            ),
            "echo": Advice(
                "the line",
                CHECK,
                "the agent's own words came back; switch on echo cancellation at the far end or the trunk",
            ),
        },
    ),
    Rule(
        "echo",
        "Echo",
        "The line brings the agent's own words back.",
        {"times": Threshold(2, "times", "in the call")},
        {"line": Advice("the line", CHECK, "switch on echo cancellation at the far end, the gateway or the trunk")},
    ),
    Rule(
        "loop",
        "Loop",
        "Somebody repeats the same thing.",
        {
            "agent_times": Threshold(3, "times", "the agent says the same words, or twice running"),
            "caller_times": Threshold(2, "times", "the caller says the same words running"),
            "words": Threshold(3, "words", "at least, of the agent; of the caller one less"),
        },
        {
            "agent": Advice(_PROMPT, CHANGE, "say what to do when an answer is not understood, and when to give up"),
            "caller": Advice(
                _PROMPT, CHANGE, "the answer was not what the caller asked for; compare it with what was heard"
            ),
        },
    ),
    Rule(
        "recogniser_drop_out",
        "Recogniser drop-out",
        "The recogniser gives no words for sounds like speech.",
        {
            "sound_ms": Threshold(1_500, "ms", "one sound without words"),
            "least_ms": Threshold(5_000, "ms", "of sound in the call, before its share is judged"),
            "covered_percent": Threshold(60, "%", "of the sound has words; less is poor"),
        },
        {
            "sound": Advice(
                _EARS, CHANGE, "another recogniser or model, or its language, may understand what was said"
            ),
            "share": Advice(
                f"{_EARS}.language", CHECK, "most of the caller was not understood; is it the language that was spoken?"
            ),
        },
    ),
    Rule(
        "missed_answer",
        "Missed answer",
        "The caller gets no answer to some words.",
        {
            "wait_ms": Threshold(2_000, "ms", "the caller waited so long before the call ended"),
        },
        {
            "left": Advice(f"{_MODEL}.llm_config.model", CHANGE, "the answer took longer than the caller would wait"),
            "maximum": Advice("task_config.call_terminate", RAISE, "the call's longest duration was over"),
            "longest": _LONGEST,
            "silence": Advice("task_config.hangup_after_silence", RAISE, "the call was taken for silent"),
            "prompt": Advice("task_config.call_cancellation_prompt", CHANGE, "the call was judged to be over too soon"),
            "model": Advice(_PROMPT, CHANGE, "the model ended the call with words unanswered"),
            "ended": Advice(
                "the log", CHECK, "the call was ended with words unanswered, for the reason of its hang-up"
            ),
            "discarded": Advice(
                "task_config.discard_pre_welcome_utterance", CHANGE, "off, words said into the welcome are answered"
            ),
        },
    ),
    Rule(
        "withdrawn_reply",
        "Withdrawn reply",
        "The caller waits, speaks again and so withdraws the reply.",
        {
            "owed_ms": Threshold(1_000, "ms", "of the pause were left when the turn had been taken: so long it counts"),
            "pause_ms": Threshold(2_000, "ms", "a longer pause counts whenever the turn was taken in it"),
            "waited_ms": Threshold(4_000, "ms", "of waiting in all, with what is waited behind the last words"),
            "silent_percent": Threshold(
                50, "%", "of the time to the answer was waiting; who speaks for longer tells something"
            ),
            "bad_ms": Threshold(6_000, "ms", "of waiting are bad; no answer at all is always bad"),
        },
        {
            "model": Advice(
                f"{_MODEL}.llm_config.model",
                CHANGE,
                "the caller does not wait as long as it takes; a faster model or a shorter prompt answers before they speak again",
            ),
            "first_clause": Advice(_PROMPT, CHANGE, "the first clause was long; ask for a short first sentence"),
            "voice": Advice(_VOICE, CHANGE, "the voice's first audio came late; another voice or model"),
            "tool": Advice(_PRE_CALL, CHANGE, "say something before a tool that takes long, or make it faster"),
            "hold": _HOLD,
            "backoff": _BACKOFF,
            "caller": _CALLER,
            "send": _SEND,
            "patience": Advice(
                _PATIENCE, LOWER, "the caller's pauses were waited out for long before the turn was taken"
            ),
            "endpointing": Advice(f"{_EARS}.endpointing", LOWER, "silence alone ended the turn, and late"),
            "turn_model": Advice(
                "CALLWRIGHT_TURN", CHECK, "the turn model was long in saying that the caller had finished"
            ),
            "fillers": Advice(
                "task_config.use_fillers", CHANGE, "on, the caller hears that an answer is coming, and may wait for it"
            ),
        },
    ),
    Rule(
        "wrong_time",
        "Wrong day or time",
        "The agent confirms another time or weekday than the caller said, or a wrong weekday of a date. English only.",
        {},
        {
            "confirmed": Advice(
                _PROMPT, CHANGE, "repeat day and time in the caller's words, and ask before another one is booked"
            ),
            "calendar": Advice(_PROMPT, CHANGE, "name today's date and weekday, as the variable current_date does"),
        },
    ),
    Rule(
        "hung_up_mid_sentence",
        "Hung up in mid-sentence",
        "The call ends while somebody speaks.",
        {
            "spoke_ms": Threshold(500, "ms", "the caller had spoken at least so long when we hung up"),
            "heard_ms": Threshold(
                3_000, "ms", "the caller heard at least so much of the agent's sentence before they left"
            ),
        },
        {
            "maximum": Advice("task_config.call_terminate", RAISE, "the call's longest duration was over"),
            "longest": _LONGEST,
            "silence": Advice("task_config.hangup_after_silence", RAISE, "the call was taken for silent"),
            "prompt": Advice("task_config.call_cancellation_prompt", CHANGE, "the call was judged to be over too soon"),
            "model": Advice(_PROMPT, CHANGE, "the model ended the call while the caller was speaking"),
            "caller": Advice(_PROMPT, CHANGE, "ask for shorter answers: the caller left in the middle of one"),
        },
    ),
    Rule(
        "provider_failed",
        "Provider failure",
        "A provider fails or is silent.",
        {},
        {
            "transcriber": Advice(_EARS, CHECK, "the recogniser failed, which ends the call"),
            "model": Advice(_MODEL, CHECK, "the model failed; the turn was asked again, or an apology said"),
            "tools": Advice(
                _PROMPT, CHANGE, "say when a tool is to be called, and how often: what was too many was not called"
            ),
            "voice": Advice(_VOICE, CHECK, "the voice failed; words were said again, or lost"),
            "turn": Advice("CALLWRIGHT_TURN", CHECK, "without the turn model the pause alone decides"),
            "tool": Advice("tools_config.api_tools", CHECK, "the tool failed; the model was told so"),
            "carrier": Advice("the carrier", CHECK, "the line did not do what it was asked"),
        },
    ),
    Rule(
        "provider_switched",
        "Provider switched",
        "A fallback took over from a recogniser, a model or a voice.",
        {},
        {
            "refused_credentials": Advice("the provider key", CHECK, "it was refused; POST /providers replaces it"),
            "limit_reached": Advice("the provider's limit", CHECK, "raise it with the provider, or call less at once"),
            "bad_request": Advice("tools_config", CHECK, "the provider refused a setting of the agent"),
            "unavailable": Advice("the provider", CHECK, "it did not answer in time; see whether it is down"),
            "broken_stream": Advice("the provider", CHECK, "it broke off or sent nonsense; see whether it is down"),
            "avoided": Advice("the provider", CHECK, "it had failed in several calls before this one"),
        },
    ),
    Rule(
        "withdrawn_work",
        "Withdrawn work",
        "Much of the cost is for replies that nobody heard.",
        {
            "percent": Threshold(30, "%", "of the cost of model and voice"),
            "nano_cents": Threshold(100_000_000, "nano-cents", "at least: a tenth of a cent"),
        },
        {
            "speculation": Advice(
                "task_config.speculative_replies", CHANGE, "off, the model is asked only when the turn is certain"
            ),
            "interruptions": Advice(_PROMPT, CHANGE, "shorter answers lose less when they are interrupted"),
        },
    ),
    Rule(
        "one_way_audio",
        "One-way audio",
        "One side is not heard at all.",
        {},
        {
            "no_audio_from_caller": Advice(
                "the line", CHECK, "nothing but digital silence came: NAT, firewall, or a muted microphone"
            ),
            "no_audio_to_caller": Advice("the line", CHECK, "nothing of ours arrived: NAT, firewall, or the codec"),
        },
    ),
    Rule(
        "clipped_audio",
        "Clipped audio",
        "The caller's voice is too loud for the line.",
        {
            "frames": Threshold(10, "frames", "of 20 ms, each with at least 8 samples at full scale"),
            "percent": Threshold(2, "%", "of the voiced frames"),
        },
        {"level": Advice("the line", CHECK, "lower the gain of the trunk, the gateway or the microphone")},
    ),
    Rule(
        "quiet_caller",
        "Quiet caller",
        "The caller's voice is hardly above silence.",
        {
            "speech_db": Threshold(-42, "dBFS", "or less"),
            "unheard_db": Threshold(
                -55, "dBFS", "or more of sound that was not taken for voice, when no words came at all"
            ),
            "voiced_frames": Threshold(50, "frames", "voiced (or not), before the level is judged"),
        },
        {"level": Advice("the line", CHECK, "raise the gain of the trunk, the gateway or the microphone")},
    ),
    Rule(
        "noisy_line",
        "Noisy line",
        "The noise is nearly as loud as the caller's words.",
        {
            "snr_db": Threshold(12, "dB", "less between voice and noise"),
            "noise_db": Threshold(-50, "dBFS", "of noise at least"),
            "voiced_frames": Threshold(50, "frames", "voiced, and as many without, before they are compared"),
        },
        {
            "noise": Advice(
                "the line", CHECK, "no setting takes noise out: a quieter place, or a microphone nearer to the mouth"
            )
        },
    ),
    Rule(
        "lossy_line",
        "Lossy line",
        "Packets are lost or come unevenly.",
        {
            "loss_percent": Threshold(3, "%", "of the packets of one way"),
            "jitter_ms": Threshold(60, "ms", "between arrivals"),
        },
        {"network": Advice("the network", CHECK, "between us and the carrier; wireless, or too little bandwidth?")},
    ),
    Rule(
        "starved_playout",
        "Starved playout",
        "The agent's voice has gaps because audio was missing.",
        {
            "frames": Threshold(10, "frames", "in the call, of either kind"),
        },
        {
            "voice": Advice(_VOICE, CHANGE, "the voice makes audio slower than it is played"),
            "machine": Advice("the machine", CHECK, "frames went out late: too many calls for it?"),
        },
    ),
    Rule(
        "cut_recording",
        "Recording cut",
        "The recording ends before the call does.",
        {},
        {"disk": Advice("the disk", CHECK, "it refused the call's audio: is it full?")},
    ),
    Rule(
        "broken_rule",
        "Defect of ours",
        "The conversation broke a rule of its own and was ended.",
        {},
        {"report": Advice("the platform", CHECK, "report it with this call's log; `callwright replay` shows it again")},
    ),
    Rule(
        "broken_log",
        "Log not whole",
        "The log ends early or lacks entries.",
        {},
        {
            "breaks_off": Advice(
                "the platform",
                CHECK,
                "the process that ran the call was killed, or could not write: see what it printed then",
            ),
            "no_end": Advice(
                "the log",
                CHECK,
                "the call still goes on, or whoever wrote its log was killed or could not write: the log alone does not tell which",
            ),
            "gap": Advice(
                "the log",
                CHECK,
                "entries were lost or taken out on the way; the ledger's own is read by the execution's id",
            ),
        },
    ),
)
