"""The transcript: what the caller said and what of the agent's words the caller could hear."""

from __future__ import annotations

from callwright.insight.view import CallView


def lines(view: CallView) -> list[tuple[str, str]]:
    """``(role, text)`` in the order of the conversation; role is ``assistant`` or ``user``. Empty texts are left out."""
    said: list[tuple[str, str]] = []
    for entry in view.of("AgentSaid", "UserSaid"):
        text = str(entry.values["text"]).strip()
        if text:
            said.append(("assistant" if entry.type == "AgentSaid" else "user", " ".join(text.split())))
    return said


def transcript(view: CallView) -> str:
    """The contract's transcript: ``assistant: ...`` and ``user: ...`` lines joined by newlines (chapter 5)."""
    return "\n".join(f"{role}: {text}" for role, text in lines(view))
