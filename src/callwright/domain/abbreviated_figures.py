"""Whether a figure behind a short word with its full stop belongs to it ("Fri. 3", "6 ft. 2"), or begins a sentence ("Fri. 3 others
are free"). English."""

from __future__ import annotations

_NO_NOUNS = frozenset(
    {
        *(
            "as",
            "was",
            "does",
            "has",
            "yes",
            "perhaps",
            "sometimes",
            "always",
            "weekdays",
            "weekends",
            "mornings",
            "nights",
        ),
        *("afternoons", "evenings", "works", "suits", "fits", "sounds", "looks", "seems", "feels", "helps", "opens"),
        *("closes", "starts", "begins", "ends", "comes", "goes", "stays", "remains", "means"),
    }
)
"""They look like nouns for several things and are none, or say when."""
_PARTS_OF_UNITS = frozenset({"oz", "mins", "secs", "minutes", "seconds", "inches", "ounces"})
"""They go on with a measure ("6 ft. 2 inches"); other several things begin a sentence."""
BEFORE_SEVERAL = frozenset({"other", "more", "new", "open", "free"})
"""What may stand between a number and what it counts."""


def begins_sentence(figure: str, word: str, next_word: str, *, unit: bool) -> bool:
    """Whether ``figure`` counts several things that ``word``, or the one behind it, names. ``unit``: a unit stands before, whose hour
    it is not."""
    if unit and ":" in figure:
        return True
    return figure.isdecimal() and (_is_several(word) or (word in BEFORE_SEVERAL and _is_several(next_word)))


def _is_several(word: str) -> bool:
    if word in ("people", "children", "men", "women"):
        return True
    plural = word.isalpha() and word.islower() and word.endswith("s") and not word.endswith(("ss", "us", "is"))
    return plural and word not in _NO_NOUNS and word not in _PARTS_OF_UNITS
