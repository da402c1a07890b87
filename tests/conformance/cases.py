"""What each operation of the contract is asked: valid, invalid and at its limits, in an order in which what is needed exists.

Requests without a key, with a wrong one, for objects that do not exist and with bodies that are no JSON are sent to every operation besides
(``judged``).
"""

from __future__ import annotations

import copy
import io
import json
import math
import struct
import wave
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conformance.judged import Case, Known

from callwright.domain.limits import MAX_NAME_CHARACTERS

AGENT: dict[str, Any] = {
    "agent_config": {
        "agent_name": "Clinic reminder",
        "agent_welcome_message": "Hello {customer_name}.",
        "webhook_url": None,
        "agent_type": "other",
        "tasks": [
            {
                "task_type": "conversation",
                "toolchain": {"execution": "parallel", "pipelines": [["transcriber", "llm", "synthesizer"]]},
                "tools_config": {
                    "llm_agent": {
                        "agent_type": "simple_llm_agent",
                        "agent_flow_type": "streaming",
                        "llm_config": {"provider": "openai", "model": "gpt-4.1-mini", "max_tokens": 100},
                    },
                    "transcriber": {"provider": "deepgram", "model": "nova-3", "language": "en"},
                    "synthesizer": {
                        "provider": "elevenlabs",
                        "provider_config": {"voice": "Nila", "voice_id": "V9LCAAi4tTlqe9JadbCo"},
                    },
                    "input": {"provider": "twilio", "format": "wav"},
                    "output": {"provider": "twilio", "format": "wav"},
                },
                "task_config": {"hangup_after_silence": 10, "call_terminate": 90},
            }
        ],
    },
    "agent_prompts": {"task_1": {"system_prompt": "Confirm the appointment."}},
}


def _tone() -> bytes:
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8_000)
        file.writeframes(b"".join(struct.pack("<h", round(8_000 * math.sin(n / 8))) for n in range(8_000)))
    return kept.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
WAV = _tone()
"""A second of a tone."""


def body(value: Any) -> Callable[[Known], Mapping[str, Any]]:
    """A JSON body; texts of the form ``<name>`` are what is known under that name."""
    return lambda known: {"json": _filled(value, known)}


def query(**values: Any) -> Callable[[Known], Mapping[str, Any]]:
    """A query, filled in the same way."""
    return lambda known: {"params": {name.rstrip("_"): _filled(value, known) for name, value in values.items()}}


def form(files: Mapping[str, Any] | None = None, **values: Any) -> Callable[[Known], Mapping[str, Any]]:
    """A multipart form."""
    return lambda known: {"data": _filled(values, known), "files": files or {"nothing": ("", b"")}}


@dataclass(frozen=True, slots=True)
class Ahead:
    """A time in a request. These cases are made when the module is imported; a busy machine asks them minutes later."""

    ahead: timedelta
    offset: str

    def __str__(self) -> str:
        return (datetime.now(UTC) + self.ahead).replace(tzinfo=None).isoformat(timespec="seconds") + self.offset


def _filled(value: Any, known: Known) -> Any:
    if isinstance(value, Ahead):
        return str(value)
    if isinstance(value, str) and value.startswith("<") and value.endswith(">"):
        return known[value[1:-1]]
    if isinstance(value, dict):
        return {name: _filled(one, known) for name, one in value.items()}
    if isinstance(value, list):
        return [_filled(one, known) for one in value]
    return value


def agent(**config: Any) -> dict[str, Any]:
    """The agent with other settings."""
    changed = copy.deepcopy(AGENT)
    changed["agent_config"].update(config)
    return changed


def at(**ahead: float) -> Ahead:
    """A time from then on when the request is made, with an offset."""
    return Ahead(timedelta(**ahead), offset="+00:00")


WEEK = {"from_": at(days=-6), "to": at(hours=1)}
"""What the strict setting wants with a list of executions. The older list has no parameters."""


