"""What a key may do, by its scope, its role and whether it is a sub-account's: one table over the routes.

A route that is not in the table and does not only read needs a full key of an administrator, so a new route is closed to lesser keys until
it says otherwise.
"""

from __future__ import annotations

import re
from enum import Enum

from callwright.platform.accounts.rules import CALL, FULL, MEMBER, OPERATOR, READ, Principal


class Right(Enum):
    """What a route needs."""

    READ = "read"
    """Reading: every key but one that may only call."""
    CALL = "call"
    """Placing, stopping and holding calls: every key but one that may only read."""
    CHANGE = "change"
    """Changing what the account has for itself: a full key of an administrator."""
    SESSION = "session"
    """One's own session: every key but an operator's, which can do nothing on the dashboard."""
    KEYS = "keys"
    """Keys: a full key; a member sees and makes only own ones (``platform.keys.actions.keys``)."""
    SHARED = "shared"
    """Changing what an organisation shares with its sub-accounts: a full key of an administrator of the organisation."""
    USAGE = "usage"
    """Usage of a sub-account: administrators of the organisation, and the sub-account itself."""
    ACCOUNTS = "accounts"
    """Sub-accounts: administrators of the organisation."""
    PLACES = "places"
    """Making a sub-account: the same, refused in other words (contract 3.13)."""
    TRAIL = "trail"
    """The audit trail: administrators."""
    PRICES = "prices"
    """The price book: whoever may read, and an operator's key."""
    OPERATOR = "operator"
    """What only the operator of the platform may do, for any organisation: an operator's key, which may do nothing else."""


_READING = ("GET", "HEAD", "OPTIONS")
_ID = "[^/]+"

#: (methods, path, right): the first that matches counts.
_TABLE: tuple[tuple[tuple[str, ...], re.Pattern[str], Right], ...] = tuple(
    (methods, re.compile(path.replace("{id}", _ID), re.DOTALL), right)
    for methods, path, right in (
        (("POST",), "/sub-accounts/create", Right.PLACES),
        (_READING, "/sub-accounts/(?!all/){id}/usage", Right.USAGE),
        (("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"), "/sub-accounts/.*", Right.ACCOUNTS),
        (_READING, "/v1/callwright/audit", Right.TRAIL),
        (("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"), "/v1/callwright/wallets/.*", Right.OPERATOR),
        (_READING, "/v1/callwright/prices", Right.PRICES),
        (("POST", "DELETE"), "/v1/callwright/prices(/{id})?", Right.OPERATOR),
        (_READING, "/v1/callwright/keys(/{id})?", Right.READ),
        (("POST", "DELETE"), "/v1/callwright/keys(/{id})?", Right.KEYS),
        ((*_READING, "POST", "DELETE"), "/v1/callwright/session", Right.SESSION),
        (("DELETE",), "/v1/callwright/sessions/{id}", Right.KEYS),
        (("POST",), "/call(/{id}/stop)?", Right.CALL),
        (("POST",), "/v1/call/{id}/events", Right.CALL),
        (("POST",), "/v2/agent/{id}/stop", Right.CALL),
        (("POST",), "/batches(/{id}/(schedule|stop))?", Right.CALL),
        (("POST",), "/v1/callwright/agents/{id}/chats", Right.CALL),
        (("POST", "DELETE"), "/v1/callwright/chats/.*", Right.CALL),
        (("POST",), "/v1/callwright/executions/{id}/(replay|what-if)", Right.READ),
        (("POST",), "/web-call/{id}|/v1/web-call/session", Right.CALL),
        (("GET",), "/recordings/capture/{id}", Right.TRAIL),
        # It is spoken at the organisation's cost.
        (("GET",), "/voices/{id}/sample", Right.CALL),
        # A websocket is a GET.
        (("GET",), "/web-call/v1/{id}", Right.CALL),
        (("POST", "PUT", "PATCH", "DELETE"), "/providers(/.*)?", Right.SHARED),
        (("POST",), "/phone-numbers/buy", Right.SHARED),
        (("POST",), "/v1/callwright/carriers/{id}/connect", Right.SHARED),
        (("DELETE",), "/phone-numbers/{id}", Right.SHARED),
        (("POST", "PUT", "PATCH", "DELETE"), "/sip-trunks/.*", Right.SHARED),
        (("POST",), "/v1/callwright/webhooks/endpoints/resume", Right.SHARED),
        (("POST",), "/user/model/custom", Right.SHARED),
        (("DELETE",), "/v1/callwright/models/{id}", Right.SHARED),
        (("POST", "DELETE"), "/v1/callwright/voices(/{id})?", Right.SHARED),
        (("PUT",), "/v1/callwright/calling-policy", Right.SHARED),
    )
)

