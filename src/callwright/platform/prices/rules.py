"""The price book: what one unit of each leg costs, and from when. Pure data; where its rows are kept is not known here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from callwright.domain.errors import BadInputError
from callwright.domain.limits import MAX_NAME_CHARACTERS
from callwright.domain.money import NANO_PER_CENT, nano_from_cents
from callwright.platform.agents.rules.spec import ProviderChoice

MODEL_INPUT, MODEL_CACHED_INPUT, MODEL_CACHE_WRITE = "model_input", "model_cached_input", "model_cache_write"
MODEL_OUTPUT, MODEL_REASONING = "model_output", "model_reasoning"
KINDS = (
    "transcriber",
    MODEL_INPUT,
    MODEL_CACHED_INPUT,
    MODEL_CACHE_WRITE,
    MODEL_OUTPUT,
    MODEL_REASONING,
    "voice",
    "carrier",
    "platform",
)
PLATFORM = "callwright"
"""The provider of the kind ``platform``."""
ANY = "*"
LARGEST_UNITS = 10**12
"""Of ``per`` and ``increment``."""
LARGEST_CENTS = 10**9


@dataclass(frozen=True, slots=True)
class Price:
    """``nano_cents`` for every ``per`` units, billed in steps of ``increment`` units.

    Units: ``ms`` of audio for transcribers and carriers, ``tokens`` for models, ``characters`` for voices.
    """

    nano_cents: int = 0
    per: int = 1
    increment: int = 1


FREE = Price()

BilledAs = Callable[[str, ProviderChoice], tuple[str, str]]
"""Returns the provider and the model under which a choice of an agent is billed, by kind of the registry: transcriber, voice or model."""


def as_written(kind: str, choice: ProviderChoice) -> tuple[str, str]:
    """Returns the agent's own words: the names of a provider that is not installed here (``BilledAs``)."""
    return choice.provider, choice.model or choice.voice


class Prices(Protocol):
    """What may know other prices for other days."""

    def at(self, moment: datetime) -> PriceBook:
        """The prices of calls that begin at ``moment``."""
        ...


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Prices by ``(kind, provider, model)``; ``model``, or both, may be ``*``. What is not listed costs nothing.

    Kinds: ``transcriber``, ``voice``, ``carrier``, ``platform``, and the tokens of models: ``model_input``, of which ``model_cached_input``
    came from the vendor's cache and ``model_cache_write`` went into it, and ``model_output``, of which ``model_reasoning`` was thought.
    """

    prices: Mapping[tuple[str, str, str], Price] = field(default_factory=dict)

    def price(self, kind: str, provider: str, model: str) -> Price:
        """The price of one kind of usage: of the exact model, else the provider's ``*``, else everybody's, else free."""
        return self.listed(kind, provider, model) or FREE

    def listed(self, kind: str, provider: str, model: str) -> Price | None:
        """As :meth:`price`, None where nothing is listed."""
        for key in ((kind, provider, model), (kind, provider, ANY), (kind, ANY, ANY)):
            found = self.prices.get(key)
            if found is not None:
                return found
        return None

    def of_tokens(self, provider: str, model: str) -> dict[str, Price]:
        """The price of each kind of a model's tokens, without the kinds that have none of their own."""
        found = ((kind, self.listed(kind, provider, model)) for kind in TOKEN_KINDS)
        listed = {kind: price for kind, price in found if price is not None}
        return {MODEL_INPUT: FREE, MODEL_OUTPUT: FREE, **listed}

    def at(self, moment: datetime) -> PriceBook:
        """The same prices: these have no dates."""
        return self


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a model read and wrote. ``cached`` and ``cache_written`` are parts of ``read``, ``reasoning`` is a part of ``written``."""

    read: int = 0
    written: int = 0
    cached: int = 0
    reasoning: int = 0
    cache_written: int = 0

    def of_kinds(self, priced: Collection[str]) -> dict[str, int]:
        """The tokens by the kind that prices them. Kinds that are not ``priced`` count as input and output like any other."""
        cached = min(self.cached, self.read) if MODEL_CACHED_INPUT in priced else 0
        stored = min(self.cache_written, self.read - cached) if MODEL_CACHE_WRITE in priced else 0
        thought = min(self.reasoning, self.written) if MODEL_REASONING in priced else 0
        return {
            MODEL_INPUT: self.read - cached - stored,
            MODEL_CACHED_INPUT: cached,
            MODEL_CACHE_WRITE: stored,
            MODEL_OUTPUT: self.written - thought,
            MODEL_REASONING: thought,
        }


def sum_of(all_tokens: Iterable[Tokens]) -> Tokens:
    """The sums of tokens."""
    found = list(all_tokens)
    return Tokens(*(sum(getattr(one, name) for one in found) for name in Tokens.__slots__))


WRITTEN_KINDS = frozenset({MODEL_OUTPUT, MODEL_REASONING})
"""Kinds of tokens that come out of a model."""
TOKEN_KINDS = (MODEL_INPUT, MODEL_CACHED_INPUT, MODEL_CACHE_WRITE, MODEL_OUTPUT, MODEL_REASONING)


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One row of the book. ``valid_from`` None: always valid. ``source``: where the price is from, as an address or a contract's name.
    ``id`` is empty for a row of the file."""

    kind: str
    provider: str
    model: str
    price: Price
    valid_from: datetime | None = None
    source: str = ""
    id: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What it is the price of."""
        return self.kind, self.provider, self.model


def check_billed_names(row: PriceRow, billed_as: BilledAs) -> None:
    """Raises BadInputError for a row under another name of a provider or a model than the one that usage has: it would be the price of
    nothing."""
    kind = "model" if row.kind in TOKEN_KINDS else row.kind
    if kind not in ("transcriber", "voice", "model") or row.provider == ANY:
        return
    provider, _ = billed_as(kind, ProviderChoice(row.provider))
    if provider != row.provider:
        raise BadInputError(f"provider: {row.provider!r} is billed as {provider!r}; name that", field="provider")
    choices = [ProviderChoice(row.provider, model=row.model), ProviderChoice(row.provider, voice=row.model)]
    billed = [billed_as(kind, choice)[1] for choice in choices[: 2 if kind == "voice" else 1]]
    if row.model not in (ANY, *billed):
        raise BadInputError(f"model: {row.model!r} of {provider} is billed as {billed[0]!r}; name that", field="model")


class DatedPrices:
    """Prices with the days from which they are valid (``Prices``): the rows of the file, and the ledger's, which go first."""

    def __init__(self, of_file: Iterable[PriceRow] = ()) -> None:
        self._of_file = tuple(of_file)
        self._of_ledger: tuple[PriceRow, ...] = ()
        self.state = ""
        self._last: tuple[datetime | None, datetime | None, PriceBook] | None = None

    @property
    def rows(self) -> tuple[PriceRow, ...]:
        """All rows: those of the file, then the ledger's."""
        return (*self._of_file, *self._of_ledger)

    def take(self, of_ledger: Iterable[PriceRow], state: str = "") -> None:
        """The ledger's rows are now these. ``state``: a text by which somebody knows them again."""
        self.state = state
        self._of_ledger = tuple(of_ledger)
        self._last = None

    def at(self, moment: datetime) -> PriceBook:
        """For each key the newest row that is valid at ``moment``. Of two that begin together the ledger's counts."""
        if self._last is not None:
            # Most calls begin between the same two changes of prices.
            since, until, book = self._last
            if (since is None or since <= moment) and (until is None or moment < until):
                return book
        begun = [row for row in self.rows if row.valid_from is None or row.valid_from <= moment]
        # The sort is stable: a row of the ledger stays behind one of the file.
        begun.sort(key=lambda row: row.valid_from or _EVER)
        book = PriceBook({row.key: row.price for row in begun})
        since = max((row.valid_from for row in begun if row.valid_from is not None), default=None)
        later = (row.valid_from for row in self.rows if row.valid_from is not None and row.valid_from > moment)
        self._last = since, min(later, default=None), book
        return book


