"""Whether a call ran in a sandbox: in its record, on the wire and in a terminal."""

from __future__ import annotations

from tests.unit.insight.call_log import CallLog

from callwright.insight.provision import STAND_IN, provision_of, provision_text, shown_provision, stand_ins_in_call

MODEL = {
    "leg": "model",
    "wanted": "openai",
    "used": "local",
    "reason": "the model 'openai' has no key",
    "remedy": "POST /providers",
}
VOICE = {
    "leg": "voice",
    "wanted": "hi",
    "used": "en",
    "reason": "the voice 'local' speaks only en, not 'hi'",
    "remedy": "",
}


LINE = {
    "leg": "line",
    "wanted": "default",
    "used": "loopback",
    "reason": "no phone was rung: a synthetic caller played the call",
    "remedy": "to call phones, connect a carrier",
}


def test_an_execution_without_the_keys_is_of_a_connected_account() -> None:
    assert shown_provision({"turns": []}) == {"sandbox": False, "stand_ins": []}
    assert shown_provision({"sandbox": True, "stand_ins": [MODEL]}) == {"sandbox": True, "stand_ins": [MODEL]}


def test_what_stood_in_after_the_call_comes_after_what_did_in_it_and_once() -> None:
    log = CallLog().fact("core", "sandbox", stand_ins=[LINE]).answered().leg_ended()
    for one in (MODEL, LINE, MODEL):
        log.fact("post", STAND_IN, **one)
    assert provision_of(log.view) == {"sandbox": True, "stand_ins": [LINE, MODEL]}
    assert stand_ins_in_call(log.view) == [LINE]
    assert provision_of(CallLog().fact("post", STAND_IN, **MODEL).view) == {"sandbox": True, "stand_ins": [MODEL]}


def test_a_terminal_shows_each_stand_in_with_its_reason_and_remedy() -> None:
    assert provision_text({"sandbox": False, "stand_ins": []}) == []
    assert provision_text({"sandbox": True, "stand_ins": [LINE, MODEL, VOICE]}) == [
        "sandbox     see docs/reference/compatibility.md",
        "line        no phone was rung: a synthetic caller played the call (to call phones, connect a carrier)",
        "stand-in    model: local for openai, because the model 'openai' has no key (POST /providers)",
        "stand-in    voice: en for hi, because the voice 'local' speaks only en, not 'hi'",
    ]
