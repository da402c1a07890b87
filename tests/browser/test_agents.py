"""The list and the editor of agents: from a template to a saved change, errors, a conflict, versions, and a chat with a draft."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.browser.pages import Browsing, eventually
from tests.browser.world import World

STALE = "status of 412"
REFUSED = "status of 400"
"""A browser reports a refused request on its console."""


def new_agent(served: World, name: str = "Reception") -> str:
    """Save an agent with a scripted model; its id."""
    rules = [{"when": "book", "say": "Which day suits you?"}, {"say": "How can I help you?"}]
    config = {
        "agent_name": name,
        "agent_welcome_message": "Hello, this is the saved agent.",
        "tasks": [{"tools_config": {"llm_agent": {"llm_config": {"provider": "scripted", "rules": rules}}}}],
    }
    body = {"agent_config": config, "agent_prompts": {"task_1": {"system_prompt": "Be brief."}}}
    return str(served.asked("/v2/agent", body)["agent_id"])


def saved(served: World, agent_id: str) -> Any:
    """The agent as the API reads it."""
    return served.asked(f"/v2/agent/{agent_id}")


def save_elsewhere(person: Browsing, agent_id: str, config: dict[str, Any]) -> None:
    """Change the agent as another program does."""
    served = person.served
    answer = person.page.context.request.patch(
        f"{served.url}/v2/agent/{agent_id}",
        data={"agent_config": config},
        headers={"Authorization": f"Bearer {served.key}"},
    )
    assert answer.ok, answer.text()


def setting(page: Any, label: str) -> Any:
    return page.get_by_label(label, exact=True)


def save(page: Any, revision: int) -> None:
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text(f"Revision {revision},").wait_for()


def test_an_agent_begins_with_a_template_and_is_edited(person: Browsing) -> None:
    page = person.open("/agents")
    page.get_by_role("button", name="New agent").click()
    page.get_by_role("button", name="Support triage").click()
    page.wait_for_url("**/dashboard/agents/*-*")
    agent_id = page.url.rsplit("/", 1)[1]
    setting(page, "Name").fill("Night shift")
    page.get_by_role("link", name="Silence and goodbye").click()
    setting(page, "Hangup after silence").fill("33")
    page.get_by_text("2 unsaved changes").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("Revision 2,").wait_for()
    found = saved(person.served, agent_id)
    assert found["agent_name"] == "Night shift"
    assert found["tasks"][0]["task_config"]["hangup_after_silence"] == 33
    page.get_by_role("link", name="Back to the agents").click()
    page.get_by_role("link", name="Night shift").wait_for()


def test_an_exported_agent_comes_back_by_import_and_can_be_deleted(person: Browsing) -> None:
    new_agent(person.served, "To and fro")
    page = person.open("/agents?q=to+and+fro")
    page.get_by_role("button", name="Actions for To and fro").click()
    with page.expect_download() as downloading:
        page.get_by_role("menuitem", name="Export as JSON").click()
    text = Path(downloading.value.path()).read_text()
    page.get_by_role("button", name="Import").click()
    page.get_by_label("JSON of the agent").fill(text.replace("To and fro", "Come back"))
    page.get_by_role("dialog").get_by_role("button", name="Import").click()
    page.wait_for_url("**/dashboard/agents/*-*")
    page.get_by_role("heading", name="Come back").wait_for()
    page = person.open("/agents?q=come+back")
    page.get_by_role("button", name="Actions for Come back").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete the agent").click()
    page.get_by_text("No agent matches this search").wait_for()
    assert "Come back" not in [one["agent_name"] for one in person.served.asked("/v2/agent/all")]


def test_a_list_whose_import_fails_half_way_goes_on_with_the_rest(person: Browsing) -> None:
    names = ["Half way 1", "Half way 2", "Half way 3"]
    agents = [saved(person.served, new_agent(person.served, name)) for name in names]
    page = person.open("/agents?dialog=import")
    dialog = page.get_by_role("dialog")
    text = dialog.get_by_label("JSON of the agent")
    wrong = {**agents[1], "tasks": [{"task_config": {"hangup_after_silence": "long"}}]}
    text.fill(json.dumps([agents[0], wrong]))
    dialog.get_by_role("button", name="Import").click()
    dialog.get_by_text("Agent 2 of 2 is refused, and none was made").wait_for()
    page.route("**/v2/agent", lose_the_answer_of("Half way 2"))
    text.fill(json.dumps(agents))
    dialog.get_by_role("button", name="Import").click()
    dialog.get_by_text("1 of 3 agents was made. The text has the other 2").wait_for()
    assert [one["agent_name"] for one in json.loads(text.input_value())] == names[1:]
    assert person.violations("[role=dialog]") == []
    page.unroute("**/v2/agent")
    dialog.get_by_role("button", name="Import").click()
    dialog.wait_for(state="hidden")
    found = [one["agent_name"] for one in person.served.asked("/v2/agent/all")]
    assert [found.count(name) for name in names] == [2, 2, 2]
    person.console.clear()


def lose_the_answer_of(name: str) -> Any:
    """A route on which an agent is made and nobody is told."""

    def passed(route: Any) -> None:
        if name not in (route.request.post_data or ""):
            route.fallback()
        else:
            route.fetch()
            route.abort()

    return passed


def test_all_errors_stand_at_their_fields_and_at_their_lines(person: Browsing) -> None:
    page = person.open(f"/agents/{new_agent(person.served)}?section=turns")
    setting(page, "Patience").fill("7")
    setting(page, "Incremental delay").fill("99999")
    page.get_by_role("button", name="2 errors").wait_for()
    assert page.get_by_text("must be a whole number from").count() == 2
    page.get_by_text("JSON", exact=True).click()
    page.get_by_label("The agent as JSON").last.wait_for()
    assert page.locator("ol [data-severity=bad]").count() == 2
    page.get_by_role("button", name="Discard").click()
    page.get_by_text("No errors").wait_for()


def test_a_search_goes_over_all_settings_and_a_changed_one_is_reset(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}")
    page.get_by_label("Search all settings").fill("voicemail_message")
    page.get_by_text("1 setting matches").wait_for()
    setting(page, "Voicemail message").fill("Please call back.")
    save(page, 2)
    assert saved(person.served, agent_id)["tasks"][0]["task_config"]["voicemail_message"] == "Please call back."
    page.get_by_role("button", name="Reset Voicemail message to its default").click()
    save(page, 3)
    assert saved(person.served, agent_id)["tasks"][0]["task_config"].get("voicemail_message") is None


def test_who_saved_at_the_same_time_chooses_setting_by_setting(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}")
    setting(page, "Welcome message").fill("Mine.")
    setting(page, "Prompt").fill("Be kind.")
    theirs = {"agent_welcome_message": "Theirs.", "webhook_url": "https://hooks.example.org/calls"}
    save_elsewhere(person, agent_id, theirs)
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("You began with revision 1; it is at 2 now.").wait_for()
    assert dialog.get_by_text("1 of your changes stays as it is.").is_visible()
    assert dialog.get_by_text("1 of their changes comes in.").is_visible()
    assert person.violations() == []
    dialog.get_by_text("Yours").first.click()
    dialog.get_by_role("button", name="Save both").click()
    page.get_by_text("Revision 3,").wait_for()
    assert page.get_by_text("This did not work").count() == 0
    found = saved(person.served, agent_id)
    assert found["agent_welcome_message"] == "Mine."
    assert found["webhook_url"] == theirs["webhook_url"]
    assert found["agent_prompts"]["task_1"]["system_prompt"] == "Be kind."
    assert all(STALE in line for line in person.console)
    person.console.clear()


def test_a_version_is_compared_and_brought_back(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}")
    setting(page, "Welcome message").fill("Hello, this is another one.")
    save(page, 2)
    page.get_by_text("Versions", exact=True).click()
    table = page.get_by_role("table", name="What it changed")
    table.wait_for()
    assert table.locator("mark").all_inner_texts() == ["the saved agent", "another one"]
    page.get_by_role("link", name="r1").click()
    page.wait_for_url("**version=1*")
    table.get_by_text("the saved agent").wait_for()
    page.get_by_role("button", name="Restore").click()
    page.get_by_text("Revision 3,").wait_for()
    assert saved(person.served, agent_id)["agent_welcome_message"] == "Hello, this is the saved agent."


def test_a_chat_is_held_with_the_draft_and_not_with_the_saved_agent(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}")
    setting(page, "Welcome message").fill("Hello {customer_name}, this is the draft.")
    setting(page, "customer_name").fill("Ada")
    page.get_by_role("button", name="Start the chat").click()
    turns = page.get_by_role("list", name="Turns of the test")
    turns.get_by_text("Hello Ada, this is the draft.").wait_for()
    page.get_by_label("Your line").fill("I want to book a visit")
    page.keyboard.press("Enter")
    turns.get_by_text("Which day suits you?").wait_for()
    page.get_by_text("1 turn, median wait").wait_for()
    page.reload()
    turns.get_by_text("Which day suits you?").wait_for()
    page.get_by_role("button", name="End", exact=True).click()
    page.get_by_text("over", exact=True).wait_for()
    found = saved(person.served, agent_id)
    assert (found["callwright"]["revision"], found["agent_welcome_message"]) == (1, "Hello, this is the saved agent.")


def test_a_synthetic_caller_talks_to_the_draft(person: Browsing) -> None:
    page = person.open(f"/agents/{new_agent(person.served)}?test=call")
    setting(page, "Welcome message").fill("Hello, this is the draft.")
    setting(page, "Caller").select_option("demo")
    setting(page, "Line").select_option(label="Mobile: late and uneven")
    page.get_by_role("button", name="Call", exact=True).click()
    turns = page.get_by_role("list", name="Turns of the test")
    turns.get_by_text("Hello, this is the draft.").wait_for()
    turns.get_by_text("I would like to book").wait_for()
    page.get_by_role("button", name="Hang up").click()
    page.get_by_text("over", exact=True).wait_for()
    run = parse_qs(urlsplit(page.url).query)["run"][0]
    assert person.served.asked(f"/executions/{run}")["callwright"]["line"] is not None


def test_a_call_is_placed_once_with_the_variables_of_the_prompt_and_its_page_opens(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}")
    setting(page, "Prompt").fill("You talk to {customer_name}.")
    page.get_by_role("button", name="Place a call").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("without your 1 unsaved change").wait_for()
    assert dialog.get_by_role("button", name="Call", exact=True).is_disabled()
    page.keyboard.press("Escape")
    save(page, 2)
    page.get_by_role("button", name="Place a call").click()
    page.wait_for_url("**dialog=call*")
    dialog.get_by_label("Number to call").fill("loopback:nobody")
    dialog.get_by_label("customer_name").fill("Ada")
    page.keyboard.press("Enter")
    dialog.get_by_text("there is no synthetic caller 'nobody'").wait_for()
    assert person.violations() == []
    dialog.get_by_label("Number to call").fill("loopback:silent")
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/calls/*-*")
    execution_id = urlsplit(page.url).path.rsplit("/", 1)[1]
    page.get_by_role("button", name="Hang up").click()
    found = person.served.asked(f"/executions/{execution_id}")
    assert found["agent_id"] == agent_id
    assert found["context_details"]["recipient_data"]["customer_name"] == "Ada"
    page.get_by_role("button", name="Play", exact=True).wait_for()
    assert all(REFUSED in line for line in person.console)
    person.console.clear()


def test_an_order_whose_answer_was_lost_is_placed_once(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}?dialog=call&to=loopback:silent")
    keys: list[str] = []

    def lose_the_first(route: Any) -> None:
        keys.append(route.request.headers["idempotency-key"])
        answer = route.fetch()
        if len(keys) == 1:
            route.abort()
        else:
            route.fulfill(response=answer)

    page.route("**/call", lose_the_first)
    call = page.get_by_role("dialog").get_by_role("button", name="Call", exact=True)
    call.click()
    page.get_by_text("The server cannot be reached.").wait_for()
    call.click()
    page.wait_for_url("**/dashboard/calls/*-*")
    page.get_by_role("button", name="Hang up").click()
    assert keys == [keys[0]] * 2
    assert len(person.served.asked(f"/v2/agent/{agent_id}/executions")["data"]) == 1
    person.console.clear()


def test_a_tool_of_the_draft_is_tried_and_its_secrets_are_masked(person: Browsing) -> None:
    served = person.served
    url = saved(served, served.agent)["tasks"][0]["tools_config"]["api_tools"]["tools_params"]["book_visit"]["url"]
    page = person.open(f"/agents/{new_agent(served)}?section=tools")
    page.get_by_role("button", name="HTTP request").click()
    setting(page, "URL").fill(url)
    setting(page, "Parameters").fill(json.dumps({"type": "object", "properties": {"day": {"type": "string"}}}))
    setting(page, "Param").fill('{"day": "%(day)s", "token": "of-ours"}')
    page.get_by_text("No errors").wait_for()
    trial = page.get_by_role("region", name="Try")
    trial.get_by_label("Arguments, as the model would give them").fill('{"day": "Tuesday"}')
    trial.get_by_role("button", name="Send").click()
    trial.get_by_text("HTTP 200").wait_for()
    told = trial.inner_text()
    assert "POST to 127.0.0.1" in told
    assert '"day": "Tuesday"' in told
    assert "booked" in told
    assert "of-ours" not in told
    assert person.violations() == []


def with_tools(served: World, tools: list[dict[str, Any]], **params: Any) -> str:
    """Save an agent with tools; its id."""
    llm = {"llm_config": {"provider": "scripted", "rules": [{"say": "Yes."}]}}
    api_tools = {"tools": tools, **({"tools_params": params} if params else {})}
    config = {"agent_name": "Tools", "tasks": [{"tools_config": {"llm_agent": llm, "api_tools": api_tools}}]}
    return str(served.asked("/v2/agent", {"agent_config": config, "agent_prompts": {}})["agent_id"])


def tools_of(found: Any) -> Any:
    """The tools of an agent as it is read."""
    return found["tasks"][0]["tools_config"]["api_tools"]


def request_tool(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "key": "custom_task", "description": "Look up free slots.", **more}


URL = "https://booking.example.com/slots"


def test_a_tool_in_the_documented_form_shows_its_request_and_keeps_it(person: Browsing) -> None:
    value = {"method": "PUT", "url": URL, "param": {"day": "%(day)s"}}
    agent_id = with_tools(person.served, [request_tool("check_slots", value=value)])
    page = person.open(f"/agents/{agent_id}?section=tools")
    page.get_by_role("heading", name="check_slots").click()
    assert setting(page, "URL").input_value() == URL
    assert setting(page, "Method").input_value() == "PUT"
    page.get_by_role("region", name="Try").wait_for()
    setting(page, "Method").select_option("PATCH")
    setting(page, "Name").fill("look_up")
    save(page, 2)
    (tool,) = tools_of(saved(person.served, agent_id))["tools"]
    assert (tool["name"], tool["value"]) == ("look_up", {**value, "method": "PATCH"})
    assert not tools_of(saved(person.served, agent_id)).get("tools_params")


def test_a_name_that_is_typed_through_another_tools_name_wipes_nothing(person: Browsing) -> None:
    tools = [request_tool("book"), request_tool("boo")]
    urls = [f"{URL}/book", f"{URL}/boo"]
    agent_id = with_tools(person.served, tools, book={"url": urls[0]}, boo={"url": urls[1]})
    page = person.open(f"/agents/{agent_id}?section=tools")
    page.get_by_role("heading", name="boo", exact=True).click()
    name = setting(page, "Name").last
    name.press("End")
    name.press_sequentially("k")
    page.get_by_text("book is taken by another tool or its request.").wait_for()
    assert page.get_by_role("button", name="Save", exact=True).is_disabled()
    assert person.violations() == []
    name.press_sequentially("ing")
    save(page, 2)
    params = tools_of(saved(person.served, agent_id))["tools_params"]
    assert {one: params[one]["url"] for one in params} == {"book": urls[0], "booking": urls[1]}


def test_what_is_typed_while_a_save_is_under_way_stays(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}")
    held: list[Any] = []
    page.route(f"**/v2/agent/{agent_id}", lambda route: held.append(route) if not held else route.continue_())
    setting(page, "Welcome message").fill("First.")
    page.keyboard.press("Control+s")
    eventually(page, lambda: bool(held))
    setting(page, "Welcome message").fill("First, and second.")
    held[0].continue_()
    page.get_by_text("Revision 2,").wait_for()
    assert setting(page, "Welcome message").input_value() == "First, and second."
    assert saved(person.served, agent_id)["agent_welcome_message"] == "First."
    save(page, 3)
    assert saved(person.served, agent_id)["agent_welcome_message"] == "First, and second."


def test_text_that_is_no_json_yet_is_neither_passed_over_nor_lost(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}?view=json")
    text = page.get_by_role("textbox", name="The agent as JSON")
    whole = text.input_value().replace("Be brief.", "Be kind.")
    text.fill(whole)
    text.fill(whole.replace("Be kind.", 'Be "kind.'))
    page.get_by_text("Correct what is marked first").wait_for()
    page.keyboard.press("Control+s")
    assert page.get_by_role("button", name="Save", exact=True).is_disabled()
    assert person.violations() == []
    page.get_by_text("Form", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("what you typed there is lost").wait_for()
    assert dialog.get_by_text("unsaved change").count() == 0
    page.get_by_role("button", name="Stay").click()
    assert 'Be "kind.' in text.input_value()
    text.fill(whole)
    save(page, 2)
    assert saved(person.served, agent_id)["agent_prompts"]["task_1"]["system_prompt"] == "Be kind."
    text.fill("{")
    page.get_by_role("button", name="Discard").click()
    eventually(page, lambda: text.input_value() == whole)


def test_a_negative_number_is_typed_sign_by_sign(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}?q=presence_penalty")
    penalty = setting(page, "Presence penalty")
    penalty.press("-")
    page.get_by_text("Not a number yet").wait_for()
    page.keyboard.type("0.5")
    assert penalty.input_value() == "-0.5"
    save(page, 2)
    llm = saved(person.served, agent_id)["tasks"][0]["tools_config"]["llm_agent"]["llm_config"]
    assert llm["presence_penalty"] == -0.5


def test_names_of_variables_are_completed_behind_a_brace(person: Browsing) -> None:
    page = person.open(f"/agents/{new_agent(person.served)}")
    setting(page, "Prompt").fill("You talk to {customer_name}.")
    welcome = setting(page, "Welcome message")
    welcome.fill("")
    welcome.press_sequentially("Hello {cu")
    options = page.get_by_role("listbox", name="Variables").get_by_role("option")
    eventually(page, lambda: options.count() == 3)
    assert options.first.inner_text().startswith("customer_name")
    assert person.violations() == []
    welcome.press("ArrowDown")
    welcome.press("Enter")
    assert welcome.input_value() == "Hello {current_date}"
    welcome.press_sequentially("!")
    assert welcome.input_value() == "Hello {current_date}!"
    welcome.press_sequentially(" {")
    eventually(page, lambda: options.count() > 3)
    welcome.press("Escape")
    eventually(page, lambda: options.count() == 0)


def test_providers_models_and_voices_are_suggested_as_they_are_installed(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f"/agents/{agent_id}?section=voice")
    provider = setting(page, "Provider")
    provider.click()
    page.get_by_role("option", name="kokoro").click()
    voice = setting(page, "Voice ID")
    voice.click()
    offered = page.get_by_role("option")
    eventually(page, lambda: offered.count() > 1)
    assert person.violations() == []
    chosen = offered.first.locator("code").inner_text()
    offered.first.click()
    save(page, 2)
    synthesizer = saved(person.served, agent_id)["tasks"][0]["tools_config"]["synthesizer"]
    assert (synthesizer["provider"], synthesizer["provider_config"]["voice_id"]) == ("kokoro", chosen)


def test_a_change_of_a_what_if_comes_with_the_address_and_nobody_loses_it_by_leaving(person: Browsing) -> None:
    agent_id = new_agent(person.served)
    page = person.open(f'/agents/{agent_id}?set=["task_config.incremental_delay=1800"]')
    page.get_by_text("1 change from a call.").wait_for()
    assert setting(page, "Incremental delay").input_value() == "1800"
    page.get_by_role("link", name="Calls").first.click()
    page.get_by_role("dialog").get_by_text("1 unsaved change is lost.").wait_for()
    page.get_by_role("button", name="Stay").click()
    save(page, 2)
    assert "set=" not in page.url
    assert saved(person.served, agent_id)["tasks"][0]["task_config"]["incremental_delay"] == 1800


def test_what_a_what_if_has_shown_is_applied_to_the_agent_of_the_call(person: Browsing) -> None:
    page = person.open_call("?what_if=1&set=%5B%22task_config.incremental_delay%3D1500%22%5D")
    page.get_by_role("link", name="Apply to the agent").click()
    page.get_by_text("1 change from a call.").wait_for()
    assert setting(page, "Incremental delay").input_value() == "1500"
    page.get_by_role("button", name="Discard").click()
    page.get_by_text("1 unsaved change").wait_for(state="hidden")


def signed_in_with(visitor: Browsing, **wish: str) -> Browsing:
    """The visitor, signed in with a lesser key."""
    served = visitor.served
    key = served.asked("/v1/callwright/keys", {"name": "lesser", **wish})["key"]
    other = Browsing(visitor.page, replace(served, key=key), visitor.console)
    other.sign_in()
    return other


def test_a_key_that_may_only_read_is_named_so_and_nothing_is_checked_for_it(visitor: Browsing) -> None:
    page = signed_in_with(visitor, scope="read").open(f"/agents/{visitor.served.agent}")
    page.get_by_text("Your key may not change agents").wait_for()
    page.get_by_text("read-only", exact=True).wait_for()
    assert page.get_by_text("Checking …").count() == 0


def test_a_key_that_may_only_read_is_offered_no_call(visitor: Browsing) -> None:
    served = visitor.served
    other = signed_in_with(visitor, scope="read")
    starts = {"chat": "Start the chat", "call": "Call", "browser": "Call from here"}
    for kind, name in starts.items():
        page = other.open(f"/agents/{served.agent}?test={kind}")
        page.get_by_text("Your key may only read.").wait_for()
        assert page.get_by_role("button", name=name, exact=True).is_disabled(), kind
        assert page.get_by_role("button", name="Place a call").is_disabled()
    page = other.open(f"/agents/{served.agent}?dialog=call&to=loopback:silent")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Your key may only read.").wait_for()
    assert dialog.get_by_role("button", name="Call", exact=True).is_disabled()
    assert other.violations() == []
    call = served.call_again()
    other.open(f"/calls/{call}").get_by_text("live", exact=True).wait_for()
    assert page.get_by_role("button", name="Hang up").count() == 0


def test_a_member_tests_the_saved_agent_and_no_draft(visitor: Browsing) -> None:
    page = signed_in_with(visitor, role="member").open(f"/agents/{visitor.served.agent}")
    start = page.get_by_role("button", name="Start the chat")
    assert start.is_enabled()
    setting(page, "Welcome message").fill("Hello, this is the draft.")
    page.get_by_text("Only a full key of an administrator may test unsaved changes.").wait_for()
    assert start.is_disabled()


VIEWS = (
    "",
    "?dialog=call",
    "?section=turns&set=" + json.dumps(["task_config.patience=7"]),
    "?section=tools",
    "?q=delay",
    "?view=json",
)


def test_the_pages_of_agents_have_no_violation(person: Browsing) -> None:
    found = {}
    for search in ("", "?dialog=new", "?dialog=import"):
        person.open(f"/agents{search}")
        found[search] = person.violations_in_both_schemes()
    agent_id = new_agent(person.served)
    for search in (*VIEWS, "?view=versions"):
        person.open(f"/agents/{agent_id}{search}")
        found[f"editor {search}"] = person.violations_in_both_schemes()
    assert {name: told for name, told in found.items() if told} == {}
