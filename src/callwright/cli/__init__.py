"""The command line: ``callwright COMMAND``. Each command is a module of this package with ``configure`` and ``run``."""

from __future__ import annotations

import argparse
import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence

from callwright import __version__
from callwright.domain.errors import (
    BadInputError,
    CallwrightError,
    ConflictError,
    NotFoundError,
    UnprocessableError,
    WrongStateError,
)
from callwright.ports.failures import ProviderError

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "run the platform: API, calls, webhooks and post-call work"),
    "demo": ("demo", "place one call to a synthetic caller and print its execution"),
    "dashboard": ("dashboard", "print a link that signs in to the dashboard of a running platform"),
    "chat": ("chat", "write with an agent of a running platform, in the terminal"),
    "keys": ("keys", "create, list and revoke API keys"),
    "accounts": ("accounts", "list, make and change organisations, and list their sub-accounts"),
    "wallet": ("wallet", "top up, show, check and switch the wallets of organisations"),
    "connect": ("connect", "let a carrier offer calls to a number here, and place a test call"),
    "numbers": ("numbers", "say which organisation a phone number belongs to"),
    "violations": ("violations", "put complaints before accounts, and accept or reject what they answer"),
    "webhooks": ("webhooks", "list the deliveries of webhooks, and send one again"),
    "providers": ("providers", "list providers: installed, keys stored, used by how many agents"),
    "models": ("models", "list, install and verify the local models"),
    "selfcall": ("selfcall", "call ourselves through a carrier and print how it sounded"),
    "bench": ("bench", "measure how many calls this machine holds, and what ends first"),
    "simulate": ("simulate", "make calls of scenarios against an agent, with a verdict"),
    "capture": ("capture", "write the packets of a SIP call into a pcap file"),
    "replay": ("replay", "feed a call's log to the core and compare"),
    "doctor": ("doctor", "say what went wrong in a call, when, and which setting to change"),
    "extract": ("extract", "ask past calls again what the agent asks after its calls"),
    "backup": ("backup", "save the embedded database and the recordings into one file"),
    "gateway": ("gateway", "the SIP gateway process, started by serve"),
    "restore": ("restore", "bring a backup back into an empty data folder"),
}
"""Command -> (module of this package, one line of help)."""


INTERRUPTED, UNREAD = 130, 141
"""Exit statuses where Ctrl-C ended the command, or nobody read what it prints: a shell's 128 and the signal."""

_USAGE = "Correct what is named; `callwright {} --help` says what the command takes."
_HINTS: Mapping[type[CallwrightError], str] = {
    BadInputError: _USAGE,
    UnprocessableError: _USAGE,
    NotFoundError: "Check the id, and that --data, CALLWRIGHT_DATA or DATABASE_URL name where it is kept; `callwright {} --help` says what"
    " the command takes.",
    ConflictError: "",
    WrongStateError: "",
}
"""Errors whose own hint is for somebody who sends requests -> the hint at a command line; an empty one where the message says what to do.
Those that are more special keep theirs."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 0 done, 1 failed with a reason on standard error, 2 wrong usage. A command whose 1 is a
    verdict, or would be taken for one, fails with its own ``FAILED``."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="callwright", description="AI agents that make and take phone calls.")
    parser.add_argument("-V", "--version", action="version", version=f"callwright {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (_, summary) in COMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    chosen, _ = parser.parse_known_args(arguments[:1])
    # Only the chosen command's module is imported: `keys` should not wait for a web framework.
    # What modules make at their import is never garbage: looking for some would take a seventh of the start.
    gc.disable()
    module = importlib.import_module(f"callwright.cli.{COMMANDS[chosen.command][0]}")
    gc.freeze()
    gc.enable()
    own = argparse.ArgumentParser(prog=f"callwright {chosen.command}", description=COMMANDS[chosen.command][1])
    module.configure(own)
    given = own.parse_args(arguments[1:])
    try:
        status = int(module.run(given))
        sys.stdout.flush()
        return status
    except CallwrightError as error:
        print(f"callwright: {error.message}\n{_hint(error, chosen.command, given)}".rstrip(), file=sys.stderr)
    except ProviderError as error:
        print(f"callwright: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever reads us, as `head`, has enough. What is left would be written once more when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    return int(getattr(module, "FAILED", 1))


def _hint(error: CallwrightError, command: str, given: argparse.Namespace) -> str:
    """What to do. Of a command with several actions (``keys create``) each has its own help, which tells its options."""
    hint = None if "hint" in vars(error) else _HINTS.get(type(error))
    action = getattr(given, "action", None)
    return error.hint if hint is None else hint.format(f"{command} {action}" if action else command)
