"""The pages for a browser: whole, without a script, and nothing in them that the browser would have to fetch."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any, cast

import pytest

from callwright.api.app import build_app
from callwright.api.gate import needs_key
from callwright.api.pages.layout import HEADERS, STYLE
from callwright.api.pages.reference import reference_page
from callwright.api.pages.routes import front_page
from callwright.api.services import ApiServices


class Nothing:
    """The description needs no services."""

    version = "0"
    cors_origins = ()


class Elements(HTMLParser):
    """What a page consists of; elements must be closed in the order in which they were opened."""

    EMPTY = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        given = dict(attrs)
        self.ids += [value for value in [given.get("id")] if value]
        self.links += [value for value in [given.get("href")] if value]
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    return build_app(cast(ApiServices, Nothing())).openapi()


@pytest.fixture(scope="module")
def reference(description: dict[str, Any]) -> str:
    return reference_page(description)


def small(**operation: Any) -> dict[str, Any]:
    """A description of one operation."""
    one = {
        "tags": ["calls"],
        "operationId": "one",
        "summary": "One",
        "description": "It.",
        "responses": {},
        **operation,
    }
    return {
        "info": {"title": "T", "description": "D", "version": "1"},
        "paths": {"/one": {"post": one}},
        "components": {"schemas": {"Body": {"properties": {"name": {"type": "string"}}, "required": ["name"]}}},
    }


@pytest.mark.parametrize("page", ["front", "reference"])
def test_a_page_runs_no_script_and_loads_nothing(page: str, reference: str) -> None:
    found = Elements(front_page("1.2.3") if page == "front" else reference)
    assert found.open == []
    assert not found.names & {"script", "link", "img", "iframe", "form", "object", "video"}
    assert found.attributes <= {"charset", "name", "content", "lang", "href", "id"}
    assert [link for link in found.links if re.match(r"[a-z]+:|/", link)] == []


def test_the_policy_allows_the_style_sheet_of_the_page_and_nothing_else(reference: str) -> None:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}';")
    assert f"<style>{STYLE}</style>" in reference


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_browser_needs_no_key(path: str) -> None:
    assert not needs_key(path)


def test_the_front_page_shows_the_version_as_text() -> None:
    assert "Version 1.2.3&lt;b&gt;." in front_page("1.2.3<b>")


def test_every_operation_and_every_shape_has_a_place_of_its_own(description: dict[str, Any], reference: str) -> None:
    found = Elements(reference)
    operations = {one["operationId"] for methods in description["paths"].values() for one in methods.values()}
    assert operations <= set(found.ids)
    assert len(found.ids) == len(set(found.ids))
    assert {link for link in found.links if link.startswith("#")} <= {f"#{one}" for one in found.ids}
    assert len([one for one in found.ids if one.startswith("shape-")]) == len(description["components"]["schemas"])


def test_the_common_groups_come_first(reference: str) -> None:
    headings = re.findall(r'<h2 id="([a-z0-9-]+)">', reference)
    assert headings[:3] == ["agents", "calls", "executions"]
    assert headings[5:-1] == sorted(headings[5:-1])


def test_an_operation_shows_its_parameters_body_and_answers() -> None:
    page = reference_page(
        small(
            parameters=[
                {
                    "name": "n",
                    "in": "query",
                    "required": True,
                    "schema": {"type": "integer", "minimum": 1, "maximum": 9},
                },
                {"name": "k", "in": "query", "schema": {"enum": ["a", "b"]}, "description": "Which `kind`."},
            ],
            requestBody={
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Body"}, "example": {"name": "<Ada>"}}
                }
            },
            responses={
                "200": {"description": "Done.", "content": {"text/plain": {}}},
                "404": {
                    "description": "Not there.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}},
                },
            },
        )
    )
    assert "<b>POST</b> <code>/one</code> One" in page
    assert "<td>query, integer from 1 to 9, required</td>" in page
    assert (
        "<td>query, <code>&quot;a&quot;</code> or <code>&quot;b&quot;</code></td><td>Which <code>kind</code>.</td>"
        in page
    )
    assert "<h4>Body</h4><table><tr><td><code>name</code></td><td>string, required</td>" in page
    assert "&lt;Ada&gt;" in page
    assert "<td>200</td><td>text/plain</td><td>Done.</td>" in page
    assert '<td>404</td><td><a href="#shape-body">Body</a></td>' in page


@pytest.mark.parametrize(
    ("schema", "shown"),
    [
        ({"type": "string", "format": "binary"}, "file"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string or null"),
        ({"type": "integer", "minimum": 1}, "integer of at least 1"),
        ({"type": "integer", "maximum": 5}, "integer of at most 5"),
        ({}, "any value"),
    ],
)
def test_a_type_is_said_in_a_few_words(schema: dict[str, Any], shown: str) -> None:
    page = reference_page(small(parameters=[{"name": "n", "in": "query", "schema": schema}]))
    assert f"<td>query, {shown}</td>" in page
