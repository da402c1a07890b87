"""Decision records are numbered without gaps, listed in the index, and name what enforces them."""

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))


def test_records_are_numbered_without_gaps():
    assert [int(record.name[:4]) for record in RECORDS] == list(range(1, len(RECORDS) + 1))


def test_the_index_lists_every_record_with_its_title_in_order():
    titles = [(record.name, record.read_text().splitlines()[0].removeprefix("# ")) for record in RECORDS]
    listed = re.findall(r"^- \[(.+)\]\((\d{4}-[\w-]+\.md)\)", (FOLDER / "README.md").read_text(), re.MULTILINE)
    assert [(name, title) for title, name in listed] == titles


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.stem)
def test_a_record_says_why_what_it_costs_and_what_enforces_it(record):
    headings = re.findall(r"^## (.+)$", record.read_text(), re.MULTILINE)
    assert headings == ["Context", "Decision", "Cost", "Enforced by"]
