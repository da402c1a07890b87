"""Which figures of a text are said digit by digit (telephone numbers, codes), and which are amounts.

A number alone does not say what it is: after "costs" 12999 is an amount, after "zip" it is a code. The words before it tell, the nearest
first; where nothing directly beside it tells, a long number that is not round is a code, because a code read as an amount cannot be
written down, and an amount read digit by digit can.
"""

from __future__ import annotations

import re
from collections.abc import Sequence, Set

from callwright.providers.local.abbreviations import CURRENCIES, NAMES_OF_MONEY, SPANS, UNITS, month_of

Cut = Sequence[tuple[str, str]]
"""Words without the marks around them, and the marks behind each that make a pause."""

LEAST_PHONE_DIGITS = 7
"""Fewer digits than this in several groups are numbers beside each other, no telephone number."""
LOCAL_NUMBER = (3, 4)
"""How many digits stand before and behind the hyphen of a telephone number without its area."""
MOST_GROUP_DIGITS = 12
"""More digits than this in one group are no part of a telephone number."""
LEAST_CODE_DIGITS = 5
"""A number of so many digits that is not round and has no commas is a code or an area, and read digit by digit."""
LEAST_AMOUNT_DIGITS = 4
"""Shorter numbers sound alike whatever they are; of four digits the lexicon makes a year."""
MOST_AMOUNT_DIGITS = 8
"""A longer number without commas is a telephone number or a code, whatever is said of it."""
WORDS_BACK = 12

DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
SHORT_DATE = re.compile(r"(\d{1,2})[-.](\d{1,2})[-.](\d{4})")