def of_agents(door: str, created: int) -> list[Case]:
    """The agents of one door. ``agent_id`` is known afterwards."""
    one, path = f"{door}/{{agent_id}}", f"POST {door}"
    wrong_pipelines = agent()
    wrong_pipelines["agent_config"]["tasks"][0]["toolchain"]["pipelines"] = ["llm"]
    return [
        Case(path, "an agent", (created,), body(AGENT), keep={"agent_id": "agent_id"}),
        Case(path, "an agent with unknown keys", (created,), body(agent(colour={"of": 1})), keep={"spare": "agent_id"}),
        Case(path, "the longest name", (created,), body(agent(agent_name="x" * MAX_NAME_CHARACTERS))),
        Case(path, "a name one longer", (400,), body(agent(agent_name="x" * (MAX_NAME_CHARACTERS + 1)))),
        Case(path, "without agent_config", (400,), body({}), then=says("agent_config is required")),
        Case(
            path, "without tasks", (400,), body({"agent_config": {"agent_name": "A"}}), then=says("tasks is required")
        ),
        Case(
            path,
            "odd pipelines",
            (400,),
            body(wrong_pipelines),
            then=says("toolchain.pipelines must be array of arrays"),
        ),
        Case(f"GET {door}/all", "all", (200,), then=lambda found: "" if len(found) >= 3 else "not all agents"),
        Case(f"GET {one}", "one", (200,), then=has(agent_name="Clinic reminder")),
        Case(f"PUT {one}", "another", (200,), body(agent(agent_name="Renamed"))),
        Case(f"PUT {one}", "without agent_config", (400,), body({})),
        Case(f"PATCH {one}", "a name", (200,), body({"agent_config": {"agent_name": "Patched"}})),
        Case(f"PATCH {one}", "an unknown key", (200,), body({"agent_config": {"colour": 1}})),
        Case(f"PATCH {one}", "a wrong name", (400,), body({"agent_config": {"agent_name": ""}})),
        Case(f"GET {one}/executions", "none yet", (200,), query(**(WEEK if door == "/v2/agent" else {}))),
    ]


def says(words: str) -> Callable[[Any], str]:
    """The error has the contract's own words."""
    return lambda found: "" if words in str(found.get("message")) else f"it says {found.get('message')!r}"


def has(**wanted: Any) -> Callable[[Any], str]:
    """The answer has these values."""
    return lambda found: "; ".join(
        f"{name} is {found.get(name)!r}" for name, value in wanted.items() if found.get(name) != value
    )


