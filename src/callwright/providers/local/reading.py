"""How a text is read aloud: what stands there as figures and signs becomes what a person would say.

The lexicon behind the local voices reads words, whole numbers, money and per cent. Times, telephone numbers, addresses and many signs it
drops, runs together or refuses; they are written out before it sees them. English, as the voices are.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from callwright.domain.abbreviated_figures import begins_sentence
from callwright.providers.local.abbreviations import (
    ABBREVIATIONS,
    BEFORE_FIGURES,
    COINS,
    CURRENCIES,
    DIRECTIONS,
    MONTHS,
    NAMES_OF_MONEY,
    SPANS,
    UNITS,
    WEEKDAYS,
    keeps_dot,
    month_of,
    weekday_of,
)
from callwright.providers.local.digits import DATE, SHORT_DATE, digit_by_digit, figures, is_plural

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
SCALES: Mapping[str, str] = {"k": "thousand", "m": "million", "b": "billion", "bn": "billion"}

PARTS: Mapping[int, str] = {
    2: "half",
    3: "third",
    4: "quarter",
    5: "fifth",
    6: "sixth",
    8: "eighth",
    10: "tenth",
    16: "sixteenth",
}
"""What one of so many parts is called."""

_NO_STREETS = frozenset(
    {
        *("At", "The", "In", "From", "Near", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof", "Visit", "Call", "See", "Ask"),
        *(
            "Tell",
            "Contact",
            "Text",
            "Meet",
            "Try",
            "Take",
            "Find",
            "Thank",
            "Dear",
            "Hi",
            "Hello",
            "Our",
            "Your",
            "My",
        ),
        *("By", "To", "On", "For", "With", "Is", "Are", "Was", "And", "Or", "But", "Yes", "No", "Please", "Reach"),
    }
)
"""Words with a capital that give no street its name."""
_ONE = frozenset({"a", "an", "one"})
_IN_MONTHS = frozenset(
    {"in", "since", "until", "by", "early", "late", "next", "last", "this", "through", "due", "of", "end", "ends"}
) | {"close", "closes", "closed", "every"}
"""Before "Jan." they say that it is a month; else it may be a person's name."""
_BEFORE_DAYS = frozenset({"on", "the", "until", "since", "by", "from", "due", "dated", "before", "after"}) | {
    *("effective", "starting", "beginning", "between"),
}
_BEFORE_OF = frozenset(
    {"total", "one", "all", "out", "any", "some", "each", "number", "list", "choice", "most", "none"}
)
"""Before "of" they say that what is behind it is counted ("a total of 4 March appointments")."""
_ARTICLES = frozenset({"the", "a", "our", "your", "my", "this", "that"})
_NAMES = frozenset({"Jan"})
"""Short months that are more often names of persons."""
_BEFORE_DATES = frozenset({"on", "until", "since", "due", "dated"})
_OF_PARTS = frozenset(
    {"of", "inch", "inches", "cup", "cups", "mile", "miles", "full", "teaspoon", "tablespoon", "pound"}
)
_BEFORE_KEYS = frozenset({"press", "dial", "hit", "key", "or", "the"})
_DASHES = "-–—"
_AREA = re.compile(r"[(]\d+[)]")
_LEADS, _TRAILS = "\"'“‘”’([{*_`", "\"'”’)]}*_`.,!?;:…"
_TIME = r"(\d{1,2}):([0-5]\d)"
_CLOCK = re.compile(rf"{_TIME}(?::[0-5]\d)?")
_HALF_DAY = re.compile(r"([ap])\.?m\.?", re.IGNORECASE)
_CLOCK_HALF_DAY = re.compile(r"(\d{1,2})(?::([0-5]\d))?([ap])\.?m", re.IGNORECASE)
_RANGE = re.compile(r"([^-–—]*\d[^-–—]*)[-–—]([^-–—]*\d[^-–—]*)")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DAY = re.compile(r"(\d{1,2})(st|nd|rd|th)?")
_DAYS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-–—](\d{1,2})(?:st|nd|rd|th)?")
_DAY_TO_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-–—]([A-Z][a-z]+\.?)")
_ORDINAL = re.compile(r"\d+(?:st|nd|rd|th)")
_PERCENT = re.compile(r"\d+(?:\.\d+)?%")
_HALF_DAY_TO = re.compile(r"([ap])\.?m\.?[-–—](.*\d.*)", re.IGNORECASE)
_MEASURE = re.compile(r"(-?\d+(?:[.,]\d+)*)([A-Za-z][a-z/A-Z]*)")
_COMPOUND = re.compile(r"(?:(\d+)[-–—])?(\d+(?:\.\d+)?|\d{1,2}/\d{1,2})-([A-Za-z]+)\.?")
_PER = re.compile(r"(.*\d.*)/([A-Za-z]+)")
_PART = re.compile(r"(\d{1,2})/(\d{1,2})")
_WHOLE_AND_PART = re.compile(r"(\d{1,3})[-–](\d{1,2}/\d{1,2})")
_FEET = re.compile(r"(\d)['’′](\d{1,2})″?")
_TIMES = re.compile(r"(\d+(?:\.\d+)?)[x×](\d+(?:\.\d+)?)")
_MONEY = re.compile(r"([$€£₹¥₩₺₦₱])(\d[\d,]*(?:\.\d+)?)(k|m|bn|b)?", re.IGNORECASE)
_MONEY_BEHIND = re.compile(r"(\d[\d,]*(?:\.\d+)?)([$€£₹¥₩₺₦₱¢])")
_DEGREES = re.compile(r"(-?\d+(?:\.\d+)?)°([CF])?")
_VULGAR = re.compile(r"(\d?)([½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_ADDRESS = re.compile(
    r"(?:https?://\S+|www\.\S+|[\w-]+(?:\.[\w-]+)*\.(?:com|org|net|io|edu|gov|uk|de|fr|info|dental|health|app|dev)(?:/\S*)?)",
    re.IGNORECASE,
)
_SPELLED = re.compile(r"[A-Za-z](?:-[A-Za-z])+")
_FORMAT = re.compile(r"[b-df-hj-np-tv-xz]{2,3}\d")
_FIRM = re.compile(r"[A-Z]{1,3}(?:&[A-Z]{1,3})+")
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
    areas = {index for index, word in enumerate(words) if _AREA.fullmatch(word)}
    dialled, amounts = figures(cut, areas)
    read: list[str] = []
    for index, (core, trail) in enumerate(cut):
        before, after = _beside(cut, index)
        if any(character.isalnum() for character in core):
            figure = f"{int(core):,}" if index in amounts else core
            said = digit_by_digit(core) if index in dialled else _said(figure, trail, before, after)
        else:
            said = _sign(words[index].rstrip(".,?!"), before, after)
        if said.endswith("."):
            trail = trail.lstrip(".")
        elif not trail and core.endswith(".") and (index == len(cut) - 1 or _ends_sentence(cut, index)):
            trail = "."
        read.append(_plain(f"{said}{trail}") if said else "")
    return read


