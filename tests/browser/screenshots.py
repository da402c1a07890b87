"""Photographs every page in both colour schemes, and in a window of a phone, into build/screenshots: `make screenshots`."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from tests.browser.pages import ROOT, Browsing, browsing
from tests.browser.world import world

TARGET = ROOT / "build/screenshots"
SIZES = {"": (1440, 900), "small": (1280, 800), "phone": (390, 844)}
WHAT_IF = "?what_if=1&set=%5B%22task_config.incremental_delay%3D1500%22%5D"
CALLS = {"calls": "", "calls-none": "?q=nobody"}
CALL_VIEWS = {
    "call": "",
    "call-turn": "?turn=2&t=6",
    "call-money": "?tab=money",
    "call-facts": "?tab=facts",
    "call-log": "?tab=log&t=5",
}
AGENTS = {"agents": "", "agents-new": "?dialog=new", "agents-import": "?dialog=import", "agents-none": "?q=nobody"}
AGENT_VIEWS = {
    "agent": "",
    "agent-turns": '?section=turns&set=["task_config.patience=7"]',
    "agent-voice": "?section=voice",
    "agent-tools": "?section=tools",
    "agent-after": "?section=after",
    "agent-search": "?q=delay",
    "agent-json": "?view=json",
    "agent-place": "?dialog=call&to=%2B15550123",
    "agent-call": "?test=call",
    "agent-browser": "?test=browser",
}


def main() -> int:
    """Make the pictures; 0. Arguments of the command are beginnings of the names that are wanted."""
    TARGET.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="callwright-screenshots-") as folder,
        world(Path(folder), calls=3) as served,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                if size and scheme == "dark":
                    continue
                with browsing(browser, served, scheme) as one:
                    one.page.set_viewport_size({"width": width, "height": height})
                    # No picture of a dialog that is half there.
                    one.page.emulate_media(reduced_motion="reduce")
                    photograph(Album(one, f"{size}-{scheme}" if size else scheme, sys.argv[1:]))
        browser.close()
    sys.stdout.writelines(f"{path.relative_to(ROOT)}\n" for path in sorted(TARGET.glob("*.png")))
    return 0


class Album:
    """Takes the pictures of one browser that are wanted: those whose names begin as one of ``wanted``, or all."""

    def __init__(self, one: Browsing, suffix: str, wanted: list[str]) -> None:
        self.one = one
        self._suffix = suffix
        self._wanted = tuple(wanted)

    def wants(self, name: str) -> bool:
        """Whether a picture is wanted."""
        return not self._wanted or name.startswith(self._wanted)

    def take(self, name: str) -> None:
        """Take a picture of the page as it is."""
        self.one.page.screenshot(path=TARGET / f"{name}-{self._suffix}.png")


def photograph(album: Album) -> None:
    """All pages in one scheme and size."""
    one = album.one
    if album.wants("sign-in"):
        one.open("/calls")
        album.take("sign-in")
    one.sign_in()
    agent_id = one.served.asked(f"/executions/{one.served.call}")["agent_id"]
    one.page.set_default_timeout(30_000)
    for name, search in CALLS.items():
        if album.wants(name):
            one.open(f"/calls{search}")
            album.take(name)
    for name, search in CALL_VIEWS.items():
        if album.wants(name):
            one.open_call(search)
            album.take(name)
    for name, search in AGENTS.items():
        if album.wants(name):
            one.open(f"/agents{search}")
            album.take(name)
    for name, search in AGENT_VIEWS.items():
        if album.wants(name):
            one.open(f"/agents/{agent_id}{search}")
            album.take(name)
    for name, act in ACTED.items():
        if album.wants(name):
            act(one, agent_id)
            album.take(name)


def filters(one: Browsing, _: str) -> None:
    """The filters that are behind a button, one of them set."""
    page = one.open("/calls?status=completed&min_wait_ms=1")
    page.get_by_role("button", name="More filters").click()
    page.get_by_label("Batch id").wait_for()


def versions(one: Browsing, agent_id: str) -> None:
    """What a version changed."""
    page = one.open(f"/agents/{agent_id}")
    welcome = page.get_by_label("Welcome message", exact=True)
    welcome.fill(f"{welcome.input_value()} Please.")
    page.keyboard.press("Control+s")
    page.get_by_text("Versions", exact=True).click()
    page.get_by_role("table", name="What it changed").wait_for()


def what_if(one: Browsing, _: str) -> None:
    """A what-if with its outcome."""
    one.open_call(WHAT_IF)
    one.page.get_by_role("dialog").get_by_role("table").wait_for()


def make_test(one: Browsing, _: str) -> None:
    """The scenario that is made from a call."""
    one.open_call()
    one.page.get_by_role("button", name="Make a test").click()
    one.page.get_by_role("dialog").locator("pre, code").first.wait_for()


def busy_call(one: Browsing, _: str) -> None:
    """A call that nobody answered."""
    one.open(f"/calls/{one.served.busy[0]}")


def no_call(one: Browsing, agent_id: str) -> None:
    """A call that does not exist."""
    one.open(f"/calls/{agent_id}")


def no_page(one: Browsing, _: str) -> None:
    """An address that leads nowhere."""
    one.open("/nowhere")


def help_open(one: Browsing, _: str) -> None:
    """The keys."""
    one.open_call()
    one.page.keyboard.press("?")
    one.page.get_by_role("dialog").wait_for()


def live_call(one: Browsing, _: str) -> None:
    """A call that goes on."""
    execution_id = one.served.call_again()
    page = one.page
    page.goto(f"{one.served.url}/dashboard/calls/{execution_id}")
    page.locator("#turn-1").wait_for()


def chat(one: Browsing, agent_id: str) -> None:
    """A chat with a draft."""
    page = one.open(f"/agents/{agent_id}")
    page.get_by_role("button", name="Start the chat").click()
    page.get_by_label("Your line").fill("I would like to book a visit.")
    page.keyboard.press("Enter")
    page.get_by_text("Which day suits you?").wait_for()


def tool_trial(one: Browsing, agent_id: str) -> None:
    """A tool that was tried."""
    page = one.open(f"/agents/{agent_id}?section=tools")
    if page.get_by_role("region", name="Try").count() == 0:
        page.locator("summary").filter(has_text="book_visit").click()
    trial = page.get_by_role("region", name="Try")
    trial.get_by_label("Arguments, as the model would give them").fill(json.dumps({"day": "Tuesday"}))
    trial.get_by_role("button", name="Send").click()
    trial.get_by_text("HTTP 200").wait_for()
    trial.scroll_into_view_if_needed()


def completion(one: Browsing, agent_id: str) -> None:
    """Names of variables behind a brace."""
    page = one.open(f"/agents/{agent_id}")
    page.get_by_label("Prompt", exact=True).press_sequentially(" Today is {cu")
    page.get_by_role("listbox", name="Variables").wait_for()


def suggestion(one: Browsing, agent_id: str) -> None:
    """Voices to choose from."""
    page = one.open(f"/agents/{agent_id}?section=voice")
    page.get_by_label("Provider", exact=True).fill("")
    page.keyboard.press("Tab")
    page.get_by_label("Voice ID", exact=True).click()
    page.get_by_role("option").first.wait_for()


def place_refused(one: Browsing, agent_id: str) -> None:
    """A number that the server refuses."""
    page = one.open(f"/agents/{agent_id}?dialog=call&to=555")
    page.get_by_role("dialog").get_by_role("button", name="Call", exact=True).click()
    page.get_by_role("dialog").locator("[aria-invalid=true]").wait_for()


def problems(one: Browsing, agent_id: str) -> None:
    """Errors at their fields and in their list."""
    page = one.open(f'/agents/{agent_id}?section=turns&set=["task_config.incremental_delay=99999"]')
    page.get_by_role("button", name="1 error").click()


ACTED = {
    "calls-filters": filters,
    "agent-versions": versions,
    "call-what-if": what_if,
    "call-make-test": make_test,
    "call-busy": busy_call,
    "call-help": help_open,
    "call-live": live_call,
    "call-none": no_call,
    "none": no_page,
    "agent-chat": chat,
    "agent-tool-trial": tool_trial,
    "agent-completion": completion,
    "agent-suggestion": suggestion,
    "agent-place-refused": place_refused,
    "agent-problems": problems,
}


if __name__ == "__main__":
    sys.exit(main())