CALLS = [
    Case(
        "POST /call",
        "a call",
        (200,),
        body(
            {
                "agent_id": "<agent_id>",
                "recipient_phone_number": "loopback:demo",
                "user_data": {"a": "b"},
                "scheduled_at": at(hours=2),
            }
        ),
        keep={"execution_id": "execution_id"},
    ),
    Case(
        "POST /call",
        "without an agent",
        (400,),
        body({"recipient_phone_number": "+15550100"}),
        then=says("agent_id is required"),
    ),
    Case(
        "POST /call",
        "without a number",
        (400,),
        body({"agent_id": "<agent_id>"}),
        then=says("recipient_phone_number is required"),
    ),
    Case("POST /call", "no number at all", (400,), body({"agent_id": "<agent_id>", "recipient_phone_number": "12"})),
    Case(
        "POST /call",
        "an unknown agent",
        (404,),
        body({"agent_id": "00000000-0000-4000-8000-00000000dead", "recipient_phone_number": "loopback:demo"}),
    ),
    Case(
        "POST /call",
        "in the past",
        (400,),
        body(
            {
                "agent_id": "<agent_id>",
                "recipient_phone_number": "loopback:demo",
                "scheduled_at": "2020-01-01T00:00:00+00:00",
            }
        ),
    ),
    Case(
        "POST /call",
        "the most retries",
        (200,),
        body(
            {
                "agent_id": "<agent_id>",
                "recipient_phone_number": "loopback:demo",
                "scheduled_at": at(hours=2),
                "retry_config": {"enabled": True, "max_retries": 3},
            }
        ),
        keep={"stoppable": "execution_id"},
    ),
    Case(
        "POST /call",
        "a retry more",
        (400,),
        body(
            {
                "agent_id": "<agent_id>",
                "recipient_phone_number": "loopback:demo",
                "retry_config": {"enabled": True, "max_retries": 4},
            }
        ),
    ),
    Case(
        "POST /call/{execution_id}/stop",
        "a scheduled call",
        (200,),
        path="/call/{stoppable}/stop",
        then=has(status="stopped"),
    ),
    Case("POST /call/{execution_id}/stop", "a stopped call", (400,), path="/call/{stoppable}/stop"),
    Case(
        "POST /v1/call/{run_id}/events",
        "a call in progress",
        (202,),
        body({"event": "paid", "properties": {"ref": "T"}}),
        path="/v1/call/{live_call}/events",
        then=has(status="accepted", event="paid"),
    ),
    Case(
        "POST /v1/call/{run_id}/events",
        "a call that waits",
        (404,),
        body({"event": "paid"}),
        path="/v1/call/{execution_id}/events",
        then=has(detail="No active call found for this run_id"),
    ),
    Case("POST /v1/call/{run_id}/events", "without a name", (400,), body({}), path="/v1/call/{live_call}/events"),
    Case("GET /executions/{execution_id}", "a call that waits", (200,), then=has(status="scheduled")),
    Case("GET /executions/{execution_id}", "a call that is over", (200,), path="/executions/{ended_call}"),
    Case("GET /executions/{execution_id}/log", "a call that waits", (200,), then=has(status="success", data=[])),
    Case("GET /executions/{execution_id}/log", "a call that is over", (200,), path="/executions/{ended_call}/log"),
    Case("GET /recordings/call/{execution_id}", "a call that is over", (302,), path="/recordings/call/{ended_call}"),
    Case("GET /recordings/call/{execution_id}", "a call that waits", (404,)),
    Case(
        "GET /recordings/transfer/{execution_id}",
        "a transferred call",
        (302,),
        path="/recordings/transfer/{ended_call}",
    ),
    Case("GET /recordings/transfer/{execution_id}", "a call that waits", (404,)),
    Case(
        "GET /v2/agent/{agent_id}/executions",
        "a page",
        (200,),
        query(page_number=1, page_size=1, **WEEK),
        then=has(page_number=1, page_size=1),
    ),
    Case(
        "GET /v2/agent/{agent_id}/executions",
        "the largest page",
        (200,),
        query(page_size=50, **WEEK),
        then=has(page_size=50),
    ),
    Case(
        "GET /v2/agent/{agent_id}/executions",
        "a larger page",
        (200,),
        query(page_size=51, **WEEK),
        then=has(page_size=50),
    ),
    Case("GET /v2/agent/{agent_id}/executions", "page 0", (400,), query(page_number=0, **WEEK)),
    Case(
        "GET /v2/agent/{agent_id}/executions",
        "every filter",
        (200,),
        query(
            status="scheduled",
            call_type="outbound",
            provider="twilio",
            answered_by_voice_mail="false",
            batch_id="0" * 32,
            from_="2026-01-01T00:00:00Z",
            to="2026-01-08T00:00:00Z",
        ),
    ),
    Case("GET /v2/agent/{agent_id}/executions", "an unknown status", (400,), query(status="asleep", **WEEK)),
    Case("GET /agent/{agent_id}/executions", "a bare array", (200,)),
    Case("GET /agent/{agent_id}/execution/{execution_id}", "one", (200,)),
    Case(
        "GET /agent/{agent_id}/execution/{execution_id}",
        "of another agent",
        (404,),
        path="/agent/{spare}/execution/{execution_id}",
    ),
    Case(
        "POST /v2/agent/{agent_id}/stop",
        "waiting calls",
        (200,),
        path="/v2/agent/{spare}/stop",
        then=has(stopped_executions=[]),
    ),
    Case("DELETE /v2/agent/{agent_id}", "an agent", (200,), path="/v2/agent/{spare}", then=has(state="deleted")),
    Case("DELETE /v2/agent/{agent_id}", "a deleted agent", (404,), path="/v2/agent/{spare}"),
]

