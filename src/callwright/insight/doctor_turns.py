"""The call doctor on turn taking: who spoke when they should not have, and who waited for whom."""

from __future__ import annotations

from collections.abc import Iterator

from callwright.conversation.ending import AGENT
from callwright.conversation.log import Entry
from callwright.conversation.stops import phrasebook
from callwright.conversation.turn import KEYED_AS
from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.insight.doctor_case import Case
from callwright.insight.doctor_finding import BAD, NOTE, WARNING, Finding, in_ms, quoted
from callwright.insight.doctor_held import heard_again_us, held_back
from callwright.insight.doctor_rules import RULES
from callwright.insight.doctor_values import fewer_words, later, more_words, one_more_turn, patience_us, sooner, values
from callwright.insight.timeline import AgentSpeech, CallerSpeech, Span
from callwright.insight.waterfall import TurnLatency
from callwright.insight.wording import words_of

DETECTED_US = 400_000
"""So long after a pause its end is known at the latest: the detector's hangover, and what the carrier holds back."""

PARTS_IN_WORDS = {
    "end_of_turn": "for the end of the caller's pause",
    "endpointing": "until the turn was taken",
    "turn_model": "for the turn model",
    "recogniser": "until the recogniser's final words were there",
    "keys": "until no more keys came",
    "ask": "until the model was asked",
    "again": "until the model was asked again",
    "model_failed": "until the model was asked again, because it had failed",
    "voice_failed": "until the model was asked again, because the voice had failed",
    "tool": "for a tool",
    "first_token": "for the model's first words",
    "first_clause": "for the model's first clause",
    "first_audio": "for the voice's first audio",
    "hold": "held back by incremental_delay",
    "backoff": "held back after an interruption",
    "caller": "held back for what the caller did meanwhile",
    "send": "on the way to the line",
}


def slow_reply(case: Case) -> Iterator[Finding]:
    """Turns answered late, each with the part of its waterfall that took longest. While the agent still spoke nobody waited."""
    rule = RULES["slow_reply"]
    for latency in case.latencies:
        waited = _waited(case, latency)
        if waited.lasted_us < rule.limit("warn_ms") * 1000:
            continue
        blamed, part_us = _blamed(case, latency, waited)
        severity = BAD if waited.lasted_us >= rule.limit("bad_ms") * 1000 else WARNING
        what = f"The caller waited {in_ms(waited.lasted_us)} for an answer, {in_ms(part_us)} of it {PARTS_IN_WORDS[blamed]}."
        excess_us = waited.lasted_us - rule.limit("warn_ms") * 1000 + 1
        found = values(**{blamed: sooner(case, blamed, part_us, excess_us, latency.began_us + part_us)})
        yield Finding(rule.name, severity, waited.from_us, waited.lasted_us, what, (blamed,), latency.turn, found)


def _waited(case: Case, latency: TurnLatency) -> Span:
    """From the caller's last sound, or the agent's if that went on longer, to the first sound of the answer."""
    whole = Span(latency.began_us, latency.began_us + latency.total_us)
    others = [one for one in case.line.agent if one.generation != latency.generation and one.span.shared_us(whole)]
    spoke_us = [min(one.to_us, whole.to_us) for speech in others for one in speech.sounds if one.shared_us(whole)]
    return Span(max([whole.from_us, *spoke_us]), whole.to_us)


def _blamed(case: Case, latency: TurnLatency, waited: Span) -> tuple[str, int]:
    """The part that took most of the wait, or what is behind it, and how long it was."""
    spans: dict[str, list[Span]] = {}
    at_us = latency.began_us
    # Behind a question on a guess the pause held nothing up that the model had not ready yet.
    for name, step_us in latency.guessed_us or latency.steps_us:
        spans.setdefault(name, []).append(Span(at_us, at_us + step_us))
        at_us += step_us
    shares = {name: sum(span.shared_us(waited) for span in found) for name, found in spans.items()}
    part = max(shares, key=lambda name: shares[name])
    part_us = shares[part]
    longest = max(spans[part], key=lambda span: span.shared_us(waited))
    if part == "hold":
        return _held(case, latency, waited, longest)
    if part == "end_of_turn":
        if _is_keyed(case, latency.turn):
            return "keys", part_us
        finals = [e.at_us for e in case.view.of("TranscriptFinal") if waited.from_us < e.at_us <= longest.to_us]
        # The turn is taken at once when the last words are there: then it is they that were waited for.
        if finals and (finals[-1] - waited.from_us) * 2 > part_us:
            return "recogniser", finals[-1] - waited.from_us
        pause = Span(latency.began_us, longest.to_us) if latency.guessed_us else longest
        return _waited_out(case, pause), part_us
    if part == "ask" and (case.plan("speculate") or _was_asked_before(case, latency)):
        return "again", part_us
    return part, part_us


