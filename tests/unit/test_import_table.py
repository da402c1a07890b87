"""Who may import whom: every import of the package is held against the table in `tools/layers.py`."""

import sys
import tomllib
from pathlib import Path

import pytest

import layers
import measure
from layers import LAYERS, Layer, matches, row_of
from measure import ImportedName, Source

ROOT = Path(__file__).resolve().parents[2]
SOURCES = measure.read_sources(ROOT, "src")
MODULES = frozenset(source.module.removeprefix("callwright").lstrip(".") for source in SOURCES)


def own_folder(module: str) -> str:
    """What a module may always import: its own package, or its own plugin within a family."""
    row = row_of(module)
    return ".".join(module.split(".")[:2]) if row.endswith(".*") else row


def may_import_ours(layer: Layer, module: str, target: str) -> bool:
    """Whether one module below `callwright` may import another. The package's own `__init__` is open to all."""
    if target == "" or layer.may_import == layers.EVERYTHING or (module and matches(target, own_folder(module))):
        return True
    family = module.partition(".")[0]
    if target == family and f"{family}.*" in LAYERS:
        return True
    return any(matches(target, allowed) for allowed in layer.may_import)


def forbidden(source: Source) -> list[str]:
    """The imports of a source that the table does not allow, each as a sentence."""
    module = source.module.removeprefix("callwright").lstrip(".")
    layer = LAYERS[row_of(module)] if module else LAYERS[""]
    return [
        f"{source.path}:{item.line} may not import {item.module}"
        for item in measure.imports(source)
        if not is_allowed(layer, module, item)
    ]


def is_allowed(layer: Layer, module: str, item: ImportedName) -> bool:
    """Whether one import is allowed: ours by the table, the standard library always, others by the layer's own rule."""
    top = item.module.partition(".")[0]
    if top == "callwright":
        target = item.module.removeprefix("callwright").lstrip(".")
        named = f"{target}.{item.name}".lstrip(".")
        return may_import_ours(layer, module, named if names_a_module(named) else target)
    if top in layers.CHECKOUT_ONLY:
        return False
    if layer.only_third_party is not None and top in layer.only_third_party:
        return True
    if top in sys.stdlib_module_names:
        return True
    return layer.third_party and layer.only_third_party is None


def names_a_module(name: str) -> bool:
    """Whether a name below `callwright` is a module or package, and not something defined in its parent."""
    return name in MODULES or name in LAYERS


def test_each_module_imports_only_what_the_table_allows():
    found = {source.module: forbidden(source) for source in SOURCES}
    assert {module: imports for module, imports in found.items() if imports} == {}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/money.py", "import numpy"),
        ("domain/money.py", "from callwright.ports import leg"),
        ("ports/leg.py", "from callwright.media import g711"),
        ("media/g711.py", "import httpx"),
        ("media/g711.py", "from callwright.conversation import core"),
        ("conversation/core.py", "import numpy"),
        ("conversation/core.py", "from callwright.ops import clock"),
        ("conversation/core.py", "from callwright import ops"),
        ("conversation/turns/core.py", "from ...ops import clock"),
        ("insight/cost.py", "from callwright.storage import unit"),
        ("ops/clock.py", "from callwright.net import client"),
        ("storage/unit.py", "from callwright.providers.local import voice"),
        ("providers/local/voice.py", "from callwright.providers.intents import rules"),
        ("providers/local/voice.py", "from callwright.lab import world"),
        ("telephony/sip/leg.py", "from callwright.telephony.loopback import leg"),
        ("telephony/sip/leg.py", "from callwright.lab import world"),
        ("outbox/sign.py", "from callwright.net import client"),
        ("outbox/deliver.py", "from callwright.storage import unit"),
        ("call/runner.py", "from callwright.telephony.loopback import leg"),
        ("call/runner.py", "def f():\n    from callwright.storage import unit"),
        ("platform/calls/actions/calls.py", "from callwright.providers import table"),
        ("platform/calls/actions/calls.py", "from callwright.api import answers"),
        ("platform/calls/routes.py", "from callwright.platform import unit"),
        ("platform/calls/routes.py", "from callwright.platform.executions.rows import changes"),
        ("platform/calls/routes.py", "from callwright.call import runner"),
        ("platform/calls/schemas.py", "from callwright.storage import pool"),
        ("platform/wallet/rows.py", "from callwright.platform.wallet.actions import account"),
        ("platform/wallet/rules.py", "from callwright.platform.wallet import rows"),
        ("platform/wallet/rules.py", "import asyncpg"),
        ("api/reading.py", "from callwright.platform.wallet import rows"),
        ("api/reading.py", "from callwright.platform.wallet import routes"),
        ("__init__.py", "from callwright.bootstrap import build"),
        ("bootstrap/demo.py", "from proof import runs"),
        ("cli/simulate.py", "import tests.waiting"),
    ],
)
def test_the_table_refuses_an_import_across_a_boundary(path, text):
    assert len(forbidden(Source(f"src/callwright/{path}", text))) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("domain/money.py", "from decimal import Decimal"),
        ("media/g711.py", "import numpy as np"),
        ("conversation/core.py", "from callwright.domain import agent"),
        ("conversation/turns/core.py", "from ..events import Answered"),
        ("providers/local/voice.py", "from callwright.providers.local.store import find"),
        ("telephony/loopback/leg.py", "from callwright.lab import world"),
        ("storage/pool.py", "import asyncpg"),
        ("platform/wallet/rules.py", "from callwright.platform.executions.rules import execution"),
        ("platform/wallet/rows.py", "from callwright.storage import pool"),
        ("platform/wallet/routes.py", "from callwright.platform.wallet import actions"),
        ("call/runner.py", "from callwright.outbox.sign import signature"),
        ("platform/calls/routes.py", "from callwright.platform.calls.actions import calls"),
        ("domain/money.py", "from callwright import __version__"),
        ("bootstrap.py", "from callwright.storage import unit"),
        ("cli/main.py", "from callwright import bootstrap"),
    ],
)
def test_the_table_allows_what_the_design_needs(path, text):
    assert forbidden(Source(f"src/callwright/{path}", text)) == []


def test_only_what_makes_rehearsals_imports_the_lab():
    """Core and shell run the same with and without it."""
    rows = {
        name for name, layer in LAYERS.items() if "lab" in layer.may_import or layer.may_import == layers.EVERYTHING
    }
    assert rows == {"telephony.loopback", "bootstrap", "cli", "__main__"}


@pytest.mark.parametrize(
    "package", ["conversation", "insight", "call", "platform/calls/actions", "storage", "api", "campaigns", "outbox"]
)
def test_core_and_shell_never_import_the_lab(package):
    assert len(forbidden(Source(f"src/callwright/{package}/new.py", "from callwright.lab import trace"))) == 1


def test_the_wheel_holds_the_package_alone():
    targets = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["packages"] == ["src/callwright"]
    assert targets["wheel"]["artifacts"] == ["src/callwright/dashboard/static/**"]
    assert not set(layers.CHECKOUT_ONLY) & set(targets["sdist"]["include"])
    assert not set(layers.CHECKOUT_ONLY) & {path.name for path in (ROOT / "src" / "callwright").iterdir()}


def test_a_package_without_a_row_is_refused():
    with pytest.raises(LookupError, match="odds_and_ends"):
        row_of("odds_and_ends.thing")
