"""Dispositions read from their bodies, and answers judged by their type."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import UnprocessableError
from callwright.domain.limits import MAX_OPTION_DEPTH, MAX_OPTIONS, MAX_QUESTION_CHARACTERS
from callwright.platform.dispositions.rules import (
    DEFAULTS,
    AnswerPattern,
    Disposition,
    Option,
    disposition_body,
    is_valid,
    label_of,
    paths,
    read_disposition,
)

ASKED = {"name": "Confirmed", "question": "Did they confirm?"}
YES = {"value": "yes", "condition": "They agreed"}


def nested(levels: int) -> list[dict[str, Any]]:
    return [{**YES, "sub_options": nested(levels - 1) if levels > 1 else []}]


def test_a_subjective_one_has_the_defaults_of_the_contract() -> None:
    read = read_disposition({**ASKED, "is_subjective": True})
    assert read == Disposition("Confirmed", "Did they confirm?", "General", "", "gpt-4.1-mini", is_subjective=True)


def test_the_defaults_sent_back_change_nothing() -> None:
    body = {**DEFAULTS, **ASKED, "is_objective": True, "objective_options": [YES]}
    assert read_disposition(body) == read_disposition({**ASKED, "is_objective": True, "objective_options": [YES]})


def test_an_objective_one_has_its_options_in_order() -> None:
    given = [{**YES, "sub_options": [{"value": "morning", "condition": ""}]}, {"value": "no"}]
    read = read_disposition({**ASKED, "is_objective": True, "objective_options": given})
    assert read.options == (Option("yes", "They agreed", (Option("morning"),)), Option("no"))
    assert paths(read.options) == [("yes",), ("yes", "morning"), ("no",)]


def test_a_pattern_comes_with_its_words() -> None:
    config = {"pattern": r"\d{6}", "description": "six digits"}
    read = read_disposition(
        {**ASKED, "is_subjective": True, "subjective_type": "regex", "subjective_type_config": config}
    )
    assert read.config == AnswerPattern(r"\d{6}", "six digits")


def test_what_the_platform_writes_is_no_part_of_the_body() -> None:
    wire = {"id": "x", "agent_id": "a", "agent_ids": ["a"], "created_at": "t", "colour": "blue", **ASKED}
    assert disposition_body(wire) == {"colour": "blue", **ASKED}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"question": "?", "is_subjective": True}, "name"),
        ({"name": " ", "question": "?", "is_subjective": True}, "name"),
        ({"name": 7, "question": "?", "is_subjective": True}, "name"),
        ({"name": "n", "is_subjective": True}, "question"),
        ({**ASKED, "question": "q" * (MAX_QUESTION_CHARACTERS + 1), "is_subjective": True}, "question"),
        (ASKED, "is_subjective"),
        ({**ASKED, "is_subjective": "perhaps"}, "is_subjective"),
        ({**ASKED, "is_objective": True}, "objective_options"),
        ({**ASKED, "is_objective": True, "objective_options": []}, "objective_options"),
        ({**ASKED, "is_objective": True, "objective_options": {}}, "objective_options"),
        ({**ASKED, "is_objective": True, "objective_options": ["yes"]}, "objective_options[0]"),
        ({**ASKED, "is_objective": True, "objective_options": [{"condition": "c"}]}, "objective_options[0].value"),
        ({**ASKED, "is_objective": True, "objective_options": [YES, YES]}, "objective_options[1].value"),
        (
            {**ASKED, "is_objective": True, "objective_options": [{**YES, "sub_options": "no"}]},
            "objective_options[0].sub_options",
        ),
        (
            {**ASKED, "is_objective": True, "objective_options": nested(MAX_OPTION_DEPTH + 1)},
            "objective_options" + "[0].sub_options" * MAX_OPTION_DEPTH,
        ),
        (
            {**ASKED, "is_objective": True, "objective_options": [{"value": str(n)} for n in range(MAX_OPTIONS + 1)]},
            "objective_options",
        ),
        (
            {
                **ASKED,
                "is_objective": True,
                "objective_options": [{**YES, "sub_options": [{"value": str(n)} for n in range(MAX_OPTIONS)]}],
            },
            "objective_options",
        ),
        ({**ASKED, "is_subjective": True, "subjective_type": "colour"}, "subjective_type"),
        (
            {**ASKED, "is_objective": True, "objective_options": [YES], "subjective_type": "email"},
            "subjective_type",
        ),
        ({**ASKED, "is_subjective": True, "subjective_type": "regex"}, "subjective_type_config.pattern"),
        (
            {**ASKED, "is_subjective": True, "subjective_type": "regex", "subjective_type_config": {"pattern": "(a"}},
            "subjective_type_config.pattern",
        ),
        (
            {**ASKED, "is_subjective": True, "subjective_type": "regex", "subjective_type_config": "d"},
            "subjective_type_config",
        ),
    ],
)
def test_a_wrong_body_is_named_by_its_path(body: dict[str, Any], field: str) -> None:
    with pytest.raises(UnprocessableError) as raised:
        read_disposition(body)
    assert raised.value.field == field


def test_an_answer_that_is_there_twice_is_named_by_its_places_and_not_by_itself() -> None:
    twice = {"value": "pwcanary77"}
    with pytest.raises(UnprocessableError) as raised:
        read_disposition({**ASKED, "is_objective": True, "objective_options": [YES, twice, {"value": "no"}, twice]})
    assert raised.value.message == "objective_options[3].value is the same as objective_options[1].value"


def test_a_path_begins_where_the_body_stands() -> None:
    with pytest.raises(UnprocessableError) as raised:
        read_disposition({}, "dispositions[2]")
    assert raised.value.message == "dispositions[2].name is required"


def test_as_many_options_as_allowed_are_allowed() -> None:
    deep = read_disposition({**ASKED, "is_objective": True, "objective_options": nested(MAX_OPTION_DEPTH)})
    wide = [{"value": str(n)} for n in range(MAX_OPTIONS)]
    assert len(paths(deep.options)) == MAX_OPTION_DEPTH
    assert len(read_disposition({**ASKED, "is_objective": True, "objective_options": wide}).options) == MAX_OPTIONS


@pytest.mark.parametrize(
    ("confidence", "label"), [(1, "High"), (0.8, "High"), (0.79, "Medium"), (0.5, "Medium"), (0.49, "Low")]
)
def test_the_label_follows_from_the_confidence(confidence: float, label: str) -> None:
    assert label_of(confidence) == label


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", ["", "anything"], []),
        (
            "timestamp",
            ["2026-09-14", "2026-09-14T15:00", "2026-09-14T15:00:00+05:30", "2026-09-14T15:00:00Z", "2026-09-14 15:00"],
            ["tomorrow", "", "20260914", "2026-13-01", "2026-09-31", "15:00", "2026-9-14", "2026-09-14T25:00"],
        ),
        ("numeric", ["0", "-3", "12.5", "007"], ["", "12.", ".5", "1,200", "twelve", "1e3", "+3", "٣", "--3", "$5"]),
        ("boolean", ["true", "false"], ["True", "yes", "", "1"]),
        (
            "email",
            ["a@b.co", "first.last+tag@mail.example.org"],
            ["", "a@b", "@b.co", "a@", "a b@c.de", "a@@b.co", "a@.co", "a@b.", "a <a@b.co>", "x" * 300 + "@b.co"],
        ),
        ("regex", ["AB12"], ["ab12", "AB12 ", "xAB12"]),
    ],
)
def test_an_answer_is_of_its_type_or_not(kind: str, good: list[str], bad: list[str]) -> None:
    assert [value for value in good + bad if is_valid(kind, value, r"[A-Z]{2}\d{2}")] == good
