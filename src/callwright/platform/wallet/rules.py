"""The wallet of an organisation: its accounts, what a call reserves, and the entries of its ledger.

Every entry moves money between accounts, so its postings sum to zero. A call reserves its :func:`worst_price` before anybody is called, and
is settled with what it cost. All amounts are integer nano-cents.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_CAP_CENTS
from callwright.domain.money import NANO_PER_CENT, cents_from_nano, rate
from callwright.domain.settings.kinds import whole
from callwright.domain.settings.setting import setting
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice
from callwright.platform.executions.rules.execution import CHAT
from callwright.platform.prices.rules import PLATFORM, WRITTEN_KINDS, BilledAs, Price, PriceBook, as_written

AVAILABLE, POSTPAID, RESERVED, SPENT, TOPPED_UP = "available", "postpaid", "reserved", "spent", "topped_up"
ACCOUNTS = (AVAILABLE, POSTPAID, RESERVED, SPENT, TOPPED_UP)
"""Accounts of a ledger. ``available``: what calls may still reserve. ``reserved``: held for calls under way. ``spent``: what calls cost.
``topped_up``: where the money came from, so it is negative. ``postpaid``: what calls took while only caps were set, negative too."""
SOURCES = frozenset({POSTPAID, TOPPED_UP})
"""Accounts from which money comes: their balances are negative."""

TOP_UP, CORRECTION, RESERVE, SETTLE, EXTRA = "top-up", "correction", "reserve", "settle", "extra"
KINDS = (TOP_UP, CORRECTION, RESERVE, SETTLE, EXTRA)
"""Kinds of entries. ``correction``: a negative top-up. ``reserve``, ``settle``: once for each attempt of a call. ``extra``: a cost
that came after the settlement, such as questions asked again."""

LEAST_RESERVATION_NANO = NANO_PER_CENT
"""Reserved for a call whose prices come to less: 1 cent."""

CHARACTERS_PER_SECOND = 15
"""Characters a voice speaks in a second, without a pause."""
TOKENS_PER_SECOND = 4
"""Tokens that both sides together say in a second."""
SECONDS_PER_REQUEST = 6
"""A conversation asks its model once in this time."""
CHARACTERS_PER_TOKEN = 4
POST_CALL_TOKENS = 1_000
"""Tokens that the instructions and the answer of one question after the call have."""

CHAT_SECONDS = 300
"""What a chat reserves is the talk of so many seconds, however long it may stay open."""

WALLET, CAP_CALL, CAP_BATCH, CAP_DAY, CAP_ACCOUNT = "wallet", "cap.call", "cap.batch", "cap.day", "cap.account"


@dataclass(frozen=True, slots=True)
class Wallet:
    """The ledger of an organisation. ``enabled``: calls need money; otherwise they are only counted for the caps."""

    organisation_id: str
    enabled: bool

    @property
    def source(self) -> str:
        """The account that calls take their money from."""
        return AVAILABLE if self.enabled else POSTPAID


@dataclass(frozen=True, slots=True)
class Posting:
    """What an entry adds to one account."""

    account: str
    amount_nano: int


@dataclass(frozen=True, slots=True)
class Charge:
    """Whose call an entry is about. ``day``: the UTC day of the reservation, to which the whole attempt counts. ``before_nano``: what the
    execution had cost by then."""

    account_id: str
    execution_id: str
    attempt: int
    batch_id: str | None
    day: date
    before_nano: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the ledger. ``id`` and ``at`` are given by the storage."""

    kind: str
    postings: tuple[Posting, ...]
    charge: Charge | None = None
    note: str | None = None
    id: int = 0
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Attempted:
    """What the ledger has of one attempt of a call. ``source``: the account its money came from."""

    organisation_id: str
    charge: Charge
    source: str
    reserved_nano: int
    spent_nano: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An execution that reserves money, or has spent another amount than it has cost since its first reservation (``cost_nano``; None where
    it is deleted)."""

    execution_id: str
    reserved_nano: int
    spent_nano: int
    cost_nano: int | None


_CAP = whole(0, MAX_CAP_CENTS)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that calls may cost, in whole cents; null: no cap. A call that a cap does not cover ends as ``balance-low``."""

    call_cents: int | None = setting("caps.call_cents", _CAP, None, "One call with all its attempts.")
    batch_cents: int | None = setting("caps.batch_cents", _CAP, None, "All calls of one batch.")
    day_cents: int | None = setting(
        "caps.day_cents", _CAP, None, "All calls of the organisation and its sub-accounts that begin on one UTC day."
    )
    account_cents: int | None = setting(
        "caps.account_cents",
        _CAP,
        None,
        "All calls ever of one account: the organisation's own, or those of one sub-account.",
    )

    @property
    def any(self) -> bool:
        """Whether there is a cap at all."""
        return self != NO_CAPS


NO_CAPS = Caps()


