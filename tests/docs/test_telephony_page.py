"""The page of telephony names every key of `callwright.line` and every fact a SIP leg notes."""

import ast
import re
from pathlib import Path

from tests.unit.insight.call_log import CallLog

from callwright.insight.line import line_of

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/reference/telephony.md").read_text()


def _first_names(heading: str) -> set[str]:
    section = PAGE.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    heads = [re.split(r": | \(", line)[0] for line in section.splitlines() if line.startswith("- `")]
    return {name for head in heads for name in re.findall(r"`([a-z0-9_]+)`", head)}


def test_every_key_of_the_line_is_explained_and_nothing_else():
    line = line_of(CallLog().answered().fact("leg", "line", frames_in=1).view)
    assert line is not None
    assert _first_names("`callwright.line` of an execution") == set(line)


def test_every_fact_a_leg_notes_is_explained():
    noted: set[str] = set()
    for path in (ROOT / "src/callwright/telephony").rglob("*.py"):
        text = path.read_text()
        for node in ast.walk(ast.parse(text)) if ".noted(" in text else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "noted":
                noted |= {str(ast.literal_eval(name)) for name in node.args[:1] if isinstance(name, ast.Constant)}
    assert {"media", "dialog", "sip"} <= noted
    assert noted - _first_names("Facts a leg notes") == set()
