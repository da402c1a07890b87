"""What we sign, write and read, judged by the packages that the vendors themselves publish."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from tests import telnyx_vendor, vonage_vendor
from tests.unit.telephony.test_telnyx import Answer

from callwright.domain.limits import MAX_CALL_SECONDS
from callwright.media.g711 import mulaw_of
from callwright.net.client import GuardedClient
from callwright.ops.clock import SystemClock
from callwright.ops.ids import RandomIds
from callwright.platform.provider_keys.rules.access import Access
from callwright.ports.door import DoorAnswer, DoorRequest
from callwright.telephony.media_streams.framing import Framing
from callwright.telephony.media_streams.vendor import Handover, Order
from callwright.telephony.plivo.vendor import FRAMING as PLIVO_FRAMING
from callwright.telephony.plivo.vendor import PlivoCalls
from callwright.telephony.plivo.vendor import signature as plivo_signature
from callwright.telephony.telnyx.vendor import TelnyxCalls
from callwright.telephony.twilio.vendor import TwilioCalls
from callwright.telephony.twilio.vendor import signature as twilio_signature
from callwright.telephony.vobiz import VOBIZ
from callwright.telephony.vonage.vendor import VonageCalls

twilio = pytest.importorskip("twilio", reason="the vendors' packages are missing: make venv")
pytest.importorskip("plivo")
pytest.importorskip("plivo_stream")
pytest.importorskip("vobiz")
pytest.importorskip("vonage_voice")

import jwt  # noqa: E402
from plivo import plivoxml  # noqa: E402
from plivo.utils.signature_v3 import validate_v3_signature as plivo_agrees  # noqa: E402
from plivo_stream import types as plivo_types  # noqa: E402
from requests import Response  # noqa: E402
from requests.adapters import HTTPAdapter  # noqa: E402
from twilio.request_validator import RequestValidator  # noqa: E402
from twilio.twiml.voice_response import Connect, Dial, VoiceResponse  # noqa: E402
from vobiz.rest.client import Client as VobizClient  # noqa: E402
from vobiz.utils.signature_v3 import validate_v3_signature as vobiz_agrees  # noqa: E402
from vonage_jwt import verify_signature  # noqa: E402
from vonage_voice.models import CreateCallRequest, ncco  # noqa: E402

TOKEN, NONCE = "0123456789abcdef0123456789abcdef", "12345678901234567890"
URL = "https://calls.example:8443/lines/x/status?call=e-1.1&token=a%2Bb"
STREAM = "wss://calls.example/lines/x/stream/AbC?k=1&v=2"
NUMBER = Handover(
    "+15550155", "+15550100", 25, "https://a.example/h", "https://a.example/t?x=1&y=2", "https://a.example/r"
)
ADDRESS = Handover("sip:desk@pbx.example", "+15550100", 25, "", "https://a.example/t", "https://a.example/r")
CONFERENCE = replace(NUMBER, target="CA2", conference="0" * 64)
FORMS = st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z_]{0,12}", fullmatch=True), st.text(max_size=30), max_size=6)


class Nobody:
    """An API that is not asked."""

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Any:
        raise AssertionError(url)


class Asked:
    """An API that takes everything, and keeps the headers and the body of the last request. ``taken`` hears of each."""

    headers: Mapping[str, str] = {}
    url = ""
    body = b""
    taken: Callable[[], object] | None = None

    def __init__(self, answer: Answer | None = None) -> None:
        self.answer = answer or Answer(204, b"")

    async def send(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Answer:
        self.headers, self.url, self.body = headers, url, body
        if self.taken is not None:
            self.taken()
        return self.answer


class Adapter(HTTPAdapter):
    """The way of a vendor's client to its API: keeps the last request, and answers with nothing."""

    method = url = ""
    body: Any = b""

    def send(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        self.method, self.url, self.body = request.method, request.url, request.body
        answer = Response()
        answer.status_code, answer.url, answer.raw = 200, request.url, BytesIO(b"{}")
        return answer


class Heard:
    """A leg that keeps what messages say."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def started(self, stream_id: str, call_id: str, parameters: Mapping[str, str]) -> None:
        self.said.append((stream_id, call_id))

    def sound(self, mulaw: bytes, number: int = 0) -> None:
        self.said.append(mulaw)

    def key(self, key: str) -> None:
        self.said.append(key)

    def marked(self, name: str) -> None:
        self.said.append(name)

    def stopped(self) -> None:
        self.said.append("stopped")


def tree(document: bytes | str) -> Any:
    """An XML document as names, attributes, texts and children: however it is spelt."""

    def node(one: ET.Element) -> Any:
        return one.tag, dict(one.attrib), (one.text or "").strip(), [node(child) for child in one]

    return node(ET.fromstring(document))


def each(form: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in form.items()}


# -- signatures ----------------------------------------------------------------------------------------------------------------


@given(FORMS)
def test_twilio_agrees_with_our_signature(form: dict[str, str]) -> None:
    judge, ours = RequestValidator(TOKEN), twilio_signature(TOKEN, URL, each(form))
    assert judge.validate(URL, form, ours)
    assert judge.compute_signature(URL, form) == ours
    assert not judge.validate(URL + "1", form, ours)


@given(FORMS)
def test_plivo_and_vobiz_agree_with_our_signature(form: dict[str, str]) -> None:
    ours = plivo_signature(TOKEN, URL, each(form), NONCE)
    for judge in (plivo_agrees, vobiz_agrees):
        assert judge("POST", URL, NONCE, TOKEN, ours, form)
        assert not judge("POST", URL, NONCE, TOKEN[::-1], ours, form)
        assert not judge("POST", URL, NONCE[::-1], TOKEN, ours, form)


@pytest.mark.parametrize("spoilt", [False, True])
def test_telnyx_and_we_take_and_refuse_the_same_webhooks(spoilt: bool) -> None:
    body = json.dumps({"data": {"event_type": "call.answered", "id": "1", "payload": {"call_control_id": "v3:x"}}})
    headers = telnyx_vendor.signed(body.encode())
    if spoilt:
        body = body.replace("answered", "initiated")
    calls = TelnyxCalls(Nobody(), SystemClock())
    ours = calls.is_genuine(DoorRequest("POST", URL, headers, body.encode()), calls.account(Access(telnyx_vendor.KEYS)))
    # Imported here: it takes a second, and each worker collects this file.
    judge = pytest.importorskip("telnyx").Telnyx(api_key="KEY", public_key=telnyx_vendor.PUBLIC_KEY)
    try:
        judge.webhooks.unwrap(body, headers=headers)
        theirs = True
    except ValueError:
        theirs = False
    assert ours is theirs is not spoilt


def test_vonage_and_we_take_and_refuse_the_same_tokens() -> None:
    body = b'{"uuid": "1"}'
    calls = VonageCalls(Nobody(), SystemClock(), RandomIds())
    account = calls.account(Access(vonage_vendor.KEYS))
    headers = vonage_vendor.signed(body, time.time())
    token = headers["authorization"].removeprefix("Bearer ")
    assert verify_signature(token, vonage_vendor.KEYS["VONAGE_SIGNATURE_SECRET"])
    assert calls.is_genuine(DoorRequest("POST", "https://calls.example/lines/vonage/events", headers, body), account)
    assert not verify_signature(token, "another secret")


# -- instructions --------------------------------------------------------------------------------------------------------------


def test_twilios_builder_writes_what_we_write() -> None:
    ours = TwilioCalls(Nobody())
    connected, connect = VoiceResponse(), Connect()
    connect.stream(url=STREAM)
    connected.append(connect)
    assert tree(ours.connect(STREAM, "CA1").body) == tree(str(connected))
    for handover, noun in ((NUMBER, "number"), (ADDRESS, "sip")):
        dialled, dial = VoiceResponse(), Dial(
            caller_id="+15550100", timeout=25, action=handover.result, record="record-from-answer-dual",
            trim="do-not-trim", recording_status_callback=handover.answered,
            recording_status_callback_event="completed absent",
        )  # fmt: skip
        getattr(dial, noun)(handover.target, status_callback=handover.answered, status_callback_event="answered")
        dialled.append(dial)
        assert tree(ours.dial(handover).body) == tree(str(dialled))
    refused = VoiceResponse()
    refused.reject(reason="busy")
    assert tree(ours.refuse(486).body) == tree(str(refused))


async def test_twilios_builder_writes_the_conference_that_we_write() -> None:
    api = Asked(Answer(200, b"{}"))
    account = {"TWILIO_ACCOUNT_SID": f"AC{TOKEN}", "TWILIO_AUTH_TOKEN": TOKEN}
    ours = TwilioCalls(api)
    await ours.bridge(ours.account(Access(account)), "CA1", CONFERENCE)
    met, dial = VoiceResponse(), Dial()
    dial.conference(
        CONFERENCE.conference, beep="false", wait_url="", end_conference_on_exit=True,
        status_callback=f"{CONFERENCE.answered}&target=CA2", status_callback_event="start end",
    )  # fmt: skip
    met.append(dial)
    ((name, told),) = parse_qsl(api.body.decode())
    assert (name, tree(told)) == ("Twiml", tree(str(met)))


def test_plivos_builder_writes_what_we_write() -> None:
    ours = PlivoCalls(Nobody())
    stream = plivoxml.StreamElement(
        STREAM, bidirectional=True, keepCallAlive=True, contentType="audio/x-mulaw;rate=8000"
    )
    assert tree(ours.connect(STREAM, "u").body) == tree(plivoxml.ResponseElement().add(stream).to_string())
    for handover in (NUMBER, ADDRESS):
        dial = plivoxml.DialElement(
            caller_id="15550100", timeout=25, action=handover.result, method="POST", redirect=True,
            callback_url=handover.answered, callback_method="POST",
        )  # fmt: skip
        is_number = handover is NUMBER
        dial.add(plivoxml.NumberElement("15550155") if is_number else plivoxml.UserElement(handover.target))
        record = plivoxml.RecordElement(
            start_on_dial_answer=True, redirect=False, file_format="wav", record_channel_type="stereo",
            max_length=2 * MAX_CALL_SECONDS, action=handover.answered, method="POST", callback_url=handover.answered,
            callback_method="POST",
        )  # fmt: skip
        assert tree(ours.dial(handover).body) == tree(plivoxml.ResponseElement().add(record).add(dial).to_string())
    conference = plivoxml.ConferenceElement(
        CONFERENCE.conference, end_conference_on_exit=True, callback_url=CONFERENCE.answered, callback_method="POST"
    )
    assert tree(ours.dial(CONFERENCE).body) == tree(plivoxml.ResponseElement().add(conference).to_string())
    refused = plivoxml.ResponseElement().add(plivoxml.HangupElement(reason="busy"))
    assert tree(ours.refuse(486).body) == tree(refused.to_string())


def ncco_of(answer: DoorAnswer) -> dict[str, Any]:
    """The last action; one before it that its model has taken is a recording."""
    *before, action = json.loads(answer.body)
    for record in before:
        told = ncco.Record.model_validate(record, strict=False).model_dump(exclude_none=True, mode="json")
        assert told == record
    return dict(action)


def test_vonages_models_take_our_instructions() -> None:
    ours = VonageCalls(Nobody(), SystemClock(), RandomIds())
    for action in (ncco_of(ours.connect(STREAM, "uuid-1")), *(ncco_of(ours.dial(one)) for one in (NUMBER, ADDRESS))):
        (endpoint,) = action["endpoint"]
        given = {**endpoint, "contentType": endpoint.get("content-type")}
        given = {name: value for name, value in given.items() if value is not None and name != "content-type"}
        # Its models ask for a caller's number, which a websocket does not need.
        judged = ncco.Connect.model_validate(
            {**action, "from_": action.get("from", "15550100"), "endpoint": [given]}, strict=False
        )
        told = judged.model_dump(by_alias=True, exclude_none=True, mode="json")
        assert told["endpoint"] == [endpoint]
        assert {name: told[name] for name in action} == action


async def test_vonages_model_takes_the_conversation_that_we_ask_for() -> None:
    api = Asked(Answer(200, b'{"status": "answered"}'))
    calls = VonageCalls(api, SystemClock(), RandomIds())
    seen: list[Any] = []
    api.taken = lambda: seen.append((api.url.rpartition("/")[2], api.body))
    await calls.bridge(calls.account(Access(vonage_vendor.KEYS)), "CA1", CONFERENCE)
    assert [call for call, _ in seen] == ["CA2", "CA1", "CA2"], "the target first, and once more at the end"
    (action,) = json.loads(seen[0][1])["destination"]["ncco"]
    told = ncco.Conversation.model_validate(action, strict=False).model_dump(by_alias=True, exclude_none=True)
    assert {name: told[name] for name in action} == action


async def test_vonages_model_takes_the_call_that_we_place() -> None:
    api = Asked(Answer(201, b'{"uuid": "00000000-0000-4000-8000-000000000001"}'))
    calls = VonageCalls(api, SystemClock(), RandomIds())
    order = Order("+15550155", "+15550100", 25, "https://a.example/i", "https://a.example/s", "https://a.example/m")
    await calls.place(calls.account(Access(vonage_vendor.KEYS)), order)
    asked = json.loads(api.body)
    judged = CreateCallRequest.model_validate({**asked, "from_": asked.pop("from")}, strict=False)
    told = judged.model_dump(by_alias=True, exclude_none=True, mode="json")
    assert {name: told[name] for name in asked} == asked


async def test_vonage_would_know_us_by_our_token() -> None:
    api = Asked()
    calls = VonageCalls(api, SystemClock(), RandomIds())
    await calls.hang_up(calls.account(Access(vonage_vendor.KEYS)), "00000000-0000-4000-8000-000000000001")
    private = load_pem_private_key(vonage_vendor.PEM.encode(), None)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    token = api.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, public, algorithms=["RS256"], options={"require": ["iat", "exp", "jti"]})
    assert claims["application_id"] == vonage_vendor.APPLICATION


# -- where calls to a number are asked about -----------------------------------------------------------------------------------

HERE, EVENTS = "https://calls.example/lines/x/incoming", "https://calls.example/lines/x/events"


async def test_telnyxs_client_makes_the_changes_that_we_make() -> None:
    ours, theirs = (telnyx_vendor.TelnyxVendor(numbers={"+15550100": ""}) for _ in range(2))
    async with telnyx_vendor.telnyx_vendor(ours), GuardedClient(allow_private=True) as client:
        calls = TelnyxCalls(client, SystemClock())
        account = calls.account(Access({**telnyx_vendor.KEYS, "TELNYX_API_URL": ours.url}))
        await calls.route_number(account, "+15550100", HERE, EVENTS)
    telnyx = pytest.importorskip("telnyx")
    async with (
        telnyx_vendor.telnyx_vendor(theirs),
        telnyx.AsyncTelnyx(api_key=telnyx_vendor.API_KEY, base_url=f"{theirs.url}/v2") as judge,
    ):
        (number,) = (await judge.phone_numbers.list(filter={"phone_number": "15550100"})).data
        await judge.call_control_applications.update(
            telnyx_vendor.CONNECTION, application_name="calls", webhook_event_url=HERE, webhook_api_version="2"
        )
        await judge.phone_numbers.update(number.id, connection_id=telnyx_vendor.CONNECTION)
    assert ours.changes == theirs.changes
    assert (ours.numbers, ours.application) == (theirs.numbers, theirs.application)


async def test_vobizs_client_attaches_a_number_as_we_do() -> None:
    api = Asked(Answer(200, json.dumps({"objects": [{"app_id": "7", "answer_url": HERE}]}).encode()))
    calls = PlivoCalls(api, VOBIZ)
    account = calls.account(Access({"VOBIZ_AUTH_ID": "MA_0123ABCD", "VOBIZ_AUTH_TOKEN": TOKEN}))
    await calls.route_number(account, "+15550100", HERE, EVENTS)
    judge = VobizClient("MA_0123ABCD", TOKEN)
    judge.session.mount("https://", adapter := Adapter())
    judge.applications.attach_number("%2B15550100", "7")
    assert (adapter.method, adapter.url, json.loads(adapter.body)) == ("POST", api.url, json.loads(api.body))


# -- messages of streams -------------------------------------------------------------------------------------------------------

FRAME = mulaw_of(bytes(320))


@pytest.mark.parametrize("framing", [PLIVO_FRAMING, VOBIZ.framing])
def test_plivos_models_take_our_messages(framing: Framing) -> None:
    (sound,) = framing.sound_of("S-1", [FRAME] * 5)
    played = plivo_types.PlayAudioEvent.model_validate_json(sound)
    assert base64.b64decode(played.media.payload) == FRAME * 5
    assert (played.media.content_type, played.media.sample_rate) == ("audio/x-mulaw", 8000)
    checkpoint = plivo_types.CheckpointEvent.model_validate_json(framing.mark_of("S-1", "m-1"))
    assert (checkpoint.stream_id, checkpoint.name) == ("S-1", "m-1")
    assert plivo_types.ClearAudioEvent.model_validate_json(framing.clear_of("S-1")).stream_id == "S-1"


def test_we_read_what_plivos_models_write() -> None:
    heard = Heard()
    media = plivo_types.MediaData(track="inbound", timestamp="1", chunk=1, payload=base64.b64encode(FRAME).decode())
    start = plivo_types.StartData(
        callId="C-1", streamId="S-1", accountId="MA1", tracks=["inbound"],
        mediaFormat={"encoding": "audio/x-mulaw", "sampleRate": 8000},
    )  # fmt: skip
    dtmf = plivo_types.DtmfData(track="inbound", digit="5", timestamp="2")
    for message in (
        plivo_types.StartEvent(sequenceNumber=1, event="start", start=start),
        plivo_types.MediaEvent(sequenceNumber=2, streamId="S-1", event="media", media=media),
        plivo_types.DtmfEvent(sequenceNumber=3, event="dtmf", streamId="S-1", dtmf=dtmf),
        plivo_types.PlayedStreamEvent(sequenceNumber=4, event="playedStream", streamId="S-1", name="m-1"),
        plivo_types.ClearedAudioEvent(sequenceNumber=5, event="clearedAudio", streamId="S-1"),
    ):
        PLIVO_FRAMING.take(message.model_dump_json(by_alias=True, exclude={"get_raw_media"}), heard)
    assert heard.said == [("S-1", "C-1"), FRAME, "5", "m-1"]
