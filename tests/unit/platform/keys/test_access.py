"""What each kind of key may do, and in which words it is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from callwright.platform.accounts.rules import CALL, MEMBER, OPERATOR, READ, Principal
from callwright.platform.keys import rules as access
from callwright.platform.keys.rules import Right, refusal, remedy, right_of

ADMIN_KEY = Principal("org", "key", "laptop")
MEMBER_KEY = replace(ADMIN_KEY, role=MEMBER, holder="asha")
SUB_ACCOUNT_KEY = Principal("north", "key", "north", parent_id="org")
READ_KEY = replace(ADMIN_KEY, scope=READ)
CALL_KEY = replace(ADMIN_KEY, scope=CALL)
OPERATOR_KEY = replace(ADMIN_KEY, scope=OPERATOR)

PLACE = ("POST", "/call")
SAVE = ("POST", "/v2/agent")
LIST = ("GET", "/v2/agent/all")
BUY = ("POST", "/phone-numbers/buy")
MAKE = ("POST", "/sub-accounts/create")
ACCOUNTS = ("GET", "/sub-accounts/all")
ALL_USAGE = ("GET", "/sub-accounts/all/usage")
USAGE = ("GET", "/sub-accounts/7/usage")
TRAIL = ("GET", "/v1/callwright/audit")
KEYS = ("GET", "/v1/callwright/keys")
NEW_KEY = ("POST", "/v1/callwright/keys")
SIGN_OUT = ("DELETE", "/v1/callwright/session")
END_SESSION = ("DELETE", "/v1/callwright/sessions/7")
TOP_UP = ("POST", "/v1/callwright/wallets/org/top-ups")
EVERYTHING = (
    PLACE,
    SAVE,
    LIST,
    BUY,
    MAKE,
    ACCOUNTS,
    ALL_USAGE,
    USAGE,
    TRAIL,
    KEYS,
    NEW_KEY,
    SIGN_OUT,
    END_SESSION,
    TOP_UP,
)


@pytest.mark.parametrize(
    ("request_line", "right"),
    [
        (PLACE, Right.CALL),
        (("POST", "/call/7/stop"), Right.CALL),
        (("POST", "/call/7/stop/more"), Right.CHANGE),
        (("POST", "/batches"), Right.CALL),
        (("DELETE", "/batches/7"), Right.CHANGE),
        (("DELETE", "/v1/callwright/chats/7"), Right.CALL),
        (("DELETE", "/v1/callwright/keys/7"), Right.KEYS),
        (("PATCH", "/sub-accounts/7"), Right.ACCOUNTS),
        (("POST", "/sub-accounts/7/usage"), Right.ACCOUNTS),
        (("PUT", "/anything/new"), Right.CHANGE),
        (("HEAD", "/anything/new"), Right.READ),
        (("DELETE", "/providers/KEY"), Right.SHARED),
        (("GET", "/providers"), Right.READ),
        (("POST", "/providers/\n"), Right.SHARED),
        (("GET", "/sub-accounts/all\n"), Right.ACCOUNTS),
    ],
)
def test_what_a_request_needs(request_line: tuple[str, str], right: Right) -> None:
    assert right_of(*request_line) is right


@pytest.mark.parametrize(
    ("principal", "allowed"),
    [
        (ADMIN_KEY, EVERYTHING[:-1]),
        (OPERATOR_KEY, (TOP_UP,)),
        (replace(OPERATOR_KEY, role=MEMBER), (TOP_UP,)),
        (MEMBER_KEY, (PLACE, LIST, KEYS, NEW_KEY, SIGN_OUT, END_SESSION)),
        (SUB_ACCOUNT_KEY, (PLACE, SAVE, LIST, USAGE, TRAIL, KEYS, NEW_KEY, SIGN_OUT, END_SESSION)),
        (READ_KEY, (LIST, ACCOUNTS, ALL_USAGE, USAGE, TRAIL, KEYS, SIGN_OUT)),
        (CALL_KEY, (PLACE, SIGN_OUT)),
        (replace(MEMBER_KEY, scope=READ), (LIST, KEYS, SIGN_OUT)),
        (replace(SUB_ACCOUNT_KEY, scope=CALL), (PLACE, SIGN_OUT)),
        (replace(ADMIN_KEY, scope="of a later version"), (SIGN_OUT,)),
    ],
)
def test_what_a_key_may(principal: Principal, allowed: tuple[tuple[str, str], ...]) -> None:
    assert tuple(line for line in EVERYTHING if refusal(principal, *line) is None) == allowed


def test_refusals_are_in_the_words_of_the_contract() -> None:
    for principal in (MEMBER_KEY, SUB_ACCOUNT_KEY):
        assert refusal(principal, *MAKE) == access.FORBIDDEN_PLACES
        assert refusal(principal, "PATCH", "/sub-accounts/7") == access.FORBIDDEN_ACCOUNTS
        assert refusal(principal, *BUY) == access.FORBIDDEN_SHARED
    assert refusal(MEMBER_KEY, *SAVE) == access.FORBIDDEN
    assert refusal(READ_KEY, *PLACE) == access.ONLY_READING
    assert refusal(CALL_KEY, *LIST) == access.ONLY_CALLING


def test_a_refusal_says_what_to_do_by_what_was_refused() -> None:
    sub_account = remedy(SUB_ACCOUNT_KEY, access.FORBIDDEN_ACCOUNTS)
    assert sub_account == "This is a sub-account's key: use the key of an administrator of the organization."
    assert remedy(MEMBER_KEY, access.FORBIDDEN).startswith("This is a member's key")
    assert remedy(READ_KEY, access.ONLY_READING) == "Use a key of full scope."


def test_every_key_that_reads_reads_the_price_book_and_only_an_operators_changes_it() -> None:
    prices = "/v1/callwright/prices"
    for reader in (ADMIN_KEY, MEMBER_KEY, SUB_ACCOUNT_KEY, READ_KEY, OPERATOR_KEY):
        assert refusal(reader, "GET", prices) is None
    assert refusal(CALL_KEY, "GET", prices) == access.ONLY_CALLING
    for line in (("POST", prices), ("DELETE", f"{prices}/7")):
        assert refusal(OPERATOR_KEY, *line) is None
        assert refusal(ADMIN_KEY, *line) == access.ONLY_OPERATOR
