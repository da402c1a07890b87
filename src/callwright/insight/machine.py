"""Whether a machine answered a call, by its log."""

from __future__ import annotations

from callwright.conversation.greetings import is_machine_greeting, machine_hints
from callwright.conversation.voicemail import FOUND, HINTS, TAKEN_BACK
from callwright.insight.view import CallView

_SIGNS = frozenset({"machine", "likely", "beep"})


def was_found(view: CallView) -> bool | None:
    """What the conversation made of all the signs; what the carrier said, where the agent does not look for machines itself."""
    decided = [str(e.values["kind"]) for e in view.of("Note") if e.values["kind"] in (FOUND, TAKEN_BACK)]
    if decided:
        return decided[-1] == FOUND
    if view.of("ListenForMachine"):
        return False
    kinds = [str(e.values["kind"]) for e in view.of("MachineDetected") if e.values["source"] == "carrier"]
    if "machine" in kinds or "beep" in kinds:
        return True
    return False if "human" in kinds else None


def is_suspected(view: CallView) -> bool:
    """Whether a machine was found, or may have answered: what it said is what machines say, or its voice spoke on as theirs do and nobody
    has listened to the agent."""
    found = was_found(view)
    if found or any(e.values["kind"] == TAKEN_BACK for e in view.of("Note")):
        return bool(found)
    said = [str(e.values["text"]) for e in view.of("UserSaid")]
    if any(is_machine_greeting(text) for text in said) or machine_hints(" ".join(said[:1])) >= HINTS:
        return True
    # Who has heard the welcome out answers it, at whatever length.
    listened = any(e.values["text"] and not e.values["cut"] for e in view.of("AgentSaid"))
    signs = [str(e.values["kind"]) for e in view.of("MachineDetected")]
    return not listened and bool(signs) and signs[-1] in _SIGNS