def _beside(cut: Sequence[tuple[str, str]], index: int) -> tuple[str, str]:
    """The words before and behind, as far as they have to do with it."""
    core, before, after = cut[index][0], _before(cut, index), _word(cut, index + 1)
    second = _word(cut, index - 2) if index > 1 and not cut[index - 2][1] else ""
    if core in CURRENCIES or core in NAMES_OF_MONEY:
        return before if _is_of_amount_before(cut, index) else "", after
    if before in CURRENCIES or before in NAMES_OF_MONEY:
        return "" if _is_of_amount_before(cut, index - 1) else before, after
    if not core.isdecimal() or cut[index][1]:
        return before, after
    if month_of(before) and second.lower() == "in" and (_is_several(after) or (core == "1" and after.islower())):
        # "In June 12 slots are open"
        return "", after
    joined = index + 1 < len(cut) and not cut[index + 1][1]
    counts = month_of(after) and joined and core != "1" and _is_several(_word(cut, index + 2))
    # A comma may stand behind the day of the week: "Tuesday, 4 March".
    if counts and not _is_before_day(before, second) and not weekday_of(_word(cut, index - 1)):
        # "We have 4 March appointments"
        return before, ""
    return before, after


def _is_before_day(word: str, before: str) -> bool:
    """Whether a number behind ``word`` and before a month is a day ("on 4 March classes resume", "as of 4 March")."""
    lower = word.lower()
    return lower in _BEFORE_DAYS or bool(weekday_of(word)) or (lower == "of" and before.lower() not in _BEFORE_OF)


