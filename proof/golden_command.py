"""``python -m proof golden``: check the golden traces, or make them anew and say which changed and how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from callwright.bootstrap.simulated_calls import recorded, shipped
from callwright.conversation.log import LogFormatError
from callwright.domain.errors import BadInputError
from callwright.lab.arguments import at_least_one
from callwright.lab.packed_log import pack, unpack
from proof.conversations import converse
from proof.golden import UNDECLARED, changed, choose, differs, features
from proof.runs import perform

FOLDER = Path("tests/golden")
MAKERS: Mapping[str, Callable[[int], str]] = {
    "conversation": lambda seed: converse(seed).log(),
    "call": lambda seed: perform(seed).witness.log,
}
"""Kind of a trace -> its log by seed: a conversation of the core alone, or a whole call of the real shell with its sound."""
SCENARIO = "scenario"
"""Kind of a trace that is one call of a scenario that comes with Callwright: each of them has one, whatever is chosen."""
SCENARIO_SEED = 1
CANDIDATES: Mapping[str, int] = {"conversation": 1_500, "call": 400}
"""How many seeds ``--choose`` looks at; of the chosen two thirds are conversations."""
SUFFIX = ".log.xz"


def main(argv: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when a trace does not replay exactly, with ``--write`` when one is not made anew because the core that
    wrote it claims to be today's."""
    parser = argparse.ArgumentParser(prog="python -m proof golden", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the traces are")
    parser.add_argument("--write", action="store_true", help="make them anew from their seeds and print what changed")
    parser.add_argument(
        "--choose", type=at_least_one, metavar="N", help="with --write: first choose N traces that show the most"
    )
    options = parser.parse_args(argv)
    if options.choose:
        if not options.write:
            raise BadInputError("--choose replaces the golden traces: it needs --write")
        options.folder.mkdir(parents=True, exist_ok=True)
        return _write(options.folder, [*_chosen(options.choose), *scenario_traces()])
    names = sorted(path.name.removesuffix(SUFFIX) for path in options.folder.glob(f"*{SUFFIX}"))
    if not names:
        raise BadInputError(f"there are no golden traces in {options.folder}; make some with --write --choose 75")
    if not options.write:
        return _check(options.folder, names)
    return _write(options.folder, [*(name for name in names if not _of_scenario(name)), *scenario_traces()])


def scenario_traces() -> list[str]:
    """The name of each scenario's trace."""
    return [f"{SCENARIO}-{one.name}" for one in shipped()]


def made(name: str) -> str:
    """The log of a trace by its name (``kind-seed``, or ``scenario-`` and its name), as it is today. Raises BadInputError for a name that
    is none."""
    kind, _, which = name.partition("-")
    scenario = next((one for one in shipped() if one.name == which), None) if kind == SCENARIO else None
    if scenario is not None:
        return recorded(scenario, SCENARIO_SEED)
    if kind not in MAKERS or not which.isdigit():
        raise BadInputError(
            f"{name} is no golden trace: its name must be {' or '.join(MAKERS)} and a seed, as call-00007, or {SCENARIO} and the name of a"
            " scenario that comes with Callwright"
        )
    return MAKERS[kind](int(which))


def _of_scenario(name: str) -> bool:
    return name.startswith(f"{SCENARIO}-")


def _check(folder: Path, names: Sequence[str]) -> int:
    bad = 0
    for name in names:
        lines = _differs((folder / f"{name}{SUFFIX}").read_bytes())
        bad += bool(lines)
        _print(name, lines)
    unmatched = _without_scenario(names)
    also = f"; {unmatched} missing, or of no scenario" if unmatched else ""
    sys.stdout.write(f"{len(names)} golden traces, {bad} not replayed exactly{also}\n")
    return 1 if bad or unmatched else 0


def _differs(data: bytes) -> list[str]:
    try:
        return differs(unpack(data))
    except LogFormatError as error:
        return [str(error)]


def _without_scenario(names: Iterable[str]) -> int:
    """How many scenarios have no trace, or traces no scenario; said of each."""
    held, wanted = {name for name in names if _of_scenario(name)}, set(scenario_traces())
    for name in sorted(held ^ wanted):
        _print(name, ["there is no such scenario any more" if name in held else "this scenario has no trace yet"])
    return len(held ^ wanted)


def _write(folder: Path, names: Sequence[str]) -> int:
    count = total = refused = 0
    for stale in folder.glob(f"*{SUFFIX}"):
        if stale.name.removesuffix(SUFFIX) not in names:
            stale.unlink()
            _print(stale.name.removesuffix(SUFFIX), ["taken out"])
    for name in names:
        path, data = folder / f"{name}{SUFFIX}", pack(made(name))
        before = path.read_bytes() if path.exists() else b""
        total += len(data)
        lines = _changed(before, data) if before else ["new"]
        if lines and lines[-1] == UNDECLARED:
            refused += 1
        elif lines:
            count += 1
            path.write_bytes(data)
        _print(name, lines)
    left = f", {refused} left as they were" if refused else ""
    sys.stdout.write(f"{len(names)} golden traces of {total / 1000:.0f} kB, {count} written{left}\n")
    return 1 if refused else 0


def _changed(before: bytes, after: bytes) -> list[str]:
    # By what they hold: another version of the compressor may write other bytes.
    try:
        return changed(unpack(before), unpack(after))
    except LogFormatError as error:
        return [f"what was there cannot be read: {error}"]


def _chosen(count: int) -> list[str]:
    names: list[str] = []
    for kind, share in (("conversation", count * 2 // 3), ("call", count - count * 2 // 3)):
        found = {f"{kind}-{seed:05}": features(MAKERS[kind](seed)) for seed in range(1, CANDIDATES[kind] + 1)}
        names += choose(found, share)
    return sorted(names)


def _print(name: str, lines: Sequence[str]) -> None:
    if lines:
        sys.stdout.write(f"{name}: {lines[0]}\n" + "".join(f"  {line}\n" for line in lines[1:]))
