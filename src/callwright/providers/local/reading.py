"""How a text is read aloud: what stands there as figures and signs becomes what a person would say.

The lexicon behind the local voices reads words, whole numbers, money and per cent. Times, telephone numbers, addresses and many signs it
drops, runs together or refuses; they are written out before it sees them. English, as the voices are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
WEEKDAYS: Mapping[str, str] = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Tues": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
UNITS: Mapping[str, tuple[str, str]] = {
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "sec": ("second", "seconds"),
    "secs": ("second", "seconds"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "ml": ("milliliter", "milliliters"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ft": ("foot", "feet"),
    "sqft": ("square foot", "square feet"),
}
"""Behind a number: one, several."""

ABBREVIATIONS: Mapping[str, str] = {
    "vs.": "versus",
    "approx.": "approximately",
    "appt.": "appointment",
    "ext.": "extension",
    "Ltd.": "limited",
    "Inc.": "incorporated",
    "Jr.": "junior",
    "Sr.": "senior",
    "Prof.": "professor",
    "Ave.": "avenue",
    "Rd.": "road",
    "Blvd.": "boulevard",
    "Ln.": "lane",
    "Hwy.": "highway",
    "dept.": "department",
    "Dept.": "department",
    "w/": "with",
}
SIGNS: Mapping[str, str] = {
    "=": "equals",
    "~": "about",
    "%": "percent",
    "&": "and",
    "@": "at",
    "+": "plus",
    "—": ",",
    "–": ",",
    "-": ",",
    "½": "one half",
    "¼": "one quarter",
    "¾": "three quarters",
}
"""Words that are only a sign. Others are not said."""

PAUSES = frozenset({","})
"""Readings that are no word and yet heard."""

KEYS: Mapping[str, str] = {"#": "pound", "*": "star"}
"""Keys of a telephone, where one is told to press them."""

FRACTIONS: Mapping[str, str] = {
    "1/2": "one half",
    "1/3": "one third",
    "2/3": "two thirds",
    "1/4": "one quarter",
    "3/4": "three quarters",
}
COINS: Mapping[str, str] = {"₹": "rupees", "¥": "yen", "₩": "won", "₺": "lira", "₦": "naira", "₱": "pesos"}
"""What the lexicon does not read; dollars, euros and pounds it does."""

SCALES: Mapping[str, str] = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}
LEAST_PHONE_DIGITS = 7
"""Fewer digits than this in several groups are numbers beside each other, no telephone number."""
MOST_GROUP_DIGITS = 12
"""More digits than this in one group are no part of a telephone number."""
LEAST_CODE_DIGITS = 5
"""A number of so many digits that is not round and has no commas is a code or an area, and read digit by digit."""

_DOTTED = frozenset({"St.", "Dr."})
_NO_STREETS = frozenset({"At", "The", "In", "From", "Near", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof"})
_NO_UNITS = frozenset({"and", "or", "is", "was", "for", "to", "in", "on", "at", "if", "then", "please", "again", "now"})
"""Words behind a code that do not count anything."""
_BEFORE_KEYS = frozenset({"press", "dial", "hit", "key", "or", "the"})
_LEADS, _TRAILS = "\"'“‘”’([{*_`", "\"'”’)]}*_`.,!?;:…"
_TIME = r"(\d{1,2}):([0-5]\d)"
_CLOCK = re.compile(rf"{_TIME}(?::[0-5]\d)?")
_HALF_DAY = re.compile(r"([ap])\.?m\.?", re.IGNORECASE)
_CLOCK_HALF_DAY = re.compile(r"(\d{1,2})(?::([0-5]\d))?([ap])\.?m", re.IGNORECASE)
_RANGE = re.compile(r"([^-–—]*\d[^-–—]*)[-–—]([^-–—]*\d[^-–—]*)")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_SHORT_DATE = re.compile(r"(\d{1,2})[-.](\d{1,2})[-.](\d{4})")
_FROM_TO = re.compile(r"([1-9]\d{0,3})[-–—]([1-9]\d{0,3})")
_DIALLED = re.compile(r"[+(]*\d[\d().-]*")
_MEASURE = re.compile(r"(\d+(?:\.\d+)?)([a-z]+)")
_MONEY = re.compile(r"([$€£₹¥₩₺₦₱])(\d[\d,]*(?:\.\d+)?)(k|m|bn|b)?", re.IGNORECASE)
_NAMES_OF_MONEY: Mapping[str, str] = {"$": "dollars", "€": "euros", "£": "pounds", **COINS}
_DEGREES = re.compile(r"(-?\d+(?:\.\d+)?)°([CF])?")
_MIXED = re.compile(r"(\d+)([½¼¾])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(
    r"(?:https?://\S+|www\.\S+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|edu|gov|uk|de|fr|info|dental|health|app|dev)(?:/\S*)?)",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"[A-Za-z](?:-[A-Za-z])+")
_CODE = re.compile(r"[A-Z][\dA-Z-]*")
_LONG_LETTERS = re.compile(r"[A-Z]{4}")
_ODDS = re.compile(r"(\d+):(\d+)")
_PARTS = re.compile(r"[A-Za-z]|\d+")
_WORDS_OF_ADDRESSES: Mapping[str, str] = {
    "@": " at ",
    ".": " dot ",
    "_": " underscore ",
    "-": " dash ",
    "+": " plus ",
    "/": " slash ",
}


def readings(words: Sequence[str]) -> list[str]:
    """What is said for each of ``words``, in their places; nothing for a word that is only a sign. What needs no reading stays as it is."""
    cut = [_cut(word) for word in words]
    dialled = _telephone_numbers(cut)
    read: list[str] = []
    for index, (core, trail) in enumerate(cut):
        before = cut[index - 1][0] if index else ""
        after = cut[index + 1][0] if index + 1 < len(cut) else ""
        if any(character.isalnum() for character in core):
            said = _digit_by_digit(core) if index in dialled else _said(core, trail, before, after)
        else:
            said = _sign(words[index].rstrip(".,?!"), before)
        pause = (
            trail.lstrip(".")
            if said.endswith(".")
            else trail or ("." if core.endswith(".") and index == len(cut) - 1 else "")
        )
        read.append(_plain(f"{said}{pause}") if said else "")
    return read


def _cut(word: str) -> tuple[str, str]:
    """A word without the marks around it, and those of its closing marks that make a voice pause. "Ave." keeps its dot."""
    bare = word.lstrip(_LEADS)
    whole = bare in ABBREVIATIONS or bare in _DOTTED or _is_half_day(bare)
    core = bare if whole else bare.rstrip(_TRAILS)
    trail = bare[len(core) :]
    marks = "".join("," if mark in "…)" else mark for mark in trail if mark in ".,!?;:…)")
    return core, marks.lstrip(",") if marks.startswith(",") and len(marks) > 1 else marks


def _is_half_day(core: str) -> bool:
    return core.endswith(".") and _HALF_DAY.fullmatch(core) is not None


def _is_number(core: str) -> bool:
    return core.replace(",", "").replace(".", "").isdecimal() or _CLOCK.fullmatch(core) is not None


def _sign(word: str, before: str) -> str:
    return SIGNS.get(word) or (KEYS.get(word, "") if before in _BEFORE_KEYS else "")


def _said(core: str, trail: str, before: str, after: str) -> str:
    for rule in _RULES:
        said = rule(core, trail, before, after)
        if said is not None:
            return said
    return core


def _fraction(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, before, after
    return FRACTIONS.get(core) or SIGNS.get(core)


def _time(core: str, trail: str, before: str, after: str) -> str | None:
    if (match := _CLOCK_HALF_DAY.fullmatch(core)) is not None:
        hour, minute, half = match.groups()
        return f"{_clock(hour, minute or '00', True)} {half.lower()}.m."
    if (match := _CLOCK.fullmatch(core)) is not None and int(match[1]) <= 24:
        named = not trail and (
            _HALF_DAY.fullmatch(after) is not None or after.lower().startswith(("o'clock", "o’clock"))
        )
        return _clock(match[1], match[2], named)
    if (match := _HALF_DAY.fullmatch(core)) is not None and before[-1:].isdecimal():
        return f"{match[1].lower()}.m."
    return None


def _clock(hour: str, minute: str, named: bool) -> str:
    hours, minutes = int(hour), int(minute)
    if minutes:
        return f"{hours} oh {minutes}" if minutes < 10 else f"{hours} {minutes}"
    if named:
        return str(hours)
    if hours in (0, 24):
        return "midnight"
    return f"{hours} o'clock" if hours <= 12 else f"{hours} hundred"


def _date(core: str, trail: str, before: str, after: str) -> str | None:
    del trail
    if (match := _DATE.fullmatch(core)) is not None and 1 <= int(match[2]) <= 12:
        return f"{MONTHS[int(match[2]) - 1]} {int(match[3])}, {match[1]}"
    if (match := _SHORT_DATE.fullmatch(core)) is not None:
        return " ".join(match.groups())
    short = core.removesuffix(".")
    beside = any(re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?|\d{4}", one) for one in (before, after))
    if beside and len(short) in (3, 4) and short[:1].isupper():
        return next((month for month in MONTHS if month.startswith(short[:3]) and short in (month[:3], "Sept")), None)
    return None


def _weekday(core: str, trail: str, before: str, after: str) -> str | None:
    del before
    known = WEEKDAYS.get(core)
    dated = any(after.startswith(month[:3]) for month in MONTHS) or after[:1].isdigit()
    return known if known and ((trail[:1] in (".", ",") and core not in ("Sat", "Sun")) or dated) else None


def _range(core: str, trail: str, before: str, after: str) -> str | None:
    match = _RANGE.fullmatch(core)
    if match is None:
        return None
    low, high = match.groups()
    if not all(_is_number(end) or _CLOCK_HALF_DAY.fullmatch(end) or _MONEY.fullmatch(end) for end in (low, high)):
        return None
    return f"{_said(low, '', before, 'am')} to {_said(high, trail, '', after)}"


def _money(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, before
    match = _MONEY.fullmatch(core)
    if match is None:
        return None
    sign, amount, scale = match.groups()
    following = after.lower() if after.lower() in ("thousand", "million", "billion") else ""
    if scale or following:
        return f"{amount} {SCALES[scale.lower()]} {_NAMES_OF_MONEY[sign]}" if scale else amount
    if sign in COINS:
        return f"{amount} {COINS[sign]}"
    whole, _, cents = amount.partition(".")
    return f"{sign}{whole}.{cents}0" if len(cents) == 1 else None


def _measure(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, after
    if core in UNITS and _is_number(before):
        return UNITS[core][before != "1"]
    if core.lower() in ("thousand", "million", "billion") and (match := _MONEY.fullmatch(before)) is not None:
        return f"{core} {_NAMES_OF_MONEY[match[1]]}"
    if (match := _MEASURE.fullmatch(core)) is not None and match[2] in UNITS:
        return f"{match[1]} {UNITS[match[2]][match[1] != '1']}"
    if (match := _DEGREES.fullmatch(core)) is not None:
        scale = {"C": " Celsius", "F": " Fahrenheit"}.get(match[2] or "", "")
        return f"{match[1].replace('-', 'minus ')} degrees{scale}"
    if (match := _MIXED.fullmatch(core)) is not None:
        return f"{match[1]} and {SIGNS[match[2]].replace('one', 'a', 1)}"
    return None


def _number(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, before, after
    if core.startswith("#") and core[1:].isdecimal():
        return f"number {core[1:]}"
    if "," in core and core.replace(",", "").isdecimal() and not _THOUSANDS.fullmatch(core):
        return core.replace(",", ", ")
    if (match := _ODDS.fullmatch(core)) is not None:
        return f"{match[1]} to {match[2]}"
    return None


def _address(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, before, after
    if not (_EMAIL.fullmatch(core) or _ADDRESS.fullmatch(core)):
        return None
    text = re.sub(r"^https?://", "", core).removesuffix("/").replace("www.", "w w w.")
    return " ".join("".join(_WORDS_OF_ADDRESSES.get(one, one) for one in text).split())


def _letters(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, before, after
    if _SPELLED.fullmatch(core) and len(core) > len("x-y"):
        return ", ".join(_letter(one) for one in core.split("-"))
    if _CODE.fullmatch(core) and any(one.isdecimal() for one in core) and not _LONG_LETTERS.search(core):
        return " ".join(
            " ".join(part) if len(part) > 2 else _letter(part) if part.isalpha() else part
            for part in _PARTS.findall(core)
        )
    return None


def _letter(one: str) -> str:
    return "ay" if one in "aA" else one.upper()


def _abbreviation(core: str, trail: str, before: str, after: str) -> str | None:
    if core in ABBREVIATIONS:
        return ABBREVIATIONS[core]
    del trail
    behind_name = before[:1].isupper() and before.rstrip(".") not in _NO_STREETS
    if core == "St.":
        return "street" if behind_name else "saint"
    return "drive" if core == "Dr." and behind_name and not after[:1].isupper() else None


_RULES: tuple[Callable[[str, str, str, str], str | None], ...] = (
    *(_fraction, _time, _date, _weekday, _range, _money, _measure, _number, _address, _letters, _abbreviation),
)


def _telephone_numbers(cut: Sequence[tuple[str, str]]) -> set[int]:
    """Where words stand that are read digit by digit: telephone numbers in one or several groups, and codes that begin with a zero."""
    found: set[int] = set()
    begin = 0
    while begin < len(cut):
        end = begin
        while end < len(cut) and _DIALLED.fullmatch(cut[end][0]) and not _is_span(cut[end][0]):
            end += 1
            if cut[end - 1][1].strip(","):
                break
        behind = cut[end][0] if 0 < end < len(cut) and not cut[end - 1][1] else ""
        counts = behind.isalpha() and behind.islower() and behind not in _NO_UNITS
        if _is_dialled([core for core, _ in cut[begin:end]], counts):
            found.update(range(begin, end))
        begin = max(end, begin + 1)
    return found


def _is_span(core: str) -> bool:
    """Whether it is a date, or a range of numbers of the same length ("2019-2020", "1000-1500")."""
    ends = _FROM_TO.fullmatch(core)
    return bool(_DATE.fullmatch(core) or _SHORT_DATE.fullmatch(core) or (ends and len(ends[1]) == len(ends[2])))


def _is_dialled(groups: Sequence[str], counts: bool) -> bool:
    """``counts``: what is counted stands behind it ("12345 patients")."""
    text = " ".join(groups)
    pieces = re.findall(r"\d+", text)
    if text.isdecimal():
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


def _digit_by_digit(core: str) -> str:
    groups = re.findall(r"\d+", core)
    if len(groups) == 1 and len(groups[0]) >= LEAST_PHONE_DIGITS:
        text = groups[0]
        split = len(text) - 4
        groups = [*(text[at : min(at + 3, split)] for at in range(0, split, 3)), text[split:]]
    return f"{'plus ' if core.startswith('+') else ''}{', '.join(' '.join(group) for group in groups)}"


def _plain(text: str) -> str:
    """Without accents, which the lexicon takes for the end of a word, and without what no voice says."""
    bare = "".join(
        one for one in unicodedata.normalize("NFKD", text.replace("’", "'")) if not unicodedata.combining(one)
    )
    return re.sub(r"[*_`~^|<>{}\[\]\\]", "", bare.replace("–", ", ").replace("—", ", "))
