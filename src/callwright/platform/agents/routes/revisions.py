"""Revisions of agents in HTTP: ``If-Match`` of what changes one, and the ``ETag`` of an answer about one."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import Header, Response

from callwright.api.answers import answer_bytes
from callwright.insight.wire import encode
from callwright.platform.agents.rules.stored import StoredAgent
from callwright.platform.encoded import entity_tag

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The revision that is to be changed, as `"7"`, or the ETag of the agent as it was read. 412 if it is another one now.',
    ),
]
"""The parameter of a route that changes an agent, as the description shows it."""

ETAG: dict[str, Any] = {
    "ETag": {
        "description": "The agent's revision: send it as `If-Match`.",
        "required": True,
        "schema": {"type": "string"},
    }
}
"""``headers`` of an answer to a change."""

_TAG = re.compile(r'(?:W/)?"?([0-9]{1,9})(?:-[0-9a-f]+)?"?')


def expected_revisions(if_match: str | None) -> tuple[int, ...] | None:
    """The revisions that an ``If-Match`` names: None for any, empty for none of ours."""
    if if_match is None or if_match.strip() == "*":
        return None
    tags = (_TAG.fullmatch(one.strip()) for one in if_match.split(","))
    return tuple(int(tag[1]) for tag in tags if tag is not None)


def answer_changed(agent: StoredAgent, body: Any) -> Response:
    """The answer to a change, with the agent's revision as its tag."""
    return answer_bytes(encode(body), 200, {"ETag": f'"{agent.revision}"'})


def answer_read(agent: StoredAgent, body: Any) -> Response:
    """The answer to a read: another tag when a byte of it differs, and the revision before it."""
    encoded = encode(body)
    return answer_bytes(encoded, 200, {"ETag": f'"{agent.revision}-{entity_tag(encoded).strip(chr(34))}"'})
