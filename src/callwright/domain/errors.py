"""Every failure a user can meet: a type, a stable code, an HTTP status and a sentence that says what to do.

``docs/reference/errors.md`` is generated from the classes here; codes are unique and never reused.
"""

from __future__ import annotations

from typing import ClassVar


class CallwrightError(Exception):
    """The server failed in a way that has no code of its own."""

    # Base of all named failures. A message says what to do and never holds a secret.

    code: ClassVar[str] = "internal_error"
    """Stable and machine-readable."""
    http_status: ClassVar[int] = 500
    """Status of the answer at the API."""
    number: ClassVar[int] = 500
    """The integer of the hosted error body: ``{"error": number, "message": ..., "detail": ...}``."""
    hint: str = "Report this with the request id; the server's log has the details."
    """What the user can do."""

    def __init__(self, message: str, *, field: str | None = None, hint: str = "") -> None:
        """``hint``: what can be done in this case, in place of the class's."""
        super().__init__(message)
        self.message = message
        self.field = field
        if hint:
            self.hint = hint


class BadInputError(CallwrightError):
    """A parameter is missing or wrong."""

    code = "bad_input"
    http_status = 400
    number = 400
    hint = "Correct the named field and send the request again."


class InvalidJsonError(BadInputError):
    """The body is not JSON."""

    code = "invalid_json"
    hint = "Send a JSON object with Content-Type: application/json."


class InvalidFormError(BadInputError):
    """The body is not a readable form."""

    code = "invalid_form"
    hint = "Send multipart/form-data, as `curl -F name=value -F file=@list.csv` does."


class NothingToChangeError(BadInputError):
    """A change names nothing that can be changed."""

    code = "nothing_to_change"
    hint = "Name a field that can be changed; nothing was saved."


class InvalidAgentError(BadInputError):
    """An agent configuration is not valid."""

    code = "invalid_agent"
    hint = "Correct the path named in the message; nothing was saved."


class InvalidNumberError(BadInputError):
    """A phone number or address is not dialable."""

    code = "invalid_number"
    hint = "Use E.164 with a leading +, a sip: URI or a loopback extension."


class LackingError(BadInputError):
    """An agent needs something that is missing here."""

    code = "provider_missing"
    hint = "Do what the message says."

    def __init__(self, message: str, *, field: str | None = None, leg: str = "") -> None:
        """``leg``: which part of the call it is (``platform.agents.rules.availability``)."""
        super().__init__(message, field=field)
        self.leg = leg


class ExpiredCursorError(BadInputError):
    """Events after the cursor are no longer kept, or it is of a later state of the database."""

    code = "cursor_expired"
    http_status = 410
    number = 410
    hint = (
        "Read on without `after`, from the oldest event that is kept. For what was missed, read"
        " GET /v2/agent/{agent_id}/executions and GET /batches/{agent_id}/all."
    )


class UnprocessableError(BadInputError):
    """The JSON body asks for something impossible."""

    code = "unprocessable"
    http_status = 422
    number = 422
    hint = "Correct the named field and send the request again; nothing was saved."


class NoSuchAgentError(BadInputError):
    """``agent_id`` names no agent of the key's organisation."""

    code = "no_such_agent"
    http_status = 403
    number = 403
    hint = "Check agent_id and the organisation of the key; GET /v2/agent/all lists its agents."


class SuppressedError(BadInputError):
    """The number is on the do-not-call list."""

    code = "suppressed"
    hint = "Do not call it. If the person agreed to be called again, whoever keeps the list must take the number off it first."


class BalanceLowError(BadInputError):
    """The wallet, or a cap, does not cover what a call reserves."""

    code = "balance_low"
    http_status = 402
    number = 402
    hint = "Have the wallet topped up or the cap raised; `GET /v1/callwright/wallet` shows the balance."
    is_held = False
    """Whether calls under way have reserved what is lacking: when they end, it may be enough."""


class MissingKeyError(CallwrightError):
    """No API key came with the request."""

    code = "missing_key"
    http_status = 401
    number = 401
    hint = "Send Authorization: Bearer <key>; make a key with `callwright keys create`."


class UnknownKeyError(CallwrightError):
    """The API key is unknown, revoked or expired."""

    code = "unknown_key"
    http_status = 401
    number = 401
    hint = "Check the key; make a new one with `callwright keys create`."


class UnrecognizedKeyError(UnknownKeyError):
    """The API key is unknown, and ``CALLWRIGHT_BAD_KEY`` is 403, as at the hosted service."""

    code = "unrecognized_key"
    http_status = 403
    number = 403


class EndedSessionError(UnknownKeyError):
    """The session of the dashboard has ended, or its key was revoked."""

    code = "session_ended"
    hint = "Sign in again with a key, or with the link that `callwright dashboard` prints."


class NotAllowedError(CallwrightError):
    """The key may not do this, or a signed link is wrong or expired."""

    code = "not_allowed"
    http_status = 403
    number = 403
    hint = "Use a key that may do it: the message says what this one may not."


class CrossSiteError(NotAllowedError):
    """A request with a session does not come from a page of this server."""

    code = "cross_site"
    hint = "Send X-Callwright-Csrf: 1 from a page of this server; programs use a key (Authorization: Bearer <key>)."


class UsedCodeError(UnknownKeyError):
    """A sign-in link was used already, or has expired."""

    code = "used_code"
    http_status = 403
    number = 403
    hint = "Make another link with `callwright dashboard`."


