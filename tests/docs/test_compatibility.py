"""The page on compatibility names operations of the contract only, and every one that it does not call unserved exists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from tests.conformance.contract import read_table
from tests.conformance.table import UNSERVED

from callwright.api.app import build_app
from callwright.api.services import ApiServices

PAGE = Path(__file__).parents[2] / "docs/reference/compatibility.md"
OPERATION = r"`((?:GET|POST|PUT|PATCH|DELETE) /[^`]*)`"
ROW = re.compile(rf"^- {OPERATION}: (.+) \(hosted: (.+)\)\.$", re.MULTILINE)


class Nothing:
    """The description needs no services."""

    version = "0"
    cors_origins = ()


def section(heading: str) -> str:
    return PAGE.read_text().split(f"## {heading}\n", 1)[1].partition("\n## ")[0]


def rows() -> dict[str, list[str]]:
    """What we and the hosted service do, by the operation in which we differ."""
    return {name: [ours, hosted] for name, ours, hosted in ROW.findall(section("Operations that differ"))}


def bare(name: str) -> str:
    return re.sub(r"\{\w+\}", "{}", name)


def served() -> set[str]:
    return {one.name for one in read_table()} - set(UNSERVED)


def test_what_the_page_says_to_differ_is_in_the_contract() -> None:
    assert set(rows()) - served() == set()


def test_every_row_says_what_is_hosted_and_what_is_ours() -> None:
    lines = [line for line in section("Operations that differ").splitlines() if line]
    assert [line for line in lines if not ROW.match(line)] == []


def test_what_is_not_served_is_named() -> None:
    assert set(re.findall(r"^- `(\w+ /[^`]*)`", section("Not served"), re.MULTILINE)) == set(UNSERVED)


def test_every_other_operation_of_the_contract_exists() -> None:
    paths: dict[str, Any] = build_app(cast(ApiServices, Nothing())).openapi()["paths"]
    known = {bare(f"{method.upper()} {path}") for path, methods in paths.items() for method in methods}
    assert {name for name in served() if bare(name) not in known} == set()