@dataclass(frozen=True, slots=True)
class Committed:
    """What is available, and what is reserved or spent already, in the sums that a reservation is measured by. ``reserved``: the attempt
    itself has reserved already."""

    reserved: bool = False
    available_nano: int = 0
    call_nano: int = 0
    batch_nano: int = 0
    day_nano: int = 0
    account_nano: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a call is not paid for: the rule, a sentence for its ``error_message``, and how much it lacks."""

    rule: str
    reason: str
    lacks_nano: int


def refusal(amount_nano: int, wallet: Wallet, committed: Committed, caps: Caps) -> Refusal | None:
    """Whether a reservation of ``amount_nano`` is refused, and by what: the wallet first, then the caps from the narrowest on."""
    if wallet.enabled and committed.available_nano < amount_nano:
        has, needs = _cents(committed.available_nano), _cents(amount_nano)
        reason = f"the wallet has {has} cents and this call reserves {needs}; top it up"
        return Refusal(WALLET, reason, amount_nano - committed.available_nano)
    for rule, name, cap, used in (
        (CAP_CALL, "call", caps.call_cents, committed.call_nano),
        (CAP_BATCH, "batch", caps.batch_cents, committed.batch_nano),
        (CAP_DAY, "day", caps.day_cents, committed.day_nano),
        (CAP_ACCOUNT, "account", caps.account_cents, committed.account_nano),
    ):
        lacks = 0 if cap is None else used + amount_nano - cap * NANO_PER_CENT
        if cap is not None and lacks > 0:
            left = _cents(max(0, cap * NANO_PER_CENT - used))
            reason = (
                f"of the cap of {cap} cents per {name}, {left} are left and this call reserves {_cents(amount_nano)}"
            )
            return Refusal(rule, f"{reason}; raise caps.{name}_cents of the calling policy", lacks)
    return None


def reservation(charge: Charge, amount_nano: int, source: str) -> Entry:
    """The entry that sets ``amount_nano`` aside for an attempt."""
    return Entry(RESERVE, (Posting(source, -amount_nano), Posting(RESERVED, amount_nano)), charge)


def cost_of_attempt(attempts: Sequence[Attempted], known: Attempted, total_nano: int) -> int:
    """What one of the attempts of an execution cost, which ``total_nano`` is what the execution cost so far: all that it has cost since its
    first reservation and that no other attempt was charged for."""
    first = min(attempts, key=lambda one: one.charge.attempt)
    return total_nano - first.charge.before_nano - sum(one.spent_nano for one in attempts if one is not known)


def settlement(known: Attempted, cost_nano: int) -> Entry | None:
    """The entry after which the attempt has spent ``cost_nano`` and reserves nothing; None when that is so already."""
    more = cost_nano - known.spent_nano
    moves = ((known.source, known.reserved_nano - more), (RESERVED, -known.reserved_nano), (SPENT, more))
    postings = tuple(Posting(account, amount) for account, amount in moves if amount)
    return Entry(SETTLE if known.reserved_nano else EXTRA, postings, known.charge) if postings else None


def top_up(amount_nano: int, note: str | None) -> Entry:
    """The entry of money that came in, or of a correction where ``amount_nano`` is negative. Raises BadInputError for nothing."""
    if amount_nano == 0:
        raise BadInputError("cents must not be 0", field="cents")
    if amount_nano < 0 and not note:
        raise BadInputError("a correction needs a note that says why", field="note")
    kind = TOP_UP if amount_nano > 0 else CORRECTION
    return Entry(kind, (Posting(AVAILABLE, amount_nano), Posting(TOPPED_UP, -amount_nano)), note=note)


def worst_price(spec: AgentSpec, carrier: str, book: PriceBook, billed_as: BilledAs = as_written) -> int:
    """What a call of the agent costs at worst within reason, in nano-cents, at least LEAST_RESERVATION_NANO: its longest duration at the
    price of carrier, platform and recogniser, a voice that never pauses, a model that is asked every SECONDS_PER_REQUEST with everything
    said so far, and the agent's tasks after the call and one question more. Of a provider and its fallbacks the dearest counts."""
    longest = spec.settings.call_terminate_s
    seconds = math.ceil(min(longest, CHAT_SECONDS) if carrier == CHAT else longest)
    timed = (book.price("carrier", carrier, "*"), book.price("platform", PLATFORM, "*"))
    total = sum(_rated(seconds * 1000, price) for price in timed)
    ears = (book.price("transcriber", *billed_as("transcriber", one)) for one in _links(spec.transcriber))
    total += max(_rated(seconds * 1000, price) for price in ears)
    said = seconds * CHARACTERS_PER_SECOND + len(spec.welcome_message)
    voices = (book.price("voice", *billed_as("voice", one)) for one in _links(spec.voice))
    total += max(_rated(said, price) for price in voices)
    spoken = seconds * TOKENS_PER_SECOND
    prompt = -(-len(spec.system_prompt) // CHARACTERS_PER_TOKEN)
    requests = -(-seconds // SECONDS_PER_REQUEST)
    # What was said grows from nothing to all of it: half of it on the average.
    read = requests * (prompt + spoken // 2)
    total += max(_model(book, billed_as("model", one), read, spoken) for one in _links(spec.model))
    for task in (*spec.post_call, None):
        asked = billed_as("model", spec.model if task is None else task.model)
        total += _model(book, asked, POST_CALL_TOKENS + spoken, POST_CALL_TOKENS)
    return max(total, LEAST_RESERVATION_NANO)


def _model(book: PriceBook, model: tuple[str, str], read: int, written: int) -> int:
    """The dearest that so many tokens can be: from no cache, or all into it, and all of them thought."""
    dearest = {True: 0, False: 0}
    for kind, price in book.of_tokens(*model).items():
        is_written = kind in WRITTEN_KINDS
        dearest[is_written] = max(dearest[is_written], _rated(written if is_written else read, price))
    return sum(dearest.values())


def _rated(amount: int, price: Price) -> int:
    return rate(amount, price.nano_cents, price.per, round_up_to=price.increment)


def _links(choice: ProviderChoice) -> tuple[ProviderChoice, ...]:
    """Whichever of them may do the work."""
    return (choice, *choice.fallbacks)


def _cents(nano: int) -> str:
    return f"{cents_from_nano(nano):f}"