_FROM_TO = re.compile(r"([1-9]\d*)[-–—]([1-9]\d*)")
_DIALLED = re.compile(r"[+(]*\d[\d().-]*")
_YEAR = re.compile(r"(?:19|20)\d\d")
_VERBS = frozenset({"is", "was", "are", "were", "be", "been", "will"})
_NO_UNITS = frozenset(
    {
        *("and", "or", "if", "then", "please", "again", "now", "has", "does", "this", "us", "yes", "as", "plus"),
        *("unless", "for", "to", "in", "on", "at", "of", "from", "with", "by", "until", "about", "before", "after"),
        *("when", "so", "but", "always", "perhaps", "weekdays", "weekends", "mornings", "afternoons", "evenings"),
        *("nights", "days", "sometimes", "expires", "works", "ships", "opens", "closes", "goes", "connects"),
        *("reaches", "rings", "belongs", "needs", "gets", "arrives", "leaves", "departs", "starts", "begins", "ends"),
        *("covers", "takes", "stands", "applies", "comes", "runs", "shows", "says", "means", "becomes", "remains"),
        *("costs", "includes", "matches", "unlocks", "identifies", "stays"),
        *_VERBS,
    }
)
"""Words behind a code that do not count anything, though some look as if they did."""
_MONEY = frozenset(
    {
        *("dollars", "euros", "pounds", "cents", "percent", "yen", "rupees", "francs", "pesos", "won", "lira"),
        *("dollar", "euro", "cent", "rupee", "franc", "peso", "mile", "kilometer", "kilometre", "gallon"),
    }
)
_COUNTED = frozenset({"people", "men", "women", "children", "square", "sq", "thousand", "million", "billion"})
_SHARED_OUT = frozenset({"per", "each", "left", "more", "staff"})
"""Behind an amount or a count, not behind what is dialled."""
_NOUNS_OF_AMOUNTS = frozenset(
    {
        *("cost", "price", "prices", "total", "balance", "amount", "sum", "fee", "fees", "deposit", "budget"),
        *("salary", "income", "revenue", "payments", "discount", "savings", "taxes", "limit", "population", "count"),
        *("mileage", "distance", "premium", "deductible", "copay"),
    }
)
_VERBS_OF_PRICE = frozenset(
    {
        *("cost", "costs", "costing", "priced", "totals", "charged", "pay", "pays", "paid", "paying", "owe", "owes"),
        *("owed", "worth", "save", "saved", "amounts", "comes", "adds", "earn", "earns", "spend", "spent", "valued"),
    }
)
_NEARLY = frozenset({"nearly", "almost", "approximately", "roughly", "least"})
_AMOUNTS = _NOUNS_OF_AMOUNTS | _VERBS_OF_PRICE | _NEARLY
_COMPARED = frozenset({"more", "less", "fewer", "greater", "higher", "lower", "larger", "smaller", "bigger"})
"""Before "than" they make an amount; "rather than 5551234" is another number."""
_PAPERS = frozenset({"payment", "bill", "invoice", "quote", "charge", "estimate", "refund", "order", "rent", "tax"})
"""What has an amount ("the bill is 12999") and, where the figures stand at once behind it, a number ("bill 12999")."""
_CODES = frozenset(
    {
        *("code", "codes", "pin", "zip", "postcode", "passcode", "password", "id", "reference", "ref"),
        *("confirmation", "account", "number", "numbers", "serial", "tracking", "ending"),
    }
)
_NUMBERED = frozenset(
    {
        *("ticket", "case", "claim", "policy", "passport", "license", "licence", "booking", "reservation", "member"),
        *("membership", "customer", "extension", "room", "unit", "suite", "apartment", "flight", "bus", "train"),
        *("model", "part", "sku", "vin", "card", "phone", "telephone", "fax", "mobile", "cell", "digits", "street"),
        *("box", "postal", "invoice", "order", "item", "line", "hotline", "helpline", "desk", "contact", "whatsapp"),
    }
)
_DIALLING = frozenset(
    {
        *("call", "calling", "text", "texting", "dial", "dialing", "dialling", "enter", "entering", "press"),
        *("pressing", "reach", "contact", "use", "using", "phone", "phoning", "ring", "fax", "type", "typing", "key"),
        *("whatsapp", "message"),
    }
)
"""What is told to be dialled or typed is no amount, whatever it is for: "to pay, call 5551234"."""
_TO_WHOM = frozenset({"us", "me", "them", "him", "her", "back", "in", "at", "on", "our", "the"})
"""What may stand between such a verb and its number."""
_BEFORE_OWN_NUMBERS = frozenset({"in", "with", "number", "no", "no."})
"""What may stand between a noun and the number that is its name ("card ending *in* 4821")."""
_CODE_LINKS = frozenset({"is", "was", "are", "be", "number", "the", "code"})
_LINKS = frozenset(
    {
        *("of", "about", "exactly", "only", "just", "now", "up", "a", "the", "over", "under", "around", "you", "us"),
        *("currently", "still"),
        *_NEARLY,
    }
)
"""What may stand between a noun or a verb of price and its number."""
_BEFORE_TO = frozenset({"come", "comes", "came", "adds", "add", "amounts", "up", "equal"})
_BEFORE_AT = frozenset({"priced", "valued"})
_DUE = frozenset({"due", "today", "left", "outstanding", "we", "i", "they", "that", "have", "has", "amount", "owing"})
"""What, with the verbs of price, may stand between a noun and its verb: "the amount you still owe is"."""
_SIDE = frozenset({"of", "for", "on", "in", "to", "from", "with", "by"})
"""What stands before a noun that is not the one spoken of: "the price of the *ticket* is"."""
_MOST_SIDE_WORDS = 5
_ARTICLES = frozenset({"the", "a", "an", "your", "my", "our", "their", "his", "her", "this", "that"})
_DOERS = frozenset({"to", "can", "could", "will", "would", "should", "must", "may", "we", "you", "i", "they", "please"})
"""Before "order" and "claim" they make verbs of them, and their numbers count: "to order 12345 pieces"."""
_CALENDAR = frozenset({"in", "since", "by", "until", "from", "year", "during"})
_BREAKS = frozenset({"and", "but", "or", "so", "then", "because", "please"})
"""Another thing is spoken of before them."""


def figures(cut: Cut, areas: Set[int] = frozenset()) -> tuple[set[int], set[int]]:
    """Where words stand that are read digit by digit, and where amounts stand without the commas that would show it. ``areas``: where
    figures stand in brackets, whose marks part nothing ("(555) 010 1234")."""
    dialled: set[int] = set()
    amounts = {index for index in range(len(cut)) if _is_amount(cut, index)}
    begin = 0
    while begin < len(cut):
        end = _end_of_group(cut, begin, amounts, areas)
        group = [core for core, _ in cut[begin:end]]
        counts = bool(group) and _is_counted(cut, end - 1)
        code = len(group) == 1 and _is_code(cut, begin, counts)
        counts = counts and not (len(group) == 1 and _is_named(cut, begin))
        if _is_dialled(group, counts, code=code, whole=len(group) > 1 and _is_one_number(cut, begin, group)):
            dialled.update(range(begin, end))
        begin = max(end, begin + 1)
    return dialled, amounts


