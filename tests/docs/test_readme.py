"""What the README tells a newcomer exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def commands(text):
    """Targets of every `make target` in code."""
    return set(re.findall(r"(?:`|^\s*)make ([a-z][a-z-]*)", text, re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_make_target_a_page_names_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert commands(page.read_text()) - targets == set()


def test_the_readme_names_the_two_commands_a_newcomer_needs():
    assert {"demo", "test"} <= commands((ROOT / "README.md").read_text())


def test_ci_runs_the_test_command_of_the_readme():
    assert "make test" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text())
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_file_the_readme_shows_exists():
    paths = re.findall(r"`((?:src|docs|tests|tools|requirements|bench)/[\w./-]*)`", (ROOT / "README.md").read_text())
    assert [path for path in paths if not (ROOT / path).exists()] == []