CSV = b"contact_number,name\n+15550101,Ann\n+15550102,Ben\n12,Nobody\n"
BATCHES = [
    Case(
        "POST /batches",
        "a list",
        (201,),
        form({"file": ("list.csv", CSV)}, agent_id="<agent_id>", retry_config=json.dumps({"enabled": True})),
        keep={"batch_id": "batch_id"},
    ),
    Case("POST /batches", "without a file", (400,), form(agent_id="<agent_id>")),
    Case("POST /batches", "without an agent", (400,), form({"file": ("list.csv", CSV)})),
    Case(
        "POST /batches",
        "without the column",
        (400,),
        form({"file": ("list.csv", b"name\nAnn\n")}, agent_id="<agent_id>"),
    ),
    Case("GET /batches/{batch_id}", "one", (200,)),
    Case("GET /batches/{agent_id}/all", "all", (200,), then=lambda found: "" if found else "no batches"),
    Case("GET /batches/{batch_id}/executions", "its rows", (200,)),
    Case("POST /batches/{batch_id}/schedule", "without a time", (400,), form()),
    Case("POST /batches/{batch_id}/schedule", "in the past", (400,), form(scheduled_at="2020-01-01T00:00:00+00:00")),
    Case("POST /batches/{batch_id}/schedule", "later", (200,), form(scheduled_at=at(hours=3))),
    Case(
        "POST /batches/{batch_id}/stop",
        "a running batch",
        (200,),
        path="/batches/{running_batch}/stop",
        then=has(message="success", state="stopped"),
    ),
    Case(
        "POST /batches/{batch_id}/stop",
        "a stopped batch",
        (404,),
        path="/batches/{running_batch}/stop",
        then=says("Batch is not queued or running"),
    ),
    Case("DELETE /batches/{batch_id}", "one", (200,), then=has(state="deleted")),
    Case("DELETE /batches/{batch_id}", "a deleted one", (404,)),
]

