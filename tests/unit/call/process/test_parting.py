"""Whom a call that died has left on the line."""

import pytest

from callwright.call.process.parting import open_dialog

HEADER = b'{"agent":{"prompt":"\\"dialog\\""},"log":1}'


def line(kind: str, values: str = "{}", section: str = "leg", direction: str = "fact") -> bytes:
    return f'{{"at":1,"dir":"{direction}","sec":"{section}","seq":1,"type":"{kind}","v":{values}}}'.encode()


def test_the_last_dialog_counts():
    log = b"\n".join([HEADER, line("dialog", '{"cseq":1}'), line("dialog", '{"cseq":2}'), line("quality"), b""])
    assert open_dialog(log) == {"cseq": 2}


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
    assert open_dialog(b"\n".join(lines)) is None


def test_a_damaged_line_hides_no_dialog():
    assert open_dialog(line("dialog", '{"cseq":1}') + b'\n{"at":1,"v":"dialog" "dialog"') == {"cseq": 1}
