"""Sending the cases of an operation and judging the answers."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
from tests.conformance.contract import Operation

Known = dict[str, str]
"""What exists by now, by the name it has in paths."""

NOBODY = "00000000-0000-4000-8000-00000000dead"
ERRORS_OF_OURS = frozenset({400, 404, 409, 413, 422})
"""Statuses we answer bad input with where the contract, which is silent about much, names another one or none."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request. ``path`` may name what is known in braces; ``want`` are the statuses that are right; ``keep`` says which key of the
    answer becomes known under which name; ``then`` looks at a good answer and says what is wrong with it."""

    operation: str
    what: str
    want: Sequence[int]
    request: Callable[[Known], Mapping[str, Any]] = lambda _: {}
    path: str = ""
    keep: Mapping[str, str] = field(default_factory=dict)
    then: Callable[[Any], str] | None = None
    key: str | None = ""
    """Which API key: empty for the right one, None for none."""
    strict: bool | None = None
    """Asked of a server with the strict setting only, or of one without; None: of both."""


@dataclass
class Verdict:
    """What came of an operation's cases."""

    operation: Operation
    cases: int = 0
    wrong: list[str] = field(default_factory=list)


Asker = Callable[..., httpx.Response]
"""What sends requests: ``httpx.Client.request``, or the like for an application in this process."""


class Judge:
    """Asks one server."""

    def __init__(self, ask: Asker, key: str) -> None:
        self._ask = ask
        self._key = key
        self.known: Known = {}

    def try_all(self, operations: Sequence[Operation], cases: Sequence[Case]) -> list[Verdict]:
        """Send the cases in order. Those that every operation gets are sent right after the first one that is to succeed."""
        verdicts = {one.name: Verdict(one) for one in operations}
        asked: set[str] = set()
        for case in cases:
            verdict = verdicts.get(case.operation)
            if verdict is None:
                continue
            self._count(verdict, case)
            if case.want[0] < 400 and case.operation not in asked:
                asked.add(case.operation)
                for common in self._of_everybody(case):
                    self._count(verdict, common)
        for name, verdict in verdicts.items():
            if name not in asked:
                verdict.wrong.append("no case asks for a good answer")
        return list(verdicts.values())

    def _count(self, verdict: Verdict, case: Case) -> None:
        verdict.cases += 1
        wrong = self._try(verdict.operation, case)
        if wrong:
            verdict.wrong.append(f"{case.what}: {wrong}")

    def _of_everybody(self, case: Case) -> list[Case]:
        """Without a key, with a wrong one, for objects that do not exist, and with bodies that are no JSON."""
        name = case.operation
        method, path = name.split()
        common = [
            Case(name, "without a key", (401,), case.request, case.path, key=None),
            Case(name, "with a wrong key", (401, 403), case.request, case.path, key="bn-" + "0" * 48),
        ]
        if "{" in path:
            common += [
                Case(name, f"for {wrong}", (404,), case.request, re.sub(r"\{\w+\}", wrong, path))
                for wrong in (NOBODY, "x", "%00")
            ]
        if method in ("POST", "PUT", "PATCH") and "json" in _request(case, self.known):
            common += [
                Case(name, "a body that is no JSON", (400, 422), lambda _: {"content": b'{"a":'}, case.path),
                Case(name, "a body that is a list", (400, 422), lambda _: {"json": []}, case.path),
            ]
        return common

    def _try(self, operation: Operation, case: Case) -> str:
        method, path = operation.name.split()
        try:
            url = (case.path or path).format(**self.known)
            request = case.request(self.known)
        except KeyError as missing:
            return f"there is no {missing} to ask for"
        headers = {} if case.key is None else {"Authorization": f"Bearer {case.key or self._key}"}
        answer = self._ask(method, url, headers=headers, **request)
        if answer.status_code not in case.want:
            return f"{answer.status_code} instead of {'/'.join(map(str, case.want))}: {answer.text[:200]}"
        return self._look(operation, case, answer)

    def _look(self, operation: Operation, case: Case, answer: httpx.Response) -> str:
        status = answer.status_code
        try:
            body = json.loads(answer.content) if "json" in answer.headers.get("content-type", "") else None
        except ValueError:
            return f"{status}: the answer is not JSON"
        try:
            wrong = operation.check(status, body) if body is not None else ""
        except KeyError:
            wrong = "" if status in ERRORS_OF_OURS else f"the contract knows no {status} here"
        if not wrong and status >= 400:
            wrong = _error(status, body)
        if not wrong and case.then is not None:
            wrong = case.then(body)
        if not wrong:
            self.known.update({name: str(_at(body, key)) for name, key in case.keep.items()})
        return wrong


def _request(case: Case, known: Known) -> Mapping[str, Any]:
    try:
        return case.request(known)
    except KeyError:
        return {}


def _error(status: int, body: Any) -> str:
    """Every error has the three keys clients read, and a code of ours."""
    if not isinstance(body, dict) or not {"error", "message", "detail", "code"} <= set(body):
        return f"an error without error, message, detail and code: {body}"
    return "" if isinstance(body["error"], int | str) else "error is neither a number nor a text"


def _at(body: Any, path: str) -> Any:
    for step in path.split("."):
        body = body[int(step)] if step.isdigit() else body[step]
    return body
