"""Why calls end: one table for every carrier.

A carrier hears a SIP status (RFC 3261 chapter 21 and its later neighbours), a Q.850 cause, or a word of its own.
:func:`cause_of_sip` and :func:`cause_of_q850` turn the numbers into one of :data:`CAUSES`; an adapter turns its own words into a key. The
words and numbers of a cause are those of the contract's chapter 8: the codes are hang-up codes of the telephony vendor the hosted service
grew up with, whose own list says what each means (3040 the destination refuses or blocks, 3050 out of service, 3070 no answer of the
carrier in time, 3080 carrier error, 3090 congestion, 3110 cannot take part, 5010 internal, 5020 routing).

Two rules decide the outcome where the contract leaves it open. ``failed``: this call could not be put through, nothing of ours is wrong.
``error``: the two systems do not understand each other or one refuses the other; somebody must change something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callwright.platform.executions.rules.execution import Status

#: Outcomes of a leg that end the execution with a status of another name.
_STATUSES = {"answered": Status.COMPLETED}

RETRY_CLASSES: frozenset[str] = frozenset({"busy", "no-answer", "failed", "error", "never"})
"""Words a retry policy names (contract 11.1), and ``never``: the same call again cannot end otherwise, whatever the policy names."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One way a call ends.

    ``outcome``: answered, busy, no-answer, failed, canceled, error, balance-low (as ``ports.leg.LegClosed``). ``by``, ``reason`` and
    ``code`` become ``hangup_by``, ``hangup_reason`` and ``hangup_provider_code``. ``retry`` is one of :data:`RETRY_CLASSES`.
    """

    key: str
    outcome: str
    by: str
    reason: str
    code: int
    retry: str
    summary: str

    @property
    def status(self) -> Status:
        """The published status of an execution that ends so."""
        return _STATUSES.get(self.outcome) or Status(self.outcome)


_ROWS: tuple[Cause, ...] = (
    # -- the call had been answered
    Cause(
        "normal_clearing",
        "answered",
        "Callee",
        "Call recipient hung up",
        4000,
        "never",
        "The person we called hung up.",
    ),
    Cause("caller_hung_up", "answered", "Caller", "Call ended", 4000, "never", "The caller hung up."),
    Cause(
        "hung_up_by_us",
        "answered",
        "API Request",
        "Call ended",
        4000,
        "never",
        "We hung up.",
    ),
    Cause(
        "transferred",
        "answered",
        "API Request",
        "Call completed",
        4000,
        "never",
        "The other side was transferred.",
    ),
    Cause(
        "media_timeout",
        "answered",
        "Carrier",
        "Carrier unable to receive media",
        3070,
        "never",
        "The audio stopped without a reported end.",
    ),
    # -- nobody talked: busy
    Cause("user_busy", "busy", "Carrier", "Call recipient was busy", 3010, "busy", "The line is engaged."),
    Cause(
        "call_rejected",
        "busy",
        "Callee",
        "Call recipient rejected",
        3020,
        "busy",
        # As busy: most phones send 486 when their owner declines, others 603, and the person cannot choose which.
        "The person declined.",
    ),
    Cause(
        "call_limit_exceeded",
        "busy",
        "Carrier",
        "Carrier ended because call limit exceeded",
        3010,
        "busy",
        "No capacity for another call.",
    ),
    # -- nobody talked: no answer
    Cause("no_answer", "no-answer", "Carrier", "Call unanswered", 3000, "no-answer", "It rang, and nobody answered."),
    Cause(
        "no_user_response",
        "no-answer",
        "Carrier",
        "Call unanswered",
        3000,
        "no-answer",
        "The phone did not respond at all.",
    ),
    Cause(
        "unavailable",
        "no-answer",
        "Carrier",
        "Call unanswered",
        3000,
        "no-answer",
        # Networks translate no answer (19), no response (18) and absent (20) alike to 480. All of them mean to try again later.
        "The number cannot be reached now, as when switched off or not registered.",
    ),
    # -- nobody talked: the number
    Cause(
        "unallocated_number",
        "failed",
        "Carrier",
        "Call recipient number invalid",
        2000,
        "never",
        "Nobody has this number.",
    ),
    Cause(
        "invalid_number",
        "failed",
        "Carrier",
        "Call recipient number invalid",
        2000,
        "never",
        "The number is incomplete or malformed.",
    ),
    Cause(
        "number_changed",
        "failed",
        "Carrier",
        "Call recipient number invalid",
        3050,
        "never",
        "The number is no longer in use.",
    ),
    Cause(
        "destination_out_of_order",
        "failed",
        "Carrier",
        "Call recipient number invalid",
        3050,
        "failed",
        "The number's line is out of service.",
    ),
    Cause(
        "unwanted",
        "failed",
        "Callee",
        "Call recipient rejected",
        3020,
        "never",
        "The person wants no calls from this number (RFC 8197).",
    ),
    Cause(
        "blocked",
        "failed",
        "Carrier",
        "Carrier declined",
        3040,
        "never",
        "A filter blocks calls from this number (RFC 8688).",
    ),
    Cause(
        "forbidden",
        "failed",
        "Carrier",
        "Carrier declined",
        3040,
        "failed",
        "The carrier or the destination forbids this call.",
    ),
    # -- nobody talked: the network
    Cause(
        "redirected",
        "failed",
        "Error",
        "failed",
        5020,
        "failed",
        "The far end named another address. Redirections are not followed.",
    ),
    Cause(
        "no_route",
        "failed",
        "Error",
        "failed",
        5020,
        "failed",
        "There is no way to the number, or a loop.",
    ),
    Cause(
        "request_timeout",
        "failed",
        "Carrier",
        "Call timed out",
        3070,
        "failed",
        "Nothing answered: no phone at the address, or a lost network.",
    ),
    Cause(
        "temporary_failure",
        "failed",
        "Error",
        "Carrier Internal Error",
        3080,
        "failed",
        "The network failed for a moment.",
    ),
    Cause(
        "carrier_error", "failed", "Error", "Carrier Internal Error", 3080, "failed", "A defect on the carrier's side."
    ),
    Cause(
        "network_out_of_order",
        "failed",
        "Error",
        "Carrier Internal Error",
        3080,
        "failed",
        "A network beyond the carrier fails.",
    ),
    Cause(
        "congestion",
        "failed",
        "Error",
        "Network Congestion From Carrier",
        3090,
        "failed",
        "All lines of the carrier are taken.",
    ),
    Cause(
        "media_not_acceptable",
        "failed",
        "Error",
        "Carrier unable to receive media",
        3110,
        "never",
        "The two sides share no codec.",
    ),
    Cause(
        "originator_cancel",
        "canceled",
        "API Request",
        "Call canceled",
        4000,
        "never",
        "We cancelled the call before the answer.",
    ),
    Cause(
        "suppressed",
        "canceled",
        "API Request",
        "recipient_suppressed",
        4000,
        "never",
        "The number is on the do-not-call list.",
    ),
    Cause(
        "balance_low",
        "balance-low",
        "API Request",
        "balance_low",
        4000,
        "never",
        "The wallet, or a cap, does not cover the call.",
    ),
    Cause(
        "not_permitted",
        "canceled",
        "API Request",
        "call_not_permitted",
        4000,
        "never",
        "A rule of the calling policy or of the country forbids the call.",
    ),
    Cause(
        "trunk_unusable",
        "error",
        "Error",
        "trunk_unusable",
        5020,
        "error",
        "The SIP trunk was deleted or changed, or its password cannot be opened.",
    ),
    Cause(
        "caller_limit",
        "failed",
        "API Request",
        "caller_limit_reached",
        4000,
        "never",
        "The caller reached `inbound_limit`.",
    ),
    Cause(
        "caller_not_known",
        "failed",
        "API Request",
        "caller_not_known",
        4000,
        "never",
        "The agent takes known callers only (`disallow_unknown_numbers`).",
    ),
    Cause(
        "caller_abandoned",
        "canceled",
        "Caller",
        "Call canceled",
        4000,
        "never",
        "The caller gave up before we answered.",
    ),
    Cause(
        "declined_by_us",
        "failed",
        "Callee",
        "Call recipient rejected",
        3020,
        "never",
        "We refused an incoming call.",
    ),
    # -- somebody must change something
    Cause(
        "credentials_refused",
        "error",
        "Error",
        "Carrier declined",
        3110,
        "error",
        "The carrier asks for credentials, or refuses ours.",
    ),
    Cause(
        "payment_required", "error", "Error", "Carrier declined", 3110, "error", "The carrier wants to be paid first."
    ),
    Cause(
        "protocol_error",
        "error",
        "Error",
        "Telephony Internal Error",
        5010,
        "error",
        "The two systems do not understand each other.",
    ),
    # -- ourselves
    Cause(
        "gateway_lost",
        "error",
        "Error",
        "gateway_lost",
        5020,
        "error",
        "The SIP process died during the call.",
    ),
    Cause("node_lost", "error", "Error", "node_lost", 5010, "error", "The process that ran the call died."),
    Cause(
        "crash",
        "error",
        "Error",
        "Carrier Internal Error",
        3080,
        "error",
        "The carrier's adapter failed.",
    ),
    Cause("unknown", "error", "Unknown", "Unknown", 0, "error", "The call ended without a reason."),
)

CAUSES: dict[str, Cause] = {cause.key: cause for cause in _ROWS}
"""Every cause by its key."""


_SIDES = {"Callee": "far_end", "Caller": "far_end", "Carrier": "carrier"}


def ended_by(hangup_by: str | None) -> str | None:
    """Returns who ended a call that ``hangup_by`` tells of and whose log does not: ``far_end``, ``carrier`` or ``platform``; None while it
    is not over. ``Error`` without a log is our own failure, as the death of the process."""
    return None if hangup_by is None else _SIDES.get(hangup_by, "platform")


@dataclass(frozen=True, slots=True)
class Code:
    """A number of a protocol, its registered name, and the key of the cause it stands for."""

    number: int
    name: str
    key: str


def _codes(table: str) -> Iterator[Code]:
    for line in table.strip().splitlines():
        number, key, name = line.split(maxsplit=2)
        yield Code(int(number), name, key)


# Registered final statuses of RFC 3261 21 and later documents. Where RFC 3398 8.2.6 gives a Q.850 cause, both tables lead to the same
# cause, save where a comment of a cause says why not.
SIP_CODES: dict[int, Code] = {
    code.number: code
    for code in _codes("""
    300 redirected            Multiple Choices
    301 redirected            Moved Permanently
    302 redirected            Moved Temporarily
    305 redirected            Use Proxy
    380 redirected            Alternative Service
    400 protocol_error        Bad Request
    401 credentials_refused   Unauthorized
    402 payment_required      Payment Required
    403 forbidden             Forbidden
    404 unallocated_number    Not Found
    405 protocol_error        Method Not Allowed
    406 protocol_error        Not Acceptable
    407 credentials_refused   Proxy Authentication Required
    408 request_timeout       Request Timeout
    410 number_changed        Gone
    412 protocol_error        Conditional Request Failed
    413 protocol_error        Request Entity Too Large
    414 protocol_error        Request-URI Too Long
    415 media_not_acceptable  Unsupported Media Type
    416 protocol_error        Unsupported URI Scheme
    417 protocol_error        Unknown Resource-Priority
    420 protocol_error        Bad Extension
    421 protocol_error        Extension Required
    422 protocol_error        Session Interval Too Small
    423 protocol_error        Interval Too Brief
    424 protocol_error        Bad Location Information
    425 protocol_error        Bad Alert Message
    428 forbidden             Use Identity Header
    429 protocol_error        Provide Referrer Identity
    430 temporary_failure     Flow Failed
    433 forbidden             Anonymity Disallowed
    436 forbidden             Bad Identity Info
    437 forbidden             Unsupported Credential
    438 forbidden             Invalid Identity Header
    439 protocol_error        First Hop Lacks Outbound Support
    440 no_route              Max-Breadth Exceeded
    469 protocol_error        Bad Info Package
    470 forbidden             Consent Needed
    480 unavailable           Temporarily Unavailable
    481 protocol_error        Call/Transaction Does Not Exist
    482 no_route              Loop Detected
    483 no_route              Too Many Hops
    484 invalid_number        Address Incomplete
    485 invalid_number        Ambiguous
    486 user_busy             Busy Here
    487 originator_cancel     Request Terminated
    488 media_not_acceptable  Not Acceptable Here
    489 protocol_error        Bad Event
    491 temporary_failure     Request Pending
    493 protocol_error        Undecipherable
    494 protocol_error        Security Agreement Required
    500 carrier_error         Server Internal Error
    501 protocol_error        Not Implemented
    502 network_out_of_order  Bad Gateway
    503 congestion            Service Unavailable
    504 request_timeout       Server Time-out
    505 protocol_error        Version Not Supported
    513 protocol_error        Message Too Large
    555 protocol_error        Push Notification Service Not Supported
    580 media_not_acceptable  Precondition Failure
    600 user_busy             Busy Everywhere
    603 call_rejected         Decline
    604 unallocated_number    Does Not Exist Anywhere
    606 media_not_acceptable  Not Acceptable
    607 unwanted              Unwanted
    608 blocked               Rejected
    """)
}
"""SIP statuses. A status that is not here counts as the first of its hundred (RFC 3261 8.1.3.2)."""

Q850_CODES: dict[int, Code] = {
    code.number: code
    for code in _codes("""
    1   unallocated_number        Unallocated number
    2   no_route                  No route to specified transit network
    3   no_route                  No route to destination
    4   invalid_number            Send special information tone
    5   invalid_number            Misdialled trunk prefix
    6   temporary_failure         Channel unacceptable
    7   unavailable               Call awarded, being delivered in an established channel
    8   temporary_failure         Preemption
    9   temporary_failure         Preemption, circuit reserved for reuse
    14  no_route                  Query on release: ported number
    16  normal_clearing           Normal call clearing
    17  user_busy                 User busy
    18  no_user_response          No user responding
    19  no_answer                 No answer from user, user alerted
    20  unavailable               Subscriber absent
    21  call_rejected             Call rejected
    22  number_changed            Number changed
    23  redirected                Redirection to new destination
    24  forbidden                 Call rejected due to feature at the destination
    25  no_route                  Exchange routing error
    26  unavailable               Non-selected user clearing
    27  destination_out_of_order  Destination out of order
    28  invalid_number            Invalid number format
    29  forbidden                 Facility rejected
    30  unavailable               Response to status enquiry
    31  unavailable               Normal, unspecified
    34  congestion                No circuit or channel available
    38  network_out_of_order      Network out of order
    39  network_out_of_order      Permanent frame mode connection out of service
    40  network_out_of_order      Permanent frame mode connection operational
    41  temporary_failure         Temporary failure
    42  congestion                Switching equipment congestion
    43  temporary_failure         Access information discarded
    44  congestion                Requested circuit or channel not available
    46  congestion                Precedence call blocked
    47  congestion                Resource unavailable, unspecified
    49  congestion                Quality of service not available
    50  forbidden                 Requested facility not subscribed
    52  forbidden                 Outgoing calls barred
    53  forbidden                 Outgoing calls barred within closed user group
    54  forbidden                 Incoming calls barred
    55  forbidden                 Incoming calls barred within closed user group
    57  forbidden                 Bearer capability not authorized
    58  congestion                Bearer capability not presently available
    62  protocol_error            Inconsistency in access information and subscriber class
    63  congestion                Service or option not available, unspecified
    65  media_not_acceptable      Bearer capability not implemented
    66  protocol_error            Channel type not implemented
    69  protocol_error            Requested facility not implemented
    70  media_not_acceptable      Only restricted digital information available
    79  protocol_error            Service or option not implemented, unspecified
    81  protocol_error            Invalid call reference value
    82  protocol_error            Identified channel does not exist
    83  protocol_error            A suspended call exists, but this call identity does not
    84  protocol_error            Call identity in use
    85  protocol_error            No call suspended
    86  protocol_error            Call having the requested call identity has been cleared
    87  forbidden                 User not a member of closed user group
    88  media_not_acceptable      Incompatible destination
    90  forbidden                 Non-existent closed user group
    91  protocol_error            Invalid transit network selection
    95  protocol_error            Invalid message, unspecified
    96  protocol_error            Mandatory information element is missing
    97  protocol_error            Message type non-existent or not implemented
    98  protocol_error            Message not compatible with call state
    99  protocol_error            Information element non-existent or not implemented
    100 protocol_error            Invalid information element contents
    101 protocol_error            Message not compatible with call state
    102 request_timeout           Recovery on timer expiry
    103 protocol_error            Parameter non-existent or not implemented, passed on
    110 protocol_error            Message with unrecognized parameter discarded
    111 protocol_error            Protocol error, unspecified
    127 carrier_error             Interworking, unspecified
    """)
}
"""Q.850 causes. A cause that is not here counts as the unspecified one of its class."""

#: The unspecified cause of each class of Q.850: the last number of the class, which is bits 7-5 of the cause (normal has two eighths).
_Q850_CLASS_ENDS = (31, 47, 63, 79, 95, 111, 127)

#: Causes that gateways add when they know nothing: the SIP status says more.
_Q850_SAYS_LITTLE = frozenset({16, 31, 127})

#: Statuses that already say who refused and why. What a gateway adds to them (21 to a 607, 16 to our own CANCEL) would say less.
_SIP_SAYS_ALL = frozenset({401, 402, 407, 487, 607, 608})


def cause_of_sip(status: int, q850: int | None = None) -> Cause:
    """Why a call that was not answered ended, from the final SIP status and the Q.850 cause of its Reason header.

    The Q.850 cause comes from nearer to the person and decides, unless it is one of those that say nothing (16, 31, 127) or the status is
    one that leaves no question. Numbers that are no final failure (below 300, above 699) are ``unknown``: they are a stranger's words and
    nothing to raise over.
    """
    by_status = _sip(status)
    if q850 is None or status in _SIP_SAYS_ALL or q850 in _Q850_SAYS_LITTLE:
        return by_status
    by_q850 = cause_of_q850(q850)
    return by_status if by_q850.key == "unknown" else by_q850


def cause_of_q850(code: int) -> Cause:
    """Why a call ended, from a Q.850 cause alone; 16 means that an answered call was hung up by the far end. Numbers outside of 1-127 are
    ``unknown``."""
    if not 1 <= code <= 127:
        return CAUSES["unknown"]
    unspecified = next(end for end in _Q850_CLASS_ENDS if code <= end)
    return CAUSES[(Q850_CODES.get(code) or Q850_CODES[unspecified]).key]


def _sip(status: int) -> Cause:
    if not 300 <= status <= 699:
        return CAUSES["unknown"]
    return CAUSES[(SIP_CODES.get(status) or SIP_CODES[status // 100 * 100]).key]