def digit_by_digit(core: str) -> str:
    """A telephone number or a code as it is dictated, with a pause between its groups."""
    groups = re.findall(r"\d+", core)
    if len(groups) == 1 and len(groups[0]) >= LEAST_PHONE_DIGITS:
        text = groups[0]
        split = len(text) - 4
        head = [text[at : min(at + 3, split)] for at in range(0, split, 3)]
        if len(head) > 1 and len(head[-1]) == 1:
            head[-2:] = ["".join(head[-2:])]
        groups = [*head, text[split:]]
    return f"{'plus ' if core.startswith('+') else ''}{', '.join(' '.join(group) for group in groups)}"


def _end_of_group(cut: Cut, begin: int, amounts: Set[int], areas: Set[int]) -> int:
    """Where the figures end that may be one telephone number. Commas part the numbers of a list; in what is dialled or is a code
    they are its pauses where there are several, or parts alike."""
    ends = [begin]
    while ends[-1] < len(cut):
        end = ends[-1]
        if not _DIALLED.fullmatch(cut[end][0]) or _is_span(cut, end) or end in amounts:
            break
        ends.append(end + 1)
        if cut[end][1].strip(","):
            break
    comma = next((end for end in ends[1:] if cut[end - 1][1] and end - 1 not in areas), ends[-1])
    lengths = [len(core) for core, _ in cut[begin : ends[-1]]]
    paused = comma < ends[-1] and (len(lengths) > 2 or len(set(lengths)) == 1)
    if paused and (_is_told_to_dial(cut, begin) or _kind(cut, begin) == "code"):
        return ends[-1]
    return comma


def _is_one_number(cut: Cut, begin: int, group: Sequence[str]) -> bool:
    """Whether groups without a sign of a telephone number are one: as the words before them say, or their lengths."""
    kind = _kind(cut, begin)
    if kind == "amount":
        return False
    lengths = [len(core) for core in group]
    return bool(kind) or _is_told_to_dial(cut, begin) or lengths == [*LOCAL_NUMBER] or sum(lengths) > MOST_AMOUNT_DIGITS


def _is_span(cut: Cut, index: int) -> bool:
    """Whether it is a date, or a range of numbers: of the same length ("2019-2020"), or where what stands beside them or their noughts
    show that they are no groups of a telephone number ("500-1000")."""
    core = cut[index][0]
    ends = _FROM_TO.fullmatch(core)
    if ends is None:
        return bool(DATE.fullmatch(core) or SHORT_DATE.fullmatch(core))
    low, high = ends.groups()
    if len(low) == len(high) <= LEAST_AMOUNT_DIGITS:
        return True
    if int(low) >= int(high) or len(high) > MOST_AMOUNT_DIGITS or _is_told_to_dial(cut, index):
        return False
    kind = _kind(cut, index)
    round_ends = low.endswith("00") and high.endswith("00")
    if (len(low), len(high)) == LOCAL_NUMBER:
        # Any word may stand beside a telephone number ("Our office 555-6789 answers calls").
        prices = kind == "amount" and low.endswith(("00", "50")) and high.endswith(("00", "50"))
        measured = _is_of_money(cut, index) or _behind(cut, index, 1) in _COUNTED
        return measured or prices or (round_ends and not kind)
    return kind == "amount" or (not kind and (_is_counted(cut, index) or round_ends)) or _is_of_money(cut, index)


def _is_dialled(groups: Sequence[str], counts: bool, *, code: bool, whole: bool) -> bool:
    """``counts``: what is counted stands behind it ("12345 patients"). ``code``: the words before it call it one. ``whole``: nothing
    speaks against several groups being one number."""
    text = " ".join(groups)
    pieces = re.findall(r"\d+", text)
    if text.isdecimal():
        if code:
            return len(text) >= LEAST_AMOUNT_DIGITS
        amount = counts or _is_round(text)
        return len(text) > 1 and (text.startswith("0") or (len(text) >= LEAST_CODE_DIGITS and not amount))
    if (
        sum(map(len, pieces)) < LEAST_PHONE_DIGITS
        or re.fullmatch(r"\d+\.\d+", text)
        or max(map(len, pieces)) > MOST_GROUP_DIGITS
    ):
        return False
    marked = text[0] in "+(" or any(piece.startswith("0") for piece in pieces) or any(mark in text for mark in "-().")
    plain = whole and not counts and min(map(len, pieces)) > 2 and not _YEAR.fullmatch(pieces[0])
    return marked or plain or len(pieces) > 2


