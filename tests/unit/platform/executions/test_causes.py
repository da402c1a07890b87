"""The table of causes speaks the contract's words, and the numbers of SIP and Q.850 lead into it."""

import pytest

from callwright.platform.executions.rules.causes import (
    CAUSES,
    Q850_CODES,
    RETRY_CLASSES,
    SIP_CODES,
    cause_of_q850,
    cause_of_sip,
)
from callwright.platform.executions.rules.execution import TERMINAL, Status
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.leg import LegClosed, closed_by, closed_by_failure

# Contract chapter 8: who hangs up, with which codes.
CODES = {
    "API Request": {4000, 4020},
    "Callee": {3020, 4000},
    "Caller": {4000},
    "Carrier": {2000, 3000, 3010, 3020, 3040, 3050, 3070},
    "Error": {3080, 3090, 3110, 5010, 5020, 7011, 8011},
    "Unknown": {0},
}
# Contract chapter 8: the reasons of carriers; and ours, for what happens only here.
REASONS = {
    "Call recipient was busy",
    "Call unanswered",
    "Call recipient number invalid",
    "Call recipient hung up",
    "Carrier declined",
    "Call recipient rejected",
    "failed",
    "Carrier ended because call limit exceeded",
    "Carrier unable to receive media",
    "Network Congestion From Carrier",
    "Telephony Internal Error",
    "Carrier Internal Error",
    "Call completed",
    "Call canceled",
    "Call ended",
    "Call timed out",
    "Unknown",
}
OUR_REASONS = {
    "balance_low",
    "recipient_suppressed",
    "gateway_lost",
    "node_lost",
    "caller_limit_reached",
    "caller_not_known",
    "call_not_permitted",
    "trunk_unusable",
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_a_cause_speaks_the_words_of_the_contract(cause):
    assert cause.code in CODES[cause.by]
    assert cause.reason in REASONS | OUR_REASONS
    assert cause.retry in RETRY_CLASSES
    assert cause.status in TERMINAL
    assert cause.summary.endswith(".")


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_a_call_is_tried_again_only_for_its_own_status(cause):
    assert cause.retry in {"never", cause.outcome}


def test_keys_are_unique():
    assert all(CAUSES[key].key == key for key in CAUSES)
    assert len({(c.outcome, c.by, c.reason, c.code, c.summary) for c in CAUSES.values()}) == len(CAUSES)


@pytest.mark.parametrize("status", range(300, 700))
def test_every_final_sip_status_has_a_cause_of_a_call_that_was_not_answered(status):
    assert cause_of_sip(status).outcome not in {"answered"}
    assert cause_of_sip(status).key != "unknown"


@pytest.mark.parametrize("code", range(1, 128))
def test_every_q850_cause_has_a_cause(code):
    assert cause_of_q850(code).key != "unknown"
    assert (cause_of_q850(code).outcome == "answered") is (code == 16)


def test_codes_name_causes_of_the_table():
    assert {code.key for code in [*SIP_CODES.values(), *Q850_CODES.values()]} <= set(CAUSES)


@pytest.mark.parametrize(
    ("status", "outcome", "by", "code", "retry"),
    [
        (301, "failed", "Error", 5020, "failed"),
        (400, "error", "Error", 5010, "error"),
        (401, "error", "Error", 3110, "error"),
        (403, "failed", "Carrier", 3040, "failed"),
        (404, "failed", "Carrier", 2000, "never"),
        (407, "error", "Error", 3110, "error"),
        (408, "failed", "Carrier", 3070, "failed"),
        (410, "failed", "Carrier", 3050, "never"),
        (413, "error", "Error", 5010, "error"),
        (480, "no-answer", "Carrier", 3000, "no-answer"),
        (481, "error", "Error", 5010, "error"),
        (484, "failed", "Carrier", 2000, "never"),
        (486, "busy", "Carrier", 3010, "busy"),
        (487, "canceled", "API Request", 4000, "never"),
        (488, "failed", "Error", 3110, "never"),
        (491, "failed", "Error", 3080, "failed"),
        (500, "failed", "Error", 3080, "failed"),
        (501, "error", "Error", 5010, "error"),
        (502, "failed", "Error", 3080, "failed"),
        (503, "failed", "Error", 3090, "failed"),
        (504, "failed", "Carrier", 3070, "failed"),
        (600, "busy", "Carrier", 3010, "busy"),
        (603, "busy", "Callee", 3020, "busy"),
        (604, "failed", "Carrier", 2000, "never"),
        (606, "failed", "Error", 3110, "never"),
        (607, "failed", "Callee", 3020, "never"),
        (608, "failed", "Carrier", 3040, "never"),
    ],
)
def test_what_the_record_says_of_a_sip_status(status, outcome, by, code, retry):
    cause = cause_of_sip(status)
    assert (cause.outcome, cause.by, cause.code, cause.retry) == (outcome, by, code, retry)


@pytest.mark.parametrize(("status", "like"), [(399, 300), (499, 400), (599, 500), (699, 600)])
def test_an_unregistered_status_counts_as_the_first_of_its_hundred(status, like):
    assert cause_of_sip(status) is cause_of_sip(like)


@pytest.mark.parametrize(("code", "like"), [(12, 31), (37, 47), (60, 63), (78, 79), (92, 95), (109, 111), (120, 127)])
def test_an_unregistered_q850_cause_counts_as_the_unspecified_one_of_its_class(code, like):
    assert cause_of_q850(code) is cause_of_q850(like)


@pytest.mark.parametrize("status", [-1, 0, 100, 183, 200, 299, 700, 10**9])
def test_what_is_no_final_failure_is_unknown(status):
    assert cause_of_sip(status).status is Status.ERROR
    assert cause_of_sip(status).key == "unknown"


@pytest.mark.parametrize("code", [-1, 0, 128, 10**9])
def test_what_is_no_q850_cause_is_unknown(code):
    assert cause_of_q850(code).key == "unknown"


@pytest.mark.parametrize(
    ("status", "q850", "key"),
    [
        (480, 19, "no_answer"),
        (480, 18, "no_user_response"),
        (480, 17, "user_busy"),
        (480, 21, "call_rejected"),
        (403, 21, "call_rejected"),
        (404, 3, "no_route"),
        (503, 41, "temporary_failure"),
        (503, 27, "destination_out_of_order"),
        (500, 12, "unavailable"),
    ],
)
def test_a_q850_cause_is_more_exact_than_the_status(status, q850, key):
    assert cause_of_sip(status, q850).key == key


@pytest.mark.parametrize("q850", [0, 16, 31, 127, 128, -5])
def test_a_q850_cause_that_says_nothing_leaves_the_status(q850):
    assert cause_of_sip(486, q850).key == "user_busy"


@pytest.mark.parametrize(("status", "q850"), [(487, 16), (487, 102), (607, 21), (608, 21), (401, 21)])
def test_some_statuses_leave_no_question(status, q850):
    assert cause_of_sip(status, q850) is cause_of_sip(status)


def test_a_person_who_declines_reads_the_same_whichever_status_the_phone_sends():
    busy, declined = cause_of_sip(486), cause_of_sip(603)
    assert (busy.status, busy.retry) == (declined.status, declined.retry) == (Status.BUSY, "busy")


def test_an_answered_call_is_completed():
    assert CAUSES["normal_clearing"].status is Status.COMPLETED


def test_a_leg_is_closed_by_a_cause():
    assert closed_by(CAUSES["user_busy"], "486") == LegClosed("busy", "Carrier", "Call recipient was busy", 3010, "486")
    assert closed_by(CAUSES["user_busy"]).provider_code == "user_busy"


@pytest.mark.parametrize(
    ("kind", "outcome", "by", "code"),
    [
        (FailureKind.REFUSED, "error", "Error", 3110),
        (FailureKind.LIMIT, "failed", "Error", 3090),
        (FailureKind.BAD_REQUEST, "failed", "Carrier", 2000),
        (FailureKind.UNAVAILABLE, "failed", "Error", 3080),
        (FailureKind.BROKEN_STREAM, "failed", "Error", 3080),
    ],
)
def test_a_carrier_that_did_not_even_try_ends_the_call_by_a_cause_in_its_own_words(kind, outcome, by, code):
    closed = closed_by_failure(ProviderError(kind, "acme", "no trunk is set"))
    assert closed == LegClosed(outcome, by, "no trunk is set", code, kind.value)


def test_every_failure_of_a_carrier_has_its_cause():
    assert all(closed_by_failure(ProviderError(kind, "acme", "x")).code for kind in FailureKind)


def test_the_gateway_that_died_is_told_as_agreed():
    assert closed_by(CAUSES["gateway_lost"]) == LegClosed("error", "Error", "gateway_lost", 5020, "gateway_lost")
