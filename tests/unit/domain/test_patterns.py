"""Patterns for answers: they agree with the usual engine where both can match, and no text makes them slow."""

from __future__ import annotations

import re
import time
from collections import deque
from functools import partial

import pytest

from callwright.domain.limits import MAX_CHECKED_CHARACTERS, MAX_FILLED_CHARACTERS, MAX_PATTERN_CHARACTERS
from callwright.domain.patterns import Found, PatternError, Searches, compile_pattern

PATTERNS = (
    r"\d{6}", r"^\d{6}$", r"[A-Z]{2}\d+", r"(?:ab|a)(?:c|bcd)", r"a*", r"a+b?", r"(a|b)*abb", r"[^0-9 ]+", r"", r"a|",
    r"\w+@\w+\.\w{2,3}", r"(?i)inv-[0-9a-f]{4}", r"(?P<year>\d{4})-(?P<month>\d\d)", r"a{2,}", r"a{,2}b", r"a{x}", r"a{",
    r"\bcat\b", r"\Bx", r"[\d-]+", r"[]a]+", r"[a\]-]+", r"\x41\u0042", r"\t|\.", r"(a?){3}a{3}", r"\A\S+\Z", r"[^\W\d]+",
    r"x*?y+?", r"(?i)[^a]b", r"[\b]", r"()", r"(()*)*", r"\D\W\s", r"[\W\d]+", r"[^\W\d_]+", r"[^\w\W]", r"[\w\W]*", r"[\S ]+",
    r"\bé\b", r".\b.", r"é\B", r"\w{1,100}", r"\w{248}", r"[\w ]{1,100}", r"[\w.+-]{1,64}@[\w.-]{1,80}", r"[é-ü]\b|\d\B", r"(?i)É",
    r"(|a)b", r"[^\s-]+", r"[é-ü]", r"[^\Dx]+", r"\ud83d", r"\w+", r"\W", r"\S",
)  # fmt: skip
TEXTS = (
    "", "a", "ab", "abc", "abcd", "abb", "aabb", "aaa", "aaaa", "123456", "1234567", "12345a", "AB12", "ab12", "INV-00Ff",
    "inv-12g4", "2026-09", "cat", "a cat", "x", "]a", "a]-", "1-2", "AB", "\t", ".", "user@example.org", "user@example",
    "a{x}", "a{", "yy", "xy", "Ab", "bb", "BB", "é", "\b", "aab", "b", "a-\n", "٣٣٣٣٣٣", "{2}a", "{2}", "नमस्ते",
    "é-", "-", " ", "\u00a0", "\u2028", "²", "½", "_", "🙂",
)  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_fits_what_the_usual_engine_fits(pattern: str) -> None:
    ours, usual = compile_pattern(pattern), re.compile(pattern)
    assert [text for text in TEXTS if ours.fits(text)] == [text for text in TEXTS if usual.fullmatch(text)]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (r"(a", "a ( is not closed at character 3"),
        (r"a)", "a ) without its ( at character 2"),
        (r"*a", "* has nothing to repeat at character 1"),
        (r"a**", "a repetition of a repetition"),
        (r"a{2}{3}", "a repetition of a repetition"),
        (r"a++", "a repetition of a repetition"),
        (r"[a", "the pattern ends too early"),
        (r"[z-a]", "a range whose ends"),
        (r"[a-\d]", "a range whose ends"),
        (r"a{3,2}", "a repetition whose bounds"),
        (r"a{501}", "a repetition of more than 500"),
        (r"(a)\1", "references to groups"),
        (r"(?P=x)", "this kind of group"),
        (r"a(?=b)", "look-ahead and look-behind"),
        (r"(?<!a)b", "look-ahead and look-behind"),
        (r"(?P<1>a)", "a group's name"),
        (r"(?s)a", "this kind of group"),
        ("\\", "the pattern ends too early"),
        (r"\q", r"\q is not supported"),
        (r"\x4", r"\x needs 2 hexadecimal digits"),
        (r"\u00g0", r"\u needs 4 hexadecimal digits"),
        (r"(a{30}){30}", "it needs more than 500 states"),
        (r"(((){400}){400}){400}", "it needs more than 500 states"),
        ("(" * 21 + ")" * 21, "groups nested deeper than 20"),
        ("a" * (MAX_PATTERN_CHARACTERS + 1), f"it has {MAX_PATTERN_CHARACTERS + 1} characters"),
    ],
)
def test_what_cannot_be_matched_is_refused_by_name(pattern: str, reason: str) -> None:
    with pytest.raises(PatternError, match=re.escape(reason)):
        compile_pattern(pattern)


@pytest.mark.parametrize(
    "pattern", [r"(a+)+$", r"(a|a)*b", r"(a*)*c", r"(a|aa)+$", r"(.*)*x", r"([a-z]+)*\d", r"(a?){80}"]
)
def test_patterns_that_take_for_ever_elsewhere_are_answered(pattern: str) -> None:
    assert not compile_pattern(pattern).fits("a" * (MAX_CHECKED_CHARACTERS - 1) + "!")


def test_a_longer_text_fits_nothing() -> None:
    assert compile_pattern("a*").fits("a" * MAX_CHECKED_CHARACTERS)
    assert not compile_pattern("a*").fits("a" * (MAX_CHECKED_CHARACTERS + 1))


