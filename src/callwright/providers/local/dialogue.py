"""A conversation without a language model: what the caller means by nearest example, answers from templates and from the agent's prompt.

Pure: everything follows from the messages, the examples and the similarities given. It says only what the prompt or a template says,
and promises no more than to take a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from callwright.domain.limits import MAX_INTENT_SENTENCES
from callwright.providers.local.slots import collect

UNCLEAR = "unclear"
GOALS = ("book", "reschedule", "cancel")
"""Intents that a whole call is about."""
SURE_ENOUGH = 0.45
"""Similarity below which an example does not count as meant."""
ANSWER_ENOUGH = 0.35
"""Similarity below which a sentence of the prompt does not answer a question."""
CLOSE_ENOUGH = 0.5
"""Similarity from which a sentence of the prompt answers a turn that is not known to be a question."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "book": (
        "I want to book an appointment",
        "I'd like to schedule a visit",
        "can I come in on Tuesday",
        "do you have anything available this week",
        "I have a problem, can you see me today",
        "I'd like to make a reservation",
    ),
    "reschedule": (
        "I need to move my appointment to another day",
        "can we do Thursday instead",
        "I want to reschedule",
        "change my booking to a different time",
    ),
    "cancel": ("I want to cancel my appointment", "I can't make it, take me off the list", "cancel my booking please"),
    "question": (
        "what are your opening hours",
        "how much does it cost",
        "where are you located",
        "do you accept my insurance",
        "are you open on the weekend",
        "can you tell me more about it",
        "how long does it take",
        "is there parking",
    ),
    "human": ("let me speak to a real person", "transfer me to an agent", "can I talk to somebody", "are you a robot"),
    "wrong_number": ("you have the wrong number", "nobody of that name lives here"),
    "not_interested": ("I'm not interested", "please don't call me again", "take me off your list"),
    "thanks": ("thank you very much", "thanks a lot", "that was helpful"),
    "greeting": ("hello", "hi there", "good morning"),
}

_GOODBYE = re.compile(
    r"\b(good ?bye|bye|that's all|that is all|nothing else|have a (?:nice|good|great) day|see you (?:then|later|soon|tomorrow|on))\b",
    re.IGNORECASE,
)
_YES = re.compile(
    r"^(yes|yeah|yep|sure|correct|right|okay|ok|please do|that works|perfect|sounds good|absolutely)\b", re.IGNORECASE
)
_NO = re.compile(r"^(no|nope|not really|nah)\b", re.IGNORECASE)
_REPEAT = re.compile(
    r"\b(repeat|say (?:that|it) again|pardon|didn't (?:catch|hear|get) (?:that|you)|come again)\b", re.IGNORECASE
)
_WORDS = (
    (
        "human",
        re.compile(
            # Atomic: the first verb of a line is tried once, so that the time grows with the text and not with its square.
            r"^(?>.*?\b(?:speak|talk|put me through|transfer me)\b).*\b(?:human|person|someone|somebody|agent|manager|doctor)\b",
            re.IGNORECASE | re.MULTILINE,
        ),
    ),
    ("cancel", re.compile(r"\bcancel\b", re.IGNORECASE)),
    (
        "reschedule",
        re.compile(r"\b(?:reschedule|move (?:it|my|the)|change (?:it|my|the)|instead|another day)\b", re.IGNORECASE),
    ),
    ("book", re.compile(r"\b(?:book|schedule|reserve|make an? (?:appointment|reservation)|come in)\b", re.IGNORECASE)),
)
_WANTS = re.compile(r"\b(?:can|could|may) (?:i|we|you)\b", re.IGNORECASE)
_LABELLED = re.compile(
    r"^(?:address|location|hours|opening hours|open|prices?|costs?|fees?|phone|e-?mail|website|parking|insurance|services?)\s*:",
    re.IGNORECASE,
)
_INSTRUCTION = re.compile(
    r"\b(you are|you're|your (?:task|job|goal|name)|never|always|must|reply|respond|answer|ask|say|speak|do not|don't|keep|caller|customer"
    r"|user|prompt|assistant|if |when |example|use |be )",
    re.IGNORECASE,
)
_ANYTHING_ELSE = "Is there anything else I can help you with?"
_ASKS = {
    "name": "May I have your name, please?",
    "day": "Which day suits you?",
    "time": "What time would you like?",
}
_TEMPLATES = {
    "human": "Of course. I will pass that on, and somebody will call you back. What is this about?",
    "wrong_number": "I'm sorry about that. Have a good day, goodbye.",
    "not_interested": "I understand, thank you for your time. Goodbye.",
    "thanks": f"You're welcome. {_ANYTHING_ELSE}",
    "greeting": "Hello. How can I help you?",
    UNCLEAR: "Sorry, I didn't quite get that. Could you say it in other words?",
}
_NO_ANSWER = "I'm sorry, I don't have that information. I will make a note of your question."
_ENDINGS = frozenset({"wrong_number", "not_interested", "goodbye"})


