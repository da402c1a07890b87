"""The page on compatibility has a row for every operation of the contract, and the routes it speaks of exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from tests.conformance.contract import read_table
from tests.conformance.table import UNSERVED

from callwright.api.app import build_app
from callwright.api.services import ApiServices

PAGE = Path(__file__).parents[2] / "docs/reference/compatibility.md"
ROW = re.compile(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)` \| (.*) \|$", re.MULTILINE)


class Nothing:
    """The description needs no services."""

    version = "0"
    cors_origins = ()


def rows() -> dict[str, list[str]]:
    served = PAGE.read_text().partition("## Not served")[0]
    return {name: cells.split(" | ") for name, cells in ROW.findall(served)}


def bare(name: str) -> str:
    return re.sub(r"\{\w+\}", "{}", name)


def test_every_operation_of_the_contract_has_its_row() -> None:
    assert set(rows()) == {one.name for one in read_table()} - set(UNSERVED)


def test_every_row_says_what_is_hosted_ours_and_strict() -> None:
    for name, cells in rows().items():
        assert len(cells) == 4 or (len(cells) == 3 and cells[-1].endswith("|")), name
        assert all(cells[:3]), name


def test_what_is_not_served_is_named() -> None:
    assert set(re.findall(r"^\| `(\w+ /[^`]*)`", PAGE.read_text().partition("## Not served")[2], re.MULTILINE)) == set(
        UNSERVED
    )


def test_what_the_page_calls_served_exists() -> None:
    paths: dict[str, Any] = build_app(cast(ApiServices, Nothing())).openapi()["paths"]
    known = {bare(f"{method.upper()} {path}") for path, methods in paths.items() for method in methods}
    assert {name for name in rows() if bare(name) not in known} == set()
