"""A call's log, read once and indexed: what every other view starts from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from callwright.conversation.effects import AgentSaid
from callwright.conversation.lanes import PARTING
from callwright.conversation.log import Entry, Header, LogFormatError, read_log, values_of
from callwright.conversation.plan import CallPlan

_OF_TURNS = ("UserSaid", "AgentSaid", "AskModel", "Speak")
_NO_GENERATION = -1
_DEFAULTS: Mapping[str, Any] = {f.name: f.default for f in fields(CallPlan)}


@dataclass(frozen=True, slots=True)
class CallView:
    """The header and all entries of one attempt's log, in ``seq`` order."""

    header: Header
    entries: Sequence[Entry]
    _by_type: Mapping[str, list[Entry]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_type: dict[str, list[Entry]] = {}
        for entry in self.entries:
            by_type.setdefault(entry.type, []).append(entry)
        by_type["UserSaid"] = _last_told(by_type.get("UserSaid", []))
        object.__setattr__(self, "_by_type", by_type)
        _take_parting(by_type, self.audio_began_us)

    def of(self, *types: str) -> Sequence[Entry]:
        """The entries whose type is one of ``types``, in order."""
        if len(types) == 1:
            return self._by_type.get(types[0], [])
        return sorted((entry for name in types for entry in self._by_type.get(name, [])), key=lambda entry: entry.seq)

    def plan(self, name: str) -> Any:
        """A setting the call had; of an older log the default."""
        started = self.first("Started")
        return _DEFAULTS[name] if started is None else started.values["plan"].get(name, _DEFAULTS[name])

    def first(self, type_name: str) -> Entry | None:
        """The first entry of a type, or None."""
        found = self.of(type_name)
        return found[0] if found else None

    def last(self, type_name: str) -> Entry | None:
        """The last entry of a type, or None."""
        found = self.of(type_name)
        return found[-1] if found else None

    @property
    def answered_us(self) -> int | None:
        """When the call was answered, or None when it never was."""
        entry = self.first("Answered")
        return None if entry is None else entry.at_us

    @property
    def audio_began_us(self) -> int:
        """When position 0 of the caller's audio was heard: the answer, or a little later where the line began to send later. Recogniser and
        detector count their ``*_ms`` from here, not from the answer."""
        recording = self.last("recording")
        later_us = 0 if recording is None else int(recording.values.get("caller_from_us") or 0)
        return (self.answered_us or 0) + later_us

    @property
    def ended_us(self) -> int:
        """When the leg ended, or before that, where its far end had been gone for some time (the fact ``gone``); for a log that breaks off,
        the time of its last live entry."""
        entry = self.first("LegEnded")
        if entry is not None:
            gone = self.last("gone")
            return entry.at_us - (0 if gone is None else int(gone.values["ms"]) * 1000)
        live = [e.at_us for e in self.entries if e.section != "post"]
        return live[-1] if live else 0

    @property
    def conversation_ms(self) -> int:
        """Milliseconds from the answer to the end; 0 when nobody answered."""
        answered = self.answered_us
        return 0 if answered is None else max(0, self.ended_us - answered) // 1000

    def connected(self, kind: str) -> Mapping[str, Any]:
        """What was connected for ``kind`` (transcriber, model, voice), the last one if it was switched: ``provider``, ``model``, ``voice``,
        ``language``. Empty when nothing was."""
        found = [e for e in self.of("provider_connected") if e.values.get("kind") == kind]
        return found[-1].values if found else {}

    def provider(self, kind: str) -> tuple[str, str]:
        """Provider and model connected for ``kind``, empty texts when nothing was."""
        found = self.connected(kind)
        return str(found.get("provider", "")), str(found.get("model", ""))


def _take_parting(by_type: dict[str, list[Entry]], audio_began_us: int) -> None:
    """Turn the kept words that were heard when the agent had lost its voice into what they are, the agent's last words. The conversation
    was over for it by then, and has no ``AgentSaid`` of them."""
    played = by_type.get("AssetPlayed", [])
    parting = [one for one in played if one.values["lane"] == PARTING]
    if not parting:
        return
    by_type["AssetPlayed"] = [one for one in played if one not in parting]
    turns = [int(one.values["turn"]) for name in _OF_TURNS for one in by_type.get(name, [])]
    for one in parting:
        text, whole, played_ms = str(one.values["asset"]), bool(one.values["whole"]), int(one.values["played_ms"])
        if text == PARTING:
            continue  # older logs have the name of the lane in place of the words
        began_ms = (one.at_us - audio_began_us) // 1000 - played_ms
        # What the caller had said before may be told only when the call is over.
        before = [said.seq + 1 for said in by_type["UserSaid"] if int(said.values["from_ms"]) < began_ms]
        said = AgentSaid(max(turns, default=0), _NO_GENERATION, "goodbye", text, not whole, not whole, played_ms)
        entry = replace(one, seq=max([one.seq, *before]), type="AgentSaid", values=values_of(said))
        by_type.setdefault("AgentSaid", []).append(entry)
    by_type.get("AgentSaid", []).sort(key=lambda entry: entry.seq)


def _last_told(said: list[Entry]) -> list[Entry]:
    """The caller's turns, each where it was told first with the words it was told last (``conversation.effects.UserSaid``)."""
    turns: dict[int, Entry] = {}
    for entry in said:
        turn = entry.values["turn"]
        turns[turn] = replace(turns[turn], values=entry.values) if turn in turns else entry
    return list(turns.values())


def view_of(log_text: str) -> CallView:
    """Read a log. Raises conversation.log.LogFormatError."""
    header, entries = read_log(log_text)
    for entry in entries:
        if not isinstance(entry.type, str):
            raise LogFormatError(f"entry {entry.seq}: its type is no text")
    try:
        return CallView(header, entries)
    except KeyError as error:
        raise LogFormatError(f"UserSaid: there is no {error}") from error
