"""What the record and the model are told is what was said and heard."""

from __future__ import annotations

from collections import Counter

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.domain.limits import MAX_HISTORY_MESSAGES, MAX_REPLY_CHARACTERS
from callwright.lab.trace import Trace


def judge_heard(trace: Trace) -> str:
    """Nothing is recorded as heard that did not leave the loudspeaker, and all that did is recorded, unless it is marked as a guess."""
    said: dict[int, set[str]] = {}
    guessed: set[int] = set()
    cleared: set[int] = set()
    spoken: dict[int, list[str]] = {}
    for _, effects in trace.steps:
        for effect in effects:
            if isinstance(effect, fx.Clear):
                cleared.add(effect.generation)
            elif isinstance(effect, fx.Speak):
                spoken.setdefault(effect.generation, []).extend(effect.text.split())
            if not isinstance(effect, fx.AgentSaid):
                continue
            said[effect.generation] = set(effect.text.split())
            if effect.generation in cleared and not effect.cut and effect.text.split() != spoken[effect.generation]:
                return f"what was broken off is recorded as cut: {effect.generation}"
            if effect.estimated:
                guessed.add(effect.generation)
            elif unheard := said[effect.generation] - trace.heard.get(effect.generation, said[effect.generation]):
                return f"nobody is said to have heard what never sounded: {sorted(unheard)[:5]} of {effect.generation}"
    for generation, words in trace.heard.items():
        missing = words - said.get(generation, set())
        # Where the agent was cut, the record may be a word short.
        if len(missing) > 1 and generation not in guessed and trace.ended:
            return f"what was heard is in the record: {sorted(missing)[:5]} of {generation}"
    return _resumed(trace) or _as_written(trace)


def _as_written(trace: Trace) -> str:
    """The agent says the model's words, in their order, and all of them unless it was cut."""
    requests: dict[int, int] = {}
    written: dict[int, str] = {}
    whole: set[int] = set()  # replies that the model has finished
    spoken: dict[int, list[str]] = {}
    for event, effects in trace.steps:
        if isinstance(event, ev.ReplyText) and event.request in requests:
            written[requests[event.request]] += event.text
        elif isinstance(event, ev.ReplyEnded) and (asked := requests.pop(event.request, 0)) and event.reason == "stop":
            whole.add(asked)
        for effect in effects:
            match effect:
                case fx.AskModel():
                    requests[effect.request] = effect.generation
                    written[effect.generation] = ""
                case fx.CancelModel():
                    requests.pop(effect.request, None)
                case fx.Speak() if effect.generation in written and effect.purpose == "reply":
                    words = spoken.setdefault(effect.generation, [])
                    words += effect.text.split()
                    given = written[effect.generation]
                    if words != given.split()[: len(words)] and len(given) < MAX_REPLY_CHARACTERS:
                        return (
                            f"the agent says what the model said, in its order: {effect.text!r} in {effect.generation}"
                        )
                case fx.AgentSaid() if effect.generation in whole and not effect.cut and not effect.resumes:
                    words = written[effect.generation].split()
                    if effect.text.split() != words and len(written[effect.generation]) < MAX_REPLY_CHARACTERS:
                        return (
                            f"a reply that is not cut is said to its last word: {effect.text!r} in {effect.generation}"
                        )
                case _:
                    pass
    return ""


def _resumed(trace: Trace) -> str:
    """A sentence that goes on does so with the word after the last that was heard."""
    spoken: dict[int, list[str]] = {}
    heard: dict[int, int] = {}
    clauses: Counter[int] = Counter()
    broken_off: set[int] = set()  # where the voice failed; the model may have said more than the voice was given
    for _, effects in trace.steps:
        for effect in effects:
            match effect:
                case fx.Speak():
                    spoken.setdefault(effect.generation, []).extend(effect.text.split())
                    clauses[effect.generation] += 1
                case fx.EndSpeech() if effect.clauses < clauses[effect.generation]:
                    broken_off.add(effect.generation)
                case fx.AgentSaid():
                    heard[effect.generation] = len(effect.text.split())
                case fx.Release() if effect.resumes:
                    left = spoken.get(effect.resumes, [])[heard.get(effect.resumes, 0) :]
                    goes_on = spoken.get(effect.generation, [])
                    if goes_on != left and not (effect.resumes in broken_off and goes_on[: len(left)] == left):
                        return f"what is resumed is what was not heard: {effect.generation} after {effect.resumes}"
                case _:
                    pass
    return ""


def judge_history(trace: Trace) -> str:
    """The model is told the transcript: the caller's turns, word for word, and of the agent what was heard or is being said."""
    turns: list[str] = []
    heard: Counter[str] = Counter()
    spoken: dict[int, list[str]] = {}
    audible = 0
    for _, effects in trace.steps:
        for effect in effects:
            match effect:
                case fx.UserSaid():
                    if effect.turn > len(turns):
                        turns.append(effect.text)
                case fx.Speak():
                    spoken.setdefault(effect.generation, []).extend(effect.text.split())
                case fx.Release():
                    audible = effect.generation
                case fx.AgentSaid():
                    audible = 0
                    heard.update(effect.text.split())
                case fx.Withdrawn() if effect.generation == audible:
                    audible = 0
                case fx.AskModel() if len(effect.messages) < MAX_HISTORY_MESSAGES:
                    told = Counter(w for m in effect.messages if m.role == "assistant" for w in m.content.split())
                    unheard = told - heard - Counter(spoken.get(audible, ()))
                    if unheard:
                        return f"history never holds unheard words: {sorted(unheard)[:5]} in request {effect.request}"
                    if heard - told:
                        return f"history holds all that was heard: {sorted(heard - told)[:5]} in {effect.request}"
                    if rule := _turns(effect, turns):
                        return rule
                case _:
                    pass
    return ""


def _turns(effect: fx.AskModel, turns: list[str]) -> str:
    if effect.purpose == "welcome":
        return ""  # nobody has said anything; what stands there is ours
    told = [message.content for message in effect.messages if message.role == "user"]
    # What a new turn says is known when the question is asked, and in the record when the turn is taken.
    new = told[len(turns) :] if effect.turn > len(turns) else []
    if told[: len(turns)] == turns and len(told) == len(turns) + len(new) and len(new) <= 1:
        return ""
    return f"the model knows what the caller said: {told[-3:]}, not {turns[-3:]} in request {effect.request}"
