"""The pages that a newcomer reads first stay short, and the glossary defines each term once, in order."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_WORDS = {"README.md": 900, "ARCHITECTURE.md": 2_500, "docs/explanation/conversation.md": 2_700}
MOST_WORDS_OF_DOCS = 35_000
"""In all Markdown files below docs/. A word is text between white space, as `wc -w` counts: code, links and marks of tables too."""
MOST_OPEN_WORK_LINES = 12
MOST_BULLET_LINES = 2


def bullets(text: str) -> list[str]:
    """Each bullet with the lines that continue it."""
    return re.findall(r"^- .*(?:\n  \S.*)*", text, re.MULTILINE)


@pytest.mark.parametrize("page", MOST_WORDS)
def test_a_page_has_at_most_so_many_words(page: str) -> None:
    assert len((ROOT / page).read_text().split()) <= MOST_WORDS[page]


def test_all_pages_together_have_at_most_so_many_words() -> None:
    words = {page: len(page.read_text().split()) for page in (ROOT / "docs").rglob("*.md")}
    assert sum(words.values()) <= MOST_WORDS_OF_DOCS, sorted(words.items(), key=lambda one: -one[1])[:10]


def test_the_open_work_is_a_short_list() -> None:
    section = (ROOT / "ARCHITECTURE.md").read_text().partition("## Open work\n")[2]
    lines = [line for line in section.splitlines() if line.strip()]
    assert 0 < len(lines) <= MOST_OPEN_WORK_LINES


def test_a_known_limitation_takes_at_most_two_lines() -> None:
    found = bullets((ROOT / "docs/reference/known-limitations.md").read_text())
    assert found
    assert [one for one in found if len(one.splitlines()) > MOST_BULLET_LINES] == []


def test_a_bullet_of_three_lines_is_noticed() -> None:
    assert len(bullets("- one\n  two\n  three\n- four\n")[0].splitlines()) == 3


def test_the_glossary_is_sorted_and_defines_each_term_once() -> None:
    terms = re.findall(r"^- \*\*([^*]+)\*\*: \S", (ROOT / "docs/reference/glossary.md").read_text(), re.MULTILINE)
    assert len(terms) > 1
    folded = [term.casefold() for term in terms]
    assert folded == sorted(set(folded))
