"""ARCHITECTURE.md names functions that exist and tells what is open."""

import importlib
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "ARCHITECTURE.md").read_text()
REFERENCE = re.compile(r"`(callwright(?:\.\w+)*):([\w.]+)`")


def resolves(module, name):
    """Whether `module:name` is something that exists."""
    value: object = importlib.import_module(module)
    for part in name.split("."):
        fields = getattr(value, "__dataclass_fields__", {})
        if not hasattr(value, part) and part not in fields:
            return False
        value = getattr(value, part, None)
    return True


def test_every_function_it_names_exists():
    references = REFERENCE.findall(TEXT)
    assert [f"{module}:{name}" for module, name in references if not resolves(module, name)] == []


def test_it_names_functions():
    assert REFERENCE.search(TEXT)


def test_a_name_that_does_not_exist_is_noticed():
    assert not resolves("callwright.domain.errors", "NoSuchError")


def test_it_has_a_section_on_open_work():
    assert re.search(r"^## Open work$", TEXT, re.MULTILINE)
