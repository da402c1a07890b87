"""Latency per turn: differences of ordered, clamped boundaries on the wire, so that the parts sum to the whole exactly.

Work that was done before the caller had finished (speculation, early synthesis) counts 0: its boundary lies before and is clamped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from callwright.conversation.log import Entry
from callwright.conversation.stops import normalised, phrasebook
from callwright.conversation.turn import KEYED_AS
from callwright.insight.timeline import COVER_US
from callwright.insight.view import CallView

PARTS = (
    *("end_of_turn", "ask", "model_failed", "voice_failed", "tool"),
    *("first_token", "first_clause", "first_audio", "hold", "send"),
)
"""Names of a waterfall's parts in order: until the turn was taken, until the model was asked, until it was asked again because it or the
voice had failed (or kept silent for too long) or because it called tools that had to answer first (nobody heard anything meanwhile), its
first words, the first clause to speak, its first audio, until the answer that was ready was released (``incremental_delay``, or a sound of
the caller's), and the way to the wire. What a caller waits for a tool is ``tool`` wherever it comes: also until the first word about one
that runs, and when it keeps what was said meanwhile from being answered."""

_FAILURES = {
    "model_failed": "model_failed",
    "reply_timeout": "model_failed",
    "empty_reply": "model_failed",
    "voice_failed": "voice_failed",
}
"""Reasons why a reply was given up that are not the caller's doing, after which the model is asked again, and the part that this takes."""


@dataclass(frozen=True, slots=True)
class TurnLatency:
    """One turn: from the caller's last voiced frame, or last key, to the agent's first frame on the wire, in microseconds."""

    turn: int
    generation: int
    began_us: int
    steps_us: tuple[tuple[str, int], ...]
    """The parts and how long they took, one after the other as they came; a part may come twice."""
    guessed_us: tuple[tuple[str, int], ...] = ()
    """Where the model was asked on a guess, before the turn was taken: the same wait, with what model and voice took beside the caller's
    pause told as theirs. Its ``end_of_turn`` is what would have been waited less if the turn had been taken as soon as the model was asked,
    and what came before the question."""

    @property
    def parts_us(self) -> dict[str, int]:
        """How long each of PARTS took in all."""
        return {name: sum(us for one, us in self.steps_us if one == name) for name in PARTS}

    @property
    def total_us(self) -> int:
        """The whole; equals the sum of the parts."""
        return sum(us for _, us in self.steps_us)


def waterfall(view: CallView) -> list[TurnLatency]:
    """The latency of every answered turn, in order, each to its first answer that was heard. Unanswered turns are left out."""
    found: dict[int, TurnLatency] = {}
    firsts = _firsts(view)
    for ask in _first_asks(view):
        latency = _of_generation(view, ask, firsts)
        if latency is not None:
            found.setdefault(latency.turn, latency)
    return list(found.values())


def _first_asks(view: CallView) -> list[Entry]:
    first: dict[int, Entry] = {}
    for entry in view.of("AskModel"):
        if entry.values["purpose"] == "reply":
            first.setdefault(entry.values["generation"], entry)
    return list(first.values())


def _of_generation(view: CallView, ask: Entry, firsts: _Firsts) -> TurnLatency | None:
    asked = generation = ask.values["generation"]
    started = firsts.get(("PlayoutStarted", generation))
    if started is None:
        # A reply of a transfer or a tool alone is answered by the announcement of it.
        generation = _announcement(view, ask, firsts)
        started = firsts.get(("PlayoutStarted", generation))
    if started is None:
        return None
    first_ask, again = _asked_before(view, ask, firsts)
    taken = _taken(view, first_ask, firsts)
    ended_us = _caller_ended(view, ask, taken, started.seq)
    if ended_us is None:
        return None
    began = min(ended_us, started.at_us)
    spoken_us = _at(firsts, "Speak", generation)
    held = _held_by_tools(view, first_ask, began)
    made: list[tuple[str, int | None]] = [
        ("first_token", _at(firsts, "ReplyText", asked) or _at(firsts, "ReplyTool", asked)),
        *(_until_announced(view, ask, spoken_us) if generation != asked else []),
        ("first_clause", spoken_us),
        ("first_audio", _at(firsts, "VoiceReady", generation)),
    ]
    sent: list[tuple[str, int | None]] = [("hold", _at(firsts, "Release", generation)), ("send", started.at_us)]
    end: tuple[str, int | None] = ("end_of_turn", taken.at_us)
    boundaries = [*held, end, ("ask", first_ask.at_us), *again, *made, *sent]
    guessed: list[tuple[str, int | None]] = []
    if not held and not again and generation == asked and began < first_ask.at_us < taken.at_us:
        guessed = [("end_of_turn", first_ask.at_us), *made, end, *sent]
    return TurnLatency(
        int(ask.values["turn"]),
        generation,
        began,
        _steps(boundaries, began, started.at_us),
        _steps(guessed, began, started.at_us),
    )


def _steps(boundaries: list[tuple[str, int | None]], from_us: int, to_us: int) -> tuple[tuple[str, int], ...]:
    """How long each part took up to its boundary, with what is unknown or out of order counting 0."""
    steps: list[tuple[str, int]] = []
    at_us = from_us
    for name, boundary_us in boundaries:
        moved_us = at_us if boundary_us is None else max(at_us, min(boundary_us, to_us))
        steps.append((name, moved_us - at_us))
        at_us = moved_us
    return tuple(steps)


def _until_announced(view: CallView, ask: Entry, spoken_us: int | None) -> list[tuple[str, int | None]]:
    """From the model's first call until words of the platform about it: the rest of the reply, how long it was held, the tool's time."""
    turn, request = ask.values["turn"], ask.values["request"]
    calls = [e.at_us for e in view.of("CallTool") if e.values["turn"] == turn and e.seq > ask.seq]
    ended = [e.at_us for e in view.of("ReplyEnded") if e.values["request"] == request]
    # A transfer is announced when the reply is due: nothing is called before.
    due_us = min([*calls[:1], *([] if spoken_us is None else [spoken_us])], default=None)
    return [
        ("first_clause", min([*ended[:1], *([] if due_us is None else [due_us])], default=None)),
        ("hold", due_us),
        ("tool", spoken_us),
    ]


def _held_by_tools(view: CallView, ask: Entry, began_us: int) -> list[tuple[str, int | None]]:
    """What the caller said while a tool ran waits until the last one has answered: the pause behind it, and the wait for the tool."""
    calls = {e.values["request"]: e for e in view.of("CallTool", "SendKeys") if e.seq < ask.seq}
    over = {
        e.values["request"]: e.at_us
        for e in reversed(view.of("ToolResult", "CancelTool", "ProviderFailed"))
        if e.values.get("request") in calls and e.values.get("kind", "tool") == "tool"
    }
    held = [request for request, at_us in over.items() if began_us < at_us <= ask.at_us]
    if not held:
        return []
    paused_us = max(_paused_us(view, began_us, ask), min(calls[request].at_us for request in held))
    over_us = max(over[request] for request in held)
    return [("end_of_turn", min(paused_us, over_us)), ("tool", over_us)]


def _paused_us(view: CallView, began_us: int, ask: Entry) -> int:
    """When the pause behind the caller's last sound made it the end of a turn, by what turn model and recogniser said of it, or else by the
    silence the plan asks for; and its final words were there."""
    heard = [
        e for e in view.of("TranscriptFinal", "TurnVerdict", "RecogniserEnd") if e.at_us > began_us and e.seq < ask.seq
    ]
    sure = [
        e.at_us
        for e in heard
        if e.type == "RecogniserEnd"
        or (e.type == "TurnVerdict" and e.values["probability_ppm"] >= view.plan("turn_threshold_ppm"))
    ]
    patience_ms, endpointing_ms = int(view.plan("patience_ms")), int(view.plan("endpointing_ms"))
    silence_ms = patience_ms if view.plan("turn_model") else min(patience_ms, endpointing_ms)
    ended_us = sure[0] if sure else began_us + silence_ms * 1000
    return max([ended_us, *(e.at_us for e in heard if e.type == "TranscriptFinal")])


def _caller_ended(view: CallView, ask: Entry, taken: Entry, before_seq: int) -> int | None:
    """When the caller ended what is answered, by sounds or by the keys of a turn that was typed; None where nothing is known of them.

    What they sounded after the turn was taken is not what is answered: a cough, or a "hello?" at an answer that takes long.
    """
    sounds = _sounds(view, before_seq)
    turn = ask.values["turn"]
    typed = any(e.values["turn"] == turn and KEYED_AS in e.values["text"] for e in view.of("UserSaid"))
    keys = [e.at_us for e in view.of("KeyPressed") if e.seq < before_seq] if typed else []
    ends = [at_us for at_us in (*(at_us for _, at_us in sounds), *keys) if at_us <= taken.at_us]
    missed_us = _missed_us(view, taken, [position_us for position_us, at_us in sounds if at_us <= taken.at_us])
    if missed_us is not None:
        ends.append(missed_us)
    return max(ends or [at_us for _, at_us in sounds], default=None)


def _sounds(view: CallView, before_seq: int) -> list[tuple[int, int]]:
    """Where each sound of the caller ended by its position, and when that came, both in microseconds since the attempt began."""
    began_us, measured = view.audio_began_us, view.of("voiced_end")
    ends = [e for e in measured or view.of("ActivityEnded") if e.seq < before_seq]
    positions = [began_us + int(e.values["audio_ms"]) * 1000 for e in ends]
    # Where nobody measured when the frames came, as in a simulated call, their positions are when they came at the earliest.
    return list(zip(positions, (int(e.values["arrived_us"]) for e in ends) if measured else positions, strict=True))


def _missed_us(view: CallView, taken: Entry, ends_us: list[int]) -> int | None:
    """Where the caller's voice ended by the words alone, when the detector heard nothing of the last of them: the core says so as it takes
    the turn."""
    audio_ms = int(taken.values["audio_ms"]) if taken.type == "CloseUtterance" else 0
    if not audio_ms:
        return None
    at_us = view.audio_began_us + audio_ms * 1000
    if ends_us and at_us <= max(ends_us) + COVER_US:
        return None
    if any(e.values["audio_ms"] == audio_ms and e.seq < taken.seq for e in view.of("ActivityBegan")):
        return None  # a noise behind the words that did not end
    return min(at_us, taken.at_us)


def _taken(view: CallView, ask: Entry, firsts: _Firsts) -> Entry:
    """The entry that took the turn ``ask`` is for: with the question, or later where that was speculative; ``ask`` where there is none."""
    committed = firsts.get(("Committed", ask.values["generation"]), ask)
    closed = [e for e in view.of("CloseUtterance") if e.seq <= committed.seq]
    return closed[-1] if closed else ask


def _asked_before(view: CallView, ask: Entry, firsts: _Firsts) -> tuple[Entry, list[tuple[str, int | None]]]:
    """The first question to the model for what ``ask`` is for, and why and when it was asked again from there on."""
    turn = ask.values["turn"]
    asked = [e for e in view.of("AskModel") if e.values["turn"] == turn and e.seq < ask.seq]
    asked = [e for e in asked if e.values["purpose"] == "reply"]
    called = next((e for e in view.of("CallTool", "SendKeys") if e.values.get("turn") == turn), None)
    again: list[tuple[str, int | None]] = []
    for earlier in reversed(asked):
        part = _failed(view, earlier, ask, firsts)
        if not part and called is not None and called.seq < ask.seq:
            part = "tool"
        if not part:
            break
        again.insert(0, (part, ask.at_us))
        ask = earlier
    return ask, again


def _failed(view: CallView, earlier: Entry, ask: Entry, firsts: _Firsts) -> str:
    """The part that a failure of ``earlier`` took, for which ``ask`` asks the same again; empty where that was not why it asks."""
    generation = earlier.values["generation"]
    gone = next((e for e in view.of("Withdrawn") if e.values["generation"] == generation and e.seq < ask.seq), None)
    reason = "" if gone is None else str(gone.values["reason"])
    if reason == "unheard" and any(
        e.values["kind"] == "voice_failed" and e.values["text"] == f"generation {generation}" for e in view.of("Note")
    ):
        reason = "voice_failed"
    guessed = any(e.values["generation"] == generation for e in view.of("Speculative"))
    if reason not in _FAILURES or (guessed and ("Committed", generation) not in firsts):
        return ""  # a guess that failed costs nothing: the caller had not finished
    return _FAILURES[reason] if _asks_the_same(view, earlier, ask) else ""


def _asks_the_same(view: CallView, earlier: Entry, ask: Entry) -> bool:
    """Whether the caller has said nothing since, or only asked whether somebody is there."""
    before, after = (_last_words(one) for one in (earlier, ask))
    if before == after:
        return True
    behind = after[len(before) :]
    return after[: len(before)] == before and phrasebook(str(view.plan("language"))).asks_for_presence(
        [(" ".join(behind), False)]
    )


def _last_words(ask: Entry) -> list[str]:
    """The words of the last message that the model was asked with."""
    last = ask.values["messages"]["last"]
    return normalised(str(last["content"])).split() if last else []


def _announcement(view: CallView, ask: Entry, firsts: _Firsts) -> int:
    """The generation that announced the transfer or the tool that ``ask`` led to, 0 when none was heard."""
    turn = ask.values["turn"]
    later = [e.seq for e in view.of("AskModel") if e.values["turn"] == turn and e.seq > ask.seq]
    said = [e for e in view.of("Speak") if e.values["purpose"] in ("transfer", "tool") and e.values["turn"] == turn]
    # What is announced after the model was asked again is what that question led to.
    ours = [int(e.values["generation"]) for e in said if ask.seq < e.seq < min(later, default=e.seq + 1)]
    return next((generation for generation in ours if ("PlayoutStarted", generation) in firsts), 0)


_Firsts = dict[tuple[str, int], Entry]


def _firsts(view: CallView) -> _Firsts:
    """The first entry of each type and generation. What is told of a generation before it began, or after it was given up, is of none."""
    firsts: _Firsts = {}
    begun: set[int] = set()
    for entry in view.of(
        *("AskModel", "Speak", "Withdrawn", "Committed"),
        *("ReplyText", "ReplyTool", "VoiceReady", "Release", "PlayoutStarted"),
    ):
        generation = entry.values["generation"]
        if entry.type in ("AskModel", "Speak"):
            begun.add(generation)
        elif entry.type == "Withdrawn":
            begun.discard(generation)
        if generation in begun:
            firsts.setdefault((entry.type, generation), entry)
    return firsts


def _at(firsts: _Firsts, type_name: str, generation: int) -> int | None:
    entry = firsts.get((type_name, generation))
    return None if entry is None else entry.at_us


NO_LOOK_UPS: Mapping[str, Any] = {"rag": {"time_to_connect": None, "turns": []}}
"""Knowledge bases are not looked up yet: ``rag`` has the shape of the other legs and no turns."""


def latency_data(view: CallView) -> dict[str, Any] | None:
    """The contract's ``latency_data`` (5.3), in milliseconds; None when nobody answered."""
    answered = view.answered_us
    if answered is None:
        return None
    first = view.first("PlayoutStarted")
    return {
        "stream_id": _connect_ms(view, "carrier"),
        "time_to_first_audio": None if first is None else _ms(first.at_us - answered),
        "region": None,
        "transcriber": {
            "time_to_connect": _connect_ms(view, "transcriber"),
            "turns": _transcriber_turns(view),
        },
        "llm": {"time_to_connect": _connect_ms(view, "model"), "turns": _model_turns(view)},
        "synthesizer": {"time_to_connect": _connect_ms(view, "voice"), "turns": _voice_turns(view)},
        **NO_LOOK_UPS,
    }


def _ms(us: int) -> float:
    return round(us / 1000, 1)


def _connect_ms(view: CallView, kind: str) -> Any:
    found = [e for e in view.of("provider_connected") if e.values.get("kind") == kind]
    return found[0].values.get("ms") if found else None


def _transcriber_turns(view: CallView) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    said = view.of("UserSaid")
    for entry in said:
        finals = [
            {
                "sequence_id": e.values["segment"],
                "audio_to_text_latency": _ms(max(0, e.at_us - view.audio_began_us - e.values["audio_ms"] * 1000)),
                "text": e.values["text"],
            }
            for e in view.of("TranscriptFinal")
            if entry.values["from_ms"] < e.values["audio_ms"] <= entry.values["to_ms"] + 1000 and e.seq < entry.seq
        ]
        turns.append({"turn": entry.values["turn"], "turn_latency": finals})
    return turns


def _model_turns(view: CallView) -> list[dict[str, Any]]:
    first_us: dict[int, int] = {}
    last_us: dict[int, int] = {}
    for entry in view.of("ReplyText", "ReplyEnded"):
        if entry.type == "ReplyText":
            first_us.setdefault(entry.values["request"], entry.at_us)
        last_us[entry.values["request"]] = entry.at_us
    return [
        {
            "turn": ask.values["turn"],
            "time_to_first_token": _ms(first_us[request] - ask.at_us),
            "time_to_last_token": _ms(last_us[request] - ask.at_us),
        }
        for ask in _first_asks(view)
        if (request := ask.values["request"]) in first_us
    ]


def _voice_turns(view: CallView) -> list[dict[str, Any]]:
    rows = []
    firsts = _firsts(view)
    finished = {e.values["generation"]: e.at_us for e in view.of("VoiceFinished")}
    for speak in view.of("Speak"):
        if speak.values["index"] != 0:
            continue
        generation = speak.values["generation"]
        ready = _at(firsts, "VoiceReady", generation)
        if ready is not None:
            rows.append(
                {
                    "turn": speak.values["turn"],
                    "time_to_first_token": _ms(ready - speak.at_us),
                    "time_to_last_token": _ms(finished[generation] - speak.at_us) if generation in finished else None,
                }
            )
    return rows