def _is_round(digits: str) -> bool:
    """Two noughts make a number round; one as long as a telephone number needs as many as half its digits."""
    noughts = len(digits) - len(digits.rstrip("0"))
    return noughts >= (2 if len(digits) < LEAST_PHONE_DIGITS else len(digits) / 2)


def _is_counted(cut: Cut, index: int) -> bool:
    """Whether a noun behind a number says what it counts, perhaps behind one more word ("12345 active users")."""
    if _is_of_money(cut, index):
        return True
    digits = len(cut[index][0])
    first, second = _behind(cut, index, 1), _behind(cut, index, 2)
    if first in _COUNTED:
        return True
    if first in _SHARED_OUT or (first == "a" and second in SPANS.values()):
        return digits <= MOST_AMOUNT_DIGITS and not _is_told_to_dial(cut, index)
    if (
        first in _NO_UNITS
        or digits > MOST_AMOUNT_DIGITS
        or (digits >= LEAST_PHONE_DIGITS and _is_told_to_dial(cut, index))
    ):
        return False
    return is_plural(first) or (
        first.isalpha() and first.islower() and digits < LEAST_PHONE_DIGITS and is_plural(second)
    )


def _is_of_money(cut: Cut, index: int) -> bool:
    behind, noun = _behind(cut, index, 1), _behind(cut, index, 2)
    if behind == "pound":
        # "A 12345 pound loan"; else it is the key.
        return noun.isalpha() and noun.islower() and noun not in _NO_UNITS
    return behind in _MONEY or behind in UNITS or behind in CURRENCIES or behind in NAMES_OF_MONEY


def _behind(cut: Cut, index: int, steps: int) -> str:
    """The word so many steps behind, where no mark parts them."""
    if index + steps >= len(cut) or any(marks for _, marks in cut[index : index + steps]):
        return ""
    return cut[index + steps][0]


def is_plural(word: str) -> bool:
    """Whether it looks like a noun for several things."""
    return (
        word.isalpha()
        and word.islower()
        and word.endswith("s")
        and not word.endswith(("ss", "us", "is"))
        and word not in _NO_UNITS
    )


def _is_code(cut: Cut, index: int, counts: bool) -> bool:
    kind = _kind(cut, index)
    digits = len(cut[index][0])
    if kind == "code":
        return not _is_of_money(cut, index)
    if kind == "code far away" or (_is_told_to_dial(cut, index) and digits >= LEAST_CODE_DIGITS):
        return not counts
    return kind == "numbered" and digits >= LEAST_CODE_DIGITS and _is_named(cut, index)


def _is_named(cut: Cut, index: int) -> bool:
    """Whether a noun that has a number stands at once before it ("order 48213 has shipped") and so what is behind is not counted."""
    if _is_of_money(cut, index):
        return False
    if _kind(cut, index) == "code":
        return True
    word = cut[index - 1][0].lower() if index and not cut[index - 1][1] else ""
    return word in _NUMBERED and not (index > 1 and cut[index - 2][0].lower() in _DOERS)


def _is_told_to_dial(cut: Cut, index: int) -> bool:
    """Whether one is told to dial or type it: "call us at"."""
    at = index - 1
    while at >= 0 and not cut[at][1].strip(":") and cut[at][0].lower() in _TO_WHOM:
        at -= 1
    if at < 0 or cut[at][1].strip(":"):
        return False
    return cut[at][0].lower() in _DIALLING and not _is_noun(cut, at)


def _is_noun(cut: Cut, at: int) -> bool:
    return at > 0 and cut[at - 1][0].lower() in _ARTICLES