TRUNK = {
    "name": "Line one",
    "provider": "custom",
    "auth_type": "userpass",
    "auth_username": "u",
    "auth_password": "secret-p",
    "gateways": [{"gateway_address": "192.0.2.10", "port": 5060, "priority": 1}],
    "phone_numbers": [{"phone_number": "+15550188", "name": "desk"}],
}
MENU = {"enabled": True, "steps": [{"step_id": "a", "type": "collect", "prompt": "Number?", "num_digits": 4}]}
WITH_MENU = {"agent_id": "<agent_id>", "phone_number_id": "<phone_number_id>", "ivr_config": MENU}
NUMBERS = [
    Case(
        "POST /sip-trunks/trunks",
        "a trunk",
        (201,),
        body(TRUNK),
        keep={"trunk_id": "id"},
        then=lambda found: "the password is shown" if "secret-p" in str(found) else "",
    ),
    Case("POST /sip-trunks/trunks", "the same name", (400, 409, 422), body(TRUNK)),
    Case("POST /sip-trunks/trunks", "without gateways", (400, 422), body({**TRUNK, "name": "Two", "gateways": []})),
    Case(
        "POST /sip-trunks/trunks",
        "encryption without TLS",
        (422,),
        body({**TRUNK, "name": "Three", "phone_numbers": [], "media_encryption": "sdes"}),
    ),
    Case("GET /sip-trunks/trunks", "all", (200,)),
    Case("GET /sip-trunks/trunks", "the active ones", (200,), query(is_active="true")),
    Case("GET /sip-trunks/trunks/{trunk_id}", "one", (200,)),
    Case("PATCH /sip-trunks/trunks/{trunk_id}", "a name", (200,), body({"name": "Line 1"}), then=has(name="Line 1")),
    Case("PATCH /sip-trunks/trunks/{trunk_id}", "encryption without TLS", (422,), body({"media_encryption": "sdes"})),
    Case(
        "POST /sip-trunks/trunks/{trunk_id}/numbers",
        "a number",
        (201,),
        body({"phone_number": "+15550189"}),
        keep={"phone_number_id": "id"},
    ),
    Case("POST /sip-trunks/trunks/{trunk_id}/numbers", "no number", (400, 422), body({})),
    Case(
        "GET /sip-trunks/trunks/{trunk_id}/numbers",
        "all",
        (200,),
        then=lambda found: "" if len(found) == 2 else f"{len(found)} numbers",
    ),
    Case(
        "PATCH /v2/agent/{agent_id}", "on a trunk", (200,), body({"agent_config": {"telephony_provider": "sip-trunk"}})
    ),
    Case(
        "POST /inbound/setup",
        "a trunk's number",
        (200,),
        body({"agent_id": "<agent_id>", "phone_number_id": "<phone_number_id>"}),
    ),
    Case("POST /inbound/setup", "a menu", (200,), body(WITH_MENU), strict=False),
    Case(
        "POST /inbound/setup", "a menu on another carrier than the hosted one's", (400,), body(WITH_MENU), strict=True
    ),
    Case("POST /inbound/setup", "without a number", (400,), body({"agent_id": "<agent_id>"})),
    Case("POST /inbound/unlink", "it", (200,), body({"phone_number_id": "<phone_number_id>"})),
    Case("POST /inbound/unlink", "without a number", (400,), body({})),
    Case("GET /phone-numbers/all", "all", (200,)),
    Case("GET /phone-numbers/search", "without a country", (400,), query()),
    Case("GET /phone-numbers/search", "in a country", (200, 400), query(country="US")),
    Case("POST /phone-numbers/buy", "without a number", (400,), body({"country": "US"})),
    Case("POST /phone-numbers/buy", "a number", (200, 400), body({"country": "US", "phone_number": "+15550190"})),
    Case(
        "DELETE /sip-trunks/trunks/{trunk_id}/numbers/{phone_number_id}",
        "a number",
        (200,),
        then=has(message="Phone number removed successfully"),
    ),
    Case("DELETE /sip-trunks/trunks/{trunk_id}", "a trunk", (200,)),
    Case("DELETE /phone-numbers/{phone_number_id}", "a removed number", (200, 404)),
]