def _held(case: Case, latency: TurnLatency, waited: Span, ready: Span) -> tuple[str, int]:
    """What an answer that was ready waited for: the agent's settings, or the caller's own sounds. Where they had waited for long before the
    first of these, it is what they had waited for by then that made them ask."""
    again_us = heard_again_us(case, latency.began_us, ready.to_us)
    parts = held_back(case, latency.began_us, Span(max(ready.from_us, waited.from_us), min(ready.to_us, waited.to_us)))
    cause = max(parts, key=lambda name: parts[name])
    long_us = RULES["slow_reply"].limit("warn_ms") * 1000
    if cause == "caller" and again_us is not None and again_us - waited.from_us >= long_us:
        return _blamed(case, latency, Span(waited.from_us, again_us))
    return cause, parts[cause]


def _waited_out(case: Case, wait: Span) -> str:
    """What a turn that was taken late waited for: a cause of ``slow_reply``."""
    ending, at_us = pause_ending(case, wait)
    if at_us * 2 < wait.from_us + wait.to_us:
        # It was known early that the caller had finished: in numbers and half sentences a pause is waited for all the same.
        return "end_of_turn"
    return "end_of_turn" if ending == "patience" else ending


def _was_asked_before(case: Case, latency: TurnLatency) -> bool:
    asked = [int(e.values["generation"]) for e in case.view.of("AskModel") if e.values["turn"] == latency.turn]
    return latency.generation in asked[1:]


def _is_keyed(case: Case, turn: int) -> bool:
    """Whether the caller typed the last of a turn."""
    said = [str(e.values["text"]).split() for e in case.view.of("UserSaid") if e.values["turn"] == turn]
    return any(len(words) > 1 and words[-2] == KEYED_AS for words in said)


def early_cut(case: Case) -> Iterator[Finding]:
    """Replies that began while the caller only paused."""
    rule = RULES["early_cut"]
    for reply in case.line.agent:
        if reply.purpose == "reply":
            found = _goes_on(case, reply)
            if found is not None:
                before, again = found
                pause_us = again.span.from_us - before.span.to_us
                after_us = again.span.from_us - reply.span.from_us
                when = f"{in_ms(after_us)} after" if after_us >= 0 else f"{in_ms(-after_us)} before"
                what = (
                    f"The caller paused for {in_ms(pause_us)} and went on {when} the agent began {quoted(_said(case, reply), 40)}"
                    f", with {quoted(again.text, 40)}."
                )
                ending, _ = pause_ending(case, Span(before.span.to_us, reply.span.from_us))
                causes = ("floor", ending) if ending in rule.advice else ("floor",)
                helps = later(case, reply, before, again)
                yield Finding(rule.name, BAD, reply.span.from_us, again.span.lasted_us, what, causes, reply.turn, helps)


def pause_ending(case: Case, wait: Span) -> tuple[str, int]:
    """What made a pause of the caller the end of their turn, and when: ``endpointing`` (of the recogniser, or of the core where no turn
    model decides), ``turn_model``, or ``patience``. ``wait`` goes on from the caller's last sound at least until the turn was taken."""
    taken = [e.at_us for e in case.view.of("CloseUtterance") if wait.from_us < e.at_us <= wait.to_us]
    wait = Span(wait.from_us, taken[-1] if taken else wait.to_us)
    endpointing_ms, patience_ms = int(case.plan("endpointing_ms")), int(case.plan("patience_ms"))
    request = 0
    for entry in case.view.of("AskTurnModel", "TurnVerdict", "RecogniserEnd"):
        if not wait.from_us < entry.at_us <= wait.to_us:
            continue
        if entry.type == "RecogniserEnd":
            told = [int(e.values["silence_ms"]) for e in case.view.of("SetPatience") if e.at_us <= entry.at_us]
            return ("patience" if told and told[-1] > endpointing_ms else "endpointing"), entry.at_us
        if entry.type == "AskTurnModel":
            request = int(entry.values["request"])
        elif entry.values["request"] == request:
            if int(entry.values["probability_ppm"]) >= int(case.plan("turn_threshold_ppm")):
                return "turn_model", entry.at_us
            request = 0
    if request:
        return "turn_model", wait.to_us  # it never answered: after a moment silence decides
    by_silence = not case.plan("turn_model") and endpointing_ms < patience_ms
    shorter = wait.lasted_us < patience_us(case, wait.to_us)
    if by_silence and (shorter or wait.lasted_us < endpointing_ms * 1000 + DETECTED_US):
        return "endpointing", wait.to_us  # with the final words, which may come later than the silence
    return "patience", wait.to_us


