"""Getting in: with a link, with a key, and not without."""

from tests.browser.pages import Browsing

REFUSED = "Failed to load resource: the server responded with a status of 401"


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


def test_the_cookie_is_out_of_reach_of_scripts(person: Browsing) -> None:
    page = person.open("/calls")
    assert page.evaluate("document.cookie") == ""
    (cookie,) = page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
