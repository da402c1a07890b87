"""Whom a call that died has left on the line."""

import pytest

from callwright.call.process.open_legs import OpenLeg, open_legs

HEADER = b'{"agent":{"prompt":"\\"dialog\\""},"log":1}'


def line(kind: str, values: str = "{}", section: str = "leg", direction: str = "fact") -> bytes:
    return f'{{"at":1,"dir":"{direction}","sec":"{section}","seq":1,"type":"{kind}","v":{values}}}'.encode()


def test_the_last_dialog_counts():
    log = b"\n".join([HEADER, line("dialog", '{"cseq":1}'), line("dialog", '{"cseq":2}'), line("quality"), b""])
    assert open_legs(log) == [OpenLeg({"cseq": 2})]


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [HEADER],
        [HEADER, line("quality")],
        [line("dialog", '{"cseq":1}'), line("LegEnded", direction="in")],
        [line("dialog", "5")],
        [line("dialog", section="core")],
        [line("dialog", direction="in")],
        [b'"dialog"'],
        [b'{"type":"dialog"'],
    ],
)
def test_nobody_is_left_without_a_dialog_or_after_the_end(lines):
    assert not open_legs(b"\n".join(lines))


def test_a_damaged_line_hides_no_dialog():
    assert open_legs(line("dialog", '{"cseq":1}') + b'\n{"at":1,"v":"dialog" "dialog"') == [OpenLeg({"cseq": 1})]


def target(event: str, values: str = "", request: str = "3") -> bytes:
    return line("target", f'{{"request":{request},"event":"{event}"{values}}}')


DIALLED = target("dialled", ',"to":"+15550155"')
DIALOG = target("line", ',"what":"dialog","values":{"call_id":"T"}')
OWN = line("dialog", '{"call_id":"C"}')


def test_the_target_of_a_transfer_is_left_too():
    log = [HEADER, OWN, target("ringing"), DIALLED, DIALOG, target("joined")]
    assert open_legs(b"\n".join(log)) == [OpenLeg({"call_id": "C"}), OpenLeg({"call_id": "T"}, "+15550155")]
    log = [OWN, DIALLED, DIALOG, line("LegEnded", direction="in")]
    assert open_legs(b"\n".join(log)) == [OpenLeg({"call_id": "T"}, "+15550155")]


@pytest.mark.parametrize(
    "lines",
    [
        [DIALLED, DIALOG, target("closed")],
        [OWN, DIALLED, DIALOG, target("bridged")],
        [DIALLED, target("joined")],
        [DIALLED, target("line", ',"what":"dialog","values":5')],
        [target("line", ',"what":"dialog","values":{"call_id":"T"}', request='"x"')],
        [target("line", ',"what":"quality","values":{"lost":1}')],
    ],
)
def test_a_target_that_is_gone_or_was_never_there_is_not_left(lines):
    assert not open_legs(b"\n".join(lines))


def test_whom_the_gateway_called_for_a_transfer_is_left_until_it_is_let_go():
    second = line("target_dialog", '{"call_id":"S","cseq":1}')
    again = line("target_dialog", '{"call_id":"S","cseq":2}')
    assert open_legs(b"\n".join([OWN, second, again])) == [
        OpenLeg({"call_id": "C"}),
        OpenLeg({"call_id": "S", "cseq": 2}),
    ]
    assert open_legs(b"\n".join([OWN, second, line("target_dialog", '{"call_id":"S"}')])) == [OpenLeg({"call_id": "C"})]
    assert open_legs(b"\n".join([OWN, second, line("LegEnded", direction="in")])) == []
