"""Synthetic callers as data: personas, how they take a call, what they say when, and the scenario file that names them.

A scenario file is a JSON object: ``default`` (a persona's name), ``numbers`` (number -> persona's name), ``personas`` (name -> persona) and
``line`` (what the line to all of them is like).
``docs/how-to/loopback.md`` describes every key. Whatever is wrong raises ConfigurationError naming the path of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from callwright.domain.errors import ConfigurationError
from callwright.lab.line_conditions import LineConditions, line_of
from callwright.lab.scenario_values import flag_of as _flag
from callwright.lab.scenario_values import list_of as _list
from callwright.lab.scenario_values import millis_of as _millis
from callwright.lab.scenario_values import object_of as _object
from callwright.lab.scenario_values import pattern_of as _pattern
from callwright.lab.scenario_values import text_of as _text
from callwright.lab.scenario_values import whole_of as _whole
from callwright.lab.scenario_values import wrong as _wrong

HOWS = ("answer", "busy", "no-answer", "refuse", "failed", "machine")
KEYS = frozenset("0123456789*#ABCD")


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """How a call is taken. ``how``: one of HOWS. ``after_ms`` of ringing.

    ``hang_up_after_ms`` (0: never): the caller hangs up this long after the agent began to speak, in mid-word or not. A machine says
    ``greeting``, beeps, and records for ``record_ms``.
    """

    how: str = "answer"
    after_ms: int = 1_000
    hang_up_after_ms: int = 0
    greeting: str = "You have reached the voicemail. Please leave a message after the beep."
    record_ms: int = 20_000


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing the caller may do, once unless ``repeat``.

    It applies when ``heard`` (a regular expression, any case) is found in what was heard of the agent since the caller last spoke, or when
    nobody spoke for ``silence_ms``; or, with ``in_order``, when its turn has come and no condition of another rule holds.
    ``interrupt_after_words``: already when that many words of the agent were heard, over its voice. Then the caller waits ``wait_ms``,
    says ``say``, presses ``press`` and, ``linger_ms`` later or when the agent has answered, hangs up.
    """

    heard: str = ""
    silence_ms: int = 0
    in_order: bool = True
    interrupt_after_words: int = 0
    repeat: bool = False
    wait_ms: int = 0
    say: str = ""
    press: str = ""
    hang_up: bool = False
    linger_ms: int = 0

    def fits(self, text: str) -> bool:
        """Whether ``heard`` is found in ``text``."""
        return bool(self.heard) and re.search(self.heard, text, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True)
class Persona:
    """A synthetic caller. ``goal`` is for people to read. ``voice`` and ``voice_provider`` choose how it sounds, ``ears`` who hears for it.

    ``think_ms``: pause between the agent's last word and the caller's first. ``patience_ms``: after this silence it says ``nudge``, and
    hangs up when that does not help (0: waits for ever). ``barge_in_words``: speaks over the agent after that many words (0: never).
    ``line``: what the line to it is like (None: as the scenario says).
    """

    name: str
    goal: str = ""
    voice: str = ""
    voice_provider: str = ""
    ears: str = ""
    opening: str = ""
    think_ms: int = 300
    patience_ms: int = 9_000
    nudge: str = "Hello? Are you still there?"
    barge_in_words: int = 0
    rules: tuple[Rule, ...] = ()
    fallback: tuple[str, ...] = (
        "Sorry, could you say that again?",
        "I am not sure what you mean.",
        "Let me call back later. Goodbye.",
    )
    answer: AnswerPlan = field(default_factory=AnswerPlan)
    line: LineConditions | None = None

    @property
    def barges_in(self) -> bool:
        """Whether words before the end of the agent's sentence matter to it."""
        return self.barge_in_words > 0 or any(rule.interrupt_after_words for rule in self.rules)

    def lines(self) -> tuple[str, ...]:
        """Everything this caller may say, once each: what can be synthesised before the call is answered."""
        said = [
            self.opening,
            *(rule.say for rule in self.rules),
            self.nudge if self.patience_ms else "",
            *self.fallback,
        ]
        if self.answer.how == "machine":
            said = [self.answer.greeting]
        return tuple(dict.fromkeys(line for line in said if line))