_EVER = datetime.min.replace(tzinfo=UTC)


SHOWN = frozenset({"id", "origin"})
"""What lists of prices have besides: a list that was read can be saved as a file."""
FIELDS = ("kind", "provider", "model", "cents", "per", "increment", "valid_from", "source")


def read_price(row: Any) -> PriceRow:
    """A row of the book as JSON has it: ``cents`` (a number or its text) for every ``per`` units, billed in steps of ``increment``.

    Without ``model`` it is the price of the provider's other models, without ``provider`` too that of every other provider. Raises
    BadInputError, whose message begins with the name of the field.
    """
    if not isinstance(row, Mapping) or row.get("kind") not in KINDS:
        raise BadInputError(f"kind must be one of {', '.join(KINDS)}", field="kind")
    unknown = sorted(set(row) - set(FIELDS) - SHOWN)
    if unknown:
        raise BadInputError(f"unknown {', '.join(unknown)}; a price has {', '.join(FIELDS)}", field=unknown[0])
    provider, model, source = (_name(row, name, otherwise) for name, otherwise in _TEXTS)
    if provider == ANY and model != ANY:
        raise BadInputError(f"a price of the model {model!r} needs its provider", field="provider")
    price = Price(_nano(row.get("cents")), _units(row, "per"), _units(row, "increment"))
    return PriceRow(row["kind"], provider, model, price, _moment(row.get("valid_from")), source)


_TEXTS = (("provider", ANY), ("model", ANY), ("source", ""))


def _name(row: Mapping[str, Any], name: str, otherwise: str) -> str:
    value = row.get(name)
    if value is None:
        return otherwise
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_CHARACTERS:
        raise BadInputError(f"{name} must be a text of 1 to {MAX_NAME_CHARACTERS} characters", field=name)
    return value


def _nano(cents: Any) -> int:
    try:
        nano = nano_from_cents(Decimal(str(cents)))
    except (ValueError, OverflowError, InvalidOperation) as error:
        raise BadInputError("cents must be a decimal number", field="cents") from error
    if not 0 <= nano <= LARGEST_CENTS * NANO_PER_CENT:
        raise BadInputError(f"cents must not be negative or above {LARGEST_CENTS:,}", field="cents")
    return nano


def _units(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    if value is None:
        return 1
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= LARGEST_UNITS:
        raise BadInputError(f"per and increment are whole numbers from 1 to {LARGEST_UNITS:,}", field=name)
    return value


def _moment(text: Any) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is None:
        raise BadInputError("valid_from must be a time with its offset, as 2026-12-01T00:00:00Z", field="valid_from")
    return found
