"""What a telephone line does to a call, as data: losses, delays, lost requests, echo, codec, level, noise.

Written as one text, ``loss=5,jitter=100,lose_invite=1,echo=-20dB/120ms,codec=pcma``, or as a JSON object with the same keys, whose values
are numbers or such texts. ``docs/how-to/line-lab.md`` describes every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import MAX_LINE_DELAY_MS, MAX_LINE_TEXT_CHARACTERS

UNIFORM, NORMAL, STALLS = "uniform", "normal", "stalls"
SILENCE, REPEAT = "silence", "repeat"
PCMU, PCMA = "pcmu", "pcma"
BOTH, IN, OUT = "both", "in", "out"


@dataclass(frozen=True, slots=True)
class LineConditions:
    """The state of a line. Every field's default is a perfect one. Raises ConfigurationError for a value out of its limits.

    Packets: ``loss_percent`` are lost, singly and at random, or in runs of ``burst_packets`` on average (Gilbert's model; 0: at random).
    Each takes ``delay_ms`` and up to ``jitter_ms`` more, drawn anew for each by ``jitter_kind``: ``uniform``, ``normal`` (around the half),
    or ``stalls`` (mostly none; now and then everything waits and then comes at once). A packet may overtake another unless ``keeps_order``.
    ``reorder_percent`` are held back by ``reorder_ms``, ``duplicate_percent`` come twice. The first ``lose_invites`` INVITE requests are
    lost, and the first ``lose_requests`` of every kind of request.

    Sound: passes through ``codec`` (``pcmu``, ``pcma``; empty: as it is), gains ``level_db``, gets noise of ``noise_db`` (dBFS). What we
    send comes back after ``echo_ms`` at ``echo_db``.

    A receiver's jitter buffer grows to at most ``buffer_ms`` and fills what is missing with ``conceal`` (``silence``, or ``repeat``: the
    last frame once). ``way``: which way all this applies to, seen from us: ``in``, ``out`` or ``both``. With the same ``seed`` the same
    packets are lost again.
    """

    loss_percent: float = 0.0
    burst_packets: float = 0.0
    jitter_ms: float = 0.0
    jitter_kind: str = UNIFORM
    keeps_order: bool = False
    reorder_percent: float = 0.0
    reorder_ms: float = 50.0
    duplicate_percent: float = 0.0
    delay_ms: float = 0.0
    lose_invites: int = 0
    lose_requests: int = 0
    echo_db: float | None = None
    echo_ms: float = 100.0
    codec: str = ""
    level_db: float = 0.0
    noise_db: float | None = None
    buffer_ms: int = 160
    conceal: str = SILENCE
    way: str = BOTH
    seed: int = 1

    def __post_init__(self) -> None:
        for name, (least, most) in _RANGES.items():
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ConfigurationError(f"line: {_key_of(name)} is {value:g}, not between {least:g} and {most:g}")
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                known = ", ".join(word for word in words if word)
                raise ConfigurationError(f"line: {_key_of(name)} is {getattr(self, name)!r}, not one of {known}")
        if 0 < self.burst_packets < 1:
            raise ConfigurationError("line: burst is the mean length of a run of lost packets: 1 or more, or 0")
        most_percent = 100 * self.burst_packets / (self.burst_packets + 1)
        if self.burst_packets and most_percent < self.loss_percent < 100:
            raise ConfigurationError(
                f"line: in bursts of {self.burst_packets:g} at most {most_percent:.0f} % can be lost, not"
                f" {self.loss_percent:g}; make burst longer"
            )

    @property
    def shapes_sound(self) -> bool:
        """Whether the sound itself is changed, the echo apart."""
        return bool(self.codec) or self.level_db != 0 or self.noise_db is not None

    def applies(self, way: str) -> bool:
        """Whether the conditions hold for what goes ``way`` (``in`` or ``out``)."""
        return self.way in (BOTH, way)

    def without_room(self) -> LineConditions:
        """The same line without the noise and the echo: what comes over it is from the far end's mouth alone."""
        return replace(self, noise_db=None, echo_db=None)

    def text(self) -> str:
        """The conditions as they are written, without what is as by default. Empty for a perfect line."""
        return ",".join(_written(self, key) for key in _KEYS if _is_set(self, key))


