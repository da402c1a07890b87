"""Changes valid messages and requests of carriers into ones that no carrier sends, by a seeded random."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

from proof.carrier_messages import Ask, Message

Wire = str | bytes
"""What goes over a websocket: a text message or a binary one."""

_DEEP = 60_000
_BIG = 60_000
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 10**30, 10**18, 1.5, 1e308, "", " ", "\x00", "a\x00b", "\u0663", "9" * 30, "-1", "x" * 5_000,
    "\ud7ff\U0010ffff", "<&\"'>", "../../status", "%00", [], {}, [[]], {"": {}}, [1] * 1_000, "=", "A===", "é", "1e9",
)  # fmt: skip
"""Values in the place of others."""


def spoilt(message: Message, chance: Random, others: tuple[str, ...]) -> list[Wire]:
    """What is sent in the place of a message: one, none or several. ``others`` are ids of other calls."""
    if isinstance(message, bytes):
        return chance.choice(_BINARY)(message, chance)
    if chance.random() < 0.55:
        changed = copy.deepcopy(message)
        _change(changed, chance, others)
        return [json.dumps(changed)]
    return chance.choice(_TEXT)(json.dumps(message), chance)


def changed(ask: Ask, chance: Random, others: tuple[str, ...]) -> Ask:
    """A request with other fields, which the vendor's key still signs."""
    made = copy.deepcopy(ask)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        _change(made.fields, chance, others)
    if chance.random() < 0.1:
        made.fields |= {f"SipHeader_{number}": "x" for number in range(2_000)}
    return made


def broken(body: bytes, chance: Random) -> bytes:
    """The body of a request, spoilt after it was signed or before."""
    return chance.choice(_BODIES)(body, chance)


def _change(fields: dict[str, Any], chance: Random, others: tuple[str, ...]) -> None:
    """One change at a random depth."""
    at: Any = fields
    while True:
        inner = [value for value in at.values() if isinstance(value, dict) and value]
        if not inner or chance.random() < 0.4:
            break
        at = chance.choice(inner)
    if not at:
        return
    name, kind = chance.choice(list(at)), chance.randrange(6)
    if kind == 0:
        del at[name]
    elif kind == 1:
        at[name + chance.choice(("x", "\x00", " "))] = at.pop(name)
    elif kind == 2 and others:
        at[name] = chance.choice(others)
    elif kind == 3:
        at[name] = {"a": at[name]}
    else:
        at[name] = copy.deepcopy(chance.choice(ODD))


def _flipped(data: bytes, chance: Random) -> bytes:
    made = bytearray(data)
    for _ in range(chance.choice((1, 1, 3, 10))):
        if made:
            made[chance.randrange(len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


def _cut(text: str, chance: Random) -> str:
    return text[: chance.randrange(len(text) + 1)]


def _deep(chance: Random) -> str:
    opening, closing = chance.choice((("[", "]"), ('{"event":', "}")))
    depth = chance.choice((100, 1_200, _DEEP // len(opening + closing) - 1))
    return opening * depth + "1" + (closing * depth if chance.random() < 0.5 else "")


def _twice_named(text: str, chance: Random) -> str:
    """Every name of the first object twice, the second time with another value."""
    return '{"event":"' + chance.choice(("media", "start", "x")) + '",' + text[1:]


def _big(text: str, chance: Random) -> str:
    return json.dumps({**json.loads(text), "x": "y" * (_BIG - len(text))})


_TEXT: tuple[Callable[[str, Random], list[Wire]], ...] = (
    lambda text, chance: [_flipped(text.encode(), chance).decode("utf-8", "replace")],
    lambda text, chance: [_flipped(text.encode(), chance)],
    lambda text, chance: [text.encode()],
    lambda text, chance: [_cut(text, chance)],
    lambda text, chance: [_deep(chance)],
    lambda text, chance: [_twice_named(text, chance)],
    lambda text, chance: [_big(text, chance)],
    lambda text, chance: [text, text],
    lambda text, chance: [text] * chance.choice((5, 40)),
    lambda text, chance: [],
    lambda text, chance: [chance.choice(("", "null", "[]", "1", '"x"', "{}", '{"event":null}', '{"event":["media"]}', "\ufeff{}"))],
    lambda text, chance: [chance.randbytes(chance.choice((0, 1, 159, 160, 161, 3_200, 60_000)))],
    lambda text, chance: [text.replace('"payload": "', '"payload": "' + chance.choice(("!", "é", "====", "a", "\\u0000")))],
    lambda text, chance: [text.replace('"payload": "', '"payload": "' + "/" * chance.choice((4, 213 * 4, 14_000 * 4)))],
)  # fmt: skip

_BINARY: tuple[Callable[[bytes, Random], list[Wire]], ...] = (
    lambda sound, chance: [_flipped(sound, chance)],
    lambda sound, chance: [sound[:-1]],
    lambda sound, chance: [b""],
    lambda sound, chance: [sound * chance.choice((2, 50, 180))],
    lambda sound, chance: [sound] * chance.choice((5, 40)),
    lambda sound, chance: [sound.decode("latin-1")],
    lambda sound, chance: [],
)

_BODIES: tuple[Callable[[bytes, Random], bytes], ...] = (
    _flipped,
    lambda body, chance: body[: chance.randrange(len(body) + 1)],
    lambda body, chance: body + body,
    lambda body, chance: body + b"&" + body.replace(b"=", b"=x"),
    lambda body, chance: b"",
    lambda body, chance: chance.randbytes(chance.choice((1, 100, 5_000))),
    lambda body, chance: _deep(chance).encode(),
    lambda body, chance: b"a=b&" * 15_000,
    lambda body, chance: b"%ED%A0%80=%FF&CallSid=%00&" + body,
    lambda body, chance: b"&".join(b"%d=" % number for number in range(8_000)),
)
