"""Getting in: with a link, with a key, and not without."""

import pytest
from tests.browser.pages import Browsing

REFUSED = "Failed to load resource: the server responded with a status of 401"


@pytest.fixture
def person(visitor: Browsing) -> Browsing:
    """Somebody with a session of their own, which these tests end."""
    visitor.sign_in()
    return visitor


def test_whoever_is_not_signed_in_is_asked_for_a_key_and_then_sees_what_they_came_for(visitor: Browsing) -> None:
    page = visitor.open(f"/calls/{visitor.served.call}?turn=1&tab=money")
    page.get_by_label("API key").fill("bn-not-a-key")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("This key is not accepted").wait_for()
    page.get_by_label("API key").fill(visitor.served.key)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/dashboard/calls/{visitor.served.call}?turn=1&tab=money")
    page.get_by_role("heading", name="Turns").wait_for()
    # The browser itself reports the answer to the key that is none. That nobody is signed in is no error.
    assert [REFUSED in line for line in visitor.console] == [True]
    visitor.console.clear()


def test_signing_out_ends_the_session(person: Browsing) -> None:
    page = person.open("/calls")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/dashboard/sign-in")
    answer = page.context.request.get(f"{person.served.url}/v1/callwright/session")
    assert answer.status == 204


def test_a_sign_out_that_fails_says_so_and_is_tried_again(person: Browsing) -> None:
    page = person.open("/calls")
    session = "**/v1/callwright/session"
    page.route(session, lambda route: route.abort() if route.request.method == "DELETE" else route.fallback())
    page.get_by_role("button", name="Sign out").click()
    dialog = page.get_by_role("dialog", name="Sign out")
    dialog.get_by_text("The server cannot be reached.").wait_for()
    assert person.violations("[role=dialog]") == []
    page.unroute(session)
    dialog.get_by_role("button", name="Try again").click()
    page.wait_for_url("**/dashboard/sign-in")
    assert all("net::ERR_FAILED" in line for line in person.console)
    person.console.clear()


def test_the_cookie_is_out_of_reach_of_scripts(person: Browsing) -> None:
    page = person.open("/calls")
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")


def end_session(person: Browsing) -> None:
    """End the session as its key's revoking or its age does: the page is not told."""
    headers = {"X-Callwright-Csrf": "1", "Sec-Fetch-Site": "same-origin"}
    assert person.page.context.request.delete(f"{person.served.url}/v1/callwright/session", headers=headers).ok


def test_a_session_that_ends_is_begun_again_over_the_page_and_no_draft_is_lost(person: Browsing) -> None:
    page = person.open(f"/agents/{person.served.agent}")
    end_session(person)
    page.get_by_label("Welcome message", exact=True).fill("Nobody loses this.")
    dialog = page.get_by_role("dialog", name="You were signed out")
    dialog.wait_for()
    assert person.violations("[role=dialog]") == []
    page.keyboard.press("Escape")
    dialog.get_by_label("API key").fill(person.served.key)
    page.keyboard.press("Enter")
    dialog.wait_for(state="hidden")
    assert page.get_by_label("Welcome message", exact=True).input_value() == "Nobody loses this."
    page.get_by_text("Checking …").wait_for(state="hidden")
    page.get_by_role("button", name="Discard").click()
    assert all(REFUSED in line for line in person.console)
    person.console.clear()


def test_whoever_signs_in_again_in_another_tab_goes_on_in_this_one(person: Browsing) -> None:
    page = person.open("/calls")
    end_session(person)
    page.get_by_role("button", name="Refresh").click()
    dialog = page.get_by_role("dialog", name="You were signed out")
    dialog.wait_for()
    person.sign_in()
    page.evaluate("window.dispatchEvent(new Event('visibilitychange'))")
    dialog.wait_for(state="hidden")
    page.get_by_role("table").wait_for()
    assert all(REFUSED in line for line in person.console)
    person.console.clear()


def test_signing_out_of_a_session_that_has_ended_leads_to_the_sign_in(person: Browsing) -> None:
    page = person.open("/calls")
    end_session(person)
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/dashboard/sign-in")
    assert all(REFUSED in line for line in person.console)
    person.console.clear()
