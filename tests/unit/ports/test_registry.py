"""The registry of plugins: one entry for built-ins and outsiders, and clear words when a name is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from callwright.ports.failures import RETRYABLE, FailureKind, ProviderError
from callwright.ports.model import Model, costs_nothing
from callwright.ports.registry import Plugin, PluginContext, Registry, UnknownPluginError


def plugin(kind: str, name: str, *aliases: str) -> Plugin:
    return Plugin(kind, name, f"the {kind} {name}", lambda context: (name, context), aliases)


def test_a_plugin_is_found_by_its_name_and_its_aliases() -> None:
    voice = plugin("voice", "piper", "joe")
    registry = Registry([voice])
    assert registry.find("voice", "piper") is voice
    assert registry.find("voice", "joe") is voice
    assert registry.has("voice", "joe")
    assert not registry.has("model", "piper")


def test_an_unknown_name_lists_the_known_ones_of_its_kind() -> None:
    registry = Registry([plugin("voice", "b"), plugin("voice", "a", "z"), plugin("model", "m")])
    with pytest.raises(UnknownPluginError, match=r"no voice named 'c'; known: a, b"):
        registry.find("voice", "c")
    with pytest.raises(UnknownPluginError, match=r"known: none"):
        registry.find("carrier", "c")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown kind 'ear'"):
        Registry([plugin("ear", "x")])


@pytest.mark.parametrize("second", [plugin("voice", "a"), plugin("voice", "b", "a")])
def test_a_name_is_taken_once(second: Plugin) -> None:
    registry = Registry([plugin("voice", "a")])
    with pytest.raises(ValueError, match=r"a voice named 'a' is registered already"):
        registry.add(second)
    assert [p.name for p in registry.all()] == ["a"], "nothing of a refused plugin stays"


def test_all_plugins_come_once_in_order_whatever_their_aliases() -> None:
    registry = Registry([plugin("voice", "b", "bb"), plugin("model", "z"), plugin("voice", "a")])
    assert [(p.kind, p.name) for p in registry.all()] == [("model", "z"), ("voice", "a"), ("voice", "b")]


def test_a_factory_gets_the_context() -> None:
    context = PluginContext({"x": "1"}, Path("models"))
    assert Registry([plugin("voice", "a")]).find("voice", "a").factory(context) == ("a", context)


def test_a_failure_names_its_provider_and_what_may_be_tried_again() -> None:
    error = ProviderError(FailureKind.LIMIT, "x", "wait a minute")
    assert (str(error), error.kind, error.provider) == ("x: wait a minute", FailureKind.LIMIT, "x")
    assert FailureKind.LIMIT in RETRYABLE
    assert FailureKind.REFUSED not in RETRYABLE


def test_what_is_shared_is_made_once_for_each_class() -> None:
    context = PluginContext({}, Path("models"))
    first = context.shared.get(list, lambda: [1])
    assert context.shared.get(list, lambda: [2]) is first
    assert context.shared.get(dict, dict) == {}
    assert PluginContext({}, Path("models")).shared.get(list, lambda: [3]) == [3]


async def test_what_is_shared_is_closed_once_the_newest_first() -> None:
    closed: list[str] = []

    class First:
        async def aclose(self) -> None:
            closed.append("first")

    class Second(First):
        async def aclose(self) -> None:
            closed.append("second")

    shared = PluginContext({}, Path("models")).shared
    shared.get(First, First)
    shared.get(Second, Second)
    shared.get(dict, dict)
    await shared.aclose()
    await shared.aclose()
    assert closed == ["second", "first"]


def test_a_context_alone_gives_no_other_plugin() -> None:
    with pytest.raises(UnknownPluginError, match="no voice named 'a'"):
        PluginContext({}, Path("models")).plugin("voice", "a")


def test_a_model_is_free_only_if_it_says_so() -> None:
    class Free:
        costs_nothing = True

    class Paid:
        costs_nothing = False

    free, paid, silent = (cast(Model, one) for one in (Free(), Paid(), object()))
    assert [costs_nothing(one) for one in (free, paid, silent)] == [True, False, False]
