"""The process that runs one call again: an order on standard input, lines of JSON on standard output.

It asks no model itself. A question goes out as ``{"ask": ...}``, and its answer comes in as the next line: ``{"deltas": [...]}`` or
``{"failure": [kind, message]}``. The last line is ``{"result": ...}`` or ``{"refused": message}``.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from callwright.bootstrap.plugins import PluginInstances, installed_plugins
from callwright.bootstrap.what_if import WhatIfOrder, WhatIfResult, compute
from callwright.call.live.think import Thinker
from callwright.conversation.log import message_as_wire
from callwright.conversation.plan import CORE_VERSION
from callwright.conversation.replay import Difference, replay
from callwright.domain.errors import BadInputError
from callwright.insight.difference import report
from callwright.insight.doctor import diagnose
from callwright.insight.readable_log import readable, view_in
from callwright.insight.side_by_side import Line, first_difference, rows
from callwright.insight.view import CallView
from callwright.insight.wholeness import wholeness
from callwright.platform.agents.rules.spec import ProviderDefaults
from callwright.ports.failures import FailureKind, ProviderError
from callwright.ports.model import ModelDelta, ModelRequest, ToolCall
from callwright.ports.registry import PluginContext

_NICE = 10
"""Calls of the same machine go before."""


def main() -> None:
    """Run one order."""
    os.nice(_NICE)
    order = json.loads(sys.stdin.readline())
    try:
        with readable("this log"):
            _send({"result": _REPLAYED[order["kind"]](order)})
    except BadInputError as error:
        _send({"refused": error.message})


def _send(message: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _replay(order: Mapping[str, Any]) -> dict[str, Any]:
    view = view_in(order["log"])
    found = replay(order["log"])
    return {
        "exact": found.exact,
        "events": found.events,
        "effects": found.effects,
        "core_version": CORE_VERSION,
        "logged_core_version": view.header.core_version,
        "difference": None if found.difference is None else _difference(found.difference),
        "missing": list(wholeness(view).told()),
    }


def _difference(found: Difference) -> dict[str, Any]:
    return {
        "seq": found.seq,
        "at_ms": found.at_us / 1000,
        "event_seq": found.event_seq,
        "event": found.event,
        "logged": found.logged,
        "now": found.now,
        "lines": report(found),
    }


def _what_if(order: Mapping[str, Any]) -> dict[str, Any]:
    view = view_in(order["log"])
    plugins = PluginInstances(installed_plugins())
    plugins.use(PluginContext(order["texts"], Path(order["models"]), plugins))
    wanted = WhatIfOrder(order["from_turn"], order["changes"], order["model"], order["keep_going"])
    try:
        result = compute(view, wanted, ProviderDefaults(**order["defaults"]), plugins, _ask)
    finally:
        asyncio.run(plugins.aclose())
    return _told(view, wanted, result)


def _told(view: CallView, order: WhatIfOrder, result: WhatIfResult) -> dict[str, Any]:
    found = result.found
    compared = [
        {"turn": row.turn, "before": _line(row.before), "after": _line(row.after), "differs": row.differs}
        for row in rows(found.before, found.after)
    ]
    return {
        "from_turn": found.from_turn,
        "simulated_from": found.simulated_from,
        "rows": compared,
        "first_difference": first_difference(found.before, found.after) or None,
        "ended": found.ended,
        "before_ms": found.lasted_ms[0],
        "after_ms": found.lasted_ms[1],
        "before_wait_ms": _mean_wait(found.before),
        "after_wait_ms": _mean_wait(found.after),
        "before_findings": _findings(view, order.from_turn),
        "after_findings": _findings(view_in(found.log), order.from_turn),
        "remarks": [*filter(None, [result.model_asked]), *result.remarks],
    }


def _line(line: Line | None) -> dict[str, Any] | None:
    return None if line is None else asdict(line)


def _mean_wait(lines: Sequence[Line]) -> float | None:
    waits = [line.wait_ms for line in lines if line.wait_ms is not None]
    return round(sum(waits) / len(waits), 1) if waits else None


def _findings(view: CallView, from_turn: int) -> list[dict[str, Any]]:
    """What the call doctor finds from a turn on. Of the log's end nothing is said: a what-if may end anywhere."""
    found = diagnose(view, over=False).findings
    return [
        {"rule": one.rule, "severity": one.severity, "turn": one.turn, "text": one.what}
        for one in found
        if one.turn is None or one.turn >= from_turn
    ]


def _ask(thinker: Thinker, request: ModelRequest, seconds: float) -> Sequence[ModelDelta]:
    """The whole answer of a model that the other process asks. Raises ProviderError."""
    settings = request.settings
    _send(
        {
            "ask": {
                "provider": thinker.provider,
                "model": settings.model,
                "max_tokens": settings.max_tokens,
                "temperature_milli": settings.temperature_milli,
                "options": dict(settings.options),
                "purpose": request.purpose,
                "schema": request.schema,
                "context": dict(request.context),
                "messages": [message_as_wire(message) for message in request.messages],
                "tools": [asdict(tool) for tool in request.tools],
                "seconds": seconds,
            }
        }
    )
    answer = json.loads(sys.stdin.readline())
    if "failure" in answer:
        kind, message = answer["failure"]
        raise ProviderError(FailureKind(kind), thinker.provider, message)
    return [_delta(one) for one in answer["deltas"]]


def _delta(plain: Mapping[str, Any]) -> ModelDelta:
    call = plain.get("tool_call")
    return ModelDelta(text=plain["text"], tool_call=None if call is None else ToolCall(**call), ended=plain["ended"])


_REPLAYED = {"replay": _replay, "what_if": _what_if}

if __name__ == "__main__":
    main()
