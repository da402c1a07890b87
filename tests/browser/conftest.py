"""A real Chromium on a real server. Skipped with a reason where either is missing; `make test-browser` installs both."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.browser.pages import Browsing, browsing, context_of, tab
from tests.browser.world import World, world

ROOT = Path(__file__).resolve().parents[2]
INDEX = ROOT / "src/callwright/dashboard/static/index.html"
CHROMIUM = shutil.which("chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests of this folder need a browser."""
    for item in items:
        if item.nodeid.startswith("tests/browser/"):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    if not INDEX.is_file():
        pytest.skip("the dashboard is not built: make dashboard")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make test-browser")
    with playwright.sync_playwright() as started:
        # As root Chromium has no sandbox. Sound plays without a click, as it does for a person who clicked before.
        options = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        browser = started.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def served(chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with a recorded call."""
    with world(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def visitor(chromium: Any, served: World) -> Iterator[Browsing]:
    """A browser of nobody. The console must stay empty."""
    with browsing(chromium, served) as one:
        yield one
        assert one.console == []


@pytest.fixture(scope="session")
def signed_in(chromium: Any, served: World) -> Iterator[Any]:
    """The context of somebody who is signed in. Its cache spares each test a second of computing."""
    with context_of(chromium) as context:
        with tab(context, served) as one:
            one.sign_in()
        yield context


@pytest.fixture
def person(signed_in: Any, served: World) -> Iterator[Browsing]:
    """A new page of somebody who is signed in, and stays so. The console must stay empty."""
    with tab(signed_in, served) as one:
        yield one
        assert one.console == []