DEMO = Persona(
    name="demo",
    goal="Book a dental cleaning for Tuesday at ten, ask how long it takes, say goodbye.",
    think_ms=1_500,
    rules=(
        Rule(
            heard=r"how (can|may) i|what can i (do|help)|help you|calling about",
            say="Hi, I would like to book a dental cleaning, please.",
        ),
        Rule(heard=r"\bname\b|who (am i|is this|is calling)", say="My name is Peter Stone."),
        Rule(heard=r"\b(what|which) day|\bday\b.*\?|\bwhen\b", say="Tuesday would be good for me."),
        Rule(heard=r"\b(what|which) time|\btime\b|o'clock|morning or", say="Ten o'clock in the morning, please."),
        Rule(
            heard=r"anything else|question|booked|confirm|all set|is that (right|correct)|see you",
            say="Yes. How long will it take?",
        ),
        Rule(
            heard=r"goodbye|\bbye\b|nice day|great day",
            say="Thank you very much. Goodbye.",
            hang_up=True,
            linger_ms=4_000,
        ),
    ),
)

BUILT_IN: dict[str, Persona] = {
    persona.name: persona
    for persona in (
        DEMO,
        Persona("busy", "Is on another call.", answer=AnswerPlan("busy", after_ms=300)),
        Persona("no-answer", "Lets it ring.", answer=AnswerPlan("no-answer")),
        Persona("refuse", "Rings, then declines.", answer=AnswerPlan("refuse", after_ms=1_000)),
        Persona("failed", "The number does not exist.", answer=AnswerPlan("failed", after_ms=200)),
        Persona("machine", "Is a voicemail.", patience_ms=0, fallback=(), answer=AnswerPlan("machine")),
        replace(
            DEMO,
            name="hangup",
            goal="Hangs up in the middle of the greeting.",
            answer=AnswerPlan(hang_up_after_ms=1_500),
        ),
        Persona("silent", "Answers and says nothing.", patience_ms=0, fallback=()),
        replace(
            DEMO, name="talkative", goal="Books like demo, but speaks over the agent.", barge_in_words=4, think_ms=100
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """Who answers which number, over what line."""

    personas: Mapping[str, Persona] = field(default_factory=lambda: dict(BUILT_IN))
    numbers: Mapping[str, str] = field(default_factory=dict)
    default: str = "demo"
    line: LineConditions | None = None

    def persona(self, number: str, wanted: str = "") -> Persona:
        """The persona ``wanted`` by name, else the one at ``number``, else the default. Raises ConfigurationError for an unknown name."""
        name = wanted or self.numbers.get(number) or (number if number in self.personas else self.default)
        persona = self.personas.get(name)
        if persona is None:
            raise ConfigurationError(
                f"there is no synthetic caller named {name!r}; known: {', '.join(sorted(self.personas))}"
            )
        return persona


def read_scenario(text: str | bytes) -> Scenario:
    """A scenario from the text of its file. Raises ConfigurationError."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"the scenario is no JSON: {error}") from error
    return scenario_of(data)


def scenario_of(data: Any) -> Scenario:
    """A scenario from its JSON value. Raises ConfigurationError naming the path of what is wrong."""
    _object(data, "scenario", {"default", "numbers", "personas", "about", "line"})
    personas = dict(BUILT_IN)
    for name, body in _object(data.get("personas", {}), "personas").items():
        personas[name] = persona_of(body, name, personas)
    numbers = {
        number: _text(name, f"numbers.{number}") for number, name in _object(data.get("numbers", {}), "numbers").items()
    }
    default = _text(data.get("default", "demo"), "default")
    for path, name in [("default", default), *((f"numbers.{number}", name) for number, name in numbers.items())]:
        if name not in personas:
            raise _wrong(path, f"there is no persona {name!r}; known: {', '.join(sorted(personas))}")
    line = line_of(data["line"], "scenario: line") if "line" in data else None
    return Scenario(personas, numbers, default, line)


def persona_of(body: Any, name: str, known: Mapping[str, Persona] = BUILT_IN, path: str = "") -> Persona:
    """A persona from its JSON value; ``extends`` names one to start from. ``path``: where it is in its file, if not among ``personas``."""
    path = path or f"personas.{name}"
    texts = {"goal", "voice", "voice_provider", "ears", "opening", "nudge"}
    given = _object(
        body,
        path,
        texts | {"extends", "think_ms", "patience_s", "barge_in_words", "rules", "fallback", "answer", "line"},
    )
    base = Persona(name)
    if "extends" in given:
        extends = _text(given["extends"], f"{path}.extends")
        if extends not in known:
            raise _wrong(
                f"{path}.extends", f"there is no persona {extends!r} above it; known: {', '.join(sorted(known))}"
            )
        base = replace(known[extends], name=name)
    changes: dict[str, Any] = {key: _text(given[key], f"{path}.{key}") for key in texts & set(given)}
    for key in {"think_ms", "barge_in_words"} & set(given):
        changes[key] = _whole(given[key], f"{path}.{key}")
    if "patience_s" in given:
        changes["patience_ms"] = _millis(given["patience_s"], f"{path}.patience_s")
    if "rules" in given:
        rules = _list(given["rules"], f"{path}.rules")
        changes["rules"] = tuple(_rule(rule, f"{path}.rules[{at}]") for at, rule in enumerate(rules))
    if "fallback" in given:
        lines = _list(given["fallback"], f"{path}.fallback")
        changes["fallback"] = tuple(_text(line, f"{path}.fallback[{at}]") for at, line in enumerate(lines))
    if "answer" in given:
        changes["answer"] = _answer(given["answer"], f"{path}.answer")
    if "line" in given:
        changes["line"] = line_of(given["line"], f"scenario: {path}.line")
    return replace(base, **changes)


def _rule(body: Any, path: str) -> Rule:
    keys = {f.name for f in fields(Rule)} - {"silence_ms"} | {"silence_s", "when"}
    given = _object(body, path, keys)
    if given.get("when", "") not in ("", "silence"):
        raise _wrong(f"{path}.when", "use heard, silence_s, or when: 'silence'")
    heard = _heard(given.get("heard", ""), f"{path}.heard")
    silence_ms = _millis(given.get("silence_s", 5 if given.get("when") else 0), f"{path}.silence_s")
    if heard and silence_ms:
        raise _wrong(path, "a rule waits for words (heard) or for silence, not for both")
    press = _text(given.get("press", ""), f"{path}.press")
    if not set(press) <= KEYS:
        raise _wrong(f"{path}.press", f"{press!r} has keys that are none; use 0-9 * # A-D")
    rule = Rule(
        heard=heard,
        silence_ms=silence_ms,
        in_order=_flag(given.get("in_order", not heard and not silence_ms), f"{path}.in_order"),
        interrupt_after_words=_whole(given.get("interrupt_after_words", 0), f"{path}.interrupt_after_words"),
        repeat=_flag(given.get("repeat", False), f"{path}.repeat"),
        wait_ms=_whole(given.get("wait_ms", 0), f"{path}.wait_ms"),
        say=_text(given.get("say", ""), f"{path}.say"),
        press=press,
        hang_up=_flag(given.get("hang_up", False), f"{path}.hang_up"),
        linger_ms=_whole(given.get("linger_ms", 0), f"{path}.linger_ms"),
    )
    if not (rule.say or rule.press or rule.hang_up or rule.wait_ms):
        raise _wrong(path, "a rule must do something: say, press, hang_up or wait_ms")
    return rule


def _heard(value: Any, path: str) -> str:
    """A regular expression as given, or one that finds any of a list of words."""
    if isinstance(value, list):
        words = [_text(word, f"{path}[{at}]") for at, word in enumerate(value)]
        return "|".join(rf"\b{re.escape(word)}\b" for word in words if word)
    return _pattern(value, path)


def _answer(body: Any, path: str) -> AnswerPlan:
    given = _object(body, path, {"how", "after_s", "hang_up_after_ms", "greeting", "record_s"})
    how = _text(given.get("how", "answer"), f"{path}.how")
    if how not in HOWS:
        raise _wrong(f"{path}.how", f"{how!r} is not one of {', '.join(HOWS)}")
    standard = AnswerPlan()
    return AnswerPlan(
        how,
        _millis(given.get("after_s", 1), f"{path}.after_s"),
        _whole(given.get("hang_up_after_ms", 0), f"{path}.hang_up_after_ms"),
        _text(given.get("greeting", standard.greeting), f"{path}.greeting"),
        _millis(given.get("record_s", 20), f"{path}.record_s"),
    )
