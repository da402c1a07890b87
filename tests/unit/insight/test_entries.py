"""A call's log a page at a time."""

from tests.unit.insight.doctor_call import healthy

from callwright.insight.entries import entries_page


def test_pages_follow_each_other_to_the_end():
    view = healthy().view
    seen: list[int] = []
    after: int | None = 0
    while after is not None:
        page = entries_page(view, after, 10, (), live=False)
        assert page["total"] == len(view.entries)
        seen += [one["seq"] for one in page["items"]]
        after = page["next_after"]
    assert seen == [one.seq for one in view.entries]


def test_types_narrow_what_is_shown_and_counted():
    page = entries_page(healthy().view, 0, 10, {"UserSaid"}, live=False)
    assert [one["values"]["text"] for one in page["items"]] == ["A table for two please.", "Tonight at eight."]
    assert (page["total"], page["next_after"]) == (2, None)


def test_a_log_that_grows_is_asked_for_behind_its_newest_entry():
    view = healthy().view
    page = entries_page(view, 0, 1_000, {"UserSaid"}, live=True)
    assert page["next_after"] == view.entries[-1].seq
    assert entries_page(view, page["next_after"], 1_000, (), live=True)["items"] == []
    assert entries_page(None, 0, 10, (), live=True) == {"items": [], "next_after": 0, "total": 0}
