"""Whether a caller's words say yes to what was said before them, in English, by rules.

"Yeah, no", "okay, no thanks" and "sure... sorry, I can't" begin with a yes and are none; "yeah, no worries" and "no, no problem, yes" are
one. The last word of it stands. What is in doubt is no yes: nothing is proven and nobody is called by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from callwright.conversation.stops import normalised

_CLAUSE = re.compile(r"[.,;:?!\u2026]+(?!\d)|\s[-\u2013]+\s|\u2014|\bbut\b", re.IGNORECASE)
_OPENING = re.compile(r"^(?:(?:oh|ah|um|uh|hm+|well|so|and|then)(?: |$))+")
_YES_WORD = re.compile(
    r"^(?:yes|yeah|yep|yup|sure|right(?! now)|correct|exactly|ok|okay|perfect|great|alright|all right|absolutely|definitely|of course)\b ?"
)
_NO_WORD = re.compile(
    r"^(?:no|nope|nah|not)(?= (?:no|nope|yes|yeah|yep|sure|ok|okay|that's|that is|it's|go ahead|do|please do)\b|$) ?"
)
"""A no that stands by itself, before a pause or what else is said: "yeah no that's fine"."""
_AGREES = re.compile(
    r"^(?:that'?s|that is|that'd be|that would be|it'?s|sounds|that sounds)(?: all| perfectly| just| totally| absolutely)?"
    r" (?:right|correct|fine|it|good|great|perfect|ok|okay|alright|lovely|wonderful|true)\b"
    r"|^(?:that|it) (?:works|suits)\b|^(?:fine|good)(?: by me| with me)?$"
)
_INSISTS = re.compile(
    r"^(?:yes|yeah|yep|yup|absolutely|definitely|of course|go ahead|(?:please )?do(?: that| so| it| call.*)?(?: please)?$)"
)
"""A yes also behind a whole refusal."""
_HARMLESS = re.compile(
    r"\bno (?:problems?|worries|doubt|rush|hurry|trouble|objections?|issues?|big deal|(?:other|more|further) questions?)\b"
    r"|\b(?:not a|isn't a|won't be a|isn't any|not any) (?:problem|trouble|issue)\b|\bwhy not\b|\bcan't (?:wait|complain)\b"
    r"|\b(?:don't|do not|dont|wouldn't|won't) (?:mind|worry|forget)\b|\bcouldn't be better\b|\bdoesn't matter\b|\bnot bad\b|\bif not\b"
    r"|\bno later than\b|\b(?:not|don't|can't|won't) (?:\w+ ){0,3}?(?:before (?:that|then)|any earlier)\b"
    r"|\b(?:isn't|doesn't|won't|aren't|don't|wasn't|hasn't|didn't) (?:it|that|you|we|they)$"
    r"|\b(?:not|won't be) (?:busy|going anywhere|doing anything|working)\b"
    r"|\b(?:don't|won't|haven't) (?:have|got|need|do) any(?:thing| plans| questions| other questions)\b"
    r"|\bdon't (?:have to )?work (?:then|that day|on|tomorrow|today)\b|\bnot (?:any )?earlier\b"
    # What is not possible now is why the other time suits.
    r"|\b(?:can't|cannot|not|don't|isn't|couldn't)(?! (?:want|need|think|wish)\b)(?: [\w']+){1,4}?"
    r" (?:right now|just now|now|at the moment)\b"
    r"|\bnow(?: is|'s| isn't) (?:not |really )*(?:an? )?(?:good|great|bad)(?: (?:time|moment))?\b"
)
"""Words of refusal that refuse nothing."""
_DENIES = re.compile(
    r"\b(?:no|nope|nah|not|never|none|neither|cannot|dont|cant|wont|doesnt|didnt|isnt|wasnt|[a-z]+n't|impossible|afraid(?! so)|hold on"
    r"|maybe|perhaps|(?:that's|that is|it's) (?:wrong|incorrect)|let me (?:check|see|think|ask)|(?:i'd|i would) rather (?:you|not))\b"
)

_YES, _NO, _REFUSAL = "yes", "no", "refusal"
"""What a clause says: a yes; a bare no, as in "yeah no", which any yes may follow; or a refusal, which only an express one takes back."""


def confirms(text: str) -> bool:
    """Whether a caller's words say yes to what was said before them, and take it back nowhere behind it."""
    stances = list(_stances(text))
    if not stances or stances[0][0] not in (_YES, _NO):
        return False
    # "No, that's fine" may be either.
    stood = _YES if stances[0][0] == _YES else _REFUSAL
    for stance, express in stances[1:]:
        if stance and (stance != _YES or stood != _REFUSAL or express):
            stood = stance
    return stood == _YES


def _stances(text: str) -> Iterator[tuple[str, bool]]:
    """What the clauses of a line say one after the other, empty where neither, and whether it is an express yes."""
    for clause in _CLAUSE.split(text):
        plain = _OPENING.sub("", normalised(clause))
        while found := _YES_WORD.match(plain) or _NO_WORD.match(plain):
            word = found.group().strip()
            yield (_YES if _YES_WORD.match(word) else _NO), _INSISTS.match(word) is not None
            plain = _OPENING.sub("", plain[found.end() :])
        if plain:
            yield _stance(plain)


def _stance(plain: str) -> tuple[str, bool]:
    rest = _HARMLESS.sub(" ", plain)
    if _DENIES.search(rest):
        return _REFUSAL, False
    express = _INSISTS.match(plain) is not None
    return (_YES if express or _AGREES.match(plain) else ""), express
