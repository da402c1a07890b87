"""What the server and its SIP gateway say to each other over their unix socket.

One stream socket for all calls. A message is a head of nine bytes, ``length`` (of the body), ``kind`` and ``call``, and its body. Audio is
the body of ``AUDIO`` messages: whole frames of 20 ms G.711 mu-law (160 bytes each), whatever codec the line has. Everything else is a
JSON object with ``type`` (``CONTROL``). Calls are numbered by who makes them: odd numbers by the server (outbound), even ones by the
gateway (inbound); 0 is the gateway itself. What the target of a transfer sounds before it answers is ``AUDIO`` of the call's number plus
TARGET. Neither side answers a message about a call that is over: it drops it.

Server to gateway:

========== ============================================================= ===========================================================
type       values                                                        meaning
========== ============================================================= ===========================================================
settings   listen, certificate, authorities, rtp_ports, max_calls,       the first message: how to listen (call 0). Lists are lists of
           max_unacknowledged, allow, user, password, codecs, headers,   strings; rtp_ports is "first-last", listen "address:port";
           log_level, log_format                                         certificate and authorities are PEM files
ping       at                                                            say pong with the same value (call 0, about once a second)
dial       to, from_user, display_name, headers, ring_seconds; domain,   call ``to`` (a ``sip:`` address) once; the others: the host of
           auth_user, auth_password, encryption, tell_trying             our own address, what answers a challenge, one of
                                                                         ``checks.ENCRYPTIONS``, ``trying`` is wanted
answer                                                                   take an inbound call
reject     code                                                          refuse an inbound call
hang_up    drain (true: first play what was written)                     end the call; an unanswered one is cancelled
capture    path, seconds, bytes, keep_secrets                            write the call's packets into a new pcap file, until it ends
clear                                                                    drop audio that was written and not yet sent
keys       keys                                                          send DTMF (RFC 4733)
hold       on                                                            put the far end on hold, or take it back
transfer   request, target, attended, seconds; as of ``dial``: from_user, REFER the far end to ``target``; the others: as whom
           headers, domain, auth_user, auth_password, encryption         ``target`` is called first
refer      accept                                                        the answer to ``refer_asked``
register   id, domain, user, password, transport, encryption, seconds    keep ``user`` registered at ``domain`` (call 0)
unregister id                                                            end that registration (call 0)
stop                                                                     say BYE to every call and end the process
========== ============================================================= ===========================================================

Gateway to server:

============= =================================================================== =================================================
type          values                                                              meaning
============= =================================================================== =================================================
ready         listen, rtp_ports, max_calls, pid                                   the gateway listens (call 0)
refused       reason                                                              it cannot listen; the process ends (call 0)
pong          at, calls                                                           the answer to ping, from the loop that serves the calls;
                                                                                  a gateway that stops to answer is killed (call 0)
registration  id, state (``registered``, ``failed``), reason                       the outcome of each try (call 0)
incoming      called, caller, call_id, headers, others (headers by lower-case     somebody calls, over a registration where it is named
              name), peer, registration, encrypted
dialled       call_id                                                             the INVITE is on its way
trying                                                                            the far end has answered something (with tell_trying)
ringing
early_media
answered      codec                                                               audio flows from now on
dialog        call_id, local_tag, remote_tag, local_uri, remote_uri, target,      what a BYE needs when this process is gone; with via (of
              routes, cseq, transport, peer, via                                  our INVITE) the call is not answered: CANCEL first
target_dialog as ``dialog``                                                       what a BYE to the target of a transfer needs;
                                                                                  ``call_id`` alone: nobody needs to end it any more
key           key                                                                 a DTMF key was pressed
held          on                                                                  the far end put us on hold, or took us back
media         codec, why                                                          the media were negotiated anew
quality       rx_packets, rx_lost, rx_jitter_ms, tx_packets, tx_lost,             counters of the line: every 10 s, at once when audio
              tx_jitter_ms, rtt_ms, jbuf_late, jbuf_lost, one_way,                begins or ends to flow one way only, and at the end
              held_in_stack_ms_max, tx_starved_frames, concealed_frames,          (``final``). ``sip_status`` of ``closed`` is that of the
              dropped_frames, final                                               INVITE: 0 when none came
capture       state (``began``, ``refused``, ``ended``), why, sip_messages,       the capture that was asked for
              media_packets, bytes, no_media
refer_asked   target                                                              the far end asks us to call ``target`` instead
moved         target                                                              the call now goes on with ``target``
move_failed   target, sip_status, reason                                          it does not: the call goes on as before
transfer_     request, state (ringing, dialling, answered), call_id               how far the target of a transfer is; ``call_id``: where
progress                                                                          we call it
transferred   request, ok, sip_status, reason, unanswered                         how a transfer ended; ``unanswered``: our own time for it
                                                                                  is over. Without request: one that was given up for
                                                                                  that has succeeded
closed        by (``us``, ``them``, ``line``), sip_status, q850, reason           the call is over
============= =================================================================== =================================================
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from callwright.ports.leg import LEG_FRAME_BYTES
from callwright.telephony.sip.dialog import MAX_FIELD_CHARACTERS, MAX_ROUTES

CONTROL = 1
AUDIO = 2
HEAD = struct.Struct("!IBI")
MAX_CONTROL_BYTES = 524_288
"""More than the fields of any message have when they are ``bounded``: JSON may take twelve bytes for a character."""
MAX_AUDIO_BYTES = LEG_FRAME_BYTES * 256
GATEWAY = 0
TARGET = 1 << 31
EXIT_USED_UP = 75
"""The gateway's exit status when it has no calls and its stack shall begin anew."""


