"""The list of calls: totals, filters that live in the address, keys, the table to download."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.browser.pages import Browsing, eventually


def search(url: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(url).query)


def rows(page: Any) -> int:
    """Calls in the list. While it loads there are more, of grey bars."""
    return int(page.locator("tbody tr[data-row]").count())


def calls_of(person: Browsing) -> int:
    """Calls that the server has made so far: other tests make some, too."""
    return int(person.served.asked("/v1/callwright/executions")["totals"]["calls"])


def test_a_filter_is_in_the_address_survives_a_reload_and_goes_with_back(person: Browsing) -> None:
    everything = calls_of(person)
    page = person.open("/calls")
    eventually(page, lambda: rows(page) == everything)
    page.get_by_role("button", name="busy").click()
    page.wait_for_url("**/calls?status=busy")
    eventually(page, lambda: rows(page) == 2)
    page.reload()
    eventually(page, lambda: rows(page) == 2)
    assert page.get_by_role("button", name="busy").get_attribute("aria-pressed") == "true"
    page.go_back()
    eventually(page, lambda: rows(page) == everything)


def test_words_find_calls_and_nothing_found_offers_to_clear(person: Browsing) -> None:
    page = person.open("/calls")
    page.keyboard.press("/")
    page.keyboard.type("5559100001")
    eventually(page, lambda: rows(page) == 1)
    assert search(page.url) == {"q": ["5559100001"]}
    page.keyboard.type("999")
    page.get_by_text("No call matches this filter").wait_for()
    page.get_by_role("main").get_by_text("Clear filters").last.click()
    eventually(page, lambda: rows(page) == calls_of(person))


def test_words_that_were_said_find_the_call(person: Browsing) -> None:
    transcript = str(person.served.asked(f"/executions/{person.served.call}")["transcript"])
    said = transcript.partition("user: ")[2].splitlines()[0].lower()
    page = person.open("/calls")
    page.keyboard.press("/")
    page.keyboard.type(said[:-3])
    # Not those that nobody answered; other tests make more of the first kind.
    eventually(page, lambda: 0 < rows(page) <= calls_of(person) - len(person.served.busy))
    assert page.locator(f"a[href*='{person.served.call}']").count()


def test_a_row_leads_to_its_call_wherever_it_is_clicked(person: Browsing) -> None:
    page = person.open("/calls")
    page.locator("tbody tr[data-row]").first.click()
    page.wait_for_url("**/calls/*")


def test_keys_walk_the_list_open_a_call_and_come_back_to_the_filter(person: Browsing) -> None:
    page = person.open("/calls?status=busy")
    page.locator("tbody tr[data-row]").first.wait_for()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.locator("tr[data-at]").get_attribute("data-row") == "0"
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/*")
    page.get_by_text("so there is nothing to hear").wait_for()
    first = page.url
    page.keyboard.press("]")
    page.wait_for_url(lambda url: urlsplit(url).path != urlsplit(first).path)
    page.get_by_role("link", name="Back to the calls").click()
    page.wait_for_url("**/calls?status=busy")


def test_a_sorted_list_has_the_calls_without_a_value_at_its_end(person: Browsing) -> None:
    everything, page = calls_of(person), person.page
    for order in ("cost", "wait", "talk"):
        person.open(f"/calls?sort={order}")
        eventually(page, lambda: rows(page) == everything)
        assert "busy" in page.locator("tbody tr[data-row]").last.inner_text()
    person.open("/calls?sort=cost&status=busy")
    eventually(page, lambda: rows(page) == len(person.served.busy))


def test_the_table_can_be_downloaded_with_its_filter(person: Browsing) -> None:
    page = person.open("/calls?status=busy")
    with page.expect_download() as downloading:
        page.get_by_role("link", name="CSV").click()
    lines = downloading.value.path().read_text().splitlines()
    assert len(lines) == 3
