"""Declarations of settings: what is read of a JSON object by them, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from callwright.domain.errors import InvalidAgentError
from callwright.domain.fields import Fields
from callwright.domain.settings.kinds import (
    ADDRESS,
    MESSAGE,
    OBJECT,
    SEED,
    SWITCH,
    child,
    choice,
    described,
    filled,
    number,
    phone_numbers,
    sentences,
    text,
    texts,
    whole,
)
from callwright.domain.settings.setting import (
    SHAPE,
    Kind,
    Setting,
    changes,
    declared_in,
    needed,
    part,
    read_all,
    read_given,
    read_record,
    schema_of,
    setting,
    shape_of,
    wire_of,
    within,
)
from callwright.platform.agent_settings.rules.table import settings_in


@dataclass(frozen=True)
class Inner:
    loud: bool = setting("here.loud", SWITCH, False, "Loud.")


@dataclass(frozen=True)
class Outer:
    pause_s: float = setting("here.pause", number(-5, 60, floor=0, ceiling=30), 10, "A pause.")
    wait_s: float = setting("here.wait", number(0, 60), None, "A wait; null: none.", absent=0)
    inner: Inner = part(Inner)
    extra: Mapping[str, Any] = field(default_factory=dict)


def fields(**given: Any) -> Fields:
    return Fields(given, "here")


def test_a_record_is_read_by_its_declarations_and_is_its_own_default() -> None:
    assert read_record(Outer, fields()) == Outer() == Outer(10, 0, Inner(False))
    assert read_record(Outer, fields(pause="3", wait=2.5, loud="yes", other=1)) == Outer(3, 2.5, Inner(True))
    assert read_record(Outer, fields(pause=-5)).pause_s == 0
    assert read_record(Outer, fields(pause=60)).pause_s == 30
    assert [one.name for one in declared_in(Outer)] == ["pause", "wait", "loud"]


@dataclass(frozen=True)
class Named:
    """A part with ``name`` and size."""

    name: str = needed("named.name", filled(9), "Its name.")
    size: int = setting("named.size", whole(1, 5), 2)


@dataclass(frozen=True)
class Holder:
    first: Named = needed("holder.first", child(Named), told="is needed before all")
    by_name: Mapping[str, Any] = setting("holder.by_name", OBJECT, {})
    kept: tuple[str, ...] = setting("holder.kept", described("anything"), ["a"], absent=("a",))
    inner: Inner = part(Inner)


def test_a_required_setting_that_is_missing_is_refused_in_its_own_words() -> None:
    with pytest.raises(InvalidAgentError, match=r"^here\.first is needed before all$"):
        read_record(Holder, fields(first=None))
    for blank in (None, " "):
        with pytest.raises(InvalidAgentError, match=r"^here\.first\.name is required$"):
            read_record(Holder, fields(first={"name": blank}))


def test_the_wire_form_of_a_record_is_read_back() -> None:
    read = read_record(Holder, fields(first={"name": " a ", "size": "3"}, by_name={"b": 1}, loud=True))
    assert wire_of(read) == {"first": {"name": "a", "size": 3}, "by_name": {"b": 1}, "kept": ["a"], "loud": True}
    assert read_record(Holder, fields(**wire_of(read))) == read


def test_the_shape_of_a_record_says_what_a_request_and_a_change_may_name() -> None:
    size = {"type": "integer", "minimum": 1, "maximum": 5}
    assert shape_of(Named) == {
        SHAPE: "Named",
        "type": "object",
        "description": "A part with `name` and size.",
        "properties": {
            "name": {"type": "string", "maxLength": 9, "description": "Its name."},
            "size": {"anyOf": [size, {"type": "null"}], "default": 2},
        },
        "required": ["name"],
    }
    assert schema_of(declared_in(Named), answered=True)["properties"]["size"] == size
    changed = schema_of(changes(declared_in(Named)))
    assert "required" not in changed
    assert changed["properties"]["size"] == {"anyOf": [size, {"type": "null"}]}, "a default that is sent is a change"


def test_a_wrong_value_is_named_by_its_path() -> None:
    with pytest.raises(InvalidAgentError, match=r"here\.pause must be a number from -5 to 60, not 61") as refused:
        read_record(Outer, fields(pause=61))
    assert refused.value.field == "here.pause"


def test_settings_that_code_of_its_own_parses_are_left_to_it() -> None:
    declared = (Setting("here.a", text(), "x", "A."), Setting("here.b", described("anything"), None, "B."))
    assert read_all(declared, fields(b=5)) == {"a": "x"}
    assert read_all(declared, fields(a="y", b=5)) == {"a": "y"}
    assert read_given(declared, fields(b=5)) == {}
    assert read_given(declared, fields(a="", b=5)) == {}


def test_a_setting_knows_its_section_its_name_and_its_bounds() -> None:
    (declared,) = within("config", Setting("here.a", whole(1, 9), 2, "A."))
    assert (declared.section, declared.name, declared.within) == ("here", "a", "config")
    assert (declared.least, declared.most) == (1, 9)
    assert (Setting("here.a", SWITCH, True, "A.").least, Setting("here.a", SWITCH, True, "A.").most) == (None, None)


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        (text(3), "", None),
        (text(3), "abc", "abc"),
        (whole(0, 9), 5.0, 5),
        (SWITCH, 0, False),
        (choice(("a", "b")), "b", "b"),
        (MESSAGE, {"en": "Hi"}, {"en": "Hi"}),
        (MESSAGE, "", None),
        (texts("texts"), ["a"], ["a"]),
        (sentences(2, 9), [], ()),
        (phone_numbers(2), [" +1 "], ["+1"]),
        (SEED, 2**62 + 1, 2**62 + 1),
        (SEED, "7", 7),
        (ADDRESS, "https://example.org", "https://example.org"),
        (ADDRESS, "", None),
    ],
)
def test_a_kind_reads_what_it_is(kind: Kind, given: Any, found: Any) -> None:
    assert kind.read is not None
    assert kind.read(fields(a=given), "a") == found


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (text(3), "abcd"),
        (whole(0, 9), 10),
        (choice(("a", "b")), "c"),
        (texts("texts"), [1]),
        (texts("texts"), 1),
        (sentences(2, 9), ["a", "b", "c"]),
        (sentences(2, 9), [" "]),
        (phone_numbers(1), ["+1", "+2"]),
        (phone_numbers(1), [1]),
        (SEED, 2**63 * 2),
        (ADDRESS, "ftp://example.org"),
        (ADDRESS, "https://"),
    ],
)
def test_a_kind_refuses_what_it_is_not(kind: Kind, given: Any) -> None:
    assert kind.read is not None
    with pytest.raises(InvalidAgentError, match=r"^here\.a"):
        kind.read(fields(a=given), "a")


def test_the_schema_of_a_section_has_defaults_bounds_and_sentences_without_links() -> None:
    found = schema_of(settings_in("task_config"))["properties"]
    assert found["incremental_delay"]["anyOf"] == [
        {"type": "integer", "minimum": 0, "maximum": 60_000},
        {"type": "null"},
    ]
    assert found["incremental_delay"]["default"] == 400
    assert found["inbound_limit"]["description"] == "Calls one caller may make in all; -1: any number."
    assert found["optimize_latency"]["description"].startswith("Kept, without effect.")
    assert "anyOf" not in found["max_silence_repeats"]
    assert "voice_id" in {one.name for one in settings_in("synthesizer", "provider_config")}
    assert "voice_id" not in {one.name for one in settings_in("synthesizer")}