def _is_of_amount_before(cut: Sequence[tuple[str, str]], index: int) -> bool:
    """Whether a currency belongs to the number before it ("500 USD 2 days ago"), not to the one behind it ("in 2026 USD 500")."""
    amount = _before(cut, index)
    dated = re.fullmatch(r"[12]\d{3}", amount) is not None and _is_number(_word(cut, index + 1))
    month = _word(cut, index - 2)
    return _is_quantity(amount) and not (dated and (month.lower() in _IN_MONTHS or month_of(month)))


def _word(cut: Sequence[tuple[str, str]], index: int) -> str:
    return cut[index][0] if 0 <= index < len(cut) else ""


def _is_several(word: str) -> bool:
    return is_plural(word) or word in ("people", "children")


def _before(cut: Sequence[tuple[str, str]], index: int) -> str:
    """The word before, where no mark parts them; "1 1/2" is one word to the unit behind it."""
    if not index or cut[index - 1][1]:
        return ""
    word = cut[index - 1][0]
    whole = cut[index - 2][0] if index > 1 and not cut[index - 2][1] else ""
    return f"{whole}-{word}" if _PART.fullmatch(word) and whole.isdecimal() else word


def _cut(word: str) -> tuple[str, str]:
    """A word without the marks around it, and those of its closing marks that make a voice pause. "Ave." keeps its dot."""
    bare = _ascii_digits(word).lstrip(_LEADS)
    dotted = bare.rstrip(_TRAILS.replace(".", ""))
    whole = keeps_dot(re.split(f"[{_DASHES}]", dotted)[-1]) or _is_half_day(dotted)
    core = dotted if whole else bare.rstrip(_TRAILS)
    trail = bare[len(core) :]
    marks = "".join("," if mark in "…)" else mark for mark in trail if mark in ".,!?;:…)")
    return core, marks.lstrip(",") if marks.startswith(",") and len(marks) > 1 else marks


def _ascii_digits(word: str) -> str:
    """Figures of other scripts, and the sign of a number below zero, as the lexicon knows them."""
    if word.isascii():
        return word
    parts = _VULGAR.sub(
        lambda match: f"{match[1]}{'-' if match[1] else ''}{unicodedata.normalize('NFKC', match[2])}", word
    )
    plain = "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in parts.replace("⁄", "/"))
    return re.sub(r"^[−–](?=\d)", "-", plain).replace("−", "-")


def _ends_sentence(cut: Sequence[tuple[str, str]], index: int) -> bool:
    """Whether a new sentence begins behind an abbreviation ("It takes 10 min. Then ...", "It takes 20 min. 3 slots are open")."""
    core, after = cut[index][0], _word(cut, index + 1)
    unit, day = core[:-1] in UNITS or core in UNITS, weekday_of(core)
    if after[:1].isdecimal():
        before = _before(cut, index)
        if core == "sec." and not _is_quantity(before) and before.lower() not in _ONE:
            # A section: "see sec. 3".
            return False
        if not (unit or day):
            return False
        figure = f"{after}{cut[index + 1][1]}"
        third = "" if index + 2 < len(cut) and cut[index + 2][1] else _word(cut, index + 3)
        return begins_sentence(figure, _word(cut, index + 2), third, unit=bool(unit))
    return bool(unit or day or month_of(core)) and after[:1].isupper() and not month_of(after)


