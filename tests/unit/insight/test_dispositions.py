"""Dispositions as questions to a model, and what its answers are worth."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from callwright.insight.dispositions import (
    CallFacts,
    Group,
    Question,
    doubted,
    groups,
    other_way_round,
    questions_of,
    read_answers,
    request,
    summarised,
    unanswered,
)
from callwright.platform.dispositions.rules import AnswerPattern, Disposition, Option
from callwright.ports.model import ModelSettings

HEARD = "assistant: What day?\nuser: Friday at three in the afternoon, please.\nassistant: That is ninety dollars."
CALL = CallFacts(HEARD, datetime(2026, 11, 25, 10, 30, tzinfo=UTC), {"name": "Ann"})
OPTIONS = (
    Option("booked", "a day was agreed for {name}", (Option("cleaning"), Option("checkup"))),
    Option("yes", "they agreed"),
    Option("yes, later"),
    Option("No"),
)


def subjective(kind: str = "text", **more: Any) -> Disposition:
    return Disposition("Word", "What did {name} say?", is_subjective=True, subjective_type=kind, **more)


def objective(**more: Any) -> Disposition:
    return Disposition("Choice", "What came of it?", is_objective=True, options=OPTIONS, **more)


def asked(*dispositions: Disposition) -> Group:
    return Group(tuple(Question(one.name, one) for one in dispositions))


def prompt(group: Group, call: CallFacts = CALL) -> str:
    return request(group, call, ModelSettings()).messages[-1].content


def schema(group: Group) -> dict[str, Any]:
    return dict(json.loads(request(group, CALL, ModelSettings()).schema)["properties"])


def result(disposition: Disposition, **given: Any) -> dict[str, Any]:
    (found,) = read_answers(json.dumps(given), asked(disposition), CALL)
    assert found is not None
    return found


class TestQuestions:
    def test_no_dispositions_ask_nothing(self) -> None:
        assert questions_of([], {}) == []

    def test_the_summary_is_asked_with_them_by_the_model_of_the_first(self) -> None:
        found = questions_of([subjective(model="local")], {})
        assert [(one.asked.category, one.name, one.asked.model) for one in found] == [
            ("General", "Word", "local"),
            ("General", "Call Summary", "local"),
        ]

    def test_an_own_summary_takes_the_place_of_the_default_one(self) -> None:
        own = Disposition("Call Summary", "In one word?", is_subjective=True)
        assert [one.asked.question for one in questions_of([own], {})] == ["In one word?"]

    def test_variables_are_filled_in_everywhere(self) -> None:
        found = questions_of([objective(system_prompt="Ask for {name}.")], {"name": "Ann"})[0].asked
        assert (found.system_prompt, found.options[0].condition) == ("Ask for Ann.", "a day was agreed for Ann")
        assert questions_of([subjective()], {"name": "Ann"})[0].asked.question == "What did Ann say?"

    def test_two_of_the_same_name_do_not_hide_each_other(self) -> None:
        found = questions_of([subjective(), subjective(), subjective(category="Other")], {})
        assert [one.name for one in found] == ["Word", "Word (2)", "Word", "Call Summary"]

    def test_they_go_together_by_model_and_system_prompt(self) -> None:
        ones = [
            subjective(),
            objective(),
            subjective(model="local"),
            subjective(system_prompt="Be kind."),
            subjective(),
        ]
        found = groups([Question(str(number), one) for number, one in enumerate(ones)], 2)
        assert [[one.name for one in group.questions] for group in found] == [["0", "1"], ["4"], ["2"], ["3"]]
        assert [group.model for group in found][2] == "local"


class TestAsking:
    def test_every_question_begins_with_the_transcript(self) -> None:
        assert prompt(asked(subjective())).startswith(
            f"Transcript:\n{HEARD}\n\nThe call was on Wednesday, 2026-11-25 at 10:30."
        )

    def test_only_a_timestamp_gets_the_days_to_count_from(self) -> None:
        assert "tomorrow is Thursday, 2026-11-26; Friday, 2026-11-27;" in prompt(asked(subjective("timestamp")))
        assert "tomorrow is" not in prompt(asked(subjective()))

    def test_a_small_model_is_told_no_date_and_answers_in_words(self) -> None:
        told = request(asked(subjective("timestamp")), CALL, ModelSettings(), small=True).messages[-1].content
        assert "2026" not in told
        assert "in the words of the call" in told

    def test_the_options_are_listed_with_their_paths_and_conditions(self) -> None:
        told = prompt(asked(objective()))
        assert '- "booked" - when: a day was agreed' in told
        assert '- "booked > cleaning"\n' in told

    def test_a_pattern_is_told_in_its_words_or_as_it_is(self) -> None:
        assert "answer: six digits;" in prompt(asked(subjective("regex", config=AnswerPattern(r"\d{6}", "six digits"))))
        assert r"a text of the form \d{6}" in prompt(asked(subjective("regex", config=AnswerPattern(r"\d{6}"))))

    def test_a_system_prompt_stands_before_the_task(self) -> None:
        assert "\n\nBe kind.\n\nTask:" in prompt(asked(subjective(system_prompt="Be kind.")))

    def test_one_question_has_a_flat_schema_in_which_the_answer_comes_last(self) -> None:
        assert list(schema(asked(subjective()))) == ["found", "evidence", "reason", "answer", "confidence"]
        assert schema(asked(subjective("boolean")))["answer"] == {"enum": ["true", "false", ""]}

    def test_a_choice_is_held_to_the_options(self) -> None:
        assert schema(asked(objective()))["choice"] == {
            "enum": ["booked", "booked > cleaning", "booked > checkup", "yes", "yes, later", "No", None]
        }

    def test_several_questions_have_a_key_each(self) -> None:
        group = asked(subjective(), objective())
        assert list(schema(group)) == ["q1", "q2"]
        assert "q2\nQuestion: What came of it?" in prompt(group)


class TestSubjective:
    def test_an_answer_with_its_words_counts_as_sure_as_it_says(self) -> None:
        evidence = "Friday at three in the afternoon"
        found = result(
            subjective("timestamp"),
            found="in the call",
            answer="Friday at 3 pm",
            evidence=evidence,
            reason="r",
            confidence=0.9,
        )
        assert found == {
            "subjective": "2026-11-27T15:00",
            "objective": None,
            "confidence": 0.9,
            "confidence_label": "High",
            "reasoning_subjective": "r",
            "reasoning_objective": None,
            "validation": {"is_valid": True, "expected_type": "timestamp"},
            "objective_path": None,
            "evidence": evidence,
            "second_choice": None,
            "answered": True,
            "error": None,
        }

    def test_without_words_that_were_said_it_is_half_sure_at_most(self) -> None:
        found = result(subjective("numeric"), answer="80", evidence="eighty dollars", confidence=1)
        assert (found["confidence"], found["confidence_label"], found["evidence"]) == (0.5, "Medium", None)

    def test_an_answer_of_another_form_is_kept_and_marked(self) -> None:
        found = result(subjective("email"), answer="she has none", confidence=1)
        assert found["subjective"] == "she has none"
        assert found["validation"] == {"is_valid": False, "expected_type": "email"}
        assert found["confidence"] == 0

    def test_a_pattern_is_checked(self) -> None:
        one = subjective("regex", config=AnswerPattern(r"[A-Z]\d+"))
        assert result(one, answer="A12")["validation"]["is_valid"]
        assert not result(one, answer="a12")["validation"]["is_valid"]

    @pytest.mark.parametrize("answer", ["", "None", "not mentioned.", None, "Unknown"])
    def test_what_nobody_said_is_empty(self, answer: Any) -> None:
        found = result(subjective("email"), answer=answer)
        assert (found["subjective"], found["validation"]) == ("", None)

    @pytest.mark.parametrize("answer", ["null", "N/A", "not applicable"])
    def test_what_does_not_apply_is_the_contracts_null(self, answer: str) -> None:
        found = result(subjective("numeric"), answer=answer)
        assert (found["subjective"], found["validation"]) == ("null", None)

    @pytest.mark.parametrize(
        ("word", "meant"), [("not in the call", ""), ("does not apply", "null"), ("in the call", "7")]
    )
    def test_whether_it_was_said_goes_before_the_answer(self, word: str, meant: str) -> None:
        assert result(subjective("numeric"), found=word, answer="7")["subjective"] == meant

    @pytest.mark.parametrize(("answer", "text"), [(True, "true"), (7, "7"), (7.5, "7.5"), ({"a": 1}, '{"a": 1}')])
    def test_other_kinds_of_json_become_text(self, answer: Any, text: str) -> None:
        assert result(subjective(), answer=answer)["subjective"] == text

    @pytest.mark.parametrize(
        ("given", "confidence"),
        [
            (0.85, 0.85),
            ("0.7", 0.7),
            ("90%", 0.9),
            (80, 0.8),
            (500, 1.0),
            (-1, 0.0),
            ("high", 0.9),
            ("sure", 0.5),
            (None, 0.5),
            (True, 0.5),
        ],
    )
    def test_a_confidence_is_read_whatever_its_form(self, given: Any, confidence: float) -> None:
        assert result(subjective(), answer="a", confidence=given)["confidence"] == confidence

    def test_a_text_that_is_too_long_is_cut(self) -> None:
        assert len(result(subjective(), answer="a" * 9_000)["subjective"]) == 4_000


class TestObjective:
    @pytest.mark.parametrize(
        ("choice", "path"),
        [
            ("booked > cleaning", ["booked", "cleaning"]),
            (["booked", "checkup"], ["booked", "checkup"]),
            ("Booked", ["booked"]),
            ("cleaning", ["booked", "cleaning"]),
            ('"yes"', ["yes"]),
            ("yes - they agreed", ["yes"]),
            ("yes, later on", ["yes, later"]),
            (True, ["yes"]),
            (False, ["No"]),
        ],
    )
    def test_a_choice_is_the_path_it_names(self, choice: Any, path: list[str]) -> None:
        found = result(objective(), choice=choice, reason="r", evidence="Friday", confidence=1)
        assert (found["objective_path"], found["objective"]) == (path, " > ".join(path))
        assert (found["reasoning_objective"], found["reasoning_subjective"], found["subjective"]) == ("r", None, None)
        assert found["confidence_label"] == "High"

    @pytest.mark.parametrize("choice", ["perhaps", "yesterday", 7, ["booked", 7], {"value": "yes"}])
    def test_what_is_no_option_is_not_taken(self, choice: Any) -> None:
        found = result(objective(), choice=choice, evidence="Friday", confidence=1)
        assert (found["objective"], found["objective_path"], found["confidence"]) == (None, None, 0)
        assert "which is no option" in found["error"]

    @pytest.mark.parametrize("choice", [None, "none", ""])
    def test_none_of_them_is_no_error(self, choice: Any) -> None:
        found = result(objective(), choice=choice)
        assert (found["objective"], found["error"]) == (None, None)

    def test_both_kinds_share_the_reason(self) -> None:
        both = objective(is_subjective=True)
        found = result(both, answer="fine", choice="yes", reason="r")
        assert (found["subjective"], found["objective"]) == ("fine", "yes")
        assert found["reasoning_subjective"] == found["reasoning_objective"] == "r"


class TestDoubt:
    def test_the_other_way_round_has_the_options_turned_on_every_level(self) -> None:
        turned = other_way_round(Question("Choice", objective()))
        assert schema(Group((turned,)))["choice"]["enum"] == [
            "No", "yes, later", "yes", "booked", "booked > checkup", "booked > cleaning", None
        ]  # fmt: skip

    def test_the_same_choice_twice_is_as_sure_as_it_was(self) -> None:
        first = result(objective(), choice="yes", evidence="Friday", confidence=1)
        assert doubted(first, first) == first
        assert doubted(first, None) == first

    @pytest.mark.parametrize(("second", "told"), [("No", "No"), (None, "none of them")])
    def test_another_choice_makes_both_doubtful(self, second: str | None, told: str) -> None:
        first = result(objective(), choice="yes", evidence="Friday", confidence=1)
        found = doubted(first, result(objective(), choice=second))
        assert (found["objective"], found["second_choice"]) == ("yes", told)
        assert (found["confidence"], found["confidence_label"]) == (0.3, "Low")


class TestReading:
    def test_several_answers_are_read_by_key_or_by_name(self) -> None:
        group = asked(subjective(), objective(), subjective("numeric"))
        text = json.dumps({"q1": {"answer": "a"}, "Choice": {"choice": "yes"}, "q3": "broken"})
        first, second, third = read_answers(text, group, CALL)
        assert first is not None
        assert second is not None
        assert (first["subjective"], second["objective"], third) == ("a", "yes", None)

    def test_one_answer_may_come_under_a_key_too(self) -> None:
        (found,) = read_answers('{"q1": {"answer": "a"}}', asked(subjective()), CALL)
        assert found is not None
        assert found["subjective"] == "a"

    @pytest.mark.parametrize("text", ["no idea", '{"mood": "good"}', ""])
    def test_an_answer_without_one_is_none(self, text: str) -> None:
        assert read_answers(text, asked(objective()), CALL) == [None]

    def test_what_was_not_answered_says_why(self) -> None:
        found = unanswered(objective(), "no key")
        assert (found["answered"], found["error"], found["objective"], found["subjective"]) == (
            False,
            "no key",
            None,
            None,
        )
        assert unanswered(subjective(), "no key")["subjective"] == ""

    def test_a_summary_that_was_written_already_is_taken_as_it_is(self) -> None:
        assert (summarised("Ann called.")["subjective"], summarised("Ann called.")["confidence_label"]) == (
            "Ann called.",
            "High",
        )