#: The same by method: every request looks here.
_BY_METHOD: dict[str, tuple[tuple[re.Pattern[str], Right], ...]] = {
    method: tuple((pattern, right) for methods, pattern, right in _TABLE if method in methods)
    for method in sorted({method for methods, _, _ in _TABLE for method in methods})
}

FORBIDDEN_PLACES = "Forbidden: only organization admins can manage sub-account concurrency"
FORBIDDEN_ACCOUNTS = "Forbidden: only organization admins can manage sub-accounts"
FORBIDDEN_SHARED = "Forbidden: only organization admins can change what the organization shares with its sub-accounts"
FORBIDDEN = "Forbidden: only organization admins can do this"
ONLY_READING = "this key may only read"
ONLY_CALLING = "this key may only place, stop and hold calls"
ONLY_OPERATING = "this key may only be used for what the operator does"
ONLY_OPERATOR = "Forbidden: only the operator of the platform can do this"

_BEYOND_SUB_ACCOUNTS = {
    Right.PLACES: FORBIDDEN_PLACES,
    Right.ACCOUNTS: FORBIDDEN_ACCOUNTS,
    Right.SHARED: FORBIDDEN_SHARED,
}
_BEYOND_MEMBERS = {
    **_BEYOND_SUB_ACCOUNTS,
    Right.USAGE: FORBIDDEN_ACCOUNTS,
    Right.TRAIL: FORBIDDEN,
    Right.CHANGE: FORBIDDEN,
}
_READING_RIGHTS = frozenset({Right.READ, Right.USAGE, Right.TRAIL, Right.PRICES})


def right_of(method: str, path: str) -> Right:
    """What a request needs. ``path`` is decoded, without a trailing slash."""
    for pattern, right in _BY_METHOD.get(method, ()):
        if pattern.fullmatch(path):
            return right
    return Right.READ if method in _READING else Right.CHANGE


def refusal(principal: Principal, method: str, path: str) -> str | None:
    """Why the key may not do this, or None when it may. Says nothing of whether what the path names exists."""
    right = right_of(method, path)
    if principal.scope == OPERATOR or right is Right.OPERATOR:
        return _beyond_operators(principal, right)
    if right is Right.SESSION:
        return None
    if principal.role == MEMBER and right in _BEYOND_MEMBERS:
        return _BEYOND_MEMBERS[right]
    if principal.parent_id is not None and right in _BEYOND_SUB_ACCOUNTS:
        return _BEYOND_SUB_ACCOUNTS[right]
    if principal.scope == FULL:
        return None
    if principal.scope == READ:
        reads = right in _READING_RIGHTS or (right is Right.ACCOUNTS and method in _READING)
        return None if reads else ONLY_READING
    return None if right is Right.CALL and principal.scope == CALL else ONLY_CALLING


def _beyond_operators(principal: Principal, right: Right) -> str | None:
    if principal.scope != OPERATOR:
        return ONLY_OPERATOR
    return None if right in (Right.OPERATOR, Right.PRICES) else ONLY_OPERATING


def remedy(principal: Principal, refused: str) -> str:
    """What to do about a refusal: the hint beside what :func:`refusal` says."""
    if refused == ONLY_OPERATOR:
        return "Use a key of the scope operator; `callwright keys create --scope operator` makes one."
    if refused == ONLY_OPERATING:
        return "Use a key of another scope."
    if refused in (ONLY_READING, ONLY_CALLING):
        return "Use a key of full scope."
    whose = "a member's key" if principal.role == MEMBER else "a sub-account's key"
    return f"This is {whose}: use the key of an administrator of the organization."
