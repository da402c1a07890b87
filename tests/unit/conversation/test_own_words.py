"""What the platform itself has an agent say, in the call's language."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

import pytest
from tests.agent_of_settings import agent_of

from callwright.conversation.opt_out import MESSAGES, said
from callwright.conversation.own_words import OWN_WORDS, own_words
from callwright.conversation.patience import questions
from callwright.conversation.plan import CallPlan, plan_for
from callwright.platform.agents.rules.parsing import parse_agent

ENGLISH = OWN_WORDS["en"]
TRANSFER = {
    "tool.key": "transfer_call",
    "tool_params.url": None,
    "tool_params.param": {"call_transfer_number": "+15550123"},
}


def plan_in(language: str, **settings: Any) -> CallPlan:
    """The plan of an agent that speaks ``language``. ``settings`` are of its ``task_config``."""
    given = {f"task_config.{name}": value for name, value in settings.items()}
    return plan_for(parse_agent(agent_of({"synthesizer.language": language, **given})))


def test_every_sentence_is_there_in_every_language_of_the_opt_out() -> None:
    assert OWN_WORDS.keys() == MESSAGES.keys()
    for language, words in OWN_WORDS.items():
        *sentences, waiting = astuple(words)
        assert all(one.strip() for one in (*sentences, *waiting))
        assert len(waiting) == len(ENGLISH.waiting)
        assert language == "en" or not {*sentences, *waiting} & {*astuple(ENGLISH)[:-1], *ENGLISH.waiting}


@pytest.mark.parametrize("language", OWN_WORDS)
def test_no_yes_is_waited_for_where_the_caller_is_to_say_it_again(language: str) -> None:
    """A "yes" would be taken for the whole answer."""
    assert questions(language).asked(OWN_WORDS[language].apology) != "yes_or_no"
    assert not said(OWN_WORDS[language].apology, language)


@pytest.mark.parametrize("language", ["de", "de-AT", "de_CH", "DE"])
def test_a_call_hears_the_platform_in_its_language(language: str) -> None:
    words, plan = OWN_WORDS["de"], plan_in(language)
    assert (plan.apology_message, plan.failure_message) == (words.apology, words.failure)
    assert plan.user_online_message == words.still_there
    assert ([one.message for one in plan.tool_words], plan.waiting_messages) == ([words.tool], words.waiting)
    (transfer,) = plan_for(parse_agent(agent_of({"synthesizer.language": language, **TRANSFER}))).transfers
    assert (transfer.message, transfer.own_message) == (words.transfer, False)


def test_what_the_agent_says_itself_is_said_as_it_is() -> None:
    plan = plan_in("de", check_user_online_message=ENGLISH.still_there, tool_waiting_messages=["Only a second."])
    assert (plan.user_online_message, plan.waiting_messages) == (ENGLISH.still_there, ("Only a second.",))
    assert plan_in("de", check_user_online_message={"en": "Hello?"}).user_online_message == "Hello?"
    assert plan_in("de", check_user_online_message="").user_online_message == OWN_WORDS["de"].still_there


def test_another_language_hears_english_and_nothing_while_a_tool_runs() -> None:
    plan = plan_in("sv")
    assert (plan.apology_message, plan.user_online_message) == (ENGLISH.apology, ENGLISH.still_there)
    assert (plan.tool_words, plan.waiting_messages) == ((), ())
    assert own_words("sv").transfer == ENGLISH.transfer
