"""The first difference of a replay reads well."""

from callwright.conversation.log import canonical
from callwright.conversation.replay import Difference
from callwright.insight.difference import report

WORDS = 'TranscriptFinal {"audio_ms":5230,"language":"","segment":3,"text":"on monday"}'


def asked(**messages):
    return "AskModel " + canonical({"generation": 3, "messages": {"count": 4, "sha256": "a", **messages}, "turn": 2})


def test_it_says_after_what_and_what_instead():
    lines = report(Difference(57, 12_345_678, asked(), "CloseUtterance {}", WORDS, 55))
    assert lines == [
        "first difference at entry 57, 12.346 s into the call",
        '  after  entry 55, TranscriptFinal: audio_ms 5230, segment 3, text "on monday"',
        "  log    AskModel: generation 3, messages.count 4, turn 2",
        "  today  CloseUtterance",
    ]


def test_of_the_same_effect_only_the_fields_that_differ_are_shown():
    lines = report(
        Difference(57, 1_000, asked(last={"content": "a"}), asked(last={"content": "b"}, count=5), WORDS, 55)
    )
    assert lines[2:] == [
        "  both   AskModel",
        "         messages.count: the log has 4, today's core 5",
        '         messages.last.content: the log has "a", today\'s core "b"',
    ]


def test_a_history_that_differs_further_up_is_said_to():
    lines = report(Difference(57, 1_000, asked(), asked(sha256="b")))
    assert lines[1:] == [
        "  both   AskModel",
        "         messages: the log has another history, today's core this one (its last message and length are the same)",
    ]


def test_a_missing_effect_and_a_broken_rule_are_told():
    assert report(Difference(3, 0, "", "Release {}"))[1:] == ["  log    nothing", "  today  Release"]
    assert report(Difference(3, 0, "", "a broken invariant: x"))[2] == "  today  a broken invariant: x"


def test_many_and_long_values_are_cut():
    one, other = ({f"f{i}": letter * 200 for i in range(15)} for letter in "ab")
    lines = report(Difference(3, 0, f"Note {canonical(one)}", f"Note {canonical(other)}"))
    assert len(lines) == 2 + 12 + 1
    assert lines[-1] == "         and 3 fields more"
    assert max(map(len, lines)) < 300
    assert report(Difference(3, 0, "", f"Note {canonical(one)}"))[2].endswith("and 3 fields more")
