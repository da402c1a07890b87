"""The tables of an execution's states agree with each other."""

import itertools

import pytest

from callwright.platform.executions.rules.execution import (
    PHASES,
    STATUS_OF,
    TRANSITIONS,
    Phase,
    Status,
    may_begin,
    may_follow,
    status_of,
)

FINAL = {Status.COMPLETED, Status.CANCELED, Status.STOPPED, Status.BALANCE_LOW}
RETRIED = {Status.NO_ANSWER, Status.BUSY, Status.FAILED, Status.ERROR}


def details(phase):
    """What may be said of an execution in this phase."""
    return [detail for known, detail in STATUS_OF if known is phase]


def test_every_phase_and_every_status_is_in_every_table():
    assert set(PHASES) == {phase for phase, _ in STATUS_OF} == set(Phase)
    assert set(TRANSITIONS) == set(Status)
    assert set(STATUS_OF.values()) == set(Status)


@pytest.mark.parametrize("pair", list(STATUS_OF))
def test_each_state_has_its_published_status(pair):
    assert status_of(*pair) is STATUS_OF[pair]


def test_a_state_that_cannot_exist_has_no_status():
    with pytest.raises(KeyError):
        status_of(Phase.LIVE, "ringing")


def test_only_calls_without_an_answer_are_tried_again_and_the_rest_stays_ended():
    for status in FINAL:
        assert not any(may_follow(status, other) for other in Status)
    for status in RETRIED:
        assert [other for other in Status if may_follow(status, other)] == [Status.SCHEDULED]


@pytest.mark.parametrize("before", [phase for phase in Phase if phase is not Phase.DONE])
def test_a_step_into_the_next_phase_is_a_step_of_the_published_status(before):
    """No phase leads to a state whose status could not follow from any of its own."""
    after, _ = PHASES[before]
    for phase in after - {Phase.DONE}:
        pairs = itertools.product(details(before), details(phase))
        steps = [(status_of(before, old), status_of(phase, new)) for old, new in pairs]
        assert any(old is new or may_follow(old, new) for old, new in steps), (before, phase)


def test_a_call_that_goes_out_begins_waiting_and_one_that_comes_in_begins_ringing():
    begins = {
        direction: {pair for pair in STATUS_OF if may_begin(direction, *pair)} for direction in ("outbound", "inbound")
    }
    assert begins["outbound"] == {(Phase.WAITING, detail) for detail in details(Phase.WAITING)}
    assert begins["inbound"] == {(Phase.DIALLING, "ringing")}
    assert not any(may_begin("sideways", *pair) for pair in STATUS_OF)
