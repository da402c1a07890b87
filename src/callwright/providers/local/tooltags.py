"""Tools for small language models: a tag at the end of the reply, enforced by a grammar, then arguments under a JSON schema.

The chat templates of small models promise more than the models keep (malformed calls instead of answers), so their tool syntax is not
used. ``Goodbye, and thank you.<end_call>`` is something a model of 1.5 billion weights gets right.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from callwright.ports.model import Message, Tool

_SPOKEN = r"[^<>{}\[\]*#`|\n\\]"
END_CALL = "end_call"
"""The built-in tool that ends the call."""
_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")


def instructions(tools: Sequence[Tool]) -> str:
    """What the system prompt says about the tools; empty without tools."""
    if not tools:
        return ""
    rows = "\n".join(f"<{tool.name}> {tool.description}".rstrip() for tool in tools)
    first = next((tool.name for tool in tools if tool.name != END_CALL), "")
    examples = [f"One moment please.<{first}>"] if first else []
    if any(tool.name == END_CALL for tool in tools):
        examples.append(f"Thank you for calling, goodbye.<{END_CALL}>")
    shown = "\n".join(examples)
    return (
        "\n\nActions: end a reply with one of these tags when its action is needed now, and only then.\n"
        f"{rows}\nExamples of replies with an action:\n{shown}"
    )


def grammar(tools: Sequence[Tool]) -> str:
    """GBNF of a spoken reply: one line without markup, then perhaps a tag."""
    names = [tool.name for tool in tools if _NAME.match(tool.name)]
    if not names:
        return f"root ::= {_SPOKEN}+"
    tags = " | ".join(json.dumps(f"<{name}>") for name in names)
    return f"root ::= {_SPOKEN}+ tag? | tag\ntag ::= {tags}"


def needs_arguments(tool: Tool) -> bool:
    """Whether a tool takes any."""
    return bool(_schema(tool).get("properties"))


def argument_schema(tool: Tool) -> dict[str, Any]:
    """Its parameters as a JSON schema."""
    schema = _schema(tool)
    return {"type": "object", **schema}


def _schema(tool: Tool) -> dict[str, Any]:
    try:
        schema = json.loads(tool.parameters or "{}")
    except ValueError:
        return {}
    return schema if isinstance(schema, dict) else {}


def plain(messages: Sequence[Message], tools: Sequence[Tool]) -> list[dict[str, str]]:
    """Messages without tool syntax: calls become tags, results become lines the model reads as given facts."""
    names = {call.call_id: call.name for message in messages for call in message.tool_calls}
    out: list[dict[str, str]] = []
    for message in messages:
        role, text = message.role, message.content
        if role == "assistant" and message.tool_calls:
            text += "".join(f"<{call.name}>" for call in message.tool_calls)
        elif role == "tool":
            role, text = "user", f"(Result of {names.get(message.tool_call_id, 'the action')}: {text})"
        out.append({"role": role, "content": text})
    if tools:
        if not out or out[0]["role"] != "system":
            out.insert(0, {"role": "system", "content": ""})
        out[0] = {"role": "system", "content": out[0]["content"] + instructions(tools)}
    return out


class TagReader:
    """Splits a streamed reply into what is spoken and the tag at its end."""

    def __init__(self) -> None:
        self._tail = ""

    def feed(self, text: str) -> str:
        """The words of ``text`` that are certainly spoken."""
        if self._tail:
            self._tail += text
            return ""
        spoken, bracket, rest = text.partition("<")
        self._tail = bracket + rest
        return spoken

    @property
    def tool_name(self) -> str:
        """The tool asked for, or empty."""
        match = re.match(r"^<([A-Za-z0-9_.-]+)>?$", self._tail.strip())
        return match.group(1) if match else ""
