"""How requests are read before anything is touched: calls, times, pages, patches and keys."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callwright.domain.errors import BadInputError, CallwrightError, InvalidAgentError
from callwright.platform.agents.actions.agents import flat_body, not_patched, patch_warnings, patched
from callwright.platform.calls.actions.calls import read_request
from callwright.platform.executions.actions.executions import PageRequest
from callwright.platform.executions.actions.schedule import due_time, moment
from callwright.platform.executions.schemas import ExecutionQuery
from callwright.platform.keys.actions.keys import checksum, digest_of, looks_like_key

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CALL: dict[str, Any] = {"agent_id": "a", "recipient_phone_number": "loopback:demo"}


def test_times_are_read_with_and_without_an_offset() -> None:
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    for text in ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00", "2026-03-01T17:30:00+05:30", " 2026-03-01 12:00 "):
        assert moment(text, "at") == noon
    assert moment("2026-03-01", "at") == datetime(2026, 3, 1, tzinfo=UTC)


def test_a_plus_that_was_not_encoded_in_a_query_is_an_offset_all_the_same() -> None:
    noon = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    for text in ("2026-03-01T12:00:00.000000 00:00", "2026-03-01T17:30:00 05:30", "2026-03-01 17:30 0530"):
        assert moment(text, "at") == noon
    assert due_time("2026-03-01T17:45:00 05:30", NOW, strict=False) == NOW + timedelta(minutes=15)


@pytest.mark.parametrize("given", ["", "soon", 1_700_000_000, None, [], "2026-13-01", "0001-01-01T00:00:00+14:00"])
def test_a_wrong_time_is_named(given: Any) -> None:
    with pytest.raises(BadInputError, match="at must be an ISO 8601 time"):
        moment(given, "at")


@pytest.mark.parametrize(
    ("ahead", "waits"),
    [(timedelta(minutes=-5), False), (timedelta(0), False), (timedelta(seconds=1), True), (timedelta(days=366), True)],
)
def test_a_time_just_passed_means_at_once(ahead: timedelta, waits: bool) -> None:
    at = NOW + ahead
    assert due_time(at.isoformat(), NOW, strict=False) == (at if waits else None)


@pytest.mark.parametrize("ahead", [timedelta(minutes=-5, seconds=-1), timedelta(days=366, seconds=1)])
def test_a_time_long_passed_or_far_away_is_refused(ahead: timedelta) -> None:
    with pytest.raises(BadInputError):
        due_time((NOW + ahead).isoformat(), NOW, strict=False)


def test_strict_times_follow_the_hosted_service() -> None:
    assert due_time((NOW + timedelta(minutes=2)).isoformat(), NOW, strict=True) == NOW + timedelta(minutes=2)
    with pytest.raises(BadInputError, match="atleast 2 minutes"):
        due_time((NOW + timedelta(seconds=119)).isoformat(), NOW, strict=True)
    with pytest.raises(BadInputError, match="30 days"):
        due_time((NOW + timedelta(days=31)).isoformat(), NOW, strict=True)
    with pytest.raises(CallwrightError, match="Internal server error"):
        due_time("2026-03-02T12:00:00Z", NOW, strict=True)
    assert due_time(None, NOW, strict=True) is None


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("text", ["2026-03-02T12:00:00", " 2026-03-02 12:00 "])
def test_a_time_to_call_at_without_an_offset_is_in_utc_unless_strict(text: str, strict: bool) -> None:
    if strict:
        with pytest.raises(BadInputError, match=r"with its offset from UTC, such as .*\+00:00 for UTC") as refused:
            due_time(text, NOW, strict=True)
        assert refused.value.field == "scheduled_at"
    else:
        assert due_time(text, NOW, strict=False) == datetime(2026, 3, 2, 12, tzinfo=UTC)
    given = "2026-03-02T17:30:00+05:30"
    assert due_time(given, NOW, strict=strict) == datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_time_to_call_at_does_not_mean_now(text: str, strict: bool) -> None:
    with pytest.raises(BadInputError, match="scheduled_at must be an ISO 8601 time"):
        due_time(text, NOW, strict=strict)


def test_retries_get_their_defaults() -> None:
    assert "retry_config" not in read_request(CALL, NOW, strict=False).options
    assert read_request({**CALL, "retry_config": {"enabled": "true"}}, NOW, strict=False).options["retry_config"] == {
        "enabled": True,
        "max_retries": 3,
        "retry_on_statuses": ["no-answer", "busy", "failed"],
        "retry_on_voicemail": False,
        "retry_intervals_minutes": [30, 60, 120],
    }
    given = {"retry_on_statuses": [], "retry_intervals_minutes": ["5", 10.0], "max_retries": 1}
    read = read_request({**CALL, "retry_config": given}, NOW, strict=False).options["retry_config"]
    assert (read["retry_on_statuses"], read["retry_intervals_minutes"], read["max_retries"]) == ([], [5, 10], 1)
    with pytest.raises(BadInputError, match="retry_intervals_minutes") as refused:
        read_request({**CALL, "retry_config": {"retry_intervals_minutes": [5, 0]}}, NOW, strict=False)
    assert refused.value.code == "bad_input"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"retry_intervals_minutes": [5, 0]},
            "retry_config.retry_intervals_minutes[1] must be a whole number from 1 to 10080, not 0",
        ),
        (
            {"retry_on_statuses": ["busy", "completed"]},
            'retry_config.retry_on_statuses[1] must be one of no-answer, busy, failed, error, not "completed"',
        ),
        (
            {"retry_on_statuses": ["a secret that strayed"]},
            "retry_config.retry_on_statuses[0] must be one of no-answer, busy, failed, error, not a string of 21 characters",
        ),
    ],
)
def test_a_refused_retry_config_names_the_item(given: dict[str, object], told: str) -> None:
    with pytest.raises(BadInputError) as refused:
        read_request({**CALL, "retry_config": given}, NOW, strict=False)
    assert str(refused.value) == told


def test_custom_headers_of_a_call_are_kept_or_refused_at_the_door() -> None:
    wire = {**CALL, "sip_headers": {"X-Campaign": "spring-8"}}
    assert read_request(wire, NOW, strict=False).options == {"sip_headers": {"X-Campaign": "spring-8"}}
    with pytest.raises(BadInputError, match="begin with X-"):
        read_request({**CALL, "sip_headers": {"Via": "here"}}, NOW, strict=False)
    wire = {**CALL, "sip_headers": {"P-Charge-Info": "<sip:+19998887777@x.example>"}}
    with pytest.raises(BadInputError, match="P-Charge-Info cannot be set"):
        read_request(wire, NOW, strict=False)
    allowed = read_request(wire, NOW, strict=False, sip_headers=["P-Charge-Info"])
    assert allowed.options == {"sip_headers": wire["sip_headers"]}


def test_options_of_a_call_are_kept_only_when_they_say_something() -> None:
    assert read_request({**CALL, "bypass_call_guardrails": False, "agent_data": {}}, NOW, strict=False).options == {}
    wire = {**CALL, "bypass_call_guardrails": True, "agent_data": {"voice_id": "v", "x": 1}, "user_data": None}
    request = read_request(wire, NOW, strict=False)
    assert request.options == {"bypass_call_guardrails": True, "agent_data": {"voice_id": "v"}}
    assert request.user_data == {}


def test_user_data_is_measured_in_bytes() -> None:
    fits = {"x": "é" * ((25_600 - len('{"x":""}')) // 2)}
    assert read_request({**CALL, "user_data": fits}, NOW, strict=False).user_data == fits
    with pytest.raises(CallwrightError, match="bytes of JSON"):
        read_request({**CALL, "user_data": {"x": fits["x"] + "é"}}, NOW, strict=False)


def page_request(query: dict[str, str], *, strict: bool) -> PageRequest:
    asked = ExecutionQuery.model_validate(query)
    asked.check(strict=strict)
    return asked.page_request


def test_an_empty_query_is_the_first_page_of_everything() -> None:
    wanted = page_request({"page_number": "", "status": " "}, strict=False)
    assert (wanted.number, wanted.size, wanted.narrow.status) == (1, 20, None)
    assert page_request(
        {"page_size": "7", "answered_by_voice_mail": "TRUE"}, strict=False
    ).narrow.answered_by_voice_mail


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("51A0CD9D-6874-4d17-9836-69a5bf0f1d64", "51a0cd9d68744d17983669a5bf0f1d64"),
        ("51a0cd9d68744d17983669a5bf0f1d64", "51a0cd9d68744d17983669a5bf0f1d64"),
        ("not-one", "not-one"),
    ],
)
def test_a_batch_is_named_in_either_form(given: str, found: str) -> None:
    assert page_request({"batch_id": given}, strict=False).narrow.batch_id == found


def test_strict_pages_need_a_week_at_most() -> None:
    week = {"from": "2026-03-01", "to": "2026-03-08"}
    assert page_request(week, strict=True).narrow.created_to == datetime(2026, 3, 8, tzinfo=UTC)
    for query in ({"from": "2026-03-01"}, {}, {"from": "2026-03-01", "to": "2026-03-08T00:00:01"}):
        with pytest.raises(BadInputError):
            page_request(query, strict=True)
        assert page_request(query, strict=False)


def test_the_envelope_becomes_one_flat_body_without_read_only_keys() -> None:
    wire = {
        "agent_config": {"agent_name": "x", "id": "1", "created_at": "then", "extra": 1, "agent_status": "seeding"},
        "agent_prompts": {"task_1": {}},
        "beside": 2,
    }
    assert flat_body(wire) == {"agent_name": "x", "extra": 1, "agent_prompts": {"task_1": {}}, "beside": 2}
    with pytest.raises(InvalidAgentError, match="agent_config is required"):
        flat_body({"agent_name": "x", "tasks": []})
    assert flat_body({"agent_name": "x", "tasks": [], "id": "1"}, allow_flat=True) == {"agent_name": "x", "tasks": []}
    with pytest.raises(InvalidAgentError, match="must be an object"):
        flat_body({"agent_config": []})


def test_a_patch_reaches_only_the_conversation() -> None:
    body: dict[str, Any] = {
        "tasks": [{"task_type": "summarization"}, {"tools_config": {"api_tools": 1}}, "odd"],
        "agent_prompts": None,
    }
    changed = patched(body, {"agent_config": {"telephony_provider": "twilio"}, "agent_prompts": {"task_1": "p"}})
    cleared = patched(changed, {"agent_config": {"telephony_provider": None}})
    assert "twilio" not in str(cleared)
    side = {"provider": "twilio", "format": "wav"}
    assert changed["tasks"] == [
        {"task_type": "summarization"},
        {"tools_config": {"api_tools": 1, "input": side, "output": side}},
        "odd",
    ]
    assert changed["agent_prompts"] == {"task_1": "p"}
    assert body["tasks"][0] == {"task_type": "summarization"}
    assert patched(body, {}) == body
    with pytest.raises(InvalidAgentError, match="agent_prompts must be an object"):
        patched(body, {"agent_prompts": []})


def test_a_patch_merges_tasks_unless_strict() -> None:
    body: dict[str, Any] = {
        "tasks": [{"task_config": {"call_terminate": 90, "voicemail": True}}, {"task_type": "extraction"}]
    }
    wire: dict[str, Any] = {
        "agent_config": {
            "tasks": [{"task_config": {"voicemail": None}}],
            "synthesizer": {"provider": "polly"},
            "colour": "blue",
        },
        "agent_name": "beside",
    }
    changed = patched(body, wire)
    assert changed["tasks"] == [
        {"task_config": {"call_terminate": 90}, "tools_config": {"synthesizer": {"provider": "polly"}}},
        {"task_type": "extraction"},
    ]
    assert body["tasks"][0] == {"task_config": {"call_terminate": 90, "voicemail": True}}
    assert not_patched(wire, strict=False) == ["agent_name", "agent_config.colour"]
    assert patched(body, wire, strict=True)["tasks"][0]["task_config"] == {"call_terminate": 90, "voicemail": True}
    assert not_patched(wire, strict=True) == ["agent_name", "agent_config.tasks", "agent_config.colour"]
    assert not_patched({"agent_prompts": {}, "agent_config": None}, strict=True) == []


@pytest.mark.parametrize(
    ("wire", "path", "remedy"),
    [
        ({"task_config": {"patience": 1500}}, "task_config", "Move it to agent_config.tasks[0]."),
        ({"patience": 1500}, "patience", "Move it to task_config."),
        ({"agent_name": "Ada"}, "agent_name", "Move it to agent_config."),
        ({"agent_config": {"patience": 1500}}, "agent_config.patience", "Move it to task_config."),
        ({"agent_config": {"agent_prompts": {}}}, "agent_config.agent_prompts", "Move it beside agent_config."),
        ({"agent_config": {"agent_type": "other"}}, "agent_config.agent_type", "Replace the agent with PUT."),
        ({"agent_config": {"webhok_url": "x"}}, "agent_config.webhok_url", "Write webhook_url."),
    ],
)
def test_what_a_patch_ignores_is_warned_of_with_its_place(wire: dict[str, Any], path: str, remedy: str) -> None:
    (warning,) = patch_warnings(wire, not_patched(wire, strict=False))
    assert (warning.path, warning.remedy) == (path, remedy)


def test_a_patch_that_is_applied_and_read_only_keys_give_no_warning() -> None:
    wire = {"id": "x", "agent_config": {"agent_name": "Ada"}, "agent_prompts": {}}
    assert patch_warnings(wire, not_patched(wire, strict=False)) == []


def test_a_key_carries_its_checksum() -> None:
    digits = "0123456789abcdef0123456789abcdef01234567"
    key = f"bn-{digits}{checksum(digits)}"
    assert looks_like_key(key)
    assert not looks_like_key(key[:-1] + ("0" if key[-1] != "0" else "1"))
    assert not looks_like_key(key.replace("bn-", "sa-"))
    assert not looks_like_key("bn-")


def test_the_hash_of_a_key_depends_on_the_servers_secret() -> None:
    assert digest_of("bn-1", b"a" * 32) != digest_of("bn-1", b"b" * 32)
    assert len(digest_of("bn-1", b"a" * 32)) == 32
