"""What is a yes to what was said before, and what only begins like one."""

from __future__ import annotations

import pytest

from callwright.domain.limits import MAX_UTTERANCE_CHARACTERS
from callwright.insight.assent import confirms


@pytest.mark.parametrize(
    "said",
    [
        "Yes.",
        "yes please",
        "Um, yeah.",
        "Sure, that works.",
        "Okay, thanks, talk to you then.",
        "Yes, five is fine.",
        "That's right.",
        "Sounds good.",
        "Sounds great, thank you.",
        "Yeah, no worries.",
        "Yes, no problem at all.",
        "No, no problem, yes.",
        "No, that's fine, do that.",
        "No no, please do.",
        "Yeah, no, that's fine.",
        "yeah no that's fine",
        "Yeah, no, yeah.",
        "Okay, why not?",
        "Sure, I don't mind.",
        "Yes, don't worry.",
        "Great, can't wait.",
        "Sure, I can't talk right now.",
        "Yes please, I'm not home at the moment.",
        "Yes, now is not a good time.",
        "Yes, five is fine, not earlier.",
        "Yes, I won't be home before then.",
        "That's fine, isn't it?",
        "Yes, I'm afraid so.",
        "Of course.",
        "Yes, I'm not busy then.",
        "Sure, I don't have anything then.",
        "Yes please, I don't work tomorrow.",
        "Right, cancel it please.",
    ],
)
def test_a_yes_is_one_whatever_harmless_words_of_refusal_stand_in_it(said: str) -> None:
    assert confirms(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "...",
        "No.",
        "No thanks.",
        "No, that's fine.",
        "Well, I don't know.",
        "Yeah, no.",
        "Yeah no, that doesn't work for me.",
        "Right, that doesn't work for me.",
        "Sure... no, sorry, I can't.",
        "Okay, no thanks.",
        "Okay, no thanks, that's fine.",
        "Yes, hmm, no, please don't.",
        "Ok, I'd rather you didn't.",
        "Great, another call. No.",
        "Sure, if you must. No, leave it.",
        "Yeah, no, that's my brother.",
        "Right, not Tuesday, I can't.",
        "Right now isn't good.",
        "Yes, but not before ten.",
        "Okay, maybe.",
        "Okay, let me think.",
        "Yeah, I don't want that now.",
        "I don't think so, okay?",
        "Tomorrow.",
    ],
)
def test_what_begins_with_a_yes_and_is_taken_back_is_none(said: str) -> None:
    assert not confirms(said)


@pytest.mark.parametrize("word", ["yes", "no", "not", "oh", "yes,", "don't you"])
def test_the_longest_line_is_judged(word: str) -> None:
    assert confirms((f"{word} " * 4_000)[:MAX_UTTERANCE_CHARACTERS]) in (True, False)
