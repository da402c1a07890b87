"""Every setting of the platform in one table. ``docs/reference/settings.md`` is generated from it.

A setting comes from the command line, else from its environment variable, else from its default. A value that cannot be read raises
ConfigurationError naming the variable; it never becomes the default.
"""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from callwright.domain.errors import ConfigurationError
from callwright.domain.limits import (
    INBOUND_CALLS_A_SECOND,
    LEAST_AUDIT_DAYS,
    MAX_CONNECTIONS,
    MAX_CONNECTIONS_OF_ADDRESS,
    MAX_DESCRIPTORS,
    MAX_ICE_ADDRESSES,
    MAX_INBOUND_CALLS_A_SECOND,
    MAX_SIP_CALLS,
    MAX_SIP_HEADERS_KEPT,
    MAX_SIP_UNACKNOWLEDGED,
)
from callwright.domain.rates import LIMITS, rates_text, read_rates
from callwright.ops.pbx_settings import check_pbx, read_pbx_address, read_pbx_application, read_pbx_endpoint


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("write a whole number") from None


def _audit_days(text: str) -> int:
    days = _whole(text)
    if 0 < days < LEAST_AUDIT_DAYS:
        raise ValueError(f"use {LEAST_AUDIT_DAYS} days or more, or 0")
    return days


def _switch(text: str) -> bool:
    low = text.strip().lower()
    if low in {"1", "true", "yes", "on"}:
        return True
    if low in {"0", "false", "no", "off"}:
        return False
    raise ValueError("use 1 or 0")


def _path(text: str) -> Path:
    return Path(text).expanduser()


def _address(text: str) -> str:
    address = text.strip().rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise ValueError("begin with http:// or https://")
    return address


def _listing(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _listen(text: str) -> str:
    """``address:port`` of IPv4, or nothing for ``off``."""
    if text.strip().lower() == "off":
        return ""
    address, colon, port = text.strip().partition(":")
    if not (colon and port.isascii() and port.isdigit() and 1 <= int(port) <= 65_535):
        raise ValueError("write an IPv4 address and a port, such as 127.0.0.1:5060, or off")
    return f"{ipaddress.IPv4Address(address)}:{int(port)}"


def _audio_port(text: str) -> str:
    """``address:port`` of IPv4 or IPv6, or nothing for ``off``."""
    if text.strip().lower() == "off":
        return ""
    address, colon, port = text.strip().rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) <= 65_535):
        raise ValueError("write an IP address and a port, such as 192.0.2.5:8701, or off")
    return f"{ipaddress.ip_address(address.strip('[]'))}:{int(port)}"


def _addresses(text: str) -> tuple[str, ...]:
    found = tuple(str(ipaddress.ip_address(part)) for part in _listing(text))
    if len(found) > MAX_ICE_ADDRESSES:
        raise ValueError(f"write at most {MAX_ICE_ADDRESSES} addresses")
    return found


def _ice_servers(text: str) -> str:
    """A JSON list of RTCIceServer, in one form."""
    try:
        servers = json.loads(text)
    except ValueError:
        servers = None
    if not isinstance(servers, list) or not all(_is_ice_server(one) for one in servers):
        raise ValueError(
            'write a JSON list such as [{"urls": "turn:turn.example.org", "username": "u", "credential": "c"}]'
        )
    return json.dumps(servers)


def _is_ice_server(given: Any) -> bool:
    if not isinstance(given, dict) or not set(given) <= {"urls", "username", "credential"}:
        return False
    urls = given.get("urls")
    texts = [*(urls if isinstance(urls, list) else [urls]), given.get("username", ""), given.get("credential", "")]
    return all(isinstance(one, str) for one in texts) and all(re.match(r"(stun|turn)s?:\S", one) for one in texts[:-2])


