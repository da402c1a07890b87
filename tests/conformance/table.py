"""The verdicts as a table."""

from __future__ import annotations

from collections.abc import Sequence

from tests.conformance.judged import Verdict

UNSERVED = {
    "POST /v1/web-call/session": "illustrative in the contract; ours answers with a session over a websocket, without SIP",
}
"""Operations that we do not serve as the contract has them on purpose, with the reason."""


def lines(verdicts: Sequence[Verdict]) -> list[str]:
    """One line for each operation, and one for each thing that is wrong with it."""
    found = []
    for one in verdicts:
        word = "not served" if one.operation.name in UNSERVED else "FAIL" if one.wrong else "ok"
        found.append(f"{one.operation.name:<72} {one.operation.status:<12} {one.cases:>4}  {word}")
        found += [f"    {wrong}" for wrong in one.wrong if one.operation.name not in UNSERVED]
    failed = sum(bool(one.wrong) for one in verdicts if one.operation.name not in UNSERVED)
    cases = sum(one.cases for one in verdicts)
    served = len(verdicts) - len(UNSERVED)
    return [*found, f"{len(verdicts)} operations, {served} served, {cases} cases, {failed} operations that fail"]
