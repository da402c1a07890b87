"""Photographs every page in both colour schemes into build/screenshots: `make screenshots`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.browser.pages import ROOT, Browsing, browsing
from tests.browser.world import world

TARGET = ROOT / "build/screenshots"
WHAT_IF = "?what_if=1&set=%5B%22task_config.incremental_delay%3D1500%22%5D"
VIEWS = {
    "call": "",
    "call-turn": "?turn=2&t=6",
    "call-money": "?tab=money",
    "call-facts": "?tab=facts",
    "call-log": "?tab=log&t=5",
}

AGENT_VIEWS = {
    "agent": "",
    "agent-turns": '?section=turns&set=["task_config.patience=7"]',
    "agent-tools": "?section=tools",
    "agent-json": "?view=json",
    "agent-versions": "?view=versions",
}


def main() -> int:
    """Make the pictures; 0."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="callwright-screenshots-") as folder,
        world(Path(folder), calls=3) as served,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            with browsing(browser, served, scheme) as one:
                photograph(one, scheme)
        browser.close()
    sys.stdout.writelines(f"{path.relative_to(ROOT)}\n" for path in sorted(TARGET.glob("*.png")))
    return 0


def photograph(one: Browsing, scheme: str) -> None:
    """All pages in one scheme."""
    page = one.open("/calls")
    page.screenshot(path=TARGET / f"sign-in-{scheme}.png")
    one.sign_in()
    one.open("/calls").screenshot(path=TARGET / f"calls-{scheme}.png")
    for name, search in VIEWS.items():
        one.open_call(search).screenshot(path=TARGET / f"{name}-{scheme}.png")
    one.open_call(WHAT_IF)
    page.get_by_role("dialog").get_by_role("table").wait_for()
    page.screenshot(path=TARGET / f"call-what-if-{scheme}.png")
    for name, search in {"agents": "", "agents-new": "?dialog=new"}.items():
        one.open(f"/agents{search}").screenshot(path=TARGET / f"{name}-{scheme}.png")
    agent_id = one.served.asked(f"/executions/{one.served.call}")["agent_id"]
    for name, search in AGENT_VIEWS.items():
        one.open(f"/agents/{agent_id}{search}").screenshot(path=TARGET / f"{name}-{scheme}.png")
    one.open(f"/agents/{agent_id}")
    page.get_by_role("button", name="Start the chat").click()
    page.get_by_label("Your line").fill("I would like to book a visit.")
    page.keyboard.press("Enter")
    page.get_by_text("Which day suits you?").wait_for()
    page.screenshot(path=TARGET / f"agent-chat-{scheme}.png")


if __name__ == "__main__":
    sys.exit(main())
