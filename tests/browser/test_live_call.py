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