_RANGES: dict[str, tuple[float, float]] = {
    "loss_percent": (0, 100),
    "burst_packets": (0, 100),
    "jitter_ms": (0, MAX_LINE_DELAY_MS),
    "reorder_percent": (0, 100),
    "reorder_ms": (0, MAX_LINE_DELAY_MS),
    "duplicate_percent": (0, 100),
    "delay_ms": (0, MAX_LINE_DELAY_MS),
    "lose_invites": (0, 20),
    "lose_requests": (0, 20),
    "echo_db": (-90, 0),
    "echo_ms": (0, MAX_LINE_DELAY_MS),
    "level_db": (-60, 40),
    "noise_db": (-90, 0),
    "buffer_ms": (20, MAX_LINE_DELAY_MS),
    "seed": (0, 2**31 - 1),
}
_WORDS: dict[str, tuple[str, ...]] = {
    "jitter_kind": (UNIFORM, NORMAL, STALLS),
    "codec": ("", PCMU, PCMA),
    "conceal": (SILENCE, REPEAT),
    "way": (BOTH, IN, OUT),
}
_ORDER_WORDS = {"kept": True, "free": False}


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a value: the field it sets and the unit that may follow the number (empty: none; ``word``: no number at all)."""

    field: str
    unit: str = ""


_WORD = "word"
_KEYS: dict[str, tuple[_Part, ...]] = {
    "loss": (_Part("loss_percent", "%"), _Part("burst_packets")),
    "jitter": (_Part("jitter_ms", "ms"), _Part("jitter_kind", _WORD)),
    "order": (_Part("keeps_order", _WORD),),
    "reorder": (_Part("reorder_percent", "%"), _Part("reorder_ms", "ms")),
    "duplicate": (_Part("duplicate_percent", "%"),),
    "delay": (_Part("delay_ms", "ms"),),
    "lose_invite": (_Part("lose_invites"),),
    "lose_requests": (_Part("lose_requests"),),
    "echo": (_Part("echo_db", "dB"), _Part("echo_ms", "ms")),
    "codec": (_Part("codec", _WORD),),
    "level": (_Part("level_db", "dB"),),
    "noise": (_Part("noise_db", "dB"),),
    "buffer": (_Part("buffer_ms", "ms"),),
    "conceal": (_Part("conceal", _WORD),),
    "way": (_Part("way", _WORD),),
    "seed": (_Part("seed"),),
}
_WHOLE = frozenset({"lose_invites", "lose_requests", "buffer_ms", "seed"})
_DEFAULTS: dict[str, Any] = {f.name: f.default for f in fields(LineConditions) if f.default is not MISSING}


def line_of(given: Any, path: str = "line") -> LineConditions:
    """Conditions from a text or a JSON object. Raises ConfigurationError that names what is wrong, below ``path``."""
    if isinstance(given, str):
        given = _pairs(given, path)
    if not isinstance(given, Mapping):
        raise ConfigurationError(
            f"{path}: must be an object or a text as loss=5,jitter=100, not {type(given).__name__}"
        )
    changes: dict[str, Any] = {}
    for key, value in given.items():
        if key not in _KEYS:
            raise ConfigurationError(f"{path}.{key}: is not known; use {', '.join(_KEYS)}")
        changes |= _fields_of(key, value, path)
    try:
        return LineConditions(**changes)
    except ConfigurationError as error:
        raise ConfigurationError(path + error.message.removeprefix("line")) from error


def _pairs(text: str, path: str) -> dict[str, str]:
    if len(text) > MAX_LINE_TEXT_CHARACTERS:
        raise ConfigurationError(f"{path}: the text is longer than {MAX_LINE_TEXT_CHARACTERS} characters")
    pairs: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise ConfigurationError(f"{path}: {part!r} is not written as key=value, for example loss=5,jitter=100")
        if key in pairs:
            raise ConfigurationError(f"{path}.{key}: is given twice")
        pairs[key] = value
    return pairs


def _fields_of(key: str, value: Any, path: str) -> dict[str, Any]:
    parts = _KEYS[key]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ConfigurationError(f"{path}.{key}: must be a number or a text such as {_example(key)}, not {value!r}")
    pieces = [value] if not isinstance(value, str) else [piece.strip() for piece in value.split("/")]
    if len(pieces) > len(parts):
        raise ConfigurationError(f"{path}.{key}: {value!r} has too many parts; write it as {_example(key)}")
    return {part.field: _part(part, piece, f"{path}.{key}") for part, piece in zip(parts, pieces, strict=False)}


def _part(part: _Part, piece: str | float, path: str) -> Any:
    if part.unit == _WORD:
        word = str(piece).lower()
        if part.field != "keeps_order":
            return word
        if word not in _ORDER_WORDS:
            raise ConfigurationError(f"{path}: {piece!r} is not one of {', '.join(_ORDER_WORDS)}")
        return _ORDER_WORDS[word]
    number = _number(piece, part.unit)
    if number is None or (part.field in _WHOLE and number != int(number)):
        kind = "a whole number" if part.field in _WHOLE else "a number"
        unit = f" with or without {part.unit!r}" if part.unit else ""
        raise ConfigurationError(f"{path}: {piece!r} is not {kind}{unit}")
    return int(number) if part.field in _WHOLE else number


def _number(piece: str | float, unit: str) -> float | None:
    """A finite number, or None. The unit may follow in any case."""
    if isinstance(piece, str):
        low = piece.lower()
        piece = low.removesuffix(unit.lower()).strip() if unit else low
        if set(piece) - set("+-.0123456789"):
            return None
    try:
        number = float(piece)
    except (ValueError, OverflowError):
        return None
    return number if abs(number) < 1e12 else None


def _example(key: str) -> str:
    words = {"jitter_kind": UNIFORM, "keeps_order": "kept", "codec": PCMA, "conceal": REPEAT, "way": IN}
    numbers = {"echo_db": "-20dB", "level_db": "-6dB", "noise_db": "-50dB", "loss_percent": "5%", "burst_packets": "3"}
    parts = _KEYS[key]
    return "/".join(
        words.get(p.field) or numbers.get(p.field) or f"{2 if p.unit in ('', '%') else 100}{p.unit}" for p in parts
    )


def _key_of(name: str) -> str:
    return next(key for key, parts in _KEYS.items() if any(part.field == name for part in parts))


def _is_set(conditions: LineConditions, key: str) -> bool:
    return bool(getattr(conditions, _KEYS[key][0].field) != _DEFAULTS[_KEYS[key][0].field])


def _written(conditions: LineConditions, key: str) -> str:
    shown: list[str] = []
    for part in _KEYS[key]:
        value = getattr(conditions, part.field)
        if shown and value == _DEFAULTS[part.field]:
            continue
        if part.field == "keeps_order":
            value = "kept" if value else "free"
        shown.append(value if part.unit == _WORD else f"{value:g}{part.unit}")
    return f"{key}={'/'.join(shown)}"