def _is_half_day(core: str) -> bool:
    return core.endswith(".") and _HALF_DAY.fullmatch(core) is not None


def _is_number(core: str) -> bool:
    return core.removeprefix("-").replace(",", "").replace(".", "").isdecimal() or _CLOCK.fullmatch(core) is not None


def _is_end(core: str) -> bool:
    """Whether it may be one end of a range."""
    kinds = (_CLOCK_HALF_DAY, _MONEY, _PERCENT, _ORDINAL, _DEGREES)
    measured = _MEASURE.fullmatch(core)
    return (
        _is_number(core)
        or any(kind.fullmatch(core) for kind in kinds)
        or (measured is not None and measured[2] in UNITS)
    )


def _is_quantity(core: str) -> bool:
    """Whether a unit may stand behind it."""
    low, _, high = core.replace("–", "-").partition("-")
    return _is_number(core) or bool(_part(core)) or (_is_number(low) and (_is_number(high) or bool(_part(high))))


def _sign(word: str, before: str, after: str) -> str:
    if word and word in _DASHES and _joins(before, after):
        return "to"
    if word in NAMES_OF_MONEY or word == "¢":
        return (NAMES_OF_MONEY.get(word, "cents") if _is_number(before) else "") if before else ""
    if word == "/" and any(one.isdecimal() for one in before) and after in SPANS:
        return "per"
    if word == "×" and _is_number(before):
        return "by"
    if word == "°" and _is_number(before):
        return "degrees"
    return SIGNS.get(word) or (KEYS.get(word, "") if before.lower() in _BEFORE_KEYS else "")


def _joins(before: str, after: str) -> bool:
    """Whether a dash alone between two words means "to". Not between the groups of a telephone number."""
    if weekday_of(before) and weekday_of(after):
        return True
    dialled = before.isdecimal() and after.isdecimal() and len(before) + len(after) > 6 and len(before) != len(after)
    return (_is_end(before) or _HALF_DAY.fullmatch(before) is not None) and _is_end(after) and not dialled


def _said(core: str, trail: str, before: str, after: str) -> str:
    for rule in _RULES:
        said = rule(core, trail, before, after)
        if said is not None:
            return said
    return core


def _fraction(core: str, trail: str, before: str, after: str) -> str | None:
    del trail
    if (match := _WHOLE_AND_PART.fullmatch(core)) is not None and (part := _part(match[2])):
        return f"{match[1]} and {part}"
    if before.isdecimal() and len(before) <= 3 and (part := _part(core)):
        return f"and {part}"
    if (match := _PART.fullmatch(core)) is not None and before.lower() in _BEFORE_DATES:
        return f"{match[1]} {match[2]}"
    if match is not None and core not in FRACTIONS and (after in _OF_PARTS or after in UNITS) and _part(core):
        return _part(core).replace("a ", "one ", 1)
    return FRACTIONS.get(core) or SIGNS.get(core)


def _part(core: str) -> str:
    """A part as it is said behind a whole number ("a half", "three quarters"), or nothing."""
    match = _PART.fullmatch(core)
    if match is None or not 0 < int(match[1]) < int(match[2]) or int(match[2]) not in PARTS:
        return ""
    name = PARTS[int(match[2])]
    if match[1] == "1":
        return f"a{'n' if name[0] == 'e' else ''} {name}"
    return FRACTIONS.get(core, f"{match[1]} {name}s")


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
    if (match := _HALF_DAY_TO.fullmatch(core)) is not None and before[-1:].isdecimal():
        return f"{match[1].lower()}.m. to {_said(match[2], trail, '', after)}"
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
    if (match := DATE.fullmatch(core)) is not None and 1 <= int(match[2]) <= 12:
        return f"{MONTHS[int(match[2]) - 1]} {_ordinal(match[3])}, {match[1]}"
    if (match := SHORT_DATE.fullmatch(core)) is not None:
        return " ".join(match.groups())
    if (match := _DAY_TO_MONTH.fullmatch(core)) is not None and month_of(match[2]) and month_of(before):
        return f"{_ordinal(match[1])} to {month_of(match[2])}"
    named = core.removesuffix(".") in _NAMES and not after[:1].islower()
    told = core.endswith(".") and (not named or before.lower() in _IN_MONTHS)
    if month_of(core) and (core in MONTHS or _is_day_or_year(after) or _is_day_or_year(before) or told):
        return month_of(core)
    if month_of(before) and (match := _DAYS.fullmatch(core)) is not None:
        return f"{_ordinal(match[1])} to {_ordinal(match[2])}"
    if (match := _DAY.fullmatch(core)) is None or match[2] or not 1 <= int(match[1]) <= 31:
        return None
    if month_of(re.split(f"[{_DASHES}]", before)[-1]):
        return None if _HALF_DAY.fullmatch(after) and not trail else _ordinal(core)
    if not month_of(after) or trail or before.lower() == "in":
        return None
    return f"{_ordinal(core)} of" if before.lower() in _ARTICLES else f"the {_ordinal(core)} of"


