"""A call that goes on: the same page, growing, and whole when it is over."""

from tests.browser.pages import Browsing, eventually


def test_a_call_grows_while_it_goes_on_and_can_be_heard_when_it_is_over(person: Browsing) -> None:
    execution_id = person.served.call_again()
    page = person.page
    page.goto(f"{person.served.url}/dashboard/calls/{execution_id}")
    turns = page.locator("li[id^=turn-]")
    page.get_by_text("live", exact=True).wait_for()
    turns.first.wait_for()
    assert "Hillside Clinic" in turns.first.inner_text()
    assert page.get_by_text("The recording can be heard when the call is over.").count() == 1
    eventually(page, lambda: turns.count() >= 2)
    page.get_by_role("button", name="Hang up").click()
    page.get_by_role("button", name="Play", exact=True).wait_for()
    page.locator("[data-lane=caller] canvas").wait_for()
    assert page.get_by_role("button", name="Hang up").count() == 0


def test_a_hang_up_that_is_refused_says_so_and_can_be_tried_again(person: Browsing) -> None:
    page = person.page
    page.route("**/call/*/stop", lambda route: route.fulfill(status=400, json={"message": "the call just ended"}))
    page.goto(f"{person.served.url}/dashboard/calls/{person.served.call_again()}")
    hang_up = page.get_by_role("button", name="Hang up")
    hang_up.click()
    page.get_by_role("alert").get_by_text("the call just ended").wait_for()
    assert person.violations("[role=alert]") == []
    page.unroute("**/call/*/stop")
    hang_up.click()
    hang_up.wait_for(state="hidden")
    assert page.get_by_role("alert").count() == 0
    assert all("status of 400" in line for line in person.console)
    person.console.clear()
