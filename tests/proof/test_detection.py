"""Error rates on labelled sets: the thresholds, and how they are shown."""

from itertools import islice
from random import Random
from statistics import median

import pytest
from proof.detection import EVALUATORS, SEEDS, Measured, lines, main, measure
from proof.detection_limits import MOST_CUT, MOST_WRONG, by_length, exceeded
from proof.measured import measured, pooled
from proof.pause_cases import KINDS, LENGTHS_MS, TITLE
from proof.turn_cases import Answer, one_turn

from proof import detection, held_out_turns, turn_cases

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def found() -> dict[str, Measured]:
    return {one.name: one for one in measure(range(1, 1 + SEEDS))}


@pytest.mark.parametrize("name", MOST_WRONG)
def test_error_rates_stay_within_their_thresholds(found: dict[str, Measured], name: str) -> None:
    assert found[name].cases >= (50 if name.startswith(TITLE) else 100) * SEEDS
    assert len(found[name].by_seed) == SEEDS
    assert found[name].rate <= MOST_WRONG[name], found[name].detail


def test_every_error_rate_has_a_threshold(found: dict[str, Measured]) -> None:
    assert set(found) == set(MOST_WRONG)


def test_what_is_wrong_too_often_is_named() -> None:
    name = "barge-in: stop phrases missed"
    assert exceeded([measured(name, ["", ""])]) == []
    assert exceeded([measured(name, ["", "'stop' did not interrupt"])]) == [
        f"{name}: 1 of 2 wrong, at most 0.00%: 'stop' did not interrupt"
    ]


def test_a_pause_far_beyond_the_rules_is_cut_and_one_within_them_is_not(found: dict[str, Measured]) -> None:
    """The rates of the sets whose pauses were chosen to pass say nothing of longer ones: these do."""
    for kind, least_rates in (("numbers", (0, 0, 0, 0.2, 0.5, 0.5)), ("spellings", (0, 0, 0, 0, 0.2, 0.5))):
        rates = [found[by_length(kind, length_ms)].rate for length_ms in LENGTHS_MS]
        assert all(rate >= least for rate, least in zip(rates, least_rates, strict=True)), rates
        assert rates[0] == 0
    assert {kind.name for kind in KINDS} == set(MOST_CUT)


def test_patience_keeps_a_number_with_long_pauses_whole(found: dict[str, Measured]) -> None:
    length_ms = (1_300, 1_600)
    assert found[by_length("numbers", length_ms)].rate > 0.5
    assert found[by_length("numbers, patience 2 s", length_ms)].rate == 0


def test_a_case_that_is_cut_names_its_pauses() -> None:
    answer = Answer("en", "What is your phone number?", ("five five five", "one two", "three four"))
    assert one_turn(Random(1), answer, iter((400, 800, 400)), wrong=1) == ""
    assert one_turn(Random(1), answer, iter((400, 1_500, 400)), wrong=1) == (
        "'five five five one two three four' (pauses: 400, 1,500 ms)"
    )


def test_pauses_that_are_held_out_are_as_people_make_them() -> None:
    """Log-normal: half of them longer than the median, one in seven than a second, and some than any rule waits for."""
    pauses = list(islice(held_out_turns.pauses(Random(1)), 5_000))
    assert min(pauses) >= held_out_turns.LEAST_MS
    assert median(pauses) == pytest.approx(held_out_turns.MEDIAN_MS, rel=0.05)
    assert sum(pause > 1_000 for pause in pauses) / len(pauses) == pytest.approx(1 / 7, abs=0.03)
    assert max(pauses) > 2_000


def test_no_held_out_words_are_those_the_rules_were_made_with() -> None:
    held_out = {
        said
        for cases in (held_out_turns.SPELLINGS, held_out_turns.NAMES, held_out_turns.HALVES, held_out_turns.SENTENCES)
        for _, _, said in cases
    }
    made_with = {said for _, _, said in (*turn_cases.SPELLED_BY_EXAMPLE, *turn_cases.WORDS_OF_NUMBERS)}
    assert not held_out & (made_with | set(turn_cases.HALVES) | set(turn_cases.NAMES))
    assert not {said for _, _, said in held_out_turns.YES_OR_NO} & set(turn_cases.ANSWERS)


def test_greetings_that_are_tried_again_and_again_are_no_more_cases(found: dict[str, Measured]) -> None:
    """0 of 360 would bound the rate by 1 %; twelve greetings bound it by a quarter."""
    people = found["held out, voicemail: people taken for machines"]
    assert (people.independent, people.cases) == (12, 120 * SEEDS)
    assert people.interval[1] > 0.2


def test_cases_come_from_the_seed() -> None:
    evaluate = EVALUATORS[0]
    assert evaluate(7) == evaluate(7)


def test_wrong_cases_are_counted_and_the_first_are_shown() -> None:
    one = measured("example", ["", "a", "b", "", "c", "d"])
    assert (one.cases, one.wrong, one.detail) == (6, 4, "a; b; c")
    assert measured("nothing", []).rate == 0
    shown = lines([one])
    assert shown[-3].split() == ["example", "6", "4", "66.67%", "6", "30.00%", "to", "90.32%", "4"]
    assert shown[-1] == "example: a; b; c"


def test_cuts_by_the_length_of_the_pause_are_a_table_of_their_own() -> None:
    shown = lines([measured("example", ["a"]), measured(f"{TITLE}numbers, 500 to 700 ms", ["", "b"])])
    at = next(place for place, line in enumerate(shown) if line.startswith(TITLE.rstrip(": ")))
    assert shown[at].split()[-3:] == ["wrong", "by", "seed"]
    assert shown[at + 1].split()[:7] == ["numbers,", "500", "to", "700", "ms", "2", "1"]
    assert shown[at + 2 :] == ["", "example: a"]


def test_the_interval_is_wilsons() -> None:
    """Wilson, 1927; the figures are those of published tables: 0 of 10, 1 of 10, 10 of 10."""
    bounds = [Measured("x", 10, wrong).interval for wrong in (0, 1, 10)]
    assert [(round(least, 3), round(most, 3)) for least, most in bounds] == [(0, 0.278), (0.018, 0.404), (0.722, 1)]
    assert Measured("x", 0, 0).interval == (0, 1)


def test_seeds_are_measured_together_and_told_apart() -> None:
    one, two = measured("x", ["", "a; b", "c"], kinds=2), measured("x", ["d", "", ""], kinds=2)
    both = pooled([one, two])
    assert both == Measured("x", 6, 3, "a; d", 2, (2, 1))
    assert (both.independent, pooled([measured("x", ["", "a"])] * 3).independent) == (2, 6)
    assert pooled([one]) == one


def test_the_command_prints_a_line_for_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(detection, "EVALUATORS", (lambda seed: Measured("seed", 10, seed - 9),))
    for arguments, of_each in ((["--seed", "9"], ["0", "1", "2"]), (["--seed", "9", "--seeds", "2"], ["0", "1"])):
        assert main(arguments) == 0
        shown = capsys.readouterr().out.splitlines()[-1].split()
        assert shown[:3] == ["seed", str(10 * len(of_each)), str(sum(map(int, of_each)))]
        assert shown[-len(of_each) :] == of_each
