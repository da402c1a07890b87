"""The transcript: what the caller said and what of the agent's words the caller could hear."""

from __future__ import annotations

from callwright.insight.untaken import untaken
from callwright.insight.view import CallView


def lines(view: CallView) -> list[tuple[str, str]]:
    """``(role, text)`` in the order of the conversation; role is ``assistant`` or ``user``. Empty texts are left out. A sentence that was
    cut by nothing and resumed is one line. In a log that breaks off the words that the caller was saying are the last line."""
    said: list[tuple[str, str]] = []
    generation = 0
    for entry in view.of("AgentSaid", "UserSaid"):
        text = " ".join(str(entry.values["text"]).split())
        if not text:
            continue
        if generation and entry.values.get("resumes") == generation:
            text = f"{said.pop()[1]} {text}"
        generation = int(entry.values.get("generation", 0))
        said.append(("assistant" if entry.type == "AgentSaid" else "user", text))
    pending = untaken(view)
    return [*said, ("user", pending)] if pending else said


def transcript(view: CallView) -> str:
    """The contract's transcript: ``assistant: ...`` and ``user: ...`` lines joined by newlines (chapter 5)."""
    return "\n".join(f"{role}: {text}" for role, text in lines(view))
