"""How a line is described: the text, the JSON object, and what is refused with which words."""

import pytest

from callwright.domain.errors import ConfigurationError
from callwright.lab.line_conditions import LineConditions, line_of


class TestWriting:
    @pytest.mark.parametrize(
        ("text", "conditions"),
        [
            ("", LineConditions()),
            ("loss=5", LineConditions(loss_percent=5)),
            ("loss=5%/3", LineConditions(loss_percent=5, burst_packets=3)),
            (" loss = 0.5 , jitter = 100 ms ", LineConditions(loss_percent=0.5, jitter_ms=100)),
            ("jitter=100/stalls,order=kept", LineConditions(jitter_ms=100, jitter_kind="stalls", keeps_order=True)),
            ("order=free", LineConditions()),
            ("reorder=2/80ms,duplicate=1", LineConditions(reorder_percent=2, reorder_ms=80, duplicate_percent=1)),
            ("delay=40,lose_invite=1,lose_requests=2", LineConditions(delay_ms=40, lose_invites=1, lose_requests=2)),
            ("echo=-20dB/120ms,codec=PCMA", LineConditions(echo_db=-20, echo_ms=120, codec="pcma")),
            ("level=-6dB,noise=-50", LineConditions(level_db=-6, noise_db=-50)),
            (
                "buffer=60,conceal=repeat,way=in,seed=7",
                LineConditions(buffer_ms=60, conceal="repeat", way="in", seed=7),
            ),
        ],
    )
    def test_a_text_says_it_all_and_is_written_back(self, text, conditions):
        assert line_of(text) == conditions
        assert line_of(conditions.text()) == conditions

    def test_json_has_the_same_keys_with_numbers_or_texts(self):
        assert line_of({"loss": 5, "jitter": 100.0, "echo": "-20dB/120ms", "codec": "pcma"}) == line_of(
            "loss=5,jitter=100,echo=-20/120,codec=pcma"
        )

    def test_a_perfect_line_has_nothing_to_say(self):
        assert LineConditions().text() == ""
        assert not LineConditions().shapes_sound

    @pytest.mark.parametrize("text", ["codec=pcmu", "level=3", "noise=-40"])
    def test_some_conditions_change_the_sound_itself(self, text):
        assert line_of(text).shapes_sound

    def test_a_way_of_its_own(self):
        assert line_of("way=in").applies("in")
        assert not line_of("way=in").applies("out")
        assert line_of("loss=1").applies("out")


class TestRefusing:
    @pytest.mark.parametrize(
        ("given", "says"),
        [
            ("loss", r"line: 'loss' is not written as key=value"),
            ("loss=", r"line: 'loss=' is not written as key=value"),
            ("loss=1,loss=2", r"line\.loss: is given twice"),
            ("los=5", r"line\.los: is not known; use loss, jitter"),
            ("loss=high", r"line\.loss: 'high' is not a number with or without '%'"),
            ("loss=1.2.3", r"line\.loss: '1\.2\.3' is not a number"),
            ("loss=1e3", r"line\.loss: '1e3' is not a number"),
            ({"loss": float("inf")}, r"line\.loss: inf is not a number"),
            ({"loss": 10**400}, r"line\.loss: 1000"),
            ("loss=101", r"line: loss is 101, not between 0 and 100"),
            ("loss=60/1", r"in bursts of 1 at most 50 % can be lost, not 60"),
            ("loss=5/0.5", r"burst is the mean length"),
            ("jitter=2001", r"line: jitter is 2001, not between 0 and 2000"),
            ("jitter=5/gauss", r"line: jitter is 'gauss', not one of uniform, normal, stalls"),
            ("jitter=5/normal/7", r"too many parts; write it as 100ms/uniform"),
            ("codec=opus", r"line: codec is 'opus', not one of pcmu, pcma"),
            ("order=maybe", r"line\.order: 'maybe' is not one of kept, free"),
            ("lose_invite=1.5", r"line\.lose_invite: '1\.5' is not a whole number$"),
            ("echo=3", r"line: echo is 3, not between -90 and 0"),
            ({"loss": True}, r"line\.loss: must be a number or a text such as 5%/3, not True"),
            ({"echo": None}, r"line\.echo: must be a number or a text such as -20dB/100ms"),
            (5, r"line: must be an object or a text"),
            ("loss=5," * 100, r"longer than 500 characters"),
        ],
    )
    def test_what_is_wrong_is_named(self, given, says):
        with pytest.raises(ConfigurationError, match=says):
            line_of(given)

    def test_the_path_is_the_one_asked_for(self):
        with pytest.raises(ConfigurationError, match=r"^personas\.x\.line: loss is 101"):
            line_of("loss=101", "personas.x.line")