def _is_amount(cut: Cut, index: int) -> bool:
    core = cut[index][0]
    if not (core.isdecimal() and core.isascii() and len(core) >= LEAST_AMOUNT_DIGITS) or core.startswith("0"):
        return False
    before = cut[index - 1][0] if index else ""
    if _has_currency(cut, index):
        return True
    if len(core) > MOST_AMOUNT_DIGITS or _stands_in_groups(cut, index):
        return False
    if len(core) == LEAST_AMOUNT_DIGITS and core.endswith("00"):
        return False
    kind = _kind(cut, index)
    # Years: "the price in 2026", "the balance of January 2026", "taxes for 2026", "you owe 2026 taxes".
    if len(core) == LEAST_AMOUNT_DIGITS and _dates(before):
        return False
    if _YEAR.fullmatch(core):
        return kind == "amount" and (_is_of_money(cut, index) or _is_no_year(cut, index))
    return kind == "amount" or (not kind and _is_named_behind(cut, index))


def _is_no_year(cut: Cut, index: int) -> bool:
    """Whether a number that could be a year is an amount: a verb has it ("is about 1950", "you owe us 1999"), and it names nothing
    behind it ("you owe 2024 taxes")."""
    behind = _behind(cut, index, 1).lower()
    if is_plural(behind) or behind in _NOUNS_OF_AMOUNTS or behind in _PAPERS:
        return False
    at = index - 1
    before = [core.lower() for core, _ in cut[max(0, index - 3) : index]]
    if before[-1:] and (before[-1] in _ARTICLES or before[-1] in ("for", "of")):
        return False
    if before[-2:] == ["up", "to"] and before[0] not in _BEFORE_TO:
        # "Paid up to 2027"
        return False
    while at > 0 and not cut[at][1] and (cut[at][0].lower() in _LINKS or _joins_verb(cut, at)):
        at -= 1
    if at < 0 or cut[at][1]:
        return False
    verb, near = cut[at][0].lower(), any(core.lower() in _NEARLY for core, _ in cut[at:index])
    return verb in _VERBS_OF_PRICE or (verb in _VERBS and not near)


def _joins_verb(cut: Cut, at: int) -> bool:
    """Whether "to" or "at" belongs to the verb before it ("comes to", "priced at")."""
    word, before = cut[at][0].lower(), cut[at - 1][0].lower() if at else ""
    return (word == "to" and before in _BEFORE_TO) or (word == "at" and before in _BEFORE_AT)


def _has_currency(cut: Cut, index: int) -> bool:
    """Whether a currency beside it is its own, not of another number ("500 USD 2024 times", "in 2026 USD 500")."""
    before = cut[index - 1][0] if index else ""
    if before in CURRENCIES or before in NAMES_OF_MONEY:
        return not (index > 1 and cut[index - 2][0].isdecimal() and not cut[index - 2][1])
    after = _behind(cut, index, 1)
    dated = _YEAR.fullmatch(cut[index][0]) is not None and _dates(before)
    return (after in CURRENCIES or after in NAMES_OF_MONEY) and not (dated and _behind(cut, index, 2).isdecimal())


def _stands_in_groups(cut: Cut, index: int) -> bool:
    """Whether other figures stand at once beside it, as in a telephone number."""
    before = cut[index - 1][0] if index and not cut[index - 1][1] else ""
    return any(_DIALLED.fullmatch(one) is not None for one in (before, _behind(cut, index, 1)))


def _dates(before: str) -> bool:
    return before.lower() in _CALENDAR or bool(month_of(before)) or before[:1].isdecimal()


def _kind(cut: Cut, index: int) -> str:
    """What the words before a number say it is: "amount", "code", "numbered" or nothing. Its nearest noun counts, unless that one stands
    at the side ("the price of the ticket is")."""
    linked, dialling, aside = False, False, ""
    for at in range(index - 1, max(-1, index - 1 - WORDS_BACK), -1):
        word, marks = cut[at][0].lower(), cut[at][1]
        if marks.strip(",:)"):
            break
        dialling = dialling or word in _BREAKS or (word in _DIALLING and not _is_noun(cut, at))
        kind = _kind_of(cut, at, index, linked)
        if kind == "amount" and (dialling or _is_dialled_for(cut, at, index)):
            kind = ""
        if kind and linked and _is_aside(cut, at):
            aside = aside or kind
        elif kind:
            # The length of a telephone number: where two nouns disagree it is one.
            return aside if aside and kind == "amount" and len(cut[index][0]) >= LEAST_PHONE_DIGITS else kind
        linked = linked or word in _VERBS
    return aside


