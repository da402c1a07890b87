"""``callwright replay CALL --from-turn N --set agent.path=value``: the recorded call up to a turn, and then with another agent."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict

from callwright.bootstrap.plugins import PluginInstances, installed_plugins, provider_defaults, setting_texts
from callwright.bootstrap.what_if import AGENTS_OWN, RECORDED, WhatIfOrder, WhatIfResult, ask_here, compute
from callwright.call.live.think import Thinker
from callwright.domain.errors import BadInputError
from callwright.insight.readable_log import readable, view_in
from callwright.insight.side_by_side import columns, first_difference
from callwright.lab.whatif import WhatIf
from callwright.ops.settings import load_settings
from callwright.ports.model import ModelDelta, ModelRequest
from callwright.ports.registry import PluginContext

WIDEST = 160


def configure(parser: argparse.ArgumentParser) -> None:
    """The arguments of a what-if, beside those that name the call."""
    group = parser.add_argument_group("what if", "go on from a turn with a changed agent; nothing of it is written")
    group.add_argument(
        "--from-turn", type=int, metavar="N", help="the caller's N-th turn and everything after it; 0 for all"
    )
    group.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="agent.PATH=VALUE",
        help="a value of the agent, as agent.tasks.0.task_config.incremental_delay=800; may be repeated",
    )
    group.add_argument(
        "--model",
        help=f"who answers: {AGENTS_OWN} (its own provider, or what stood in for it: the default), {RECORDED} (what was said in the call),"
        " or a provider's name, as scripted",
    )
    group.add_argument(
        "--keep-going", action="store_true", help="the caller says the recorded words even when they fit no more"
    )
    group.add_argument("--json", action="store_true", help="print the what-if as JSON")


def is_asked(arguments: argparse.Namespace) -> bool:
    """Whether the call shall be gone on with. Raises BadInputError for options of it without the turn."""
    if arguments.from_turn is not None:
        return True
    options = {"--set": "set", "--model": "model", "--keep-going": "keep_going", "--json": "json"}
    for option, name in options.items():
        if getattr(arguments, name):
            raise BadInputError(
                f"{option} is of a what-if, which goes on from a turn: say which with --from-turn N (0: the whole call)"
            )
    return False


def run(arguments: argparse.Namespace, text: str) -> int:
    """Run on and print both conversations side by side; 0 whatever comes of it, 1 where entries of the log are missing. Raises
    BadInputError, also for a log that cannot be read."""
    arguments.model = arguments.model or AGENTS_OWN
    with readable(arguments.call):
        result = _asked(arguments, text)
    _print(result, arguments)
    return 0 if result.lacks.has_all else 1


def _asked(arguments: argparse.Namespace, text: str) -> WhatIfResult:
    view = view_in(text)
    settings = load_settings(os.environ, data=arguments.data)
    plugins = PluginInstances(installed_plugins())
    # Without a data folder: local models would keep the prompts they read in it.
    texts = {**setting_texts(settings), "data": ""}
    plugins.use(PluginContext(texts, settings.models.expanduser(), plugins))
    order = WhatIfOrder(arguments.from_turn, arguments.set, arguments.model, arguments.keep_going)
    with asyncio.Runner() as runner:

        def ask(thinker: Thinker, request: ModelRequest, seconds: float) -> Sequence[ModelDelta]:
            return runner.run(ask_here(thinker, request, seconds))

        try:
            return compute(view, order, provider_defaults(settings), plugins, ask)
        finally:
            runner.run(plugins.aclose())


def _print(result: WhatIfResult, arguments: argparse.Namespace) -> None:
    found = result.found
    # Before any conclusion: another model says other words.
    asked = [result.model_asked] if result.model_asked else []
    first = first_difference(found.before, found.after)
    if arguments.json:
        plain = {name: value for name, value in asdict(found).items() if name != "log"}
        body = {
            "what_if": True,
            "set": arguments.set,
            "model": arguments.model,
            **plain,
            "remarks": [*asked, *result.remarks],
            "first_difference": first or None,
        }
        sys.stdout.write(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
        return
    changed = "; ".join(arguments.set) or "nothing changed"
    width = min(WIDEST, shutil.get_terminal_size((120, 40)).columns)
    lines = [
        f"WHAT IF from turn {found.from_turn} on: {changed}; answers: {arguments.model}",
        "None of it happened. No tool was called, nobody was transferred, and nothing was written.",
        *asked,
        "",
        *columns(found.before, found.after, width),
        "",
        f"first difference: {first or 'none'}",
        f"the what-if ended: {found.ended}",
        f"from the answer to the end: {found.lasted_ms[0]:,} ms as it was, {found.lasted_ms[1]:,} ms what if",
        _simulated(found),
        *result.remarks,
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _simulated(found: WhatIf) -> str:
    if found.simulated_from is None:
        return "the agent does nothing otherwise, so that all of it is as recorded"
    return (
        f"simulated from turn {found.simulated_from} on, as recorded before"
        if found.simulated_from
        else "all of it is simulated"
    )