def test_half_a_surrogate_pair_in_a_text_is_a_character() -> None:
    assert compile_pattern(".").fits("\ud83d")
    assert compile_pattern(r"\W\B").fits("\ud83d")
    assert not compile_pattern("a").fits("\ud83d")


@pytest.mark.parametrize(
    "pattern",
    [
        r"\w{248}",
        r"\W{248}",
        r"\W" * 150,
        r"(?i)\b[\Wé-ü]{1,160}",
        "[^" + "".join(map(chr, range(256, 536, 2))) + "]{248}",
    ],
)
def test_no_pattern_takes_long_to_compile(pattern: str) -> None:
    """A process that compiles sends no sound to its calls meanwhile."""
    compile_pattern("(?i)a")  # finds all spellings once
    took_s = []
    for _ in range(3):
        began_s = time.process_time()
        compile_pattern(pattern)
        took_s.append(time.process_time() - began_s)
    assert min(took_s) < 0.03


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [("(?i)ſ", "s", False), ("(?i)µ", "Μ", False), ("(?i)[^k]", "\u212a", False), ("(?i)[à-ý]", "Ý", True)],
)
def test_without_case_a_character_is_all_its_spellings(pattern: str, text: str, fits: bool) -> None:
    assert compile_pattern(pattern).fits(text) is fits


@pytest.mark.parametrize(("pattern", "text"), [("{2}a", "{2}a"), ("^*a$+", "a"), (r"\b{3}x", "x")])
def test_braces_and_anchors_that_the_usual_engine_refuses_are_matched(pattern: str, text: str) -> None:
    assert compile_pattern(pattern).fits(text)


HUNDREDFOLD = r"\1" * 20_000
"""A template of 40,000 characters that would be 78,000,000."""


def test_a_search_finds_in_any_case_and_over_lines_and_its_groups_fill_templates() -> None:
    searches = Searches()
    found = searches.find(r"my name is (?P<name>\w+)(, really)?.*(\d)", "Hi,\nMY NAME IS Ada\nand 7.")
    assert found is not None
    assert searches.filled(r"\g<name> \1 [\2] \g<3>: \g<0>\n\\\.", found) == (
        "Ada Ada [] 7: MY NAME IS Ada\nand 7\n\\\\."
    )
    assert searches.find("nobody", "Ada") is None
    assert searches.find("", "") == Found(("",), {})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 28 + "!"),
        (r"(a|a)*b", "a" * 4_000),
        (r"(x+x+)+y", "x" * 4_000),
        (r"(.*)*=", "x" * 4_000),
    ],
)
def test_a_search_that_backtracks_without_end_elsewhere_takes_no_time(pattern: str, text: str) -> None:
    began = time.perf_counter()
    assert Searches().find(pattern, text) is None
    assert time.perf_counter() - began < 0.2


@pytest.mark.parametrize(
    ("patterns", "text"),
    [
        ([f"{number}" for number in range(100_000)], "hello"),
        ([rf"(\pL{{{number}}})" for number in range(5, 300)], "a" * 4_000),
        ([rf"(?:a?){{{number}}}b" for number in range(20, 300)], "a" * 4_000),
    ],
)
def test_the_searches_of_one_answer_share_a_bound(patterns: list[str], text: str) -> None:
    searches = Searches()
    began = time.perf_counter()
    with pytest.raises(PatternError, match=r"take too long|too large"):
        deque((searches.find(pattern, text) for pattern in patterns), 0)
    assert time.perf_counter() - began < 0.5


def test_the_texts_filled_for_one_answer_share_a_bound() -> None:
    found = Searches().find("(a+)", "a" * 3_900)
    assert found is not None
    for template, times in ((r"\1" * 9, 1), (r"\1", 9), (HUNDREDFOLD, 1), ("x" * 16_001, 2)):
        fill = partial(Searches().filled, template)
        with pytest.raises(PatternError, match=f"more than {MAX_FILLED_CHARACTERS} characters"):
            deque(map(fill, [found] * times), 0)
    exactly = "x" * MAX_FILLED_CHARACTERS
    assert Searches().filled(exactly, found) == exactly


@pytest.mark.parametrize(
    ("pattern", "template", "why"),
    [
        ("(", "", r"missing \)"),
        (r"(a)\1", "", r"invalid escape sequence: \\1"),
        ("a(?=b)", "", "invalid perl operator"),
        ("a" * (MAX_PATTERN_CHARACTERS + 1), "", "at most 300 are allowed"),
        ("a", r"\1", "there is no group '1'"),
        ("a", r"\g<b>", "there is no group 'b'"),
        ("a", r"\g<>", "there is no group ''"),
        ("a", r"\q", r"\\q is not supported"),
    ],
)
def test_a_search_or_template_that_cannot_be_says_why(pattern: str, template: str, why: str) -> None:
    with pytest.raises(PatternError, match=why):
        searched_and_filled(pattern, template)


def searched_and_filled(pattern: str, template: str) -> None:
    searches = Searches()
    found = searches.find(pattern, "a")
    assert found is not None
    searches.filled(template, found)
