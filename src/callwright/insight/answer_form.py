"""A model's answer brought into the form its type has, where what it says leaves no doubt: "ninety dollars" is 90.

What is doubtful stays as it came; whether an answer is of its type is judged afterwards (``platform.dispositions.rules.is_valid``).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time

from callwright.insight.spoken_time import told_time
from callwright.insight.wording import words_of
from callwright.platform.dispositions.rules import BOOLEAN, EMAIL, NUMERIC, TIMESTAMP, is_valid

_YES_NO = {"true": "true", "yes": "true", "false": "false", "no": "false"}
_NUMBER = re.compile(r"(?<![\w.,])-?\d[\d,]*(?:\.\d+)?(?![\w])")
_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_CLOCK = re.compile(r"\b([01]?\d|2[0-3]):([0-5]\d)\b(?!\s*[ap]\.?m)", re.IGNORECASE)


def in_form(kind: str, text: str, moment: datetime) -> str:
    """``text`` as an answer of ``kind``; ``moment`` is the call's time, from which days are counted."""
    if is_valid(kind, text):
        return text
    if kind == BOOLEAN:
        return _YES_NO.get(text.lower().rstrip("."), text)
    made = {NUMERIC: _number, EMAIL: _address}.get(kind, lambda _: "")(text)
    if kind == TIMESTAMP:
        made = _time(text, moment)
    return made if made and is_valid(kind, made) else text


def _number(text: str) -> str:
    """The only number of the text, in figures or in words."""
    figures = _NUMBER.findall(text)
    found = figures or [word for word in words_of(text) if word.isdecimal()]
    return found[0].replace(",", "") if len(found) == 1 else ""


def _address(text: str) -> str:
    spelt = re.sub(r"\s+(?:at|@)\s+", "@", text.lower())
    return re.sub(r"\s+dot\s+", ".", spelt).strip("<> .")


def _time(text: str, moment: datetime) -> str:
    """The one date of the text, in figures or as a day ("Friday"), with its time of day where one is told without doubt."""
    dates = list(dict.fromkeys(_DATE.findall(text)))
    if len(dates) > 1:
        return ""
    told = told_time(_DATE.sub(" ", text), moment)
    if told is None:
        return ""
    day, minutes = told
    try:
        day = date.fromisoformat(dates[0]) if dates else day
    except ValueError:
        return ""
    clocks = _CLOCK.findall(text)
    if len(clocks) == 1:
        minutes = int(clocks[0][0]) * 60 + int(clocks[0][1])
    if day is None:
        return ""
    if minutes is None:
        return day.isoformat()
    return datetime.combine(day, time(minutes // 60, minutes % 60)).isoformat(timespec="minutes")
