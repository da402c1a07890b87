"""What a web service answered."""

from __future__ import annotations

import gzip
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwright.domain.limits import (
    MAX_CONTEXT_CHARACTERS,
    MAX_CONTEXT_NAMES,
    MAX_CONTEXT_VALUE_CHARACTERS,
    MAX_TOOL_ERROR_CHARACTERS,
    MAX_TOOL_LEARNED_CHARACTERS,
    MAX_TOOL_RESULT_CHARACTERS,
    MAX_TOOL_VALUE_DEPTH,
    MAX_WEB_ANSWER_BYTES,
)
from callwright.domain.text import whole
from callwright.platform.tools.rules.answer import answer_text, learned, remembered
from callwright.platform.tools.rules.packed_answer import unpacked


def test_a_good_answer_is_told_as_it_is() -> None:
    assert answer_text(200, "application/json", b' {"slot": "9am"}\n') == (True, '{"slot": "9am"}')
    assert answer_text(201, "text/plain", b"done") == (True, "done")


@pytest.mark.parametrize("body", [b"", b" \n", b"\xef\xbb\xbf"])
def test_an_answer_without_a_text_is_told_in_words_and_teaches_nothing(body: bytes) -> None:
    ok, text = answer_text(204, "application/json", body)
    assert (ok, text) == (True, "Done: the API answered 204, without a text.")
    assert remembered({"status": "vip"}, text) == {"status": "vip"}


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


@pytest.mark.parametrize(
    "charset",
    [
        *("idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape", "hex", "rot13", "zip", "x" * 9_000),
        *("", "'utf-8'", '"UTF-8"; v=1', "a\0b", "\ud800", "../etc"),
    ],
)
def test_a_charset_that_is_none_is_read_as_utf_8(charset: str) -> None:
    ok, text = answer_text(200, f"application/json; charset={charset}", '{"slot":"nün"}'.encode() + b"\xff")
    assert (ok, text) == (True, '{"slot":"nün"}\ufffd')


@pytest.mark.parametrize(("charset", "codec"), [("utf-8", "utf-8-sig"), ("utf-16", "utf-16"), ("utf-16le", "utf-16le")])
def test_a_byte_order_mark_is_no_part_of_the_text(charset: str, codec: str) -> None:
    body = ("\ufeff" if codec == "utf-16le" else "") + '{"slot":"nine"}'
    _, text = answer_text(200, f"application/json; charset={charset}", body.encode(codec))
    assert learned(text) == {"slot": "nine"}


def test_what_is_packed_though_nobody_asked_for_it_is_unpacked() -> None:
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "gzip": gzip.compress(b'{"slot":"nine"}'),
        "X-GZIP ": gzip.compress(b'{"slot":"nine"}'),
        "deflate": zlib.compress(b'{"slot":"nine"}'),
        "Deflate": raw.compress(b'{"slot":"nine"}') + raw.flush(),
        "identity": b'{"slot":"nine"}',
    }
    for packing, body in packed.items():
        assert answer_text(200, "application/json", body, packing) == (True, '{"slot":"nine"}')
    assert answer_text(500, "", gzip.compress(b"oops"), "gzip")[1].endswith("500: oops")
    assert answer_text(204, "", b"", "gzip")[0]


def test_what_cannot_be_unpacked_is_told_with_how_it_is_packed() -> None:
    for packing in ("br", "gzip, gzip", "gzip", "deflate"):
        ok, text = answer_text(200, "application/json", b"\x8b\x05not packed so", packing)
        assert (ok, text) == (
            False,
            f"ERROR CALLING API: the API answered packed as '{packing}', which cannot be unpacked",
        )
    assert answer_text(500, "", b"\x8b\x05", "br")[1] == "ERROR CALLING API: the API answered 500"


def test_a_small_answer_that_unpacks_to_much_is_cut() -> None:
    bomb = gzip.compress(b"x" * (8 * MAX_WEB_ANSWER_BYTES))
    assert unpacked("gzip", bomb) == b"x" * MAX_WEB_ANSWER_BYTES
    assert unpacked("gzip", bomb[:-100]) is not None


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


def long_answer(**values: Any) -> str:
    """A JSON object that is too long for the model, with ``values`` behind a long list."""
    return json.dumps({"rows": ["x" * 10] * 1_000, **values}, ensure_ascii=False)