@dataclass(frozen=True, slots=True)
class Meant:
    """What one caller turn means: the intent and the sentence of the prompt nearest to it, with their similarities."""

    text: str
    before: str
    intent: str
    fact: str = ""
    fact_similarity: float = 0.0


@dataclass(frozen=True, slots=True)
class Said:
    """What to say, and whether the call is over with it."""

    text: str
    is_end: bool = False


@dataclass(frozen=True, slots=True)
class Script:
    """Intents of an agent: examples and fixed replies. Replies may name slots: ``{name}``, ``{day}``, ``{time}``, ``{phone}``."""

    examples: Mapping[str, Sequence[str]] = field(default_factory=lambda: EXAMPLES)
    replies: Mapping[str, str] = field(default_factory=dict)


def script_of(options: Mapping[str, Any]) -> Script:
    """The built-in intents with the agent's own: ``{"intents": {name: {"examples": [...], "reply": "..."}}}``.

    Raises ValueError naming the entry that cannot be read.
    """
    own = options.get("intents") or {}
    if not isinstance(own, Mapping):
        raise ValueError("intents must be an object of name to {examples, reply}")
    examples: dict[str, Sequence[str]] = dict(EXAMPLES)
    replies: dict[str, str] = {}
    for name, entry in own.items():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("examples", []), list):
            raise ValueError(f"intents.{name} must be an object with a list of examples")
        given = tuple(str(example) for example in entry.get("examples", []))
        if given:
            examples[str(name)] = given
        if entry.get("reply"):
            replies[str(name)] = str(entry["reply"])
        if not given and str(name) not in EXAMPLES:
            raise ValueError(f"intents.{name} needs examples of what a caller says")
    count = sum(map(len, examples.values()))
    if count > MAX_INTENT_SENTENCES:
        raise ValueError(f"intents have {count} examples, at most {MAX_INTENT_SENTENCES} are allowed")
    return Script(examples, replies)


def facts_of(prompt: str) -> list[str]:
    """The sentences of a prompt that tell something rather than order something, at most MAX_INTENT_SENTENCES."""
    pieces = re.split(r"(?<=[.!?])\s+|\n+", prompt)
    sentences = [re.sub(r"^[\s\-*•#\d.)]+", "", piece).strip() for piece in pieces]
    return list(islice(filter(_is_fact, sentences), MAX_INTENT_SENTENCES))


def _is_fact(sentence: str) -> bool:
    """Whether a sentence can be said to a caller as it stands: no order, no question, no line of an example dialogue."""
    if len(sentence.split()) < 3 or sentence.endswith((":", "?")) or _INSTRUCTION.search(sentence):
        return False
    return ":" not in sentence[:20] or bool(_LABELLED.match(sentence))


def refers_back(text: str) -> bool:
    """Whether a turn speaks of something named before."""
    return bool(re.search(r"\b(?:it|that|this|they|one)\b", text, re.IGNORECASE))


def by_rule(text: str, before: str) -> str:
    """The intent of what needs no model: goodbye, repeat, yes and no, and plain words for a goal; else empty."""
    bare = text.strip()
    if _REPEAT.search(bare):
        return "repeat"
    if _GOODBYE.search(bare) and len(bare.split()) <= 9:
        return "goodbye"
    if _NO.match(bare) and "anything else" in before.lower():
        return "goodbye"
    if _YES.match(bare) and len(bare.split()) <= 4:
        return "yes"
    if _NO.match(bare) and len(bare.split()) <= 4:
        return "no"
    return "" if bare.endswith("?") and not _WANTS.search(bare) else next((n for n, p in _WORDS if p.search(bare)), "")


def reply(turns: Sequence[Meant], script: Script) -> Said:
    """What to answer to the last of the caller's turns."""
    if not turns:
        return Said(_TEMPLATES["greeting"])
    last = turns[-1]
    slots = collect([(turn.before, turn.text) for turn in turns])
    if last.intent in script.replies:
        return Said(_filled(script.replies[last.intent], slots), last.intent in _ENDINGS)
    if last.intent == "repeat":
        return Said(last.before or _TEMPLATES["greeting"])
    if last.intent == "goodbye":
        return Said("Thank you for calling, goodbye.", is_end=True)
    goal = _goal(turns)
    if last.intent == "question" and last.fact_similarity >= ANSWER_ENOUGH:
        return Said(_answer(last))
    if last.intent == "question" and not _in_progress(last, goal):
        return Said(f"{_NO_ANSWER} {_ANYTHING_ELSE}")
    if last.intent == UNCLEAR and last.fact_similarity >= CLOSE_ENOUGH:
        return Said(_answer(last))
    if last.intent in (*_TEMPLATES, "yes", "no") and not _in_progress(last, goal):
        return _small_talk(last, goal)
    if goal:
        return Said(_towards(goal, slots, last))
    return Said(_TEMPLATES[UNCLEAR])