def _is_dialled_for(cut: Cut, at: int, index: int) -> bool:
    """Whether a word of price at ``at`` only says what a number is dialled for ("call us for the price 5551234"), or is itself
    written in a message ("text PAY 48213")."""
    if _is_told_to_dial(cut, at):
        return at + 1 == index
    if len(cut[index][0]) < LEAST_PHONE_DIGITS:
        return False
    for before in range(at - 1, max(-1, index - 1 - WORDS_BACK), -1):
        word, marks = cut[before][0].lower(), cut[before][1]
        if marks or word in _VERBS or word in _BREAKS or word == "if":
            return False
        if word in _DIALLING and not _is_noun(cut, before):
            return True
    return False


def _kind_of(cut: Cut, at: int, index: int, linked: bool) -> str:
    word, after = cut[at][0].lower(), cut[at + 1][0].lower()
    between = [core.lower() for core, _ in cut[at + 1 : index]]
    # A number of four digits is told by its neighbours only: else it may as well be a year or a house.
    short = len(cut[index][0]) <= LEAST_AMOUNT_DIGITS
    if _has_own_number(cut, at, index):
        return "amount" if word in _PAPERS and linked and _is_told(cut, at, index) else ""
    if word in ("number", "numbers") and after == "of" and is_plural(cut[at + 2][0]):
        return "amount" if len(cut[index][0]) < LEAST_PHONE_DIGITS else "numbered"
    if word in _CODES:
        verb = max((place for place, one in enumerate(between) if one in _VERBS), default=-1)
        if set(between[verb + 1 :]) <= ({"in", "with"} if word == "ending" else _CODE_LINKS):
            return "code"
        return "" if short else "code far away"
    if word in _PAPERS and ((linked and word not in _NUMBERED) or (at + 1 < index and after == "of")):
        return "amount" if _is_told(cut, at, index) else ""
    if word in _NUMBERED:
        return "numbered"
    if word == "than":
        return "amount" if at + 1 == index and at and cut[at - 1][0].lower() in _COMPARED else ""
    if word == "save" and len(cut[index][0]) >= LEAST_PHONE_DIGITS:
        return ""
    if word in _AMOUNTS or (word == "what" and any(one in _VERBS_OF_PRICE for one in between)):
        return "amount" if _is_told(cut, at, index) else ""
    return ""


def _has_own_number(cut: Cut, at: int, index: int) -> bool:
    """Whether what is numbered has its number already, so that the one at ``index`` is another."""
    if cut[at][0].lower() not in _CODES | _NUMBERED | _PAPERS:
        return False
    own = at + 1
    while own < index and cut[own][0].lower() in _BEFORE_OWN_NUMBERS:
        own += 1
    return own < index and cut[own][0].isdecimal() and any(core.lower() in _VERBS for core, _ in cut[own + 1 : index])


def _is_told(cut: Cut, at: int, index: int) -> bool:
    """Whether the noun or verb at ``at`` has the number as its amount: it stands beside it, or a noun is joined to it by "is"."""
    between = [core.lower() for core, _ in cut[at + 1 : index]]
    verb = max((place for place, one in enumerate(between) if one in _VERBS), default=-1)
    for place in range(verb + 1, len(between)):
        if between[place] not in _LINKS and not _joins_verb(cut, at + 1 + place):
            return False
    if verb < 0:
        return not any("," in marks for _, marks in cut[at:index])
    word, subject = cut[at][0].lower(), between[:verb]
    if word in _NEARLY or (word in _VERBS_OF_PRICE and word not in _NOUNS_OF_AMOUNTS):
        return False
    if any(one.isdecimal() for one in subject):
        # "Your bill 48213 is", "the balance on your card ending in 4821 is".
        subject = [one for one in subject if not one.isdecimal()]
    if subject[:1] and subject[0] in _SIDE:
        return len(subject) <= _MOST_SIDE_WORDS and not any(one in _VERBS for one in subject)
    return set(subject) <= _LINKS | _VERBS_OF_PRICE | _DUE | _VERBS


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


def _is_named_behind(cut: Cut, index: int) -> bool:
    """ "12999 is the total", and not "5551234 is the balance line"."""
    verb, article, noun, more = (_behind(cut, index, steps).lower() for steps in (1, 2, 3, 4))
    ends = not more or more in _NO_UNITS or more in ("you", "we", "due")
    return verb in ("is", "was") and article in _ARTICLES and noun in _NOUNS_OF_AMOUNTS and ends
