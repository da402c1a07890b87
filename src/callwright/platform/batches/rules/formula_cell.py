"""Cells that a spreadsheet takes for a formula, whoever wrote them (OWASP ASVS 1.2.10)."""

from __future__ import annotations

import re

#: The signs themselves, their full-width forms, and both after blanks; tab, CR, LF and NUL.
_FORMULA = re.compile(r"[\t\r\n\x00]|[\s\ufeff\u200b]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def is_formula(text: str) -> bool:
    """Whether a spreadsheet takes the text for a formula, by its first sign."""
    return _FORMULA.match(text) is not None


def unmarked(text: str) -> str:
    """A cell of one of our reports without the apostrophe that keeps it from being a formula."""
    return text[1:] if text.startswith("'") and is_formula(text[1:]) else text
