"""The pages made from tables in the code are up to date, complete, and can be trusted: codes are unique, everything is explained."""

from pathlib import Path

import pytest

import make_docs
import measure
from callwright.domain import limits
from callwright.ops import settings
from callwright.platform.executions.rules import execution

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("path", make_docs.PAGES)
def test_a_page_is_up_to_date(path):
    assert (ROOT / path).read_text() == make_docs.PAGES[path](), "run `make docs`"


def test_error_codes_are_unique_and_every_error_says_what_to_do():
    classes = make_docs.error_classes()
    codes = [c.code for c in classes]
    assert sorted(codes) == sorted(set(codes))
    assert [c.__name__ for c in classes if not c.__doc__ or not c.hint] == []


def test_every_setting_has_an_entry_with_a_summary():
    page = (ROOT / "docs/reference/settings.md").read_text()
    assert [s.variable for s in settings.SETTINGS.values() if f"`{s.variable}`" not in page or not s.summary] == []


def test_every_limit_is_explained():
    explained = {name for name, text in make_docs.limit_entries() if text}
    assert {name for name in vars(limits) if name.isupper()} - explained == set()


def test_every_status_is_documented():
    page = (ROOT / "docs/reference/statuses.md").read_text()
    assert [status for status in execution.Status if f"- `{status}` (" not in page] == []


def test_every_route_says_what_it_does():
    declared = list(make_docs.routes(measure.read_sources(ROOT, "src")))
    assert [f"{method} {path}" for path, method, summary in declared if not summary] == []


def test_routes_are_found_with_their_prefix():
    text = (
        'router = APIRouter(prefix="/v2/agent")\nown = APIRouter(prefix="/v1/own")\n'
        '@router.get("/all")\nasync def agents() -> None:\n    """List agents."""\n'
        '@own.get("")\nasync def own_use() -> None:\n    """What it used."""\n'
    )
    source = measure.Source("src/callwright/platform/agents/routes/agents.py", text)
    assert list(make_docs.routes([source])) == [
        ("/v2/agent/all", "GET", "List agents."),
        ("/v1/own", "GET", "What it used."),
    ]