def _is_day_or_year(word: str) -> bool:
    day = re.match(r"(\d{1,2})(?!\d)(?:st|nd|rd|th)?(?=$|[-–—])", word)
    return bool(day and 1 <= int(day[1]) <= 31) or re.fullmatch(r"[12]\d{3}", word) is not None


def _ordinal(day: str) -> str:
    number = int(day)
    ending = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _weekday(core: str, trail: str, before: str, after: str) -> str | None:
    ends = [weekday_of(end) or month_of(end) for end in re.split(f"[{_DASHES}]", core)]
    if len(ends) == 2 and all(ends):
        return " to ".join(ends)
    short = core.removesuffix(".")
    if short not in WEEKDAYS:
        return None
    dated = bool(month_of(after)) or after[:1].isdigit() or (core != short and after in ("at", "from", "to"))
    joined = (not trail and after != "" and after in _DASHES) or (before != "" and before in _DASHES)
    marked = core != short or trail[:1] in (".", ",")
    return WEEKDAYS[short] if dated or joined or (marked and short not in ("Sat", "Sun")) else None


def _range(core: str, trail: str, before: str, after: str) -> str | None:
    match = _RANGE.fullmatch(core)
    if match is None:
        return None
    low, high = match.groups()
    if (paid := _MONEY.fullmatch(low)) is not None and not paid[3] and (whole := _MONEY.fullmatch(f"{paid[1]}{high}")):
        return f"{paid[2]} to {_said(whole[0], trail, '', after)}"
    if not (_is_end(low) and _is_end(high)):
        return None
    return f"{_said(low, '', before, 'am')} to {_said(high, trail, '', after)}"


def _money(core: str, trail: str, before: str, after: str) -> str | None:
    del trail
    if core in CURRENCIES and (_is_number(after) or _is_quantity(before)):
        return CURRENCIES[core] if _is_quantity(before) else ""
    if before in CURRENCIES and _is_number(core):
        return f"{core} {CURRENCIES[before]}"
    if before in NAMES_OF_MONEY and _is_number(core):
        core = f"{before}{core}"
    if (match := _MONEY_BEHIND.fullmatch(core)) is not None:
        if match[2] == "¢":
            return f"{match[1]} {'cent' if match[1] == '1' else 'cents'}"
        core = f"{match[2]}{match[1]}"
    below = "minus " if core.startswith("-") else ""
    match = _MONEY.fullmatch(core.removeprefix("-"))
    if match is None:
        return None
    return f"{below}{_paid(match, after)}"


def _paid(match: re.Match[str], after: str) -> str:
    sign, amount, scale = match.groups()
    following = after.lower() if after.lower() in ("thousand", "million", "billion") else ""
    if scale or following:
        return f"{amount} {SCALES[scale.lower()]} {NAMES_OF_MONEY[sign]}" if scale else amount
    if sign in COINS:
        return f"{amount} {COINS[sign]}"
    whole, _, cents = amount.partition(".")
    return f"{sign}{whole}.{cents}0" if len(cents) == 1 else f"{sign}{amount}"


