"""The pace section of the calling policy and a batch's own pace, as read and as shown."""

from __future__ import annotations

from typing import Any

import pytest

from callwright.domain.errors import BadInputError
from callwright.domain.fields import Fields
from callwright.domain.limits import (
    MAX_BREAKER_CALLS,
    MAX_BREAKER_SECONDS,
    MAX_CALLS_PER_SECOND,
    MAX_CONCURRENCY,
    MAX_PACED_NAMES,
    MAX_REST_CALLS,
    MAX_REST_MINUTES,
    MIN_CALLS_PER_SECOND,
)
from callwright.domain.settings.setting import read_record, wire_of
from callwright.platform.dialling.rules.policy import parse_policy, policy_wire, stored_policy
from callwright.platform.pace.rules.policy import NO_PACE, BatchPace, Breaker, Limit, PacePolicy, Rest, Rotation

NUMBER = "+14155550001"
WHOLE: dict[str, Any] = {
    "account": {"max_concurrency": 40, "calls_per_second": 2},
    "carriers": {"sip-trunk": {"max_concurrency": 30, "calls_per_second": 0.5}},
    "each_number": {"max_concurrency": 2, "calls_per_second": None},
    "numbers": {NUMBER: {"max_concurrency": 5, "calls_per_second": None}},
    "kept_for_inbound": 5,
    "kept_for_retries": 2,
    "breaker": {"enabled": False, "failure_share": 0.3, "min_calls": 10, "window_seconds": 60},
    "rotation": {
        "rule": "answer_rate",
        "prefer_local": True,
        "rest": {"answer_share": 0.1, "min_calls": 20, "window_minutes": 30, "minutes": 60},
    },
}


def of(**pace: Any) -> PacePolicy:
    return parse_policy({"pace": pace}).pace


def test_a_policy_comes_back_as_it_was_written() -> None:
    policy = of(**WHOLE)
    assert wire_of(policy) == WHOLE
    assert stored_policy(policy_wire(parse_policy({"pace": WHOLE}))).pace == policy
    assert policy.of_carrier("sip-trunk") == Limit(30, 0.5)
    assert policy.of_carrier("other") == Limit()
    assert (policy.of_number(NUMBER), policy.of_number("+14155550002")) == (Limit(5), Limit(2))


def test_nothing_is_limited_by_default_and_the_breaker_is_on() -> None:
    assert of() == PacePolicy() == read_record(PacePolicy, Fields({}, "", BadInputError))
    assert of().breaker == Breaker(True, 0.5, 20, 600)
    assert of().rotation == Rotation("round_robin", False, None)
    assert of(rotation={"rest": {}}).rotation.rest == Rest(0.05, 50, 60, 120)
    assert of(numbers={NUMBER: None}).numbers == {NUMBER: Limit()}


@pytest.mark.parametrize(
    ("pace", "field", "message"),
    [
        ({"acount": {}}, "pace.acount", "pace.acount is no part of a calling policy; did you mean account?"),
        ({"account": {"max_concurency": 3}}, "pace.account.max_concurency", "{} is unknown; did you mean max_concurrency?"),
        ({"account": {"x": 3}}, "pace.account.x", "pace.account.x is unknown; known: max_concurrency, calls_per_second"),
        ({"account": 3}, "pace.account", "pace.account must be an object, not a number"),
        ({"carriers": {"t": {"calls_per_second": 0}}}, "pace.carriers.t.calls_per_second", "{} must be a number from 0.01 to 1000, not 0"),
        ({"numbers": {"desk": {}}}, "pace.numbers", None),
        ({"numbers": {"+1 415 555 0001": {}}}, "pace.numbers", "pace.numbers must name +14155550001 in this form"),
        ({"breaker": {"failure_share": 0}}, "pace.breaker.failure_share", "{} must be a number from 0.01 to 1, not 0"),
        ({"rotation": {"rule": "random"}}, "pace.rotation.rule", None),
        ({"rotation": {"rest": {"minute": 3}}}, "pace.rotation.rest.minute", "pace.rotation.rest.minute is unknown; did you mean minutes?"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_named(pace: dict[str, Any], field: str, message: str | None) -> None:
    with pytest.raises(BadInputError) as refused:
        of(**pace)
    assert refused.value.field == field
    assert message is None or refused.value.message == message.format(field)


@pytest.mark.parametrize(
    ("path", "least", "most"),
    [
        (("account", "max_concurrency"), 1, MAX_CONCURRENCY),
        (("account", "calls_per_second"), MIN_CALLS_PER_SECOND, MAX_CALLS_PER_SECOND),
        (("kept_for_inbound",), 0, MAX_CONCURRENCY),
        (("kept_for_retries",), 0, MAX_CONCURRENCY),
        (("breaker", "min_calls"), 1, MAX_BREAKER_CALLS),
        (("breaker", "window_seconds"), 10, MAX_BREAKER_SECONDS),
        (("rotation", "rest", "min_calls"), 1, MAX_REST_CALLS),
        (("rotation", "rest", "window_minutes"), 1, MAX_REST_MINUTES),
        (("rotation", "rest", "minutes"), 1, MAX_REST_MINUTES),
    ],
)
def test_bounds_hold(path: tuple[str, ...], least: float, most: float) -> None:
    def with_value(value: float) -> dict[str, Any]:
        found: Any = value
        for name in reversed(path):
            found = {name: found}
        return dict(found)

    for value in (least, most):
        assert of(**with_value(value))
    for value in (least / 2 - 1, most + 1):
        with pytest.raises(BadInputError):
            of(**with_value(value))


def test_a_policy_names_a_bounded_number_of_carriers() -> None:
    names: dict[str, Any] = {f"carrier-{nth}": {} for nth in range(MAX_PACED_NAMES)}
    assert len(of(carriers=names).carriers) == MAX_PACED_NAMES
    with pytest.raises(BadInputError, match=f"pace.carriers has more than {MAX_PACED_NAMES} entries"):
        of(carriers={**names, "one more": {}})


def test_a_batch_sets_its_limit_and_its_breaker() -> None:
    given = {"max_concurrency": "3", "calls_per_second": 0.5, "breaker": '{"min_calls": 4}'}
    pace = BatchPace.asked(Fields(given, "", BadInputError))
    assert pace == BatchPace(Limit(3, 0.5), Breaker(min_calls=4))
    assert BatchPace.stored(pace.as_wire()) == pace
    assert BatchPace.stored({}) == NO_PACE
    assert BatchPace.stored({**pace.as_wire(), "of a later release": 1}) == pace
    with pytest.raises(BadInputError, match="burst is unknown"):
        BatchPace.asked(Fields({"burst": 1}, "", BadInputError))
