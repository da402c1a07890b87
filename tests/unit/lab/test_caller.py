"""What a synthetic caller does about what it hears, and how a scenario file names it."""

import json
from dataclasses import replace

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.lab.caller import Beep, CallerMind, Press, PutDown, Say
from callwright.lab.caller_scenario import (
    BUILT_IN,
    DEMO,
    AnswerPlan,
    Persona,
    Rule,
    Scenario,
    read_scenario,
    scenario_of,
)


class Call:
    """A call with a mind: lets time pass tick by tick and keeps what the caller did, with the time of it."""

    def __init__(self, persona: Persona) -> None:
        self.mind = CallerMind(persona)
        self.now_ms = 0
        self.done: list[tuple[int, object]] = []
        self._speaks_until_ms: int | None = None
        self._take(self.mind.answered(0))

    def _take(self, acts):
        for act in acts:
            self.done.append((self.now_ms, act))
            if isinstance(act, Say):
                self._speaks_until_ms = self.now_ms + 500

    def wait(self, ms: int) -> None:
        until_ms = self.now_ms + ms
        while self.now_ms < until_ms:
            self.now_ms += 20
            if self._speaks_until_ms is not None and self.now_ms >= self._speaks_until_ms:
                self._speaks_until_ms = None
                self._take(self.mind.said(self.now_ms))
            deadline_ms = self.mind.next_deadline_ms()
            if deadline_ms is not None and self.now_ms >= deadline_ms:
                self._take(self.mind.tick(self.now_ms))

    def agent_says(self, text: str, ms: int = 1_000, partials: bool = False) -> None:
        self._take(self.mind.agent_speaks(True, self.now_ms))
        words = text.split()
        for number in range(1, len(words) + 1) if partials else ():
            self.wait(ms // len(words))
            self._take(self.mind.hears(" ".join(words[:number]), self.now_ms))
        if not partials:
            self.wait(ms)
        self._take(self.mind.heard(text, self.now_ms))
        self._take(self.mind.agent_speaks(False, self.now_ms))

    def talk(self, text: str) -> list[object]:
        """What the caller did about an agent's sentence, within two seconds."""
        before = len(self.done)
        self.agent_says(text)
        self.wait(2_000)
        return [act for _, act in self.done[before:]]

    @property
    def acts(self) -> list[object]:
        return [act for _, act in self.done]


def caller(*rules: Rule, **changes) -> Persona:
    return replace(Persona("x", patience_ms=0, fallback=(), rules=rules), **changes)


class TestAnswering:
    def test_a_caller_may_speak_first(self):
        assert Call(caller(opening="Hello?")).acts == [Say("Hello?")]
        assert Call(caller()).acts == []

    def test_the_reply_comes_after_a_pause_to_think(self):
        call = Call(caller(Rule(say="Yes."), think_ms=300))
        call.agent_says("Ready?")
        call.wait(2_000)
        assert call.done == [(1_300, Say("Yes."))]

    def test_words_that_match_go_before_the_order_of_the_rules(self):
        call = Call(caller(Rule(say="First."), Rule(heard="name", say="Peter.", in_order=False)))
        assert call.talk("Your NAME, please?") == [Say("Peter.")]
        assert call.talk("Your name, please?") == [Say("First.")]
        assert call.talk("Your name, please?") == []

    def test_a_rule_may_repeat(self):
        call = Call(caller(Rule(heard="again", say="Once more.", repeat=True)))
        assert call.talk("again") == call.talk("again") == [Say("Once more.")]

    def test_a_rule_may_wait_press_keys_and_hang_up(self):
        call = Call(caller(Rule(heard="press", press="1#", wait_ms=700), Rule(heard="bye", hang_up=True)))
        call.agent_says("press one")
        call.wait(2_000)
        assert call.done == [(2_000, Press("1#"))]
        assert call.talk("bye") == [PutDown()]
        assert call.mind.gone
        assert call.mind.next_deadline_ms() is None

    def test_an_agent_that_goes_on_is_listened_to_first(self):
        call = Call(caller(Rule(heard="one.*two", say="Both.")))
        call.agent_says("one")
        call.wait(100)
        call.agent_says("and two")
        call.wait(2_000)
        assert call.acts == [Say("Both.")]

    def test_slow_ears_are_waited_for_but_not_for_ever(self):
        call = Call(caller(Rule(say="Now.")))
        call.mind.agent_speaks(True, 0)
        call.mind.heard("first part", 500, to_the_end=False)
        call.wait(1_000)
        call.mind.agent_speaks(False, call.now_ms)
        call.wait(5_000)
        assert call.done == [(4_300, Say("Now."))]

    def test_a_sound_without_words_needs_no_answer(self):
        assert Call(caller(Rule(say="Yes."))).talk(" ") == []

    def test_words_heard_while_speaking_are_answered_afterwards(self):
        call = Call(caller(Rule(heard="wait", say="Fine."), opening="Hello?", think_ms=100))
        call.agent_says("wait", ms=100)
        call.wait(1_000)
        assert call.acts == [Say("Hello?"), Say("Fine.")]


class TestLeaving:
    def test_after_the_goodbye_the_caller_lingers(self):
        call = Call(caller(Rule(say="Bye.", hang_up=True, linger_ms=1_000), think_ms=300))
        call.agent_says("Bye then.")
        call.wait(5_000)
        assert call.done == [(1_300, Say("Bye.")), (2_800, PutDown())]

    def test_the_agent_s_own_goodbye_ends_the_lingering(self):
        call = Call(caller(Rule(say="Bye.", hang_up=True, linger_ms=60_000), think_ms=300))
        call.talk("Bye then.")
        assert call.talk("Have a nice day.") == [PutDown()]

    def test_a_caller_can_hang_up_in_mid_word(self):
        call = Call(caller(answer=AnswerPlan(hang_up_after_ms=300)))
        call.wait(500)
        call.agent_says("Thank you for calling")
        assert call.done == [(800, PutDown())]

    def test_a_lost_caller_says_so_three_times_at_most_and_leaves(self):
        call = Call(caller(fallback=("What?", "Sorry?", "Bye.", "never")))
        for _ in range(3):
            call.talk("blue")
        assert call.acts == [Say("What?"), Say("Sorry?"), Say("Bye."), PutDown()]

    def test_a_rule_in_between_makes_the_caller_patient_again(self):
        call = Call(caller(Rule(heard="name", say="Peter.", in_order=False), fallback=("What?", "Bye.")))
        call.talk("blue")
        call.talk("name")
        assert call.talk("blue") == [Say("What?")]


class TestSilence:
    def test_an_impatient_caller_asks_twice_and_leaves(self):
        call = Call(caller(patience_ms=3_000, nudge="Hello?"))
        call.wait(20_000)
        assert call.acts == [Say("Hello?"), Say("Hello?"), PutDown()]
        assert [at for at, _ in call.done] == [3_000, 6_500, 10_000]

    def test_a_voice_makes_it_patient_again(self):
        call = Call(caller(patience_ms=3_000, nudge="Hello?"))
        call.wait(3_600)
        call.talk("One moment")
        call.wait(4_000)
        assert call.acts == [Say("Hello?"), Say("Hello?")]

    def test_a_rule_may_wait_for_silence(self):
        call = Call(caller(Rule(silence_ms=2_000, in_order=False, say="Anyone?")))
        call.wait(10_000)
        assert call.done == [(2_000, Say("Anyone?"))]

    def test_a_silent_caller_never_says_anything(self):
        call = Call(BUILT_IN["silent"])
        call.talk("Hello, how can I help you?")
        call.wait(60_000)
        assert call.acts == []

    def test_a_tick_before_its_time_changes_nothing(self):
        mind = CallerMind(caller(Rule(silence_ms=2_000, in_order=False, say="Anyone?"), patience_ms=3_000))
        mind.answered(0)
        assert mind.tick(1_999) == ()
        assert mind.next_deadline_ms() == 2_000
        assert CallerMind(caller()).tick(9_000) == ()

    def test_patience_may_end_before_a_rule_for_silence(self):
        call = Call(caller(Rule(silence_ms=5_000, in_order=False, say="Anyone?"), patience_ms=3_000, nudge="Hello?"))
        call.wait(3_100)
        assert call.acts == [Say("Hello?")]


class TestBargingIn:
    def test_a_talkative_caller_speaks_after_some_words(self):
        call = Call(caller(Rule(say="Stop."), barge_in_words=3))
        call.agent_says("one two three four five", partials=True)
        call.wait(3_000)
        assert call.done == [(600, Say("Stop.", over=True))]

    def test_ears_that_tell_nothing_before_the_end_do_not_keep_it_quiet(self):
        call = Call(caller(Rule(say="Stop."), barge_in_words=3))
        call.agent_says("one two three four five", ms=3_000)
        assert call.done == [(1_200, Say("Stop.", over=True))]

    def test_the_rest_of_a_sentence_it_cut_off_needs_no_second_answer(self):
        call = Call(caller(Rule(say="Stop."), Rule(say="Next."), barge_in_words=2))
        call.agent_says("one two", ms=400, partials=True)
        call.wait(2_000)
        assert call.acts == [Say("Stop.", over=True)]
        call.agent_says("Yes?", ms=300)
        call.wait(2_000)
        assert call.acts[1:] == [Say("Next.")]

    def test_an_agent_that_talks_on_is_answered_again(self):
        call = Call(caller(Rule(say="Stop.", interrupt_after_words=2), Rule(say="Well.")))
        call.agent_says("one two three four five six", ms=3_000, partials=True)
        call.wait(2_000)
        assert call.acts == [Say("Stop.", over=True), Say("Well.")]

    def test_a_rule_may_interrupt_at_certain_words(self):
        rule = Rule(heard="insurance", interrupt_after_words=2, in_order=False, say="I pay myself.")
        call = Call(caller(rule))
        call.agent_says("Do you have insurance with you", partials=True)
        assert [act for _, act in call.done] == [Say("I pay myself.", over=True)]
        assert Call(caller(rule)).talk("Do you have a car with you") == []

    def test_a_caller_with_nothing_to_say_does_not_barge_in(self):
        call = Call(caller(barge_in_words=2))
        call.agent_says("one two three", partials=True)
        call.agent_says("one two three", ms=2_000)
        assert call.acts == []


class TestMachines:
    def test_a_machine_greets_beeps_records_and_never_converses(self):
        persona = replace(BUILT_IN["machine"], answer=AnswerPlan("machine", greeting="Leave word.", record_ms=5_000))
        call = Call(persona)
        call.agent_says("Hello, is anybody there?", partials=True)
        call.wait(6_000)
        assert call.done == [(0, Say("Leave word.")), (0, Beep()), (5_000, PutDown())]
        assert persona.lines() == ("Leave word.",)


def test_the_demo_caller_books_its_cleaning_and_says_goodbye():
    call = Call(DEMO)
    lines = (
        "Thank you for calling the clinic. How can I help you?",
        "Sure. What is your name, please?",
        "Thank you, Peter. Which day suits you?",
        "And what time would you like?",
        "You are booked for Tuesday at ten. Anything else?",
        "About half an hour. Goodbye, have a nice day!",
    )
    said = [[act.text for act in call.talk(line) if isinstance(act, Say)] for line in lines]
    assert said == [[rule.say] for rule in DEMO.rules]
    call.wait(5_000)
    assert call.acts[-1] == PutDown()


class TestScenarios:
    def test_who_answers_goes_by_name_then_number_then_default(self):
        scenario = scenario_of(
            {"default": "silent", "numbers": {"+15550101": "busy"}, "personas": {"x": {"extends": "demo"}}}
        )
        assert scenario.persona("+15550101", "x").name == "x"
        assert scenario.persona("+15550101").name == "busy"
        assert scenario.persona("machine").name == "machine"
        assert scenario.persona("+15550199").name == "silent"
        assert Scenario().persona("+15550199") is DEMO

    def test_every_key_of_a_persona_is_read(self):
        body = {
            "extends": "demo",
            "goal": "g", "voice": "v", "voice_provider": "vp", "ears": "e", "opening": "o", "nudge": "n",
            "think_ms": 5, "patience_s": 1.5, "barge_in_words": 2, "fallback": ["a"],
            "rules": [
                {"heard": ["your name", "who"], "say": "Me."},
                {"when": "silence", "say": "Hm."},
                {"silence_s": 2, "press": "1"},
                {"say": "s", "in_order": True, "repeat": True, "wait_ms": 1, "hang_up": True, "linger_ms": 2,
                 "interrupt_after_words": 3},
            ],
            "answer": {"how": "machine", "after_s": 0.5, "hang_up_after_ms": 7, "greeting": "hi", "record_s": 3},
        }  # fmt: skip
        persona = scenario_of({"personas": {"x": body}}).persona("", "x")
        rules = (
            Rule(heard=r"\byour\ name\b|\bwho\b", in_order=False, say="Me."),
            Rule(silence_ms=5_000, in_order=False, say="Hm."),
            Rule(silence_ms=2_000, in_order=False, press="1"),
            Rule(say="s", repeat=True, wait_ms=1, hang_up=True, linger_ms=2, interrupt_after_words=3),
        )
        assert persona == Persona(
            "x", "g", "v", "vp", "e", "o", 5, 1_500, "n", 2, rules, ("a",), AnswerPlan("machine", 500, 7, "hi", 3_000)
        )
        assert rules[0].fits("Who are you?")
        assert not rules[0].fits("whole")

    def test_what_a_caller_may_say_is_known_beforehand(self):
        persona = Persona(
            "x", opening="o", rules=(Rule(say="a"), Rule(press="1"), Rule(say="a")), fallback=("f",), nudge="n"
        )
        assert persona.lines() == ("o", "a", "n", "f")

    @pytest.mark.parametrize(
        ("data", "why"),
        [
            ([], "scenario: scenario: must be an object, not list"),
            ({"people": {}}, r"scenario\.people: is not known; use about, default, line, numbers, personas"),
            ({"line": "loss=101"}, r"scenario: line: loss is 101, not between 0 and 100"),
            ({"personas": {"x": {"line": {"los": 1}}}}, r"scenario: personas\.x\.line\.los: is not known; use loss"),
            ({"default": "nobody"}, "default: there is no persona 'nobody'"),
            ({"numbers": {"1": "nobody"}}, r"numbers\.1: there is no persona"),
            (
                {"personas": {"x": {"extends": "nobody"}}},
                r"personas\.x\.extends: there is no persona 'nobody' above it",
            ),
            ({"personas": {"x": {"voice": 3}}}, r"personas\.x\.voice: must be a text .* not int"),
            (
                {"personas": {"x": {"goal": "g" * 2_000}}},
                r"personas\.x\.goal: must be a text of at most \d+ characters, not one of 2000",
            ),
            ({"personas": {"x": {"think_ms": -1}}}, r"think_ms: must be a whole number"),
            ({"personas": {"x": {"patience_s": "soon"}}}, r"patience_s: must be seconds"),
            ({"personas": {"x": {"rules": {}}}}, r"rules: must be a list"),
            ({"personas": {"x": {"rules": [{"say": "a", "loud": True}]}}}, r"rules\[0\]\.loud: is not known"),
            ({"personas": {"x": {"rules": [{}]}}}, r"rules\[0\]: a rule must do something"),
            (
                {"personas": {"x": {"rules": [{"heard": "(", "say": "a"}]}}},
                r"rules\[0\]\.heard: '\(' is no regular expression",
            ),
            ({"personas": {"x": {"rules": [{"heard": "a", "silence_s": 1, "say": "b"}]}}}, r"not for both"),
            ({"personas": {"x": {"rules": [{"when": "later", "say": "b"}]}}}, r"rules\[0\]\.when"),
            ({"personas": {"x": {"rules": [{"press": "1x"}]}}}, r"rules\[0\]\.press: '1x' has keys that are none"),
            ({"personas": {"x": {"rules": [{"say": "a", "repeat": 1}]}}}, r"repeat: must be true or false"),
            ({"personas": {"x": {"answer": {"how": "maybe"}}}}, r"answer\.how: 'maybe' is not one of answer, busy"),
        ],
    )
    def test_a_wrong_scenario_is_refused_with_the_path_of_what_is_wrong(self, data, why):
        with pytest.raises(ConfigurationError, match=why):
            scenario_of(data)

    def test_a_file_is_read_and_a_broken_one_refused(self):
        assert read_scenario(json.dumps({"default": "busy"})).persona("1").name == "busy"
        with pytest.raises(ConfigurationError, match="no JSON"):
            read_scenario(b"{")

    def test_an_unknown_caller_is_named_with_those_there_are(self):
        with pytest.raises(ConfigurationError, match=r"'ghost'; known: .*talkative"):
            Scenario().persona("", "ghost")


@pytest.mark.parametrize(
    ("fallback", "said"),
    [(("What?", "Bye."), ["How much is it?", "What?", "Thanks."]), ((), ["How much is it?", "Thanks."])],
)
def test_a_caller_who_takes_a_filler_for_the_answer_waits_where_it_has_nothing_else_to_say(fallback, said):
    rules = (Rule("help you", in_order=False, say="How much is it?"), Rule("ninety", in_order=False, say="Thanks."))
    call = Call(Persona("filled", rules=rules, fallback=fallback))
    for heard in ("How can I help you?", "Let me see.", "Ninety dollars."):
        call.talk(heard)
    assert [act.text for act in call.acts if isinstance(act, Say)] == said


class TestCuttingIn:
    """What is left of a sentence that the caller has cut into needs no second answer."""

    CALLER = Persona(
        "cuts in",
        rules=(Rule(heard="ninety", interrupt_after_words=4, say="Take me on Tuesday.", in_order=False),),
        patience_ms=0,
        think_ms=200,
    )

    def cut_in(self) -> CallerMind:
        mind = CallerMind(self.CALLER)
        mind.answered(0)
        mind.agent_speaks(True, 0)
        assert mind.hears("A cleaning costs ninety", 1_000) == (Say("Take me on Tuesday.", over=True),)
        return mind

    def test_a_comma_of_the_agent_does_not_make_the_rest_of_its_sentence_a_new_one(self) -> None:
        mind = self.cut_in()
        mind.agent_speaks(False, 1_100)
        mind.agent_speaks(True, 1_300)
        mind.agent_speaks(False, 1_900)
        mind.heard("and parking is", 1_950)
        mind.said(2_200)
        assert mind.next_deadline_ms() is None

    def test_the_rest_is_needless_too_when_the_callers_words_were_said_first(self) -> None:
        mind = self.cut_in()
        mind.said(1_600)
        mind.heard("takes forty", 1_900)
        mind.agent_speaks(False, 1_920)
        assert mind.next_deadline_ms() is None

    def test_an_agent_that_does_not_give_way_is_heard_out(self) -> None:
        mind = self.cut_in()
        mind.said(1_600)
        mind.heard("takes forty minutes and parking is free", 4_000)
        mind.agent_speaks(False, 4_000)
        assert mind.next_deadline_ms() == 4_200

    def test_the_answer_to_the_callers_words_is_heard(self) -> None:
        mind = self.cut_in()
        mind.agent_speaks(False, 1_300)
        mind.said(2_200)
        mind.agent_speaks(True, 2_900)
        mind.heard("You are booked.", 3_900)
        mind.agent_speaks(False, 3_900)
        assert mind.next_deadline_ms() == 4_100