CATALOGUE = [
    Case(
        "POST /providers",
        "a key",
        (200,),
        body({"provider_name": "OPENAI", "provider_value": "sk-conformance-az"}),
        then=has(message="successful", status="added"),
    ),
    Case("POST /providers", "without a value", (400,), body({"provider_name": "OPENAI"})),
    Case(
        "GET /providers",
        "masked",
        (200,),
        then=lambda found: "the key is shown" if "sk-conformance" in str(found) else "",
    ),
    Case(
        "DELETE /providers/{provider_key_name}",
        "a key",
        (200,),
        path="/providers/OPENAI",
        then=has(message="successful", status="removed"),
    ),
    Case("DELETE /providers/{provider_key_name}", "a removed key", (404,), path="/providers/OPENAI"),
    Case("GET /me/voices", "all", (200,)),
    Case(
        "GET /api/v1/voice-config/tts",
        "all",
        (200,),
        keep={"provider_id": "providers.0.id", "model_id": "providers.0.models.0.id"},
    ),
    Case("GET /api/v1/voice-config/tts", "of a language", (200,), query(language="en")),
    Case(
        "GET /api/v1/voice-config/tts/voices",
        "of a model",
        (200,),
        query(provider_id="<provider_id>", model_id="<model_id>"),
    ),
    Case("GET /api/v1/voice-config/tts/voices", "of nothing", (400,)),
    Case("GET /user/me", "me", (200,)),
    Case(
        "POST /user/model/custom",
        "a model",
        (200,),
        body({"custom_model_name": "mine", "custom_model_url": "https://models.example.org/v1"}),
        then=has(status="added"),
    ),
    Case("POST /user/model/custom", "without an address", (400,), body({"custom_model_name": "mine"})),
    Case("GET /user/model/all", "all", (200,)),
    Case(
        "POST /knowledgebase",
        "a file",
        (200,),
        form({"file": ("facts.pdf", PDF, "application/pdf")}),
        keep={"rag_id": "rag_id"},
    ),
    Case("POST /knowledgebase", "nothing", (400,), form(chunk_size="512")),
    Case(
        "POST /knowledgebase",
        "pieces of no size",
        (400,),
        form({"file": ("facts.pdf", PDF, "application/pdf")}, chunk_size="0"),
    ),
    Case("GET /knowledgebase/all", "all", (200,), then=lambda found: "" if found else "none"),
    Case("GET /knowledgebase/{rag_id}", "one", (200,)),
    Case("DELETE /knowledgebase/{rag_id}", "one", (200,), then=has(state="deleted")),
    Case("GET /violations/list", "all", (200,)),
    Case("GET /violations/list", "the pending ones", (200,), query(status="pending", page_size=1)),
    Case("GET /violations/list", "an unknown status", (400,), query(status="asleep")),
    Case(
        "POST /violations/submit",
        "a proof",
        (200,),
        form({"violation_file": ("proof.png", b"\x89PNG\r\n\x1a\n" + bytes(32))}, violation_id="<violation_id>"),
    ),
    Case("POST /violations/submit", "without a file", (400,), form(violation_id="<violation_id>")),
    Case(
        "GET /ambient-sounds",
        "all",
        (200,),
        then=lambda found: (
            ""
            if {one["id"] for one in found} >= {"coffee-shop", "office-ambience", "call-center"}
            else "presets are missing"
        ),
    ),
    Case(
        "POST /ambient-sounds/custom",
        "a sound",
        (200, 201),
        form({"file": ("rain.wav", WAV, "audio/wav")}, name="Rain"),
        keep={"sound_id": "id"},
    ),
    Case("POST /ambient-sounds/custom", "no sound", (400,), form({"file": ("rain.wav", b"no sound", "audio/wav")})),
    Case("DELETE /ambient-sounds/{sound_id}", "a sound", (200,), then=has(state="deleted")),
]

SUB_ACCOUNTS = [
    Case(
        "POST /sub-accounts/create",
        "an account",
        (200,),
        body({"name": "Branch", "min_concurrency": 0, "max_concurrency": 1}),
        keep={"sub_account_id": "id"},
    ),
    Case("POST /sub-accounts/create", "without numbers", (400,), body({"name": "Branch two"})),
    Case(
        "POST /sub-accounts/create",
        "more than there is",
        (400,),
        body({"name": "Branch three", "min_concurrency": 100_000}),
    ),
    Case("GET /sub-accounts/all", "all", (200,), then=lambda found: "" if found else "none"),
    Case(
        "PATCH /sub-accounts/{sub_account_id}",
        "paused",
        (200,),
        body({"max_concurrency": 0}),
        then=has(message="success", state="updated"),
    ),
    Case("PATCH /sub-accounts/{sub_account_id}", "nothing", (400,), body({}), then=has(status="failure")),
    Case("GET /sub-accounts/{sub_account_id}/usage", "this month", (200,)),
    Case(
        "GET /sub-accounts/{sub_account_id}/usage",
        "32 days",
        (200,),
        query(from_="2026-01-01T00:00:00Z", to="2026-02-01T00:00:00Z"),
    ),
    Case(
        "GET /sub-accounts/{sub_account_id}/usage",
        "a year",
        (400,),
        query(from_="2025-01-01T00:00:00Z", to="2026-01-01T00:00:00Z"),
    ),
    Case("GET /sub-accounts/all/usage", "this month", (200,)),
    Case("DELETE /sub-accounts/{sub_account_id}", "an account", (200,), then=has(message="success", state="deleted")),
    Case("DELETE /sub-accounts/{sub_account_id}", "a deleted one", (404,)),
]

