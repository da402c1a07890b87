"""Who may import whom. `tests/unit/test_import_table.py` reads this table; ARCHITECTURE.md shows it.

A row names a package or module below `callwright`; the most specific row that matches a module is its row. A target stands for
itself and everything below it. A plugin family (`providers/*`, `telephony/*`) has one row for all of its members: a member may
import itself and the family's own `__init__`, never another member.
"""

from dataclasses import dataclass

PURE = ("domain", "ports", "media", "conversation", "insight", "campaigns.plan", "outbox.sign", "outbox.schedule")
EVERYTHING = ("*",)
CHECKOUT_ONLY = ("proof", "tests", "tools", "bench")
"""Folders beside `src` that no wheel has, so that nothing in `src` may import them."""
RUNTIME = (*PURE, "ops", "net")
SHELL = ("domain", "ports", "media", "ops", "net")


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
    # The number plans of the world are data. Reading them is arithmetic on text.
    "domain.dialling.number_plan": Layer(("domain",), only_third_party=("phonenumbers",)),
    "ports": Layer(("domain",), third_party=False),
    "media": Layer(("domain",), only_third_party=("numpy", "audioop", "soundfile", "soxr")),
    "conversation": Layer(("domain", "ports", "media"), third_party=False),
    "insight": Layer(("domain", "ports", "media", "conversation"), only_third_party=("numpy", "msgspec")),
    "campaigns.plan": Layer(("domain",), third_party=False),
    "outbox.sign": Layer(("domain",), third_party=False),
    "outbox.schedule": Layer(("domain",), third_party=False),
    "ops": Layer(("domain",)),
    "net": Layer(("domain", "ops")),
    "storage": Layer(SHELL),
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
    "actions": Layer(RUNTIME),
    "call": Layer((*RUNTIME, "actions.transition", "actions.dialling", "actions.wallet")),
    "campaigns": Layer((*RUNTIME, "actions.transition", "actions.batch_transition", "actions.dialling")),
    "outbox": Layer(RUNTIME),
    "api": Layer(("domain", "insight", "actions", "ops", "ports")),
    "dashboard": Layer(("domain", "insight", "actions", "ops", "ports", "api")),
    "bootstrap": Layer(EVERYTHING),
    "cli": Layer(EVERYTHING),
    "__main__": Layer(EVERYTHING),
    "": Layer(()),
}
"""The empty name is the package's own `__init__`."""


def describe(layer: Layer) -> str:
    """One row's rights as ARCHITECTURE.md shows them."""
    if layer.may_import == EVERYTHING:
        return "everything"
    ours = ", ".join(layer.may_import) or "nothing of ours"
    if layer.only_third_party is not None:
        return f"{ours}; {', '.join(layer.only_third_party)}"
    return ours if layer.third_party else f"{ours}; standard library only"