class WireError(Exception):
    """The other side sent what is no message; the connection cannot go on."""


def control(call: int, kind: str, **values: Any) -> bytes:
    """One control message as bytes."""
    body = json.dumps({"type": kind, **values}, separators=(",", ":")).encode()
    if len(body) > MAX_CONTROL_BYTES:
        raise WireError(f"a {kind} message of {len(body)} bytes is longer than {MAX_CONTROL_BYTES}")
    return HEAD.pack(len(body), CONTROL, call) + body


def bounded(value: Any) -> Any:
    """A value that came from the network, no longer than anything of use: its texts and lists are cut."""
    if isinstance(value, str):
        return value[:MAX_FIELD_CHARACTERS]
    if isinstance(value, list):
        return [bounded(one) for one in value[:MAX_ROUTES]]
    if isinstance(value, dict):
        return {name: bounded(one) for name, one in value.items()}
    return value


def audio(call: int, frames: bytes) -> bytes:
    """One audio message as bytes. ``frames``: whole frames, one after the other."""
    return HEAD.pack(len(frames), AUDIO, call) + frames


class Reader:
    """Cuts a byte stream into messages."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, bytes | Mapping[str, Any]]]:
        """The messages that ``data`` completes: (call, audio frames or control object). Raises WireError."""
        data = self._rest + data
        at = 0
        while len(data) - at >= HEAD.size:
            length, kind, call = HEAD.unpack_from(data, at)
            _check(length, kind)
            end = at + HEAD.size + length
            if end > len(data):
                break
            body = data[at + HEAD.size : end]
            at = end
            yield call, body if kind == AUDIO else _object(body)
        self._rest = data[at:]


def _check(length: int, kind: int) -> None:
    if kind == AUDIO:
        if length > MAX_AUDIO_BYTES or length % LEG_FRAME_BYTES:
            raise WireError(f"an audio message of {length} bytes is not 1 to 256 frames of {LEG_FRAME_BYTES}")
    elif kind != CONTROL or length > MAX_CONTROL_BYTES:
        raise WireError(f"a message of kind {kind} and {length} bytes is none of ours")


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise WireError("a control message is not JSON") from error
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        raise WireError("a control message is not an object with a type")
    return value
