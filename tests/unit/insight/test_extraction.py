"""Which of a model's answers the transcript supports."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.limits import MAX_EXTRACTION_KEYS
from callwright.insight.extraction import (
    Wanted,
    accept,
    extraction_request,
    summary_request,
    wanted_by,
)
from callwright.platform.agents.rules.spec import PostCallTask, ProviderChoice
from callwright.ports.model import ModelSettings

TRANSCRIPT = (
    "assistant: Hello, this is Maya from the Harbour Restaurant. How can I help?\n"
    "user: Hi, my name is Jonas Weber and I need a table for five on Thursday at three p.m.\n"
    "assistant: Thursday at three, for five. Will you need parking?\n"
    "user: Yes, please, we come by car. My number is five five five, one two three four.\n"
    "user: It's about two hundred and fifty euros then."
)
NAME = Wanted("name", "the caller's name", choice=False)
WHEN = Wanted("when", "day and time", choice=False)
PARKING = Wanted("parking", "whether they need parking", choice=True)
KIND = Wanted("kind", "one of booking, complaint: ", choice=True, options=("booking", "complaint"))


def task(details: str = "", system_prompt: str = "", **schema: Any) -> PostCallTask:
    return PostCallTask("extraction", ProviderChoice("local"), details, schema, system_prompt)


def accepted(answer: dict[str, Any], *wanted: Wanted) -> dict[str, Any]:
    return accept(json.dumps(answer), wanted, TRANSCRIPT)[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "Jonas Weber"),
        ("name", "jonas"),
        ("when", "Thursday 3 pm"),
        ("when", "thursday at 3pm"),
        ("people", "5"),
        ("people", 5),
        ("phone", "555-1234"),
        ("phone", "5551234"),
        ("budget", "250 euros"),
        ("budget", "€250"),
    ],
)
def test_values_that_were_said_are_taken_as_given(key: str, value: object):
    assert accepted({key: value}, Wanted(key, "", choice=False)) == {key: value}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("name", "John Smith"),  # the name small models copy from their examples
        ("name", "Priya Sharma"),
        ("name", "Jonas Smith"),
        ("when", "Friday at 3 pm"),
        ("when", "2026-03-05T15:00:00"),
        ("people", "6"),
        ("phone", "5551235"),
        ("email", "jonas.weber@example.com"),
        ("note", "table three euros"),
        ("name", {"first": "Jonas"}),
        ("name", "?!"),
    ],
)
def test_values_nobody_said_are_refused_with_a_reason(key: str, value: object):
    data, rejected = accept(json.dumps({key: value}), [Wanted(key, "", choice=False)], TRANSCRIPT)
    assert data == {key: None}
    assert [(one.key, one.value, one.reason) for one in rejected] == [
        (key, value, "the caller did not say or confirm it")
    ]


@pytest.mark.parametrize("nothing", [None, "", "null", "None", "Unknown.", "N/A", "not mentioned", " undefined "])
def test_nothing_is_nothing_and_no_refusal(nothing: object):
    assert accept(json.dumps({"name": nothing}), [NAME], TRANSCRIPT) == ({"name": None}, [])


def test_every_wanted_key_is_there_and_no_other():
    assert accepted({"name": "Jonas", "mood": "happy"}, NAME, WHEN) == {"name": "Jonas", "when": None}


@pytest.mark.parametrize(
    ("given", "read"), [("true", True), ("Yes", True), (True, True), ("no", False), (False, False)]
)
def test_a_yes_or_no_is_read_when_a_quote_proves_it(given: object, read: bool):
    answer = {"parking": given, "parking_evidence": "Yes please, we come by car"}
    assert accepted(answer, PARKING) == {"parking": read}


@pytest.mark.parametrize("evidence", [None, "", "no thank you", "I came by train", "unknown"])
def test_a_choice_without_evidence_is_refused(evidence: object):
    data, rejected = accept(json.dumps({"parking": "yes", "parking_evidence": evidence}), [PARKING], TRANSCRIPT)
    assert (data, [one.key for one in rejected]) == ({"parking": None}, ["parking"])


def test_a_choice_must_be_one_of_the_listed_values():
    proof = {"kind_evidence": "I need a table"}
    assert accepted({"kind": "booking", **proof}, KIND) == {"kind": "booking"}
    data, (rejected,) = accept(json.dumps({"kind": "reservation", **proof}), [KIND], TRANSCRIPT)
    assert data == {"kind": None}
    assert rejected.reason == "it is none of the listed values"


def test_a_choice_that_is_neither_yes_nor_no_stays_a_word():
    mood = Wanted("mood", "whether calm or angry", choice=True)
    assert accepted({"mood": "calm", "mood_evidence": "Hi, my name is"}, mood) == {"mood": "calm"}


@pytest.mark.parametrize(
    "broken",
    [
        "I could not find anything.",
        "",
        "{",
        "}{",
        '{"name": "Jonas"',
        '{"name": }',
        '{"name": NaN}',
        "[1, 2]",
        '{"name": ' + "[" * 50_000 + "]" * 50_000 + "}",
    ],
)
def test_an_answer_that_is_no_json_object_is_refused_as_a_whole(broken: str):
    data, (rejected,) = accept(broken, [NAME, WHEN], TRANSCRIPT)
    assert data == {"name": None, "when": None}
    assert (rejected.key, rejected.reason) == ("*", "the model's answer is not a JSON object")
    assert rejected.value == broken[:500]


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("Yeah, no, that's my brother.", None),
        ("Right, no.", None),
        ("Okay, but it's not my name.", None),
        ("No, no problem, yes.", "Bob Miller"),
        ("Yes, no worries.", "Bob Miller"),
    ],
)
def test_what_the_caller_denies_behind_a_yes_is_not_proven(answer: str, value: str | None):
    heard = f"assistant: I have you down as Bob Miller, is that right?\nuser: {answer}"
    assert accept(json.dumps({"name": "Bob Miller"}), [NAME], heard)[0] == {"name": value}


def test_json_within_prose_or_a_fence_is_found():
    answer = 'Here it is:\n```json\n{"name": "Jonas Weber"}\n```'
    assert accept(answer, [NAME], TRANSCRIPT)[0] == {"name": "Jonas Weber"}


def test_a_number_too_large_for_json_is_kept_as_its_text():
    _, (rejected,) = accept('{"name": 1e999}', [NAME], TRANSCRIPT)
    assert rejected.value == "1e999"
    assert accept('{"when": 3.0}', [WHEN], "user: at 3.0 sharp")[0] == {"when": 3.0}


@given(st.text(max_size=200))
def test_no_answer_of_a_model_breaks_the_reading(answer: str):
    data, _ = accept(answer, [NAME, PARKING, KIND], TRANSCRIPT)
    assert set(data) == {"name", "parking", "kind"}


@given(st.dictionaries(st.sampled_from(["name", "parking", "parking_evidence", "kind"]), st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20), lambda inner: st.lists(inner, max_size=3)
)))  # fmt: skip
def test_what_is_accepted_or_refused_can_be_stored_as_json(answer: dict[str, Any]):
    data, rejected = accept(json.dumps(answer), [NAME, PARKING, KIND], TRANSCRIPT)
    json.dumps([data, [one.value for one in rejected]], allow_nan=False)


@pytest.mark.proves("llm_agent.extraction_details")
def test_what_a_task_wants_is_read_from_lines_of_text():
    text = (
        "Please find:\n- Caller name: who calls\nparking = whether they need parking\n\nnothing here\n* ok : yes or no"
    )
    assert wanted_by(task(text)) == [
        Wanted("Caller_name", "who calls", choice=False),
        Wanted("parking", "whether they need parking", choice=True),
        Wanted("ok", "yes or no", choice=True),
    ]


@pytest.mark.proves("llm_agent.extraction_json")
def test_what_a_task_wants_is_read_from_json():
    wanted = wanted_by(
        task(
            properties={
                "name": {"type": "string", "description": "who calls"},
                "urgent": {"type": "boolean", "description": "is it urgent"},
                "urgent_bare": {"type": "boolean"},
                "kind": {"enum": ["booking", "complaint", None], "description": "what about"},
                "odd": {"enum": "booking"},
                "plain": "the plain way",
            }
        )
    )
    assert [(one.key, one.choice, one.options) for one in wanted] == [
        ("name", False, ()),
        ("urgent", True, ()),
        ("urgent_bare", True, ()),
        ("kind", True, ("booking", "complaint")),
        ("odd", False, ()),
        ("plain", False, ()),
    ]
    assert wanted[3].description == "one of booking, complaint: what about"


def test_json_without_properties_names_its_values_itself():
    assert wanted_by(task(name="who calls", user_interested="true if interested")) == [
        Wanted("name", "who calls", choice=False),
        Wanted("user_interested", "true if interested", choice=True),
    ]


def test_only_so_many_values_are_asked_for():
    assert len(wanted_by(task(**{f"k{n}": "x" for n in range(MAX_EXTRACTION_KEYS)}))) == MAX_EXTRACTION_KEYS
    assert len(wanted_by(task(**{f"k{n}": "x" for n in range(MAX_EXTRACTION_KEYS + 1)}))) == MAX_EXTRACTION_KEYS


def test_the_question_has_a_schema_with_evidence_for_choices():
    settings = ModelSettings(model="m", max_tokens=400)
    request = extraction_request(
        task(name="who calls", parking="whether they park", kind={"enum": ["a", "b"]}), TRANSCRIPT, settings
    )
    schema = json.loads(request.schema)
    assert schema["properties"] == {
        "name": {"type": ["string", "null"]},
        "parking": {"type": ["string", "null"]},
        "parking_evidence": {"type": ["string", "null"]},
        "kind": {"enum": ["a", "b", None]},
        "kind_evidence": {"type": ["string", "null"]},
    }
    assert set(schema["required"]) == set(schema["properties"])
    assert (request.purpose, request.settings) == ("extraction", settings)
    system, user = request.messages
    assert (system.role, user.role) == ("system", "user")
    assert user.content.index(TRANSCRIPT) < user.content.index("- name: who calls")


def test_a_task_with_a_prompt_of_its_own_puts_it_first():
    request = extraction_request(task("name: who", system_prompt="You audit calls."), TRANSCRIPT, ModelSettings())
    assert "Task: You audit calls.\n\nRead the phone call" in request.messages[1].content


def test_extraction_and_summary_begin_alike_up_to_the_end_of_the_transcript():
    """A model that remembers how prompts begin reads the transcript once."""
    one = extraction_request(task("name: who"), TRANSCRIPT, ModelSettings()).messages
    other = summary_request(task(), TRANSCRIPT, ModelSettings()).messages
    assert one[0] == other[0]
    shared = one[1].content.index(TRANSCRIPT) + len(TRANSCRIPT)
    assert one[1].content[:shared] == other[1].content[:shared]


@pytest.mark.proves("llm_agent.summarization_details")
def test_a_summary_is_asked_for_in_the_tasks_words_or_in_ours():
    def asked(**given: str) -> str:
        question = summary_request(task(**given), TRANSCRIPT, ModelSettings()).messages[1].content
        return question.partition(f"{TRANSCRIPT}\n\nTask: ")[2]

    assert asked(details="In French.") == "In French."
    assert asked(system_prompt="Be brief.") == "Be brief."
    assert asked().startswith("Summarise the phone call")
    assert summary_request(task(), TRANSCRIPT, ModelSettings()).purpose == "summary"