def _goes_on(case: Case, reply: AgentSpeech) -> tuple[CallerSpeech, CallerSpeech] | None:
    """The sounds before and after the pause in which ``reply`` began."""
    rule = RULES["early_cut"]
    began_us = reply.span.from_us
    earliest_us, latest_us = -rule.limit("before_ms") * 1000, rule.limit("after_ms") * 1000
    for before, again in zip(case.speech, case.speech[1:], strict=False):
        if not earliest_us <= again.span.from_us - began_us <= latest_us:
            continue
        pause_us = again.span.from_us - before.span.to_us
        if pause_us <= rule.limit("pause_ms") * 1000 and before.span.to_us <= began_us:
            # A sound without words may be a noise, and the reply's own words are its echo.
            return None if not again.text or case.is_said_again(reply, again.text, 1) else (before, again)
    return None


def _said(case: Case, reply: AgentSpeech) -> str:
    """What was heard of a reply, else what it was to be."""
    return reply.text or case.spoken(reply.generation)


def talk_over(case: Case) -> Iterator[Finding]:
    """The caller speaks over the agent and the agent goes on, or gives way late. A sound that an early cut tells of is told once."""
    rule = RULES["talk_over"]
    for speech in case.line.agent:
        early = _goes_on(case, speech) if speech.purpose == "reply" else None
        for caller in case.speech:
            if caller.span.to_us <= speech.span.from_us or caller.span.from_us >= speech.span.to_us:
                continue
            shared_us = sum(caller.span.shared_us(sound) for sound in speech.sounds)
            began_us = max(caller.span.from_us, speech.span.from_us)
            if (
                shared_us < rule.limit("most_ms") * 1000
                or len(caller.text.split()) < rule.limit("words")
                or (early is not None and caller == early[1])
            ):
                continue
            end = "before it gave way" if speech.cut else "and did not give way"
            what = f"Both spoke for {in_ms(shared_us)}: the agent went on over {quoted(caller.text, 60)} {end}."
            why = _why_over(case, speech)
            helps = values(words=fewer_words(case, caller))
            yield Finding(rule.name, WARNING, began_us, shared_us, what, (why,), speech.turn, helps)


def _why_over(case: Case, speech: AgentSpeech) -> str:
    if speech.purpose == "goodbye":
        return "fixed"
    words = int(case.plan("words_to_interrupt"))
    if words == 0:
        return "never"
    # At 1 the second word interrupts, and lower is 0, at which none does: what the caller said was not known in time.
    return "slow" if speech.cut or words == 1 else "words"


def false_interruption(case: Case) -> Iterator[Finding]:
    """Replies that were cut by something that was no turn of the caller."""
    rule = RULES["false_interruption"]
    resumed = {int(e.values.get("resumes") or 0): e for e in case.view.of("Release")}
    for clear in case.view.of("Clear"):
        speech = case.line.of_generation(int(clear.values["generation"]))
        if speech is None or clear.at_us >= case.line.ended_us or _voice_failed(case, clear):
            continue
        again = resumed.get(speech.generation)
        if again is not None:
            # The agent noticed it itself: the caller heard a pause and the rest of the sentence.
            echoed = any(
                e.values["kind"] == "echo" and clear.at_us - 3_000_000 < e.at_us <= again.at_us
                for e in case.view.of("Note")
            )
            what = f"The agent broke off for nothing and went on {in_ms(again.at_us - clear.at_us)} later."
            lasted_us = again.at_us - clear.at_us
            cause = "echo" if echoed else _too_easily(case)
            helps = values(words=more_words(case, clear.seq))
            yield Finding(rule.name, NOTE, clear.at_us, lasted_us, what, (cause,), speech.turn, helps)
            continue
        found = _cut_for(case, speech, clear)
        if found is not None:
            why, cause = found
            what = f"The agent broke off {why}."
            helps = values(words=more_words(case, clear.seq))
            yield Finding(rule.name, WARNING, clear.at_us, 0, what, (cause,), speech.turn, helps)


def _voice_failed(case: Case, clear: Entry) -> bool:
    """Whether a reply was broken off because its voice had failed, which ``provider_failed`` tells of: nothing interrupted the agent."""
    generation = f"generation {clear.values['generation']}"
    return any(
        e.values["kind"] == "voice_failed" and e.values["text"] == generation and e.at_us == clear.at_us
        for e in case.view.of("Note")
    )


