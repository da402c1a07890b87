"""What a web service answered."""

from __future__ import annotations

import json
from typing import Any

from callwright.domain.limits import (
    MAX_CONTEXT_CHARACTERS,
    MAX_CONTEXT_NAMES,
    MAX_CONTEXT_VALUE_CHARACTERS,
    MAX_TOOL_ERROR_CHARACTERS,
    MAX_TOOL_RESULT_CHARACTERS,
    MAX_TOOL_VALUE_DEPTH,
)
from callwright.domain.tool_answer import answer_text, learned, remembered


def test_a_good_answer_is_told_as_it_is() -> None:
    assert answer_text(200, "application/json", b' {"slot": "9am"}\n') == (True, '{"slot": "9am"}')
    assert answer_text(201, "text/plain", b"done") == (True, "done")
    assert answer_text(204, "", b"") == (True, '{"status": "done"}')


def test_an_error_is_told_with_what_the_service_said() -> None:
    ok, text = answer_text(404, "application/json", b'{"error":\n "no such booking"}')
    assert (ok, text) == (False, 'ERROR CALLING API: the API answered 404: {"error": "no such booking"}')
    assert answer_text(500, "text/html", b"") == (False, "ERROR CALLING API: the API answered 500")
    assert len(answer_text(500, "", b"x" * 5_000)[1]) < MAX_TOOL_ERROR_CHARACTERS + 100
    assert "redirect" in answer_text(302, "", b"")[1]
    assert answer_text(502, "image/png", b"\x89PNG")[1] == "ERROR CALLING API: the API answered 502"


def test_what_is_no_text_is_said_to_be_none() -> None:
    assert answer_text(200, "image/png", b"\x89PNG") == (
        False,
        "ERROR CALLING API: the API answered with image/png, which is no text",
    )
    assert answer_text(200, "", b"a\x00b")[1].endswith("answered with bytes, which is no text")


def test_charsets() -> None:
    assert answer_text(200, "text/plain; charset=latin-1", b"Z\xfcrich") == (True, "Zürich")
    assert answer_text(200, "text/plain; charset=klingon", "Zürich".encode()) == (True, "Zürich")
    assert answer_text(200, "text/plain", b"Z\xfcrich") == (True, "Z\ufffdrich")


def test_a_long_answer_is_cut_and_marked() -> None:
    ok, text = answer_text(200, "", b"x" * (MAX_TOOL_RESULT_CHARACTERS + 5))
    assert ok
    assert text.endswith("…[5 characters cut]")
    assert answer_text(200, "", b"x" * MAX_TOOL_RESULT_CHARACTERS)[1] == "x" * MAX_TOOL_RESULT_CHARACTERS


def test_a_call_learns_the_values_of_an_object() -> None:
    assert learned('{"slot": "9am", "free": true, "doctor": {"name": "Lee", "room": {"floor": {"n": 2}}}}') == {
        "slot": "9am",
        "free": True,
        "doctor": {"name": "Lee", "room": {"floor": {"n": 2}}},
        "doctor.name": "Lee",
        "doctor.room": {"floor": {"n": 2}},
        "doctor.room.floor": {"n": 2},
    }


def test_anything_else_teaches_nothing() -> None:
    for text in ("", "done", "[1]", "{broken", "{" * 100_000):
        assert learned(text) == {}
    assert learned('{"": 1, "%s": 2, "n": NaN}' % ("x" * 65)) == {"n": None}


def test_what_is_nested_too_deep_teaches_nothing() -> None:
    fits = "[" * MAX_TOOL_VALUE_DEPTH + "]" * MAX_TOOL_VALUE_DEPTH
    assert set(learned(f'{{"fits": {fits}, "deep": [{fits}]}}')) == {"fits"}
    # One of these can just be read, and not be written again.
    for levels in range(900, 1_000):
        assert learned('{"a": 1, "deep": ' + "[" * levels + "]" * levels + "}") in ({"a": 1}, {})


def test_a_number_that_no_float_holds_is_nothing() -> None:
    assert learned('{"amount": 1e999, "least": -1e999, "rest": 2.5}') == learned(
        '{"amount": null, "least": null, "rest": 2.5}'
    )


def test_newer_answers_replace_older_ones_within_the_limits() -> None:
    assert remembered({"slot": "9am", "day": 1}, '{"slot": "10am", "n": 2}') == {"slot": "10am", "day": 1, "n": 2}
    full = {f"n{i}": i for i in range(MAX_CONTEXT_NAMES)}
    assert remembered(full, '{"new": 1, "n0": 7}') == {**full, "n0": 7}
    long = "x" * MAX_CONTEXT_VALUE_CHARACTERS
    found: dict[str, Any] = {}
    for number in range(20):
        found = remembered(found, json.dumps({f"n{number}": long}))
    assert len(found) == MAX_CONTEXT_CHARACTERS // (MAX_CONTEXT_VALUE_CHARACTERS + 3)
    assert remembered(found, '{"n0": "short"}')["n0"] == "short"


def test_what_is_learned_is_bounded() -> None:
    many = learned(json.dumps({f"n{i}": i for i in range(MAX_CONTEXT_NAMES + 1)}))
    assert len(many) == MAX_CONTEXT_NAMES
    long = {"fits": "x" * MAX_CONTEXT_VALUE_CHARACTERS, "long": "x" * (MAX_CONTEXT_VALUE_CHARACTERS + 1)}
    assert set(learned(json.dumps(long))) == {"fits"}