DISPOSITION = {
    "name": "Confirmed",
    "question": "Did they confirm?",
    "is_objective": True,
    "objective_options": [{"value": "yes", "condition": "They did"}],
}
TEMPLATE = {"name": "Contact", "json_schema": {"name": "the caller's name"}}
DISPOSITIONS = [
    Case(
        "POST /dispositions",
        "a disposition",
        (201,),
        body({**DISPOSITION, "agent_id": "<agent_id>"}),
        keep={"disposition_id": "id"},
    ),
    Case(
        "POST /dispositions",
        "neither kind",
        (422,),
        body({**DISPOSITION, "is_objective": False, "agent_id": "<agent_id>"}),
    ),
    Case(
        "POST /dispositions",
        "without options",
        (422,),
        body({**DISPOSITION, "objective_options": [], "agent_id": "<agent_id>"}),
    ),
    Case(
        "POST /dispositions/bulk",
        "two",
        (201,),
        body({"agent_id": "<agent_id>", "dispositions": [{**DISPOSITION, "name": "A"}, {**DISPOSITION, "name": "B"}]}),
        then=lambda found: "" if len(found["ids"]) == 2 else "not two ids",
    ),
    Case("POST /dispositions/bulk", "none", (422,), body({"agent_id": "<agent_id>", "dispositions": []})),
    Case("GET /dispositions", "all", (200,), then=lambda found: "" if len(found) >= 3 else "not all"),
    Case("GET /dispositions", "of the agent", (200,), query(agent_id="<agent_id>")),
    Case("GET /dispositions/{disposition_id}", "one", (200,)),
    Case("PUT /dispositions/{disposition_id}", "a question", (200,), body({"question": "Really?"})),
    Case(
        "PUT /dispositions/{disposition_id}",
        "neither kind",
        (400, 422),
        body({"is_objective": False, "is_subjective": False}),
    ),
    Case("POST /v2/agent/{agent_id}/dispositions/test", "a transcript", (200,), body({"transcript": "user: yes"})),
    Case("POST /v2/agent/{agent_id}/dispositions/test", "no transcript", (400, 422), body({})),
    Case("DELETE /dispositions/{disposition_id}", "one", (200,)),
    Case("DELETE /dispositions/{disposition_id}", "a deleted one", (404,)),
    Case("POST /extractions", "a template", (201,), body(TEMPLATE), keep={"template_id": "data.id"}),
    Case("POST /extractions", "without a schema", (400, 422), body({"name": "Contact"})),
    Case("GET /extractions", "all", (200,)),
    Case("GET /extractions/{template_id}", "one", (200,)),
    Case("PUT /extractions/{template_id}", "a name", (200,), body({**TEMPLATE, "name": "Other"})),
    Case("DELETE /extractions/{template_id}", "one", (200,), then=has(message="Template deleted successfully")),
]


LIST, PLACE, SCHEDULE = "GET /v2/agent/{agent_id}/executions", "POST /call", "POST /batches/{batch_id}/schedule"
TOO_SOON = "Scheduled time should be atleast 2 minutes in the future"


def z(**ahead: float) -> Ahead:
    """A time from then on when the request is made, with a Z."""
    return Ahead(timedelta(**ahead), offset="Z")


def naive(**ahead: float) -> Ahead:
    """A time from then on when the request is made, without an offset."""
    return Ahead(timedelta(**ahead), offset="")


