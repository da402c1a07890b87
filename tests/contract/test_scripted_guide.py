"""The guide for plugin writers shows the scripted voice as it is, and the scenario of the loopback guide can be used."""

import re
from pathlib import Path

from callwright.lab.caller_scenario import BUILT_IN, read_scenario

ROOT = Path(__file__).resolve().parents[2]
GUIDES = ROOT / "docs" / "how-to"


def test_the_guide_s_voice_is_the_scripted_voice_in_under_60_lines():
    voice = (ROOT / "src/callwright/providers/scripted/voice.py").read_text()
    assert f"```python\n{voice}```" in (GUIDES / "write-a-plugin.md").read_text()
    assert len(voice.splitlines()) < 60


def test_the_scenario_of_the_guide_is_a_scenario():
    (example,) = re.findall(r'```json\n(\{\n  "about".*?)```', (GUIDES / "loopback.md").read_text(), re.DOTALL)
    assert read_scenario(example).persona("+15550102").rules[1].press == "1"


def test_every_built_in_caller_is_in_the_guide():
    table = (GUIDES / "loopback.md").read_text().split("## Built-in callers")[1].split("## A scenario file")[0]
    assert set(BUILT_IN) == set(re.findall(r"`([a-z-]+)`", table)) & set(BUILT_IN)