def _ports(text: str) -> str:
    """``first-last``."""
    match = re.fullmatch(r"\s*([0-9]{4,5})\s*-\s*([0-9]{4,5})\s*", text)
    if match is None or not 1024 <= int(match[1]) < int(match[2]) <= 65_535:
        raise ValueError("write two ports from 1024 to 65535, such as 20000-20999")
    return f"{int(match[1])}-{int(match[2])}"


def _networks(text: str) -> tuple[str, ...]:
    return tuple(str(ipaddress.IPv4Network(part)) for part in _listing(text))


def _proxies(text: str) -> tuple[str, ...]:
    """Networks of IPv4 and IPv6; an address is a network of one."""
    return tuple(str(ipaddress.ip_network(part)) for part in _listing("" if text.strip().lower() == "none" else text))


def _codecs(text: str) -> tuple[str, ...]:
    codecs = tuple(part.lower() for part in _listing(text))
    if not codecs or len(set(codecs)) != len(codecs) or not set(codecs) <= {"pcmu", "pcma"}:
        raise ValueError("use pcmu, pcma or both, the preferred one first")
    return codecs


def _header_names(text: str) -> tuple[str, ...]:
    names = _listing("" if text.strip().lower() == "none" else text)
    if len(names) > MAX_SIP_HEADERS_KEPT or not all(
        re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,63}", name) for name in names
    ):
        raise ValueError(f"use at most {MAX_SIP_HEADERS_KEPT} names of letters, digits and hyphens, or none")
    return names


def _call_header_names(text: str) -> tuple[str, ...]:
    names = _header_names(text)
    if ours := [name for name in names if name.lower() in _HEADERS_OF_A_DIALOG]:
        raise ValueError(f"{', '.join(ours)} is the SIP stack's own")
    return names


