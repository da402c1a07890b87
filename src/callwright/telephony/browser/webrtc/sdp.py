"""The offer of a browser's call and our answer to it (RFC 8866, 8829, 8839). Pure.

The answer takes the first audio of the offer with PCMU, which every browser has (RFC 7874), and keys (RFC 4733). Other media are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callwright.domain.limits import MAX_SDP_MEDIA
from callwright.telephony.browser.webrtc.stun import Address

PCMU = 0
_MEDIA = re.compile(r"(audio|video|application|text) ([0-9]{1,5})(?:/[0-9]{1,2})? (\S{1,40}) ([0-9A-Za-z -]{1,400})")
_SECURE = frozenset({"UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP"})
_TOKEN = re.compile(r"[A-Za-z0-9._-]{1,64}")
_FRAGMENT = re.compile(r"[A-Za-z0-9+/]{4,256}")
_FINGERPRINT = re.compile(r"(sha-256|sha-384|sha-512) ((?:[0-9A-F]{2}:){31,63}[0-9A-F]{2})", re.IGNORECASE)
_KEYS = re.compile(r"([0-9]{1,3}) telephone-event/8000", re.IGNORECASE)
_DYNAMIC_TYPES = range(96, 128)
_ANSWERED = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}
_HOST_PRIORITY = (126 << 24) | (65_535 << 8) | 255
"""Of a host candidate for the first component (RFC 8445 5.1.2)."""


class UnusableOfferError(Exception):
    """An offer that cannot be answered. Its text says why, for the developer of the page."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What an offer asks for. ``fragment``: its ICE user name; ``fingerprints``: of its certificate, by hash; ``key_type``: the payload
    type of keys, 0 for none; ``media``: its media lines, ``at``: which of them is ours."""

    fragment: str
    fingerprints: Mapping[str, str]
    key_type: int
    direction: str
    middle: str
    media: tuple[str, ...]
    at: int

    @property
    def hears(self) -> bool:
        """Whether its side wants our audio. One that does not has the call on hold."""
        return self.direction in ("sendrecv", "recvonly")


@dataclass(frozen=True, slots=True)
class Answering:
    """What our answer says of us."""

    addresses: Sequence[Address]
    fragment: str
    password: str
    fingerprint: str
    source: int
    name: str
    version: int = 1
    """Counts the answers of a call (RFC 3264 8)."""


def offer_of(text: str, *, may_hold: bool = False) -> Offer:
    """Read an offer. Only one that ``may_hold`` can have inactive audio. Raises UnusableOfferError."""
    session, *parts = _sections(text)
    if len(parts) > MAX_SDP_MEDIA:
        raise UnusableOfferError(f"the offer has more than {MAX_SDP_MEDIA} media")
    media = [found for part in parts if (found := _MEDIA.fullmatch(part[0])) is not None]
    if len(media) < len(parts):
        raise UnusableOfferError("a media line of the offer cannot be read")
    for at, (line, part) in enumerate(zip(media, parts, strict=True)):
        if line[1] == "audio" and line[3] in _SECURE and str(PCMU) in line[4].split():
            offer = _read(session, part, tuple(each[0] for each in parts), at)
            if offer.direction == "inactive" and not may_hold:
                raise UnusableOfferError("the audio of the offer is inactive")
            return offer
    raise UnusableOfferError("the offer has no audio with PCMU over DTLS and SRTP")


def _read(session: Sequence[str], part: Sequence[str], media: tuple[str, ...], at: int) -> Offer:
    def values(name: str) -> list[str]:
        found = [line[len(name) + 1 :] for line in part if line.startswith(f"{name}:")]
        return found or [line[len(name) + 1 :] for line in session if line.startswith(f"{name}:")]

    fragment = next(iter(values("ice-ufrag")), "")
    if not _FRAGMENT.fullmatch(fragment):
        raise UnusableOfferError("the offer has no ICE user name")
    fingerprints = {
        match[1].lower(): match[2].upper() for each in values("fingerprint") if (match := _FINGERPRINT.fullmatch(each))
    }
    if not fingerprints:
        raise UnusableOfferError("the offer has no fingerprint of its certificate with SHA-256, SHA-384 or SHA-512")
    if "rtcp-mux" not in part:
        raise UnusableOfferError("the offer lacks a=rtcp-mux: RTP and RTCP share a port here")
    if next(iter(values("setup")), "actpass") not in ("actpass", "active"):
        raise UnusableOfferError("the offer must let its own side begin DTLS (a=setup:actpass or active)")
    middle = next(iter(values("mid")), "")
    if middle and not _TOKEN.fullmatch(middle):
        raise UnusableOfferError("a=mid of the offer cannot be read")
    direction = next((line for line in part if line in _ANSWERED), "sendrecv")
    key_types = [int(match[1]) for each in values("rtpmap") if (match := _KEYS.fullmatch(each))]
    key_type = next((one for one in key_types if one in _DYNAMIC_TYPES), 0)
    return Offer(fragment, fingerprints, key_type, direction, middle, media, at)


def answer_to(offer: Offer, ours: Answering) -> str:
    """The answer: the audio at our addresses, and every other medium refused."""
    host, port = ours.addresses[0]
    lines = ["v=0", f"o=- {ours.source} {ours.version} IN {_net(host)}", "s=-", "t=0 0", "a=ice-lite"]
    if offer.middle:
        lines.append(f"a=group:BUNDLE {offer.middle}")
    for at, media in enumerate(offer.media):
        if at == offer.at:
            lines += _audio(offer, ours, host, port)
        else:
            kind, _, *rest = media.split(" ")
            lines += [f"m={kind} 0 {' '.join(rest)}", f"c=IN {_net(host)}", "a=inactive"]
    return "\r\n".join(lines) + "\r\n"


def _audio(offer: Offer, ours: Answering, host: str, port: int) -> list[str]:
    keys = offer.key_type
    protocol = offer.media[offer.at].split(" ")[2]
    lines = [
        f"m=audio {port} {protocol} {PCMU}{f' {keys}' if keys else ''}",
        f"c=IN {_net(host)}",
        f"a=rtpmap:{PCMU} PCMU/8000",
        *([f"a=rtpmap:{keys} telephone-event/8000", f"a=fmtp:{keys} 0-15"] if keys else []),
        "a=ptime:20",
        f"a={_ANSWERED[offer.direction]}",
        "a=rtcp-mux",
        f"a=ice-ufrag:{ours.fragment}",
        f"a=ice-pwd:{ours.password}",
        f"a=fingerprint:sha-256 {ours.fingerprint}",
        "a=setup:passive",
        f"a=msid:{ours.name} {ours.name}",
        f"a=ssrc:{ours.source} cname:{ours.name}",
    ]
    if offer.middle:
        lines.append(f"a=mid:{offer.middle}")
    for number, (address, its_port) in enumerate(ours.addresses):
        priority = _HOST_PRIORITY - (number << 8)
        lines.append(f"a=candidate:{number + 1} 1 udp {priority} {address} {its_port} typ host")
    return [*lines, "a=end-of-candidates"]


def _sections(text: str) -> list[list[str]]:
    """The lines of the session and of each medium: of ``m=`` the rest, then the attributes without ``a=``."""
    found: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("m="):
            found.append([line[2:]])
        elif line.startswith("a="):
            found[-1].append(line[2:])
    return found


def _net(host: str) -> str:
    return f"IP{6 if ':' in host else 4} {host}"
