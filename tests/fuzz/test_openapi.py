"""Every operation of our OpenAPI with generated requests, valid and invalid: no 5xx, no undeclared status, no answer of another shape.

``CALLWRIGHT_FUZZ_CASES`` is how many requests each operation gets, half of them valid. What is generated is the same in every run.
Chains follow the links of the description: what one request made is used by the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky, Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.database import database_at, run_sql
from tests.fuzz.fuzz_world import FuzzWorld, fuzz_world

CASES = int(os.environ.get("CALLWRIGHT_FUZZ_CASES", "4"))
PARTS = 4
"""The operations are asked in so many tests, which run in several processes."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
#: Streams that end only with the call.
ENDLESS = {"/v1/callwright/executions/{execution_id}/events", "/v1/callwright/live/changes"}


@pytest.fixture(scope="module")
def world(
    postgres_server: str, database_template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FuzzWorld]:
    name = f"cw_fuzz_{os.getpid()}"
    asyncio.run(run_sql(postgres_server, f"create database {name} template {database_template}"))
    with fuzz_world(database_at(postgres_server, name), tmp_path_factory.mktemp("recordings")) as made:
        yield made
    asyncio.run(run_sql(postgres_server, f"drop database if exists {name} with (force)"))


class Judge:
    """What is wrong with the answers of one operation, each kind of wrong once."""

    def __init__(self) -> None:
        self.seen = 0
        self.wrong: dict[str, str] = {}

    def look(self, case: Any, answer: Any) -> None:
        self.seen += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except FailureGroup as found:
            for failure in found.exceptions:
                kind = f"{answer.status_code} {type(failure).__name__}: {str(failure)[:200]}"
                self.wrong.setdefault(kind, str(found)[:3000])


GENERATE = settings(
    phases=[Phase.generate], database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)


def leaves_objects_alone(operation: Any) -> bool:
    """Whether its requests change no object whose id they are given: they read, or make another one."""
    method = operation.method.upper()
    return method == "GET" or (method == "POST" and "{" not in operation.path)


def try_operation(
    world: FuzzWorld, operation: Any, mode: GenerationMode, cases: int, judge: Judge, known: dict[str, str]
) -> None:
    """Send generated requests, half of those with ids to the objects that are known to exist."""

    @settings(GENERATE, max_examples=cases)
    @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans())
    def one(case: Any, real: bool) -> None:
        if real:
            for name in case.path_parameters or {}:
                if name in known:
                    case.path_parameters[name] = known[name]
            if isinstance(case.body, dict) and "agent_id" in case.body:
                case.body["agent_id"] = known["agent_id"]
        judge.look(case, world.send(case))

    # An operation without parameters has no invalid requests.
    with contextlib.suppress(Unsatisfiable):
        one()


def test_a_wrong_answer_is_noticed(world: FuzzWorld) -> None:
    schema = schemathesis.openapi.from_dict(world.description)
    case: Any = schema["/user/me"]["GET"].Case()
    request = httpx.Request("GET", "http://callwright.test/user/me")
    json_type = {"content-type": "application/json"}
    for answer, kind in (
        (httpx.Response(500, request=request, headers=json_type, content=b"{}"), "ServerError"),
        (httpx.Response(418, request=request, headers=json_type, content=b"{}"), "UndefinedStatusCode"),
        (httpx.Response(200, request=request, headers=json_type, content=b"{}"), "JsonSchemaError"),
        (httpx.Response(200, request=request, headers={"content-type": "text/plain"}), "UndefinedContentType"),
    ):
        answer.elapsed = timedelta()
        judge = Judge()
        judge.look(case, answer)
        assert any(kind in one for one in judge.wrong), (kind, list(judge.wrong))


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_as_described(world: FuzzWorld, part: int) -> None:
    schema = schemathesis.openapi.from_dict(world.description)
    report: list[str] = []
    # From the beginning, so that the first list has something in it.
    known, as_made = world.objects(), True
    for found in list(schema.get_all_operations())[part::PARTS]:
        operation: Any = cast(Any, found).ok()
        if operation.path in ENDLESS:
            continue
        judge = Judge()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            takes_one = "{" in operation.path or operation.method.upper() == "POST"
            if takes_one and not as_made:
                known, as_made = world.objects(), True
            try_operation(world, operation, mode, CASES // 2, judge, known)
            as_made = as_made and leaves_objects_alone(operation)
        report += [f"{operation.label}: {kind}\n{text}" for kind, text in judge.wrong.items()]
    assert not report, f"{len(report)} kinds of wrong answers\n\n" + "\n\n".join(report[:40])


def test_chains_of_requests_answer_as_described(world: FuzzWorld) -> None:
    judge = Judge()
    chains = 0

    class Chain(schemathesis.openapi.from_dict(world.description).exclude(path=sorted(ENDLESS)).as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            nonlocal chains
            chains += 1

        def call(self, case: Any, **kwargs: Any) -> Any:
            return Response.from_any(world.send(case))

        def validate_response(self, response: Any, case: Any, *_: Any, **__: Any) -> None:
            judge.look(case, response)

    # A chain that begins like an earlier one can get other answers, as what was made then exists now. Hypothesis gives a run up when it
    # notices, and the next seed goes on.
    for number in range(CASES):
        if chains < CASES:
            with contextlib.suppress(Flaky):
                seed(number)(Chain).run(
                    settings=settings(GENERATE, derandomize=False, max_examples=CASES - chains, stateful_step_count=6)
                )
    assert chains >= CASES
    assert judge.seen > CASES
    assert not judge.wrong, "\n\n".join(f"{kind}\n{text}" for kind, text in judge.wrong.items())