def _measure(core: str, trail: str, before: str, after: str) -> str | None:
    unit = UNITS.get(core) or UNITS.get(core.removesuffix("."))
    if unit is not None and before.lower() in _ONE:
        return unit[0]
    if unit is not None and _is_quantity(before):
        return unit[not (before == "1" or _part(before)) or core.removesuffix(".").endswith("s")]
    if core.lower() in ("thousand", "million", "billion") and (match := _MONEY.fullmatch(before)) is not None:
        return f"{core} {NAMES_OF_MONEY[match[1]]}"
    if (match := _MEASURE.fullmatch(core.removesuffix("."))) is not None and match[2] in UNITS:
        return f"{match[1]} {UNITS[match[2]][match[1] != '1']}"
    if (match := _COMPOUND.fullmatch(core)) is not None and (match[1] or match[3] in UNITS or "/" in match[2]):
        low, high, one = match.groups()
        if "/" in high:
            amount = _said(f"{low}-{high}", "", "", "") if low else FRACTIONS.get(high) or _part(high) or high
        else:
            amount = f"{low} to {high}" if low else high
        return f"{amount} {UNITS[one][0] if one in UNITS else one}"
    if (match := _PER.fullmatch(core)) is not None and match[2] in SPANS:
        return f"{_said(match[1], trail, before, after)} per {SPANS[match[2]]}"
    if (match := _FEET.fullmatch(core)) is not None:
        return f"{match[1]} foot {match[2]}"
    if (match := _TIMES.fullmatch(core)) is not None:
        return f"{match[1]} by {match[2]}"
    return "by" if core == "x" and _is_number(before) and _is_number(after) else None


def _degrees(core: str, trail: str, before: str, after: str) -> str | None:
    del trail, after
    scales = {"C": " Celsius", "F": " Fahrenheit"}
    if (match := _DEGREES.fullmatch(core)) is not None:
        return f"{match[1].replace('-', 'minus ')} degrees{scales.get(match[2] or '', '')}"
    if core[:1] == "°" and core[1:] in scales and _is_number(before):
        return f"degrees{scales[core[1:]]}"
    return scales[core].strip() if core in scales and before.endswith("°") else None


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
    if _FORMAT.fullmatch(core):
        return " ".join(_PARTS.findall(core.upper()))
    if _FIRM.fullmatch(core):
        return " and ".join(" ".join(_letter(one) for one in part) for part in core.split("&"))
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
    # "Ada P. 2 guests": a capital is an initial.
    if core.lower() in BEFORE_FIGURES and core != "P." and any(one.isdecimal() for one in after):
        return BEFORE_FIGURES[core.lower()]
    if core.removesuffix(".") in DIRECTIONS and before.isdecimal() and after[:1].isupper():
        return DIRECTIONS[core.removesuffix(".")]
    if core == "Ft." and after[:1].isupper():
        return "fort"
    named = before[:1].isupper() or _ORDINAL.fullmatch(before) is not None
    behind_name = named and before.rstrip(".") not in _NO_STREETS
    if core == "St.":
        return "street" if behind_name else "saint"
    return "drive" if core == "Dr." and behind_name and not after[:1].isupper() else None


_RULES: tuple[Callable[[str, str, str, str], str | None], ...] = (
    *(
        _fraction,
        _time,
        _date,
        _weekday,
        _range,
        _money,
        _measure,
        _degrees,
        _number,
        _address,
        _letters,
        _abbreviation,
    ),
)


def _plain(text: str) -> str:
    """Without accents, which the lexicon takes for the end of a word, and without what no voice says."""
    text = re.sub("(?<=.)²", " squared", re.sub("(?<=.)³", " cubed", text))
    bare = "".join(
        one for one in unicodedata.normalize("NFKD", text.replace("’", "'")) if not unicodedata.combining(one)
    )
    return re.sub(r"[*_`~^|<>{}\[\]\\]", "", bare.replace("–", ", ").replace("—", ", "))
