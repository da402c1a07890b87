"""``callwright doctor CALL``: what went wrong in a call, when, and which setting to change."""

from __future__ import annotations

import argparse
import json
import os

from callwright.cli.call_log import configure_call, log_text
from callwright.insight.cost import cost_of
from callwright.insight.doctor import as_text, examined
from callwright.insight.provision import provision_of, provision_text
from callwright.insight.readable_log import readable, view_in
from callwright.ops.price_book import load_price_book
from callwright.ops.settings import load_settings

FAILED = 2
"""Exit status where nothing was examined; there is no 1, which a script would take for a verdict."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    configure_call(parser)
    parser.epilog = "Exit status: 0 the call was examined, whatever was found; 2 nothing was examined."
    parser.add_argument("--json", action="store_true", help="print the findings as an execution has them")


def run(arguments: argparse.Namespace) -> int:
    """Print the findings; 0 whatever they are, FAILED when the log could not be examined."""
    text = log_text(arguments)
    settings = load_settings(os.environ, data=arguments.data)
    book = load_price_book(settings.price_book)
    with readable(arguments.call):
        view = view_in(text)
        # The carrier's own price is no part of what the doctor judges. Whether the call still goes on is not in its log.
        found = examined(view, cost_of(view, book, ""), over=None)
    status = FAILED if "failed" in found else 0
    if arguments.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return status
    print(f"a conversation of {view.conversation_ms / 1000:.1f} s; findings: {len(found['findings'])}")
    print("\n".join([*provision_text(provision_of(view)), *as_text(found)]))
    return status