def _cut_for(case: Case, speech: AgentSpeech, clear: Entry) -> tuple[str, str] | None:
    """What a reply was cut for, and its cause, when that was no turn of the caller."""
    wait_us = RULES["false_interruption"].limit("wait_ms") * 1000
    after = next((e for e in case.view.of("UserSaid") if e.seq > clear.seq), None)
    if not speech.cut:
        return None
    if after is None or after.at_us - clear.at_us > wait_us:
        spoken = any(one.text and one.span.to_us > speech.span.from_us for one in case.speech)
        if spoken or case.line.ended_us - clear.at_us < wait_us or not _was_heard(case, clear):
            return None
        return "and the caller said nothing", _too_easily(case)
    text = str(after.values["text"])
    if case.is_said_again(speech, text):
        return f"for its own words, which came back as {quoted(text, 40)}", "echo"
    if phrasebook(str(case.plan("language"))).is_backchannel(text):
        return f"for {quoted(text, 40)}", _too_easily(case)
    return None


def _too_easily(case: Case) -> str:
    """What let the agent be interrupted: at 0 words only stop phrases do."""
    return "words" if int(case.plan("words_to_interrupt")) else "phrase"


def echo(case: Case) -> Iterator[Finding]:
    """The agent's own words, again and again. They are no turn of the caller, but whatever was said over them was lost with them."""
    rule = RULES["echo"]
    notes = [e for e in case.view.of("Note") if e.values["kind"] == "echo"]
    if len(notes) >= rule.limit("times"):
        what = f"The agent's own words came back over the line {len(notes)} times, first {quoted(str(notes[0].values['text']), 40)}."
        yield Finding(rule.name, WARNING, notes[0].at_us, notes[-1].at_us - notes[0].at_us, what, ("line",))


def _was_heard(case: Case, clear: Entry) -> bool:
    """Whether it was a sound of the caller that silenced the agent, and not a failure, a hold or the end."""
    events = [e for e in case.view.entries if e.direction == "in" and e.seq < clear.seq]
    return bool(events) and events[-1].type in ("TranscriptPartial", "TranscriptFinal", "ActivityBegan")


def loop(case: Case) -> Iterator[Finding]:
    """The same words again and again, of either side."""
    yield from _agent_loop(case)
    yield from _caller_loop(case)


def _agent_loop(case: Case) -> Iterator[Finding]:
    rule = RULES["loop"]
    times: dict[tuple[str, ...], int] = {}
    before: tuple[str, ...] = ()
    told: set[tuple[str, ...]] = set()
    for speech in case.line.agent:
        if speech.purpose not in ("reply", "apology") or not speech.text or speech.cut:
            continue
        words = tuple(words_of(speech.text))
        times[words] = times.get(words, 0) + 1
        again = words == before or times[words] >= rule.limit("agent_times")
        before = words
        if again and words not in told and len(words) >= rule.limit("words"):
            told.add(words)
            how = f"{times[words]} times" if times[words] > 2 else "twice running"
            what = f"The agent said {quoted(speech.text)} {how}."
            yield Finding(rule.name, WARNING, speech.span.from_us, speech.span.lasted_us, what, ("agent",), speech.turn)


def _caller_loop(case: Case) -> Iterator[Finding]:
    rule = RULES["loop"]
    before: tuple[str, ...] = ()
    running = 1
    for entry in case.view.of("UserSaid"):
        text = str(entry.values["text"])
        words = tuple(words_of(text))
        running = running + 1 if words == before else 1
        before = words
        listens = phrasebook(str(case.plan("language"))).is_backchannel(text)
        if running == rule.limit("caller_times") and not listens and len(words) >= rule.limit("words") - 1:
            what = f"The caller had to say {quoted(text)} again."
            yield Finding(rule.name, WARNING, entry.at_us, 0, what, ("caller",), int(entry.values["turn"]))


def missed_answer(case: Case) -> Iterator[Finding]:
    """Words of the caller that were never answered."""
    yield from _unanswered(case)
    for note in case.view.of("Note"):
        if note.values["kind"] == "discarded_words":
            what = f"What the caller said into the welcome was discarded: {quoted(str(note.values['text']))}."
            yield Finding("missed_answer", WARNING, note.at_us, 0, what, ("discarded",))