def _goal(turns: Sequence[Meant]) -> str:
    """What the caller is about: the last of book, reschedule or cancel that was asked for."""
    return next((turn.intent for turn in reversed(turns) if turn.intent in GOALS), "")


def _in_progress(last: Meant, goal: str) -> bool:
    """Whether the agent had asked for a slot: then the turn is its answer, whatever it resembles."""
    return bool(goal) and (
        any(ask in last.before for ask in _ASKS.values()) or bool(collect([(last.before, last.text)]))
    )


def _small_talk(last: Meant, goal: str) -> Said:
    if last.intent == "yes":
        return Said(f"Great. {_ANYTHING_ELSE}" if goal else "Good. How can I help you?")
    if last.intent == "no":
        return Said("Alright. What would you like to change?" if goal else f"Alright. {_ANYTHING_ELSE}")
    return Said(_TEMPLATES[last.intent], is_end=last.intent in _ENDINGS)


def _towards(goal: str, slots: Mapping[str, str], last: Meant) -> str:
    """The next thing to ask, or the note that was taken."""
    needed = ("name",) if goal == "cancel" else ("name", "day", "time")
    missing = next((key for key in needed if key not in slots), "")
    if missing:
        thanks = f"Thank you, {slots['name'].split()[0]}. " if "name" in slots and "name" in last.before.lower() else ""
        opening = "" if thanks or last.intent not in ("book", "reschedule", "cancel") else "Of course. "
        return f"{thanks}{opening}{_ASKS[missing]}"
    if goal == "cancel":
        return f"I have noted the cancellation for {slots['name']}. {_ANYTHING_ELSE}"
    what = "the change" if goal == "reschedule" else "the appointment"
    return f"I have noted {what} for {slots['name']}, {slots['day']} at {slots['time']}. {_ANYTHING_ELSE}".replace(
        " at the ", " in the "
    )


def _answer(turn: Meant) -> str:
    return turn.fact if turn.fact.endswith((".", "!")) else f"{turn.fact}."


def _filled(template: str, slots: Mapping[str, str]) -> str:
    """A template with the slots that are known; an unknown one leaves no brace behind."""
    text = re.sub(r"\{(\w+)\}", lambda match: slots.get(match.group(1), ""), template)
    return re.sub(r"\s+([,.!?])", r"\1", " ".join(text.split()))


def values_for(schema: Mapping[str, Any], slots: Mapping[str, str], intent: str) -> dict[str, Any]:
    """An answer to an extraction schema: what the rules found, and nothing where they found nothing."""
    properties = schema.get("properties")
    if not isinstance(properties, Mapping):
        return {}
    return {str(key): _value(str(key).lower(), kind, slots, intent) for key, kind in properties.items()}


def _value(key: str, kind: Any, slots: Mapping[str, str], intent: str) -> Any:
    rules = (
        ("evidence", ""),
        ("name", "name"),
        ("day", "day"),
        ("date", "day"),
        ("time", "time"),
        ("phone", "phone"),
        ("number", "phone"),
    )
    if isinstance(kind, Mapping) and "enum" in kind:
        choices = list(kind["enum"])
        return intent if intent in choices else None if None in choices else choices[-1]
    slot = next((slot for part, slot in rules if part in key), None)
    if slot:
        found = slots.get(slot)
    else:
        found = (
            intent.replace("_", " ")
            if slot is None and ("intent" in key or "purpose" in key or "reason" in key)
            else None
        )
    return found or _nothing(kind)


def _nothing(kind: Any) -> Any:
    """The value of a type that says nothing."""
    types = kind.get("type") if isinstance(kind, Mapping) else None
    types = types if isinstance(types, list) else [types]
    if "null" in types or None in types:
        return None
    return {"boolean": False, "integer": 0, "number": 0, "array": [], "object": {}}.get(str(types[0]), "")


def summary(turns: Sequence[Meant]) -> str:
    """Two sentences about a call."""
    slots = collect([(turn.before, turn.text) for turn in turns])
    wants = {
        "book": "wanted to book an appointment",
        "reschedule": "wanted to move an appointment",
        "cancel": "wanted to cancel an appointment",
        "question": "had a question",
        "human": "asked for a person",
        "wrong_number": "said the number was wrong",
        "not_interested": "was not interested",
    }
    what = next((wants[turn.intent] for turn in turns if turn.intent in wants), "called")
    said = ", ".join(f"{key}: {value}" for key, value in slots.items())
    return f"The caller {what}." + (f" They said {said}." if said else "")