def _hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(part.lower() for part in _listing("" if text.strip().lower() == "none" else text))
    if not all(re.fullmatch(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\]", host) for host in hosts):
        raise ValueError("use host names or addresses without ports, or none")
    return hosts


def _places(text: str) -> tuple[str, ...]:
    """Host names and networks; an address is a network of one."""
    if text.strip().lower() == "any":
        return ("any",)
    return tuple(_place(part) for part in _listing("" if text.strip().lower() == "none" else text))


def _place(text: str) -> str:
    try:
        return str(ipaddress.IPv4Network(text))
    except ValueError as error:
        if "/" in text or text.lower() == "any":
            raise ValueError(f"{text} is no IPv4 network: {error}") from error
    return _hosts(text)[0]


def _rates(text: str) -> str:
    """``class=number`` of some classes; the others keep their limit."""
    return rates_text(read_rates(text))


def _model_paths(text: str) -> tuple[str, ...]:
    pairs = _listing(text)
    if not all(re.fullmatch(r"[^=\s]+\s*=\s*\S.*", pair) for pair in pairs):
        raise ValueError("write name=path, several separated by commas")
    return pairs


def _speech_addresses(text: str) -> tuple[str, ...]:
    pairs = _listing(text)
    if not all(re.fullmatch(r"[a-z0-9_-]+\s*=\s*(https?|wss?)://[^\s/?#@]+/?", pair) for pair in pairs):
        raise ValueError("write name=URL, the URL without a path, several separated by commas")
    return pairs


_HEADERS_OF_A_DIALOG = frozenset(
    {
        "via", "from", "to", "call-id", "cseq", "contact", "max-forwards", "route", "record-route", "content-type", "content-length",
        "authorization", "proxy-authorization", "require", "supported", "allow", "expires",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its variable, what it means, how its text is read and whether it is a secret."""

    variable: str
    summary: str
    read: Callable[[str], Any] = str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one process."""

    data: Path = Path(".callwright")
    database_url: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8700
    public_url: str = ""
    secret: str = field(default="", repr=False)
    master_key: str = field(default="", repr=False)
    models: Path = Path("~/.cache/callwright/models")
    carrier: str = "loopback"
    from_number: str = "+15550100"
    max_calls: int = 50
    inbound_per_second: int = INBOUND_CALLS_A_SECOND
    node_name: str = "callwright"
    log_level: str = "info"
    log_format: str = "text"
    price_book: Path | None = None
    country_rules: Path | None = None
    scenario: Path | None = None
    ambient: Path | None = None
    ringing_tone: str = "us"
    allow_private_urls: bool = False
    publish_queued: bool = False
    webhook_timeout_s: int = 10
    webhook_secret: str = field(default="", repr=False)
    drain_seconds: int = 120
    event_days: int = 7
    retention_days: int = 90
    audit_retention_days: int = 1_095
    upload_quota_mb: int = 1_024
    strict: bool = False
    sandbox: str = "auto"
    transcriber: str = "local"
    model: str = "local"
    voice: str = "local"
    vad: str = "local"
    turn: str = "local"
    model_base_url: str = ""
    model_api_key: str = field(default="", repr=False)
    model_name: str = ""
    speech_addresses: tuple[str, ...] = ()
    local_threads: int = 1
    local_model: str = ""
    local_model_threads: int | None = None
    local_model_paths: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()
    rate_limits: str = rates_text(LIMITS)
    max_connections: int = MAX_CONNECTIONS
    max_connections_of_address: int = MAX_CONNECTIONS_OF_ADDRESS
    trusted_proxies: tuple[str, ...] = ()
    bad_key: str = "401"
    links_end_with_key: bool = False
    show_sub_account_keys: bool = False
    refuse_unfunded: bool = False
    loopback_voice: str = "local"
    loopback_ears: str = "local"
    loopback_ledger: Path | None = None
    sip_listen: str = "127.0.0.1:5060"
    sip_certificate: Path | None = None
    sip_authorities: Path | None = None
    sip_rtp_ports: str = "20000-20999"
    sip_max_calls: int = 100
    sip_max_unacknowledged: int = MAX_SIP_UNACKNOWLEDGED
    sip_allow: tuple[str, ...] = ()
    sip_user: str = ""
    sip_password: str = field(default="", repr=False)
    sip_codecs: tuple[str, ...] = ("pcmu", "pcma")
    sip_headers: tuple[str, ...] = ("X-Campaign", "X-Call-Reason", "Diversion")
    sip_call_headers: tuple[str, ...] = ()
    trunk_networks: tuple[str, ...] = ()
    sip_transfer_to: tuple[str, ...] = ("127.0.0.1", "localhost")
    sip_call_to: tuple[str, ...] = ("127.0.0.0/8", "localhost")
    asterisk_url: str = field(default="", repr=False)
    asterisk_user: str = ""
    asterisk_password: str = field(default="", repr=False)
    asterisk_app: str = "callwright"
    asterisk_endpoint: str = "PJSIP/{number}@trunk"
    webrtc_listen: str = "127.0.0.1:0"
    webrtc_address: tuple[str, ...] = ()
    ice_servers: str = field(default="", repr=False)


SETTINGS: dict[str, Setting] = {
    "data": Setting("CALLWRIGHT_DATA", "Folder of database, recordings, live logs and secrets.", _path),
    "database_url": Setting("DATABASE_URL", "PostgreSQL 15 or newer in place of the embedded one.", secret=True),
    "host": Setting("CALLWRIGHT_HOST", "Address of the API."),
    "port": Setting("CALLWRIGHT_PORT", "Port of the API; 0: a free one.", _whole),
    "public_url": Setting(
        "CALLWRIGHT_PUBLIC_URL", "Public URL of the API, for recording links and callbacks.", _address
    ),
    "secret": Setting(
        "CALLWRIGHT_SECRET",
        "Secret (hex) of key hashes and signed links; else a file in the data folder. Of several, comma-separated, the"
        " first makes new ones.",
        secret=True,
    ),
    "master_key": Setting(
        "CALLWRIGHT_MASTER_KEY",
        "Master key (64 hex digits) of provider keys; else a file in the data folder. Of several, comma-separated, the"
        " first wraps.",
        secret=True,
    ),
    "models": Setting("CALLWRIGHT_MODELS", "Folder of the local models.", _path),
    "carrier": Setting("CALLWRIGHT_CARRIER", "Carrier of calls whose agent names none."),
    "from_number": Setting("CALLWRIGHT_FROM_NUMBER", "Our number if POST /call names none."),
    "max_calls": Setting("CALLWRIGHT_MAX_CALLS", "Calls at once in one process; others wait in the queue.", _whole),
    "inbound_per_second": Setting(
        "CALLWRIGHT_INBOUND_PER_SECOND",
        "Incoming calls begun a second by one process; 8 times as many at once, half of them of one account.",
        _whole,
    ),
    "node_name": Setting("CALLWRIGHT_NODE_NAME", "This machine's name: another for each data folder."),
    "log_level": Setting("CALLWRIGHT_LOG_LEVEL", "debug, info, warning or error."),
    "log_format": Setting("CALLWRIGHT_LOG_FORMAT", "text or json."),
    "country_rules": Setting(
        "CALLWRIGHT_COUNTRY_RULES", "Folder of rule files (.toml) per country, which replace the built-in ones.", _path
    ),
    "price_book": Setting(
        "CALLWRIGHT_PRICE_BOOK",
        "JSON file of prices, beside those of the API. Without a price, usage costs nothing.",
        _path,
    ),
    "scenario": Setting("CALLWRIGHT_SCENARIO", "JSON file of synthetic callers.", _path),
    "ambient": Setting("CALLWRIGHT_AMBIENT", "Folder of ambient tracks, <name>.wav.", _path),
    "ringing_tone": Setting(
        "CALLWRIGHT_RINGING_TONE",
        "Tone while a transfer's target rings: us (440 + 480 Hz), eu (425 Hz), uk (400 + 450 Hz) or off.",
    ),
    "allow_private_urls": Setting(
        "CALLWRIGHT_ALLOW_PRIVATE_URLS",
        "1: webhooks, tools and knowledge bases may use private and loopback addresses.",
        _switch,
    ),
    "publish_queued": Setting("CALLWRIGHT_PUBLISH_QUEUED", "1: webhooks also for queued and scheduled.", _switch),
    "webhook_timeout_s": Setting("CALLWRIGHT_WEBHOOK_TIMEOUT", "Seconds for a webhook receiver's answer.", _whole),
    "webhook_secret": Setting(
        "CALLWRIGHT_WEBHOOK_SECRET", "Signs webhooks of organisations without a secret of their own.", secret=True
    ),
    "event_days": Setting(
        "CALLWRIGHT_EVENT_DAYS",
        "Days that GET /v1/callwright/events goes back, at most the days of retention.",
        _whole,
    ),
    "drain_seconds": Setting("CALLWRIGHT_DRAIN_SECONDS", "Seconds that live calls continue after SIGTERM.", _whole),
    "retention_days": Setting(
        "CALLWRIGHT_RETENTION_DAYS",
        "Days until ended calls, logs and recordings are deleted; 0: never.",
        _whole,
    ),
    "audit_retention_days": Setting(
        "CALLWRIGHT_AUDIT_RETENTION_DAYS",
        "Days until audit entries are deleted, at least 30; 0: never.",
        _audit_days,
    ),
    "upload_quota_mb": Setting(
        "CALLWRIGHT_UPLOAD_QUOTA_MB",
        "Megabytes of uploads per organisation, sub-accounts included; 0: no limit.",
        _whole,
    ),
    "strict": Setting("CALLWRIGHT_STRICT", "1: refuse what the hosted service refuses.", _switch),
    "sandbox": Setting(
        "CALLWRIGHT_SANDBOX",
        "Which accounts are sandboxes: auto (without carrier key or trunk), always or never.",
    ),
    "transcriber": Setting("CALLWRIGHT_TRANSCRIBER", "Recogniser of agents that name none."),
    "model": Setting("CALLWRIGHT_MODEL", "Model provider of agents that name none: local, intents, custom."),
    "voice": Setting("CALLWRIGHT_VOICE", "Voice provider of agents that name none."),
    "vad": Setting("CALLWRIGHT_VAD", "Voice activity detector: local or energy."),
    "turn": Setting("CALLWRIGHT_TURN", "End-of-turn model: local, or none."),
    "model_base_url": Setting(
        "CALLWRIGHT_MODEL_BASE_URL",
        "OpenAI-compatible endpoint that agents use as their model.",
        _address,
    ),
    "model_api_key": Setting("CALLWRIGHT_MODEL_API_KEY", "Key of that endpoint.", secret=True),
    "model_name": Setting("CALLWRIGHT_MODEL_NAME", "Default model at that endpoint; else its only one."),
    "speech_addresses": Setting(
        "CALLWRIGHT_SPEECH_ADDRESSES",
        "Other addresses of speech vendors, as in another region: name=URL, comma-separated.",
        _speech_addresses,
    ),
    "local_threads": Setting("CALLWRIGHT_LOCAL_THREADS", "Threads per local speech model.", _whole),
    "local_model": Setting("CALLWRIGHT_LOCAL_MODEL", "Local language model, a name of `callwright models list`."),
    "local_model_threads": Setting(
        "CALLWRIGHT_LOCAL_MODEL_THREADS",
        "Threads of the local language model; else two on two cores.",
        _whole,
    ),
    "local_model_paths": Setting(
        "CALLWRIGHT_LOCAL_MODEL_PATHS",
        "Your own model files: name=path, comma-separated.",
        _model_paths,
    ),
    "loopback_voice": Setting(
        "CALLWRIGHT_LOOPBACK_VOICE", "Voice of synthetic callers: local, or scripted (two-tone text)."
    ),
    "loopback_ears": Setting("CALLWRIGHT_LOOPBACK_EARS", "Recogniser of synthetic callers: local or scripted."),
    "loopback_ledger": Setting(
        "CALLWRIGHT_LOOPBACK_LEDGER", "File for a JSON line per loopback dial, answer and end.", _path
    ),
    "cors_origins": Setting("CALLWRIGHT_CORS_ORIGINS", "Web origins that may call the API, comma-separated.", _listing),
    "rate_limits": Setting(
        "CALLWRIGHT_RATE_LIMITS",
        "Requests a minute per process, by class: of one organisation, or for bad_key of one address; 0 or off:"
        " no limit.",
        _rates,
    ),
    "max_connections": Setting(
        "CALLWRIGHT_MAX_CONNECTIONS", "HTTP connections per process; fewer if file descriptors are short.", _whole
    ),
    "max_connections_of_address": Setting(
        "CALLWRIGHT_MAX_CONNECTIONS_OF_ADDRESS", "Those of one address, except trusted proxies.", _whole
    ),
    "trusted_proxies": Setting(
        "CALLWRIGHT_TRUSTED_PROXIES",
        "Your proxies' addresses and networks, comma-separated. Their X-Forwarded-For and X-Forwarded-Proto are"
        " believed.",
        _proxies,
    ),
    "bad_key": Setting("CALLWRIGHT_BAD_KEY", "Answer to a bad key: 401 (documented) or 403."),
    "links_end_with_key": Setting(
        "CALLWRIGHT_LINKS_END_WITH_KEY",
        "1: a recording link ends with the API key that asked for it.",
        _switch,
    ),
    "show_sub_account_keys": Setting(
        "CALLWRIGHT_SHOW_SUB_ACCOUNT_KEYS",
        "1: GET /sub-accounts/all shows keys made while this is on.",
        _switch,
    ),
    "refuse_unfunded": Setting(
        "CALLWRIGHT_REFUSE_UNFUNDED",
        "1: refuse incoming calls when the wallet or cap is used up; 0: answer and charge them.",
        _switch,
    ),
    "sip_listen": Setting(
        "CALLWRIGHT_SIP_LISTEN", "IPv4 address and port for SIP over UDP and TCP; off: no SIP.", _listen
    ),
    "sip_certificate": Setting(
        "CALLWRIGHT_SIP_CERTIFICATE",
        "PEM file with certificate, chain and key. With it, SIP over TLS is served on the port above.",
        Path,
    ),
    "sip_authorities": Setting(
        "CALLWRIGHT_SIP_AUTHORITIES",
        "PEM file with the authorities of gateways and phones called over TLS. Default: the machine's.",
        Path,
    ),
    "sip_rtp_ports": Setting(
        "CALLWRIGHT_SIP_RTP_PORTS", "First and last UDP port of SIP audio, two for each call.", _ports
    ),
    "sip_max_calls": Setting("CALLWRIGHT_SIP_MAX_CALLS", "SIP calls at once; others get 486.", _whole),
    "sip_max_unacknowledged": Setting(
        "CALLWRIGHT_SIP_MAX_UNACKNOWLEDGED",
        "Incoming SIP calls of one address without an ACK; others get 486.",
        _whole,
    ),
    "sip_allow": Setting(
        "CALLWRIGHT_SIP_ALLOW",
        "IPv4 networks that may send SIP, comma-separated. Beyond loopback, this or a user is needed.",
        _networks,
    ),
    "sip_user": Setting("CALLWRIGHT_SIP_USER", "User that callers give by digest."),
    "sip_password": Setting("CALLWRIGHT_SIP_PASSWORD", "Password of that user.", secret=True),
    "sip_codecs": Setting("CALLWRIGHT_SIP_CODECS", "Codecs of SIP calls by preference.", _codecs),
    "sip_headers": Setting(
        "CALLWRIGHT_SIP_HEADERS",
        "Kept headers of incoming SIP calls, comma-separated, beside those the agent names; or none.",
        _header_names,
    ),
    "sip_call_headers": Setting(
        "CALLWRIGHT_SIP_CALL_HEADERS",
        "Headers beside X-... that sip_headers may set.",
        _call_header_names,
    ),
    "trunk_networks": Setting(
        "CALLWRIGHT_TRUNK_NETWORKS",
        "Networks in which trunks' ip_identifiers may be wider than /24 (IPv6: /64), loopback or private.",
        _proxies,
    ),
    "sip_transfer_to": Setting(
        "CALLWRIGHT_SIP_TRANSFER_TO",
        "Hosts to which the far end may transfer a SIP call (REFER); or none.",
        _hosts,
    ),
    "sip_call_to": Setting(
        "CALLWRIGHT_SIP_CALL_TO",
        "Hosts and IPv4 networks that may be called over SIP, beside CALLWRIGHT_SIP_ALLOW; any, or none. Default if"
        " other machines reach the server: none.",
        _places,
    ),
    "asterisk_url": Setting(
        "CALLWRIGHT_ASTERISK_URL",
        "HTTP server of your Asterisk, as http://192.0.2.7:8088.",
        read_pbx_address,
        secret=True,
    ),
    "asterisk_user": Setting("CALLWRIGHT_ASTERISK_USER", "User of ari.conf."),
    "asterisk_password": Setting("CALLWRIGHT_ASTERISK_PASSWORD", "Password of that user.", secret=True),
    "asterisk_app": Setting("CALLWRIGHT_ASTERISK_APP", "Stasis application, one per process.", read_pbx_application),
    "asterisk_endpoint": Setting("CALLWRIGHT_ASTERISK_ENDPOINT", "How it dials `{number}`.", read_pbx_endpoint),
    "webrtc_listen": Setting(
        "CALLWRIGHT_WEBRTC_LISTEN",
        "IP address and UDP port of the audio of web calls over SIP, or off. Default if other machines reach the server: off.",
        _audio_port,
    ),
    "webrtc_address": Setting(
        "CALLWRIGHT_WEBRTC_ADDRESS",
        "IP addresses at which browsers reach it, if others.",
        _addresses,
    ),
    "ice_servers": Setting(
        "CALLWRIGHT_ICE_SERVERS",
        "STUN and TURN servers for browsers, a JSON list of `RTCIceServer`.",
        _ice_servers,
        secret=True,
    ),
}

_CHOICES: dict[str, tuple[str, ...]] = {
    "log_level": ("debug", "info", "warning", "error"),
    "log_format": ("text", "json"),
    "bad_key": ("401", "403"),
    "sandbox": ("auto", "always", "never"),
    "ringing_tone": ("us", "eu", "uk", "off"),
}

_RANGES: dict[str, tuple[int, int]] = {
    "port": (0, 65_535),
    "max_calls": (1, 10_000),
    "inbound_per_second": (1, MAX_INBOUND_CALLS_A_SECOND),
    "webhook_timeout_s": (1, 60),
    "drain_seconds": (0, 3_600),
    "event_days": (1, 365),
    "retention_days": (0, 36_500),
    "audit_retention_days": (0, 36_500),
    "upload_quota_mb": (0, 10_000_000),
    "local_threads": (1, 64),
    "local_model_threads": (1, 64),
    "max_connections": (1, MAX_DESCRIPTORS),
    "max_connections_of_address": (1, MAX_DESCRIPTORS),
    "sip_max_calls": (1, MAX_SIP_CALLS),
    "sip_max_unacknowledged": (1, MAX_SIP_CALLS),
}


API_KEY_VARIABLE = "CALLWRIGHT_API_KEY"
"""Key with which `callwright chat` asks a server; no setting of one."""

_PREFIX = "CALLWRIGHT_"
_MISSPELT = 0.85
"""From this likeness on, an unknown variable is taken for a misspelt one."""


def unknown_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that begin as ours and that no setting has, each with the nearest known one, or with nothing."""
    known = {setting.variable: setting.variable.removeprefix(_PREFIX) for setting in SETTINGS.values()}
    known[API_KEY_VARIABLE] = API_KEY_VARIABLE.removeprefix(_PREFIX)
    names = {short: variable for variable, short in known.items()}
    unknown: dict[str, str] = {}
    for variable in sorted(environ):
        if variable.startswith(_PREFIX) and variable not in known:
            near = get_close_matches(variable.removeprefix(_PREFIX), names, 1, _MISSPELT)
            unknown[variable] = names[near[0]] if near else ""
    return unknown


def load_settings(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Settings from the environment with ``overrides`` (None: not given) on top.

    Raises ConfigurationError for a value that cannot be used and for a misspelt variable.
    """
    for variable, meant in unknown_variables(environ).items():
        if meant:
            raise ConfigurationError(f"there is no setting {variable}; did you mean {meant}?")
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        text = environ.get(setting.variable)
        if text is not None and text != "":
            values[name] = _read(setting, text)
    values.update({name: value for name, value in overrides.items() if value is not None})
    unknown = set(values) - {f.name for f in fields(Settings)}
    if unknown:
        raise ConfigurationError(f"unknown settings: {', '.join(sorted(unknown))}")
    for name, value in values.items():
        _check(name, value)
    settings = Settings(**values)
    _check_sip(settings)
    _check_webrtc(settings)
    check_pbx(settings.asterisk_url, settings.asterisk_user, settings.asterisk_password)
    if _serves_others(settings):
        if "sip_call_to" not in values:
            # By default no tenant of such a server has it send datagrams to what else runs on its machine.
            settings = replace(settings, sip_call_to=())
        if "webrtc_listen" not in values:
            # The default is an address that nobody else reaches.
            settings = replace(settings, webrtc_listen="")
    return settings


def _serves_others(settings: Settings) -> bool:
    """Whether a server with these settings is for more than its own machine."""
    hosts = (settings.host, urlsplit(settings.public_url).hostname or "", settings.sip_listen.partition(":")[0])
    return not all(host in ("", "localhost") or _is_loopback(host) for host in hosts)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_webrtc(settings: Settings) -> None:
    """What the settings of WebRTC must be together."""
    host = settings.webrtc_listen.rpartition(":")[0]
    if host and ipaddress.ip_address(host).is_unspecified and not settings.webrtc_address:
        raise ConfigurationError(
            f"CALLWRIGHT_WEBRTC_LISTEN: {settings.webrtc_listen} is no address that a browser reaches;"
            " name one in CALLWRIGHT_WEBRTC_ADDRESS"
        )


def _check_sip(settings: Settings) -> None:
    """What the settings of SIP must be together."""
    if bool(settings.sip_user) != bool(settings.sip_password):
        raise ConfigurationError("CALLWRIGHT_SIP_USER and CALLWRIGHT_SIP_PASSWORD: set both or neither")
    first, last = (int(port) for port in settings.sip_rtp_ports.split("-"))
    if last - first + 1 < 2 * settings.sip_max_calls:
        raise ConfigurationError(
            f"CALLWRIGHT_SIP_RTP_PORTS: {settings.sip_rtp_ports} has fewer than two ports for each of"
            f" {settings.sip_max_calls} calls; widen it or lower CALLWRIGHT_SIP_MAX_CALLS"
        )
    if not settings.sip_listen:
        return
    address = ipaddress.IPv4Address(settings.sip_listen.partition(":")[0])
    if not (address.is_loopback or settings.sip_allow or settings.sip_user):
        raise ConfigurationError(
            f"CALLWRIGHT_SIP_LISTEN: {settings.sip_listen} can be reached from outside; name in CALLWRIGHT_SIP_ALLOW the networks"
            " that may call, or set CALLWRIGHT_SIP_USER and CALLWRIGHT_SIP_PASSWORD"
        )


def _read(setting: Setting, text: str) -> Any:
    try:
        return setting.read(text)
    except ValueError as error:
        shown = "the given value" if setting.secret else repr(text)
        raise ConfigurationError(f"{setting.variable}: {shown} cannot be used ({error}); {setting.summary}") from error


def _check(name: str, value: object) -> None:
    variable = SETTINGS[name].variable
    choices = _CHOICES.get(name)
    if choices is not None and value not in choices:
        raise ConfigurationError(f"{variable}: {value!r} is not one of {', '.join(choices)}")
    bounds = _RANGES.get(name)
    if bounds is not None and not (isinstance(value, int) and bounds[0] <= value <= bounds[1]):
        raise ConfigurationError(f"{variable}: {value!r} is not between {bounds[0]} and {bounds[1]}")


def check_sip_files(settings: Settings) -> None:
    """The files of SIP over TLS must be there and hold what is expected. Raises ConfigurationError."""
    for name, path in (("sip_certificate", settings.sip_certificate), ("sip_authorities", settings.sip_authorities)):
        if path is None:
            continue
        variable = SETTINGS[name].variable
        if re.search(r"\s", str(path)):
            raise ConfigurationError(f"{variable}: the SIP stack reads no path with spaces ({path})")
        try:
            if name == "sip_certificate":
                ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path, password=lambda: b"")
            else:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError as error:
            wanted = "a certificate and its key" if name == "sip_certificate" else "certificates"
            raise ConfigurationError(f"{variable}: {path} does not hold {wanted} in PEM ({error.reason})") from error
        except OSError as error:
            raise ConfigurationError(f"{variable}: {path} cannot be read: {error.strerror}") from error
