"""Which figures of a text are said digit by digit (telephone numbers, codes), and which are amounts.

A number alone does not say what it is: after "costs" 12999 is an amount, after "zip" it is a code. The words before it tell, the nearest
first; where nothing tells, a long number that is not round is a code, because a code read as an amount cannot be written down, and an
amount read digit by digit can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from callwright.providers.local.abbreviations import CURRENCIES, NAMES_OF_MONEY, month_of

Cut = Sequence[tuple[str, str]]
"""Words without the marks around them, and the marks behind each that make a pause."""

LEAST_PHONE_DIGITS = 7
"""Fewer digits than this in several groups are numbers beside each other, no telephone number."""
MOST_GROUP_DIGITS = 12
"""More digits than this in one group are no part of a telephone number."""
LEAST_CODE_DIGITS = 5
"""A number of so many digits that is not round and has no commas is a code or an area, and read digit by digit."""
LEAST_AMOUNT_DIGITS = 4
"""Shorter numbers sound alike whatever they are; of four digits the lexicon makes a year."""
WORDS_BACK = 12

DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
SHORT_DATE = re.compile(r"(\d{1,2})[-.](\d{1,2})[-.](\d{4})")

_FROM_TO = re.compile(r"([1-9]\d{0,3})[-–—]([1-9]\d{0,3})")
_DIALLED = re.compile(r"[+(]*\d[\d().-]*")
_NO_UNITS = frozenset({"and", "or", "is", "was", "for", "to", "in", "on", "at", "if", "then", "please", "again", "now"})
"""Words behind a code that do not count anything."""
_AMOUNTS = frozenset(
    {
        *(
            "cost",
            "costs",
            "costing",
            "price",
            "prices",
            "priced",
            "total",
            "totals",
            "balance",
            "amount",
            "amounts",
            "sum",
        ),
        *(
            "fee",
            "fees",
            "charged",
            "pay",
            "pays",
            "paid",
            "paying",
            "owe",
            "owes",
            "owed",
            "worth",
            "deposit",
            "budget",
        ),
        *(
            "salary",
            "income",
            "revenue",
            "payments",
            "discount",
            "savings",
            "save",
            "saved",
            "taxes",
            "limit",
            "population",
        ),
        *("count", "nearly", "almost", "approximately", "roughly", "than", "least", "comes", "adds", "mileage"),
        *("distance", "earn", "earns", "spend", "spent", "premium", "deductible", "copay", "valued"),
    }
)
_PAPERS = frozenset({"payment", "bill", "invoice", "quote", "charge", "estimate", "refund", "order", "rent", "tax"})
"""What has an amount ("the bill is 12999") and, where the figures stand at once behind it, a number ("bill 12999")."""
_CODES = frozenset(
    {
        *("code", "codes", "pin", "zip", "postcode", "passcode", "password", "id", "reference", "ref", "confirmation"),
        *("account", "number", "numbers", "serial", "tracking", "ending"),
    }
)
_NUMBERED = frozenset(
    {
        *("ticket", "case", "claim", "policy", "passport", "license", "licence", "booking", "reservation", "member"),
        *(
            "membership",
            "customer",
            "extension",
            "room",
            "unit",
            "suite",
            "apartment",
            "flight",
            "bus",
            "train",
            "model",
        ),
        *(
            "part",
            "sku",
            "vin",
            "card",
            "phone",
            "telephone",
            "fax",
            "mobile",
            "cell",
            "digits",
            "street",
            "box",
            "postal",
        ),
        *("invoice", "order", "item"),
    }
)
_CODE_LINKS = frozenset({"is", "was", "are", "be", "number", "the", "code"})
_LINKS = frozenset(
    {
        *("is", "was", "are", "were", "be", "been", "to", "of", "for", "about", "exactly", "only", "just", "now", "up"),
        *("a", "the", "will", "over", "under", "around", "you", "us", "currently"),
    }
)
"""What may stand between a noun and its number."""
_VERBS = frozenset({"is", "was", "are", "were", "be", "been", "will", "costs", "comes"})
_SIDE = frozenset({"of", "for", "on", "in", "to", "from", "with", "by"})
"""What stands before a noun that is not the one spoken of: "the price of the *ticket* is"."""
_ARTICLES = frozenset({"the", "a", "an", "your", "my", "our", "their", "his", "her", "this", "that"})
_CALENDAR = frozenset({"in", "since", "by", "until", "from", "year", "during"})


def figures(cut: Cut) -> tuple[set[int], set[int]]:
    """Where words stand that are read digit by digit, and where amounts stand without the commas that would show it."""
    dialled: set[int] = set()
    amounts = {index for index in range(len(cut)) if _is_amount(cut, index)}
    begin = 0
    while begin < len(cut):
        end = begin
        while end < len(cut) and _DIALLED.fullmatch(cut[end][0]) and not is_span(cut[end][0]) and end not in amounts:
            end += 1
            if cut[end - 1][1].strip(","):
                break
        group = [core for core, _ in cut[begin:end]]
        code = len(group) == 1 and not _is_counted(cut, begin) and _kind(cut, begin) == "code"
        if _is_dialled(group, _is_counted(cut, end - 1), code):
            dialled.update(range(begin, end))
        begin = max(end, begin + 1)
    return dialled, amounts


def digit_by_digit(core: str) -> str:
    """A telephone number or a code as it is dictated, with a pause between its groups."""
    groups = re.findall(r"\d+", core)
    if len(groups) == 1 and len(groups[0]) >= LEAST_PHONE_DIGITS:
        text = groups[0]
        split = len(text) - 4
        groups = [*(text[at : min(at + 3, split)] for at in range(0, split, 3)), text[split:]]
    return f"{'plus ' if core.startswith('+') else ''}{', '.join(' '.join(group) for group in groups)}"


def is_span(core: str) -> bool:
    """Whether it is a date, or a range of numbers of the same length ("2019-2020", "1000-1500")."""
    ends = _FROM_TO.fullmatch(core)
    return bool(DATE.fullmatch(core) or SHORT_DATE.fullmatch(core) or (ends and len(ends[1]) == len(ends[2])))


def _is_dialled(groups: Sequence[str], counts: bool, code: bool) -> bool:
    """``counts``: what is counted stands behind it ("12345 patients"). ``code``: the words before it call it one."""
    text = " ".join(groups)
    pieces = re.findall(r"\d+", text)
    if text.isdecimal():
        if code:
            return len(text) >= LEAST_AMOUNT_DIGITS
        amount = counts or text.endswith("00")
        return len(text) > 1 and (text.startswith("0") or (len(text) >= LEAST_CODE_DIGITS and not amount))
    if (
        sum(map(len, pieces)) < LEAST_PHONE_DIGITS
        or re.fullmatch(r"\d+\.\d+", text)
        or max(map(len, pieces)) > MOST_GROUP_DIGITS
    ):
        return False
    marked = text[0] in "+(" or any(piece.startswith("0") for piece in pieces) or any(mark in text for mark in "-().")
    return marked or len(pieces) > 2


def _is_counted(cut: Cut, index: int) -> bool:
    behind = cut[index + 1][0] if index + 1 < len(cut) and not cut[index][1] else ""
    return behind.isalpha() and behind.islower() and behind not in _NO_UNITS


def _is_amount(cut: Cut, index: int) -> bool:
    core = cut[index][0]
    if not (core.isdecimal() and core.isascii() and len(core) >= LEAST_AMOUNT_DIGITS) or core.startswith("0"):
        return False
    beside = cut[index - 1][0] if index else "", cut[index + 1][0] if index + 1 < len(cut) else ""
    if beside[0] in CURRENCIES or beside[1] in CURRENCIES or beside[0] in NAMES_OF_MONEY or beside[1] in NAMES_OF_MONEY:
        return True
    # Years: "the price in 2026", "the balance of January 2026".
    if len(core) == LEAST_AMOUNT_DIGITS and (core.endswith("00") or _dates(beside[0])):
        return False
    return _kind(cut, index) == "amount" or _named_behind(cut, index)


def _dates(before: str) -> bool:
    return before.lower() in _CALENDAR or bool(month_of(before)) or before[:1].isdecimal()


def _kind(cut: Cut, index: int) -> str:
    """What the words before a number say it is: "amount", "code" or nothing. Its nearest noun counts, unless that one stands at the side
    ("the price of the ticket is")."""
    linked, aside = False, ""
    for at in range(index - 1, max(-1, index - 1 - WORDS_BACK), -1):
        word, marks = cut[at][0].lower(), cut[at][1]
        if marks.strip(",:)"):
            break
        kind = _kind_of(cut, at, index, linked)
        if kind and linked and _is_aside(cut, at):
            aside = aside or kind
        elif kind:
            return kind
        linked = linked or word in _VERBS
    return aside


def _kind_of(cut: Cut, at: int, index: int, linked: bool) -> str:
    word, after = cut[at][0].lower(), cut[at + 1][0].lower()
    if word in ("number", "numbers") and after == "of":
        return "amount"
    between = [core.lower() for core, _ in cut[at + 1 : index]]
    verb = max((place for place, one in enumerate(between) if one in _VERBS), default=-1)
    said_of = set(between[verb + 1 :])
    # A number of four digits is told by its neighbours only: else it may as well be a year or a house.
    short = len(cut[index][0]) <= LEAST_AMOUNT_DIGITS
    if word in _CODES:
        near = said_of <= ({"in", "with"} if word == "ending" else _CODE_LINKS)
        return "code" if near or not short else ""
    near = said_of <= _LINKS or not short
    if word in _PAPERS and near and ((linked and word not in _NUMBERED) or (at + 1 < index and after in _SIDE)):
        return "amount"
    if word in _NUMBERED:
        return "numbered"
    return "amount" if word in _AMOUNTS and near else ""


def _is_aside(cut: Cut, at: int) -> bool:
    """Whether a preposition stands before a noun; articles and one more word may be between."""
    others = 0
    for core, _ in reversed(cut[max(0, at - 4) : at]):
        word = core.lower()
        if word in _SIDE:
            return True
        others += word not in _ARTICLES
        if others > 1 or word in _VERBS:
            return False
    return False


def _named_behind(cut: Cut, index: int) -> bool:
    """ "12999 is the total"."""
    behind = [core.lower() for core, _ in cut[index + 1 : index + 5]]
    return behind[:1] in (["is"], ["was"]) and any(word in _AMOUNTS for word in behind[1:])
