"""The conformance cases against the application in this process, with the strict setting and without it, judged by the compact table of the
contract."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.conformance.cases import all_cases
from tests.conformance.contract import Operation, read_table
from tests.conformance.judged import Judge
from tests.conformance.table import UNSERVED, lines
from tests.database import database_at, run_sql
from tests.fuzz.fuzz_world import FuzzWorld, fuzz_world


@pytest.fixture(scope="module", params=[False, True], ids=["tolerant", "strict"])
def strict(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def world(
    postgres_server: str, database_template: str, tmp_path_factory: pytest.TempPathFactory, strict: bool
) -> Iterator[FuzzWorld]:
    name = f"cw_conformance_{os.getpid()}_{'strict' if strict else 'tolerant'}"
    asyncio.run(run_sql(postgres_server, f"create database {name} template {database_template}"))
    asyncio.run(run_sql(database_at(postgres_server, name), "update tenant set email = 'calls@example.org'"))
    folder = tmp_path_factory.mktemp("recordings")
    with fuzz_world(database_at(postgres_server, name), folder, strict=strict) as made:
        yield made
    asyncio.run(run_sql(postgres_server, f"drop database if exists {name} with (force)"))


def bare(name: str) -> str:
    """An operation without the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", name)


def served(world: FuzzWorld) -> set[str]:
    return {
        bare(f"{method.upper()} {path}") for path, methods in world.description["paths"].items() for method in methods
    }


def test_every_operation_of_the_contract_answers_as_it_says(world: FuzzWorld, strict: bool) -> None:
    known = served(world)
    operations = [one for one in read_table() if bare(one.name) in known and one.name not in UNSERVED]
    judge = Judge(world.request, world.key)
    judge.known.update(world.begun())
    verdicts = judge.try_all(operations, all_cases(strict=strict))
    assert not [one for one in verdicts if one.wrong], "\n".join(lines(verdicts))


def test_what_is_not_served_is_known_with_its_reason(world: FuzzWorld) -> None:
    known = served(world)
    assert {one.name for one in read_table() if bare(one.name) not in known} <= set(UNSERVED)


CREATED = {"agent_id": "a", "state": "created", "status": "created"}


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (CREATED, ""),
        ({**CREATED, "more": 1}, ""),
        ({"state": "created", "status": "created"}, "agent_id"),
        ({**CREATED, "agent_id": 5}, "agent_id"),
        ({"agent_id": "a", "state": "created"}, "status is left out"),
    ],
)
def test_a_wrong_answer_is_noticed(body: dict[str, Any], wrong: str) -> None:
    (operation,) = [one for one in read_table() if one.name == "POST /v2/agent"]
    assert isinstance(operation, Operation)
    found = operation.check(201, body)
    assert (wrong in found) if wrong else (found == "")


def test_a_key_that_is_left_out_deep_in_an_answer_is_noticed() -> None:
    (operation,) = [one for one in read_table() if one.name == "GET /executions/{execution_id}/log"]
    entry = {"created_at": "", "type": "request", "component": "llm", "data": ""}
    assert operation.check(200, {"status": "success", "data": [entry]}) == "the body.data[].provider is left out"
    assert operation.check(200, {"status": "success", "data": [{**entry, "provider": None}]}) == ""