def told(text: str) -> str:
    ok, found = answer_text(200, "application/json", text.encode())
    assert ok
    return found


def test_a_long_answer_teaches_what_is_told_of_it_and_no_part_of_a_value() -> None:
    text = told(long_answer(slot="nine", free=True, note="y" * 5_000, more={"id": 5, "rows": ["z" * 10] * 500}))
    assert len(text) <= MAX_TOOL_RESULT_CHARACTERS
    assert learned(text) == {"slot": "nine", "free": True, "more.id": 5}
    assert json.loads(text)[""].startswith('{"rows": ["xxxxxxxxxx", ')
    assert json.loads(text)[""].endswith("characters cut]")


def test_a_long_answer_teaches_as_much_as_a_short_one_of_the_same_values() -> None:
    values = {"slot": {"id": 12, "day": {"n": 1}}, "doctor": "Lee", "list": [1, 2], "a.b": 1, "nothing": None}
    assert learned(told(long_answer(**values))) == learned(json.dumps(values))
    assert learned(told(json.dumps(values))) == learned(json.dumps(values))


def test_of_a_long_answer_that_teaches_much_single_values_come_first_and_some_of_its_beginning_is_told() -> None:
    lists = {f"l{number}": ["y" * 100] * 15 for number in range(10)}
    text = told(long_answer(**lists, last="nine", quotes='"' * 1_500))
    found = learned(text)
    assert (found["last"], found["quotes"]) == ("nine", '"' * 1_500)
    assert 0 < sum(name.startswith("l") for name in found) - 1 < len(lists)
    assert MAX_TOOL_RESULT_CHARACTERS - 200 < len(text) <= MAX_TOOL_RESULT_CHARACTERS
    assert len(json.loads(text)[""]) > 1_000


def test_parts_of_an_object_for_which_there_is_no_room_are_told_by_themselves() -> None:
    objects = {f"o{number}": {"id": number, "text": "y" * 1_600} for number in range(5)}
    found = learned(told(long_answer(**objects)))
    assert [found[f"o{number}.id"] for number in range(5)] == [0, 1, 2, 3, 4]
    assert "o4" not in found
    dotted = {"a": 1, "a.b": 2, "slot": {"id": 3}, "slot.name": "Lee"}
    assert learned(told(long_answer(**dotted))) == learned(json.dumps(dotted))


def test_a_long_answer_that_is_no_object_or_teaches_nothing_is_only_cut() -> None:
    for text in (json.dumps(["x"] * 4_000), long_answer(), long_answer(slot="nine")[:-1]):
        assert (
            told(text)
            == f"{text[:MAX_TOOL_RESULT_CHARACTERS]}…[{len(text) - MAX_TOOL_RESULT_CHARACTERS} characters cut]"
        )


def test_how_long_an_answer_may_be_that_teaches() -> None:
    def padded(length: int) -> str:
        return f'{{"slot":"nine","rest":"{"x" * (length - 25)}"}}'

    assert len(padded(MAX_TOOL_LEARNED_CHARACTERS)) == MAX_TOOL_LEARNED_CHARACTERS
    assert learned(told(padded(MAX_TOOL_LEARNED_CHARACTERS))) == {"slot": "nine"}
    assert learned(told(padded(MAX_TOOL_LEARNED_CHARACTERS + 1))) == {}


def test_half_a_character_in_a_long_answer_can_be_told() -> None:
    text = told(json.dumps({"rows": ["x"] * 4_000, "half": "\ud800", "nul": "\0" * 300, "\udc00": 1}))
    assert text.encode()
    assert len(text) <= MAX_TOOL_RESULT_CHARACTERS


@given(
    st.recursive(
        st.none() | st.integers() | st.text(max_size=3_000),
        lambda inner: st.lists(inner, max_size=9) | st.dictionaries(st.text(max_size=30), inner, max_size=9),
        max_leaves=40,
    )
)
def test_whatever_is_cut_fits_and_teaches_nothing_that_the_whole_does_not(value: Any) -> None:
    text = json.dumps({"rows": ["x"] * 4_000, "value": value})
    found = told(text)
    assert len(found) <= MAX_TOOL_RESULT_CHARACTERS + 50
    known = whole(learned(text))
    assert all(known.get(name, one) == one for name, one in learned(found).items())


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
