"""The conversation without a language model: slots by rule, replies from templates and the agent's prompt."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from callwright.domain.limits import INTENT_SENTENCES_AT_ONCE, MAX_INTENT_SENTENCES
from callwright.ports.model import Message, ModelRequest, ModelSettings
from callwright.providers.local import dialogue
from callwright.providers.local.dialogue import Meant, facts_of, script_of, values_for
from callwright.providers.local.intents import IntentModel
from callwright.providers.local.slots import collect, day_in, name_in, number_in, time_in

WELCOME = "How can I help you?"
ASK_NAME = "May I have your name, please?"


def said(text, intent, before=WELCOME, fact="", similarity=0.0):
    return Meant(text, before, intent, fact, similarity)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Tuesday at ten.", "Tuesday"),
        ("from Monday to Thursday please", "Thursday"),
        ("tomorrow morning", "tomorrow morning"),
        ("the 3rd of March", "the 3rd of March"),
        ("on Friday", "Friday"),
        ("I don't know", ""),
    ],
)
def test_days(text, day):
    assert day_in(text) == day


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("Tuesday at ten.", "ten"),
        ("at 10:30 a.m.", "10:30 a.m."),
        ("half past nine works", "half past nine"),
        ("Is four o'clock okay?", "four o'clock"),
        ("in the morning", "the morning"),
        ("3 p.m.", "3 p.m."),
        ("I have one question", ""),
    ],
)
def test_times(text, time):
    assert time_in(text) == time


@pytest.mark.parametrize(
    ("text", "asked", "name"),
    [
        ("My name is Daniel Whitaker.", False, "Daniel Whitaker"),
        ("Hi this is Maria Lopez, I need help", False, "Maria Lopez"),
        ("It's Priya.", True, "Priya"),
        ("Daniel Whitaker.", True, "Daniel Whitaker"),
        ("Daniel Whitaker.", False, ""),
        ("It's Monday", False, ""),
        ("I'm Calling about a bill", False, ""),
        ("Yes", True, ""),
    ],
)
def test_names(text, asked, name):
    assert name_in(text, asked) == name


def test_numbers_need_enough_digits():
    assert number_in("call 415 555 0198") == "415 555 0198"
    assert number_in("four one five five five five") == "four one five five five five"
    assert number_in("at 10") == ""


def test_a_later_day_replaces_an_earlier_one():
    slots = collect([(WELCOME, "Tuesday at ten"), ("Anything else?", "Actually Thursday instead")])
    assert (slots["day"], slots["time"]) == ("Thursday", "ten")


def test_a_bare_number_is_a_time_when_the_agent_asked_for_one():
    assert collect([("What time would you like?", "Ten")])["time"] == "Ten"


def test_booking_asks_for_one_thing_at_a_time_and_then_notes_it():
    script = script_of({})
    first = said("I'd like to book a cleaning", "book")
    second = said("My name is Daniel Whitaker.", "unclear", ASK_NAME)
    third = said("Tuesday at ten", "unclear", "Which day suits you?")
    assert dialogue.reply([first], script).text == f"Of course. {ASK_NAME}"
    assert dialogue.reply([first, second], script).text == "Thank you, Daniel. Which day suits you?"
    note = dialogue.reply([first, second, third], script).text
    assert "Daniel Whitaker, Tuesday at ten" in note
    assert "noted" in note


def test_cancelling_needs_only_a_name():
    turns = [said("Hi this is Maria Lopez, I need to cancel on Friday", "cancel")]
    assert dialogue.reply(turns, script_of({})).text.startswith("I have noted the cancellation for Maria Lopez.")


def test_a_question_is_answered_by_the_prompt_or_honestly_not():
    near = said("Do you take Delta Dental?", "question", fact="We accept Delta Dental", similarity=0.8)
    far = said("What's the weather?", "question", fact="We accept Delta Dental", similarity=0.1)
    assert dialogue.reply([near], script_of({})).text == "We accept Delta Dental."
    assert "don't have that information" in dialogue.reply([far], script_of({})).text


def test_goodbye_ends_the_call_and_small_talk_does_not():
    script = script_of({})
    assert dialogue.reply([said("bye", "goodbye")], script).is_end
    assert dialogue.reply([said("you have the wrong number", "wrong_number")], script).is_end
    assert not dialogue.reply([said("thanks", "thanks")], script).is_end
    assert dialogue.reply([said("say that again", "repeat", "We open at nine.")], script).text == "We open at nine."
    assert dialogue.reply([], script).text


def test_yes_and_no_depend_on_what_is_going_on():
    script, booked = script_of({}), said("I'd like to book", "book")
    assert "change" in dialogue.reply([booked, said("no", "no", "Noted.")], script).text
    assert "anything else" in dialogue.reply([booked, said("yes", "yes", "Noted.")], script).text
    assert dialogue.reply([said("yes", "yes")], script).text == "Good. How can I help you?"
    assert "anything else" in dialogue.reply([said("no", "no")], script).text


def test_what_is_not_understood_is_said_so():
    assert "other words" in dialogue.reply([said("blah", "unclear")], script_of({})).text
    near = said("the Delta thing", "unclear", fact="We accept Delta Dental.", similarity=0.7)
    assert dialogue.reply([near], script_of({})).text == "We accept Delta Dental."


def test_an_agent_brings_its_own_intents_with_slots_in_the_reply():
    script = script_of(
        {"intents": {"callback": {"examples": ["call me later"], "reply": "We will call {name} {day} , {phone}."}}}
    )
    turns = [said("My name is Sam Reed", "unclear"), said("call me tomorrow", "callback")]
    assert dialogue.reply(turns, script).text == "We will call Sam Reed tomorrow,."
    assert "callback" in script.examples


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"intents": ["a"]}, "intents must be"),
        ({"intents": {"x": "y"}}, "intents.x"),
        ({"intents": {"x": {"reply": "hello"}}}, "intents.x needs examples"),
    ],
)
def test_wrong_intents_are_named(options, named):
    with pytest.raises(ValueError, match=named):
        script_of(options)


def test_facts_are_statements_and_not_orders_or_examples():
    prompt = (
        "You are Ava, a receptionist.\n- Open Monday to Friday, nine to five. Never say more.\nAddress: 12 Maple Street.\n"
        "Caller: What does it cost?\nAva: Sixty dollars it is.\nWhat do they want?"
    )
    assert facts_of(prompt) == ["Open Monday to Friday, nine to five.", "Address: 12 Maple Street."]


@pytest.mark.parametrize(
    ("text", "before", "intent"),
    [
        ("Could you repeat that?", "", "repeat"),
        ("Okay great, that's all. Bye.", "", "goodbye"),
        ("No.", "Is there anything else I can help you with?", "goodbye"),
        ("No.", "Is that right?", "no"),
        ("Yes please.", "", "yes"),
        ("Hi, I'd like to book a cleaning.", "", "book"),
        ("Actually, can we move it to Thursday?", "", "reschedule"),
        ("Please cancel it", "", "cancel"),
        ("Can I speak to a human please?", "", "human"),
        ("What does a booking cost?", "", ""),
        ("Can you see me today?", "", ""),
    ],
)
def test_what_rules_alone_understand(text, before, intent):
    assert dialogue.by_rule(text, before) == intent


def test_extraction_gives_what_was_said_and_nothing_else():
    null = {"type": ["string", "null"]}
    schema = {
        "properties": {
            "customer_name": null,
            "appointment_day": null,
            "time": null,
            "phone_number": null,
            "intent": {"enum": ["book", "cancel", None]},
            "reason": null,
            "is_angry": {"type": "boolean"},
            "is_angry_evidence": null,
            "age": {"type": "integer"},
            "notes": {"type": "string"},
        }
    }
    values = values_for(schema, {"name": "Daniel Whitaker", "day": "Tuesday"}, "book")
    assert values == {
        "customer_name": "Daniel Whitaker",
        "appointment_day": "Tuesday",
        "time": None,
        "phone_number": None,
        "intent": "book",
        "reason": "book",
        "is_angry": False,
        "is_angry_evidence": None,
        "age": 0,
        "notes": "",
    }
    assert values_for({}, {}, "") == {}
    assert values_for({"properties": {"intent": {"enum": ["buy", "other"]}}}, {}, "book") == {"intent": "other"}


def test_a_summary_names_the_goal_and_the_slots():
    turns = [said("I'd like to book", "book"), said("My name is Sam Reed", "unclear")]
    assert dialogue.summary(turns) == "The caller wanted to book an appointment. They said name: Sam Reed."
    assert dialogue.summary([]) == "The caller called."


def test_only_some_questions_refer_to_something_named_before():
    assert dialogue.refers_back("How much does it cost?")
    assert not dialogue.refers_back("What are your opening hours?")


def test_the_time_of_a_long_turn_grows_with_its_length():
    began = time.process_time()
    assert dialogue.by_rule("talk " * 10_000, WELCOME) == ""
    assert time.process_time() - began < 1


@pytest.mark.parametrize("text", ["Can I talk to a person?", "hello\nplease speak or talk\nto, well, talk to an agent"])
def test_somebody_who_wants_a_person_is_understood(text):
    assert dialogue.by_rule(text, WELCOME) == "human"


def test_a_person_in_another_line_than_the_verb_is_no_wish():
    assert dialogue.by_rule("agent\nlet us talk\nagent", WELCOME) == ""


def test_a_prompt_has_so_many_sentences_and_no_more():
    prompt = "".join(f"Room {number} is upstairs.\n" for number in range(MAX_INTENT_SENTENCES + 1))
    assert len(facts_of(prompt)) == MAX_INTENT_SENTENCES


def test_intents_have_so_many_examples_and_no_more():
    built_in = sum(map(len, dialogue.EXAMPLES.values()))
    fitting = [f"example {number}" for number in range(MAX_INTENT_SENTENCES - built_in)]
    assert script_of({"intents": {"mine": {"examples": fitting}}}).examples["mine"] == tuple(fitting)
    with pytest.raises(ValueError, match="examples"):
        script_of({"intents": {"mine": {"examples": [*fitting, "one too many"]}}})


class Speech:
    """A speech process that notes how many texts it reads in one piece."""

    def __init__(self):
        self.pieces = []

    async def ask(self, kind, body, priority):
        self.pieces.append(len(body["texts"]))
        await asyncio.sleep(0)
        return {"vectors": np.ones((len(body["texts"]), 384), np.float32).tobytes()}


async def test_a_long_prompt_is_read_in_pieces_between_which_others_have_their_turn():
    speech = Speech()
    inference: Any = SimpleNamespace(speech=speech, require=lambda _: None)
    model = IntentModel(inference)
    prompt = "".join(f"Room {number} is upstairs.\n" for number in range(2 * MAX_INTENT_SENTENCES))
    messages = (Message("system", prompt), Message("user", "Where is room 7?"))
    request = ModelRequest(messages=messages, settings=ModelSettings("intents"))
    assert "".join([delta.text async for delta in model.answer(request)])
    assert max(speech.pieces) == INTENT_SENTENCES_AT_ONCE
    assert sum(speech.pieces) <= 2 * MAX_INTENT_SENTENCES


def test_replies_of_an_agents_own_intents_are_its_fixed_answers():
    inference: Any = SimpleNamespace()
    intents = {"hours": {"examples": ["When do you open?"], "reply": "At nine."}}
    settings = ModelSettings("intents", options={"intents": intents})
    assert list(IntentModel(inference).fixed_answers(settings)) == ["At nine."]
    assert list(IntentModel(inference).fixed_answers(ModelSettings("intents", options={"intents": 5}))) == []