def _unanswered(case: Case) -> Iterator[Finding]:
    rule, line = RULES["missed_answer"], case.line
    over = case.view.first("LegEnded")
    pending = [e for e in case.view.of("UserSaid") if over is not None and e.seq > over.seq]
    if not pending or not case.speech:
        return
    last = case.speech[-1]
    hung_up = case.view.first("HangUp")
    taken_back = [e.seq for e in case.view.of("Note") if e.values["kind"] == "goodbye_taken_back"]
    goodbyes = [
        e.at_us
        for e in case.view.of("Speak")
        if e.values["purpose"] == "goodbye" and e.seq > max(taken_back, default=-1)
    ]
    closing_us = min([line.ended_us, *goodbyes])
    wait_us = closing_us - last.span.to_us
    if wait_us < rule.limit("wait_ms") * 1000 or _sounds_after(case, last.span.to_us):
        return
    said = quoted(str(pending[-1].values["text"]))
    if hung_up is None:
        what, cause = f"The caller said {said}, waited {in_ms(wait_us)} for an answer and left.", "left"
    else:
        who = "the agent ended the call"
        if hung_up.values["by"] != AGENT:
            who = f"the platform ended it ({hung_up.values['reason']})"
        what = f"The caller said {said}; after {in_ms(wait_us)} without an answer {who}."
        cause = _ended_for(case, hung_up) or "ended"
    turn, helps = int(pending[-1].values["turn"]), values(maximum=one_more_turn(case))
    yield Finding(rule.name, BAD, last.span.to_us, wait_us, what, (cause,), turn, helps)


def _sounds_after(case: Case, at_us: int) -> bool:
    """Whether the agent spoke to the caller after ``at_us``, its goodbye apart."""
    return any(one.span.from_us >= at_us and one.purpose != "goodbye" for one in case.line.agent)


_CAUSES = {
    "max_duration_reached": "maximum",
    "inactivity_timeout": "silence",
    "llm_prompted_hangup": "prompt",
    "end_call_tool": "model",
}


def _ended_for(case: Case, hung_up: Entry) -> str:
    """The cause of our hanging up; none where that was wanted from outside."""
    cause = _CAUSES.get(str(hung_up.values["reason"]), "")
    lasts_ms, most_ms = int(case.plan("call_terminate_ms")), MAX_CALL_SECONDS * 1000
    return "longest" if cause == "maximum" and not 0 < lasts_ms < most_ms else cause


def hung_up_mid_sentence(case: Case) -> Iterator[Finding]:
    """The end came while somebody was speaking."""
    rule, line = RULES["hung_up_mid_sentence"], case.line
    wanted, over = case.view.first("HangUp"), case.view.first("LegEnded")
    at_us = line.ended_us
    if wanted is not None and (over is None or wanted.seq < over.seq):
        cause = _ended_for(case, wanted)
        speaking = next((one for one in case.speech if one.span.from_us < at_us < one.span.to_us), None)
        if cause and speaking is not None and at_us - speaking.span.from_us >= rule.limit("spoke_ms") * 1000:
            spoken_us = at_us - speaking.span.from_us
            said = f" {quoted(speaking.text)}" if speaking.text else ""
            what = f"We hung up ({wanted.values['reason']}) while the caller had been speaking for {in_ms(spoken_us)}{said}."
            helps = values(maximum=one_more_turn(case))
            yield Finding(rule.name, BAD, at_us, spoken_us, what, (cause,), case.turn_at(at_us), helps)
        yield from _cut_by_the_maximum(case, wanted)
    elif over is not None and str(over.values["by"]) in ("Callee", "Caller"):
        cut = next((one for one in line.agent if one.span.from_us < at_us <= one.span.to_us and one.cut), None)
        if cut is not None and cut.purpose != "goodbye" and at_us - cut.span.from_us >= rule.limit("heard_ms") * 1000:
            what = f"The caller left {in_ms(at_us - cut.span.from_us)} into {quoted(_said(case, cut), 60)}."
            yield Finding(rule.name, NOTE, at_us, at_us - cut.span.from_us, what, ("caller",), cut.turn)


def _cut_by_the_maximum(case: Case, wanted: Entry) -> Iterator[Finding]:
    """The longest duration of a call cuts what the agent is saying."""
    if wanted.values["reason"] != "max_duration_reached":
        return
    cleared = [int(e.values["generation"]) for e in case.view.of("Clear")]
    cut = case.line.of_generation(cleared[-1]) if cleared else None
    if cut is None or not cut.cut or cut.purpose not in ("reply", "welcome"):
        return
    clear = case.view.of("Clear")[-1]
    events = [e for e in case.view.entries if e.direction == "in" and e.seq < clear.seq]
    if events and events[-1].type == "DeadlineReached":
        what = f"The call's longest duration was over in the middle of {quoted(_said(case, cut), 60)}."
        cause, helps = _ended_for(case, wanted), values(maximum=one_more_turn(case))
        yield Finding("hung_up_mid_sentence", WARNING, clear.at_us, 0, what, (cause,), cut.turn, helps)
