"""What of an agent cannot be used here and why, and what runs in its place in a sandbox."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from callwright.domain.errors import LackingError
from callwright.domain.number import Destination
from callwright.platform.agents.rules.spec import AgentSpec, ProviderChoice

LINE = "line"
TRANSCRIBER = "transcriber"
VOICE = "voice"
MODEL = "model"

LEG_NAMES = {LINE: "carrier", TRANSCRIBER: "recogniser", VOICE: "voice", MODEL: "model"}
"""Each leg in a sentence. A line is a plugin of the kind ``carrier``; the others are kinds of their own."""


class LackKind(StrEnum):
    """Why a part of an agent cannot be used."""

    NOT_INSTALLED = "not_installed"
    """No plugin has that name."""
    NO_EXTRA = "no_extra"
    """Packages of an extra are missing."""
    NO_MODEL_FILES = "no_model_files"
    """Files of a local model are missing."""
    NO_KEY = "no_key"
    """The organisation has no key for it."""
    NO_ADDRESS = "no_address"
    """Nobody said where it is."""
    NO_TRUNK = "no_trunk"
    """The organisation has no active SIP trunk."""
    NO_PHONE_LINE = "no_phone_line"
    """The carrier rings no phones."""
    LANGUAGE = "language"
    """It does not hear or speak the agent's language."""
    UNUSABLE = "unusable"
    """The plugin refuses the agent's settings."""


@dataclass(frozen=True, slots=True)
class Lack:
    """A part of an agent that cannot be used here. ``path``: where the agent says so, empty where it is the server's own choice;
    ``wanted``: the provider, or for LANGUAGE the language; ``remedy``: the command or request that adds it, or where to read on."""

    leg: str
    path: str
    wanted: str
    kind: LackKind
    message: str
    remedy: str

    @property
    def sentence(self) -> str:
        """What is wrong and what to do."""
        return f"{self.message}: {self.remedy}" if self.remedy else self.message


@dataclass(frozen=True, slots=True)
class StandIn:
    """What runs in a sandbox in place of what an agent wants."""

    leg: str
    wanted: str
    used: str
    reason: str
    remedy: str

    def as_wire(self) -> dict[str, Any]:
        """As answers, records and logs hold it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Line:
    """How a call gets its line. ``destination``: whom it is placed to, None for one that came in or is written; ``carrier``: the one that
    was chosen already, empty to choose one; ``has_sound``: False for a chat and for questions after a call."""

    destination: Destination | None = None
    carrier: str = ""
    has_sound: bool = True


WRITTEN = Line(has_sound=False)
"""The line of a chat, and of what is asked after a call."""


@dataclass(frozen=True, slots=True)
class Provision:
    """What a call of an agent runs with. ``spec``: the agent with the access and the stand-ins of its providers; ``carrier``: what its line
    is; ``sandbox``: whether its account is one."""

    spec: AgentSpec
    carrier: str = ""
    sandbox: bool = False
    stand_ins: tuple[StandIn, ...] = ()

    def as_wire(self) -> dict[str, Any]:
        """``callwright.sandbox`` and ``callwright.stand_ins``, as records and logs hold them."""
        return {"sandbox": self.sandbox, "stand_ins": [one.as_wire() for one in self.stand_ins]}

    def stands_in(self, leg: str) -> bool:
        """Whether something stands in on this leg."""
        return any(one.leg == leg for one in self.stand_ins)


def model_in_place(choice: ProviderChoice, provider: str) -> ProviderChoice:
    """The model of ``provider`` in place of another one, without the settings of that: they mean nothing to it. The agent's limit stays."""
    options = {name: value for name, value in choice.options.items() if name == "max_tokens"}
    return ProviderChoice(provider, options=options, path=choice.path)


def refusal(lack: Lack) -> LackingError:
    """The error of a call that cannot be placed for this reason."""
    number = "recipient_phone_number" if lack.leg == LINE else None
    return LackingError(lack.sentence, field=lack.path or number, leg=lack.leg)
