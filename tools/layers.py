"""Who may import whom. `tests/unit/test_import_table.py` reads this table.

A row names a package or module below `callwright`; the most specific row that matches a module is its row. A target stands for
itself and everything below it, and a `*` in either for any one name. A plugin family (`providers/*`, `telephony/*`) has one row for
all of its members: a member may import itself and the family's own `__init__`, never another member. Below `platform` each subject
has a folder with the same kinds of file, and the rows speak of these kinds.
"""

from dataclasses import dataclass

RULES = "platform.*.rules"
PURE = (
    "domain",
    RULES,
    "ports",
    "media",
    "conversation",
    "insight",
    "campaigns.plan",
    "outbox.sign",
    "outbox.schedule",
)
EVERYTHING = ("*",)
CHECKOUT_ONLY = ("proof", "tests", "tools", "bench")
"""Folders beside `src` that no wheel has, so that nothing in `src` may import them."""
RUNTIME = (*PURE, "ops", "net", "platform.unit", "platform.ledger", "platform.availability", "platform.*.rows")
SHELL = ("domain", RULES, "ports", "media", "ops", "net")
USE_CASES = (*RUNTIME, "platform.*.actions", "platform.services", "platform.encoded", "platform.uploads")
WIRE = ("domain", RULES, "insight", "ops", "ports", "platform.*.actions", "platform.services", "platform.encoded")
"""What reads requests and writes answers may import. It never sees a row."""
DOOR = (*WIRE, "api", "platform.*.routes", "platform.*.schemas", "platform.*.mapping", "platform.*.example")


@dataclass(frozen=True, slots=True)
class Layer:
    """One row: what a package may import of ours, and of others."""

    may_import: tuple[str, ...]
    third_party: bool = True
    """Whether anything outside the standard library and `callwright` may be imported."""
    only_third_party: tuple[str, ...] | None = None
    """When set, the only top-level modules of others that may be imported."""


LAYERS: dict[str, Layer] = {
    "domain": Layer((), third_party=False),
    # A stranger's pattern needs an engine of bounded time. That is arithmetic on text, so it stays in the domain, on RE2.
    "domain.patterns": Layer(("domain",), only_third_party=("re2",)),
    # The number plans of the world are data that others keep.
    "domain.national_number": Layer(("domain",), only_third_party=("phonenumbers",)),
    RULES: Layer(("domain",), third_party=False),
    # The number plans of the world are data. Reading them is arithmetic on text.
    "platform.dialling.rules.number_plan": Layer(("domain", RULES), only_third_party=("phonenumbers",)),
    "ports": Layer(("domain", RULES), third_party=False),
    "media": Layer(("domain",), only_third_party=("numpy", "audioop", "soundfile", "soxr")),
    "conversation": Layer(("domain", RULES, "ports", "media"), third_party=False),
    "insight": Layer(("domain", RULES, "ports", "media", "conversation"), only_third_party=("numpy", "msgspec")),
    "campaigns.plan": Layer(("domain", RULES), third_party=False),
    "outbox.sign": Layer(("domain",), third_party=False),
    "outbox.schedule": Layer(("domain",), third_party=False),
    "ops": Layer(("domain", RULES)),
    "net": Layer(("domain", "ops")),
    "storage": Layer(SHELL),
    "platform": Layer(USE_CASES),
    # A voice that an organisation imported holds what its vendor offered.
    "platform.voices.rules": Layer(("domain", RULES, "ports"), third_party=False),
    "platform.*.rows": Layer((*SHELL, "storage")),
    "platform.*.actions": Layer(USE_CASES),
    "platform.*.routes": Layer(DOOR),
    "platform.*.schemas": Layer(DOOR),
    "platform.*.mapping": Layer(DOOR),
    "platform.*.example": Layer(("domain",), third_party=False),
    "platform.unit": Layer((*SHELL, "storage", "platform.*.rows")),
    "platform.jobs.runner": Layer((*SHELL, "storage", "platform.jobs.rows")),
    "platform.ledger": Layer((*SHELL, "storage", "platform.unit", "platform.housekeeping", "platform.known_keys")),
    "platform.housekeeping": Layer((*SHELL, "storage", "platform.*.rows")),
    "providers": Layer(SHELL),
    "providers.*": Layer((*SHELL, "providers.utterances")),
    "telephony": Layer(SHELL),
    "telephony.*": Layer(SHELL),
    "telephony.loopback": Layer((*SHELL, "lab")),
    "telephony.media_streams": Layer((*SHELL, "telephony.number_markets.rest")),
    "telephony.twilio": Layer((*SHELL, "telephony.media_streams", "telephony.number_markets.rest")),
    "telephony.plivo": Layer((*SHELL, "telephony.media_streams", "telephony.number_markets.rest")),
    "telephony.vobiz": Layer(
        (
            *SHELL,
            "telephony.media_streams",
            "telephony.number_markets.rest",
            "telephony.number_markets.vobiz",
            "telephony.plivo.vendor",
        )
    ),
    "telephony.telnyx": Layer((*SHELL, "telephony.media_streams", "telephony.number_markets")),
    "telephony.exotel": Layer((*SHELL, "telephony.media_streams", "telephony.number_markets")),
    "telephony.vonage": Layer((*SHELL, "telephony.media_streams", "telephony.number_markets")),
    "telephony.asterisk": Layer((*SHELL, "telephony.media_streams")),
    "lab": Layer((*PURE, "ops")),
    "testing": Layer(SHELL, third_party=False),
    "call": Layer(
        (
            *RUNTIME,
            "platform.executions.actions.transition",
            "platform.dialling.actions",
            "platform.wallet.actions.reservations",
        )
    ),
    "campaigns": Layer(
        (
            *RUNTIME,
            "platform.executions.actions.transition",
            "platform.batches.actions.transition",
            "platform.dialling.actions",
        )
    ),
    "outbox": Layer((*PURE, "ops", "net")),
    "api": Layer(WIRE),
    "api.app": Layer(DOOR),
    "dashboard": Layer(DOOR),
    "bootstrap": Layer(EVERYTHING),
    "cli": Layer(EVERYTHING),
    "__main__": Layer(EVERYTHING),
    "": Layer(()),
}
"""The empty name is the package's own `__init__`."""


def matches(module: str, pattern: str) -> bool:
    """Whether a module is the one a row or target names, or lies below it. `*` stands for any one name."""
    parts, wanted = module.split("."), pattern.split(".")
    return len(parts) >= len(wanted) and all(want in ("*", part) for part, want in zip(parts, wanted, strict=False))


def row_of(module: str) -> str:
    """The most specific row for a module below `callwright`; LookupError where there is none."""
    found = [row for row in LAYERS if row and matches(module, row)]
    if not found:
        raise LookupError(f"{module} has no row in tools/layers.py")
    return max(found, key=lambda row: (row.count("."), row.count("*") == 0))