class NotFoundError(CallwrightError):
    """No such object for this key. A foreign object and a missing one give the same answer."""

    code = "not_found"
    http_status = 404
    number = 404
    hint = "Check the id and the organisation of the key."


class ConflictError(CallwrightError):
    """The request contradicts the present state."""

    code = "conflict"
    http_status = 409
    number = 409
    hint = "Read the object again and decide anew."


class StaleRevisionError(ConflictError):
    """The agent was changed since the revision that ``If-Match`` names."""

    code = "stale_revision"
    http_status = 412
    number = 412
    hint = "Read the agent again, put your change into it, and send it with its revision."


class WrongStateError(CallwrightError):
    """The action is not possible in the object's status."""

    code = "wrong_state"
    http_status = 400
    number = 400
    hint = "Read the execution's status; see docs/reference/statuses.md for what each allows."


class SlowBodyError(CallwrightError):
    """The body came too slowly, or stopped coming."""

    code = "body_too_slow"
    http_status = 408
    number = 408
    hint = "Send the whole body at once; docs/reference/limits.md says how slowly it may come."


class TooLargeError(CallwrightError):
    """A body, field or file is over its limit."""

    code = "too_large"
    http_status = 413
    number = 413
    hint = "See docs/reference/limits.md; send less."


class QuotaError(CallwrightError):
    """The file would exceed the organisation's upload quota."""

    code = "quota_exceeded"
    http_status = 413
    number = 413
    hint = "Delete files that are not needed, or ask the operator for more (CALLWRIGHT_UPLOAD_QUOTA_MB)."


class NoSuchRangeError(CallwrightError):
    """The requested range lies outside the file."""

    code = "no_such_range"
    http_status = 416
    number = 416
    hint = "Ask for bytes that the file has; Content-Range tells its length."

    def __init__(self, message: str, *, field: str | None = None, length: int = 0) -> None:
        """``length``: bytes of the file."""
        super().__init__(message, field=field)
        self.length = length


class HeadTooLargeError(CallwrightError):
    """The request line or headers are over their limit."""

    code = "head_too_large"
    http_status = 431
    number = 431
    hint = "See docs/reference/limits.md; send fewer or shorter headers, and long values in the body."


class RateLimitedError(CallwrightError):
    """Too many requests or calls at once."""

    code = "rate_limited"
    http_status = 429
    number = 429
    hint = "Wait for the seconds in Retry-After."

    def __init__(self, message: str, *, field: str | None = None, retry_after_s: int = 1) -> None:
        super().__init__(message, field=field)
        self.retry_after_s = retry_after_s


class CapacityError(RateLimitedError):
    """There is no place for a web call, or this server does not offer its kind."""

    code = "no_capacity"
    hint = "Try again after the seconds in Retry-After. `scope` says where there is no place: global, customer or not_enabled."

    def __init__(self, message: str, scope: str, *, hint: str = "", retry_after_s: int = 60) -> None:
        """``scope``: global, customer or not_enabled (contract 3.16)."""
        super().__init__(message, retry_after_s=retry_after_s)
        self.scope = scope
        self.hint = hint or _PLACES.get(scope, self.hint)


_PLACES = {
    "global": "This server has no place: try again in a minute. The account is not to blame.",
    "customer": "The account has no place: use a session that it has, or wait a minute until unused ones expire.",
}
"""What to do where there is no place for a web call, by the scope of the contract."""


class UnavailableError(CallwrightError):
    """A part the request needs is not reachable now."""

    code = "unavailable"
    http_status = 503
    number = 503
    hint = "Check that PostgreSQL is running and reachable, then retry; nothing was done."


class CarrierUnavailableError(UnavailableError):
    """The numbers' carrier cannot be reached, or does not report the outcome."""

    code = "carrier_unavailable"
    hint = "Send the request again later: what the carrier did all the same is found then, and done once."


class AnswerTooLargeError(CallwrightError):
    """A model endpoint's answer is too large, or compressed in an unknown way."""

    code = "answer_too_large"
    http_status = 502
    number = 502
    hint = "Check what the endpoint answers; docs/reference/limits.md says how much may come, unpacked."


class VaultLockedError(CallwrightError):
    """Stored provider keys cannot be opened: their master key is missing or differs."""

    code = "vault_locked"
    http_status = 503
    number = 503
    hint = "Put the master key named in the message back (CALLWRIGHT_MASTER_KEY or the file master-key in the data folder)."


class BlockedUrlError(BadInputError):
    """An outbound URL is refused by policy."""

    code = "blocked_url"
    hint = "Use a public https address, or allow private ones with CALLWRIGHT_ALLOW_PRIVATE_URLS."


class ConfigurationError(CallwrightError):
    """A setting of the server is wrong."""

    code = "configuration"
    hint = "Correct the setting named in the message; see docs/reference/settings.md."


class StaleOwnerError(CallwrightError):
    """This process no longer owns the execution: another node settled it."""

    code = "stale_owner"
    http_status = 409
    number = 409
    hint = "Nothing to do: the execution was settled by another node."


class BrokenInvariantError(CallwrightError):
    """A rule or a step of the conversation core failed. The call ends with an error; its log shows why."""

    code = "broken_invariant"
    hint = "Report this with the call's log: `callwright replay` shows the step."