def by_mode(operation: str, what: str, hosted: int, request: Any, path: str = "", message: str = "") -> list[Case]:
    """What the hosted service refuses and we do not, unless strict; in which words."""
    return [
        Case(operation, what, (200,), request, path, strict=False),
        Case(operation, what, (hosted,), request, path, then=says(message) if message else None, strict=True),
    ]


def to_call(scheduled_at: Ahead) -> Callable[[Known], Mapping[str, Any]]:
    """A call that waits."""
    return body({"agent_id": "<agent_id>", "recipient_phone_number": "loopback:x", "scheduled_at": scheduled_at})


def names_ten_minutes(found: Any) -> str:
    """The start of a batch is at one of the marks."""
    moment = datetime.fromisoformat(str(found["state"]).removeprefix("scheduled at "))
    return "" if moment.minute % 10 == moment.second == moment.microsecond == 0 else f"it says {found['state']}"


HOSTED_LIMITS = [
    *by_mode(LIST, "without dates", 400, query()),
    *by_mode(LIST, "eight days", 400, query(from_=at(days=-8), to=at())),
    Case(LIST, "seven days", (200,), query(from_="2026-01-01T00:00:00Z", to="2026-01-08T00:00:00Z")),
    *by_mode(PLACE, "in a minute", 400, to_call(at(minutes=1)), message=TOO_SOON),
    *by_mode(PLACE, "in 31 days", 400, to_call(at(days=31))),
    *by_mode(PLACE, "at a time without an offset", 400, to_call(naive(hours=1))),
    Case(
        PLACE,
        "at an empty time",
        (400,),
        body({"agent_id": "<agent_id>", "recipient_phone_number": "loopback:x", "scheduled_at": ""}),
    ),
    *by_mode(PLACE, "with a Z", 500, to_call(z(hours=1)), message="Internal server error"),
    *by_mode("POST /call/{execution_id}/stop", "a live call", 400, lambda _: {}, path="/call/{live_call}/stop"),
    Case(
        "POST /batches",
        "a list to schedule",
        (201,),
        form({"file": ("list.csv", CSV)}, agent_id="<agent_id>"),
        keep={"later_batch": "batch_id"},
    ),
    *by_mode(SCHEDULE, "without an offset", 400, form(scheduled_at=naive(hours=1)), "/batches/{later_batch}/schedule"),
    *by_mode(SCHEDULE, "in 31 days", 400, form(scheduled_at=at(days=31)), path="/batches/{later_batch}/schedule"),
    *by_mode(
        SCHEDULE, "in a minute", 400, form(scheduled_at=at(minutes=1)), "/batches/{later_batch}/schedule", TOO_SOON
    ),
    *by_mode(
        SCHEDULE,
        "with a Z",
        500,
        form(scheduled_at=z(hours=1)),
        "/batches/{later_batch}/schedule",
        "Internal server error",
    ),
    Case(
        SCHEDULE,
        "between two marks",
        (200,),
        form(scheduled_at=at(hours=3, minutes=1)),
        path="/batches/{later_batch}/schedule",
        then=names_ten_minutes,
        strict=True,
    ),
    *by_mode(
        "POST /batches/{batch_id}/stop",
        "a scheduled batch",
        404,
        lambda _: {},
        "/batches/{later_batch}/stop",
        "Batch is not queued or running",
    ),
]


def all_cases(*, strict: bool = False) -> list[Case]:
    """Every case for a server with the strict setting, or without it, in order: older agents first, so that what follows belongs to one of
    the present door; then calls, while one goes on."""
    cases = [
        *of_agents("/agent", 200),
        *of_agents("/v2/agent", 201),
        *CALLS,
        *CATALOGUE,
        *DISPOSITIONS,
        *SUB_ACCOUNTS,
        *BATCHES,
        *HOSTED_LIMITS,
        *NUMBERS,
    ]
    return [case for case in cases if case.strict in (None, strict)]
