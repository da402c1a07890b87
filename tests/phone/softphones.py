"""Two real softphones, each with a WAV file as its microphone and one as its loudspeaker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.phone import sound
from tests.phone.certificates import Certificates
from tests.phone.ports import is_bound
from tests.phone.sipp import IP
from tests.waiting import until

_WAV_HEAD_BYTES = 44
_BARESIP_MODULES = ("/usr/lib/baresip/modules", "/usr/lib/*/baresip/modules", "/usr/local/lib/baresip/modules")
_LINPHONE_CONFIG = """[sip]
sip_port={port}
sip_tcp_port=0
sip_tls_port={tls_port}
use_ipv6=0
{security}
bind_address=127.0.0.1
guess_hostname=0
contact=sip:linphone@127.0.0.1
[rtp]
audio_rtp_port={media}
[net]
stun_server=
firewall_policy=0
mtu=1300
[sound]
echocancellation=0
"""
_LINPHONE_ACCOUNT = """[proxy_0]
reg_proxy=<sip:{registrar}>
reg_identity=sip:{user}@{registrar}
reg_expires=600
reg_sendregister=1
[auth_info_0]
username={user}
passwd={password}
"""
_BARESIP_CONFIG = """module_path {modules}
module g711.so
module srtp.so
module account.so
module aufile.so
module_app menu.so
module stdio.so
audio_source aufile,{mic}
audio_player aufile,{speaker}
audio_alert aufile,{alert}
sip_listen 127.0.0.1:{port}
sip_certificate {certificate}
sip_cafile {authority}
rtp_ports {media}-{media_end}
net_interface 127.0.0.1
call_max_calls 4
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
"""


@dataclass(frozen=True, slots=True)
class Account:
    """What a phone registers: ``user`` at ``registrar`` (``host:port``) over ``transport``."""

    user: str
    password: str
    registrar: str
    transport: str = "udp"


class Softphone:
    """A running softphone. ``shown``: the lines it printed."""

    def __init__(self, folder: Path, port: int, media: int, process: asyncio.subprocess.Process, hang_up: str) -> None:
        self.port = port
        self.media = media
        self.speaker = folder / "speaker.wav"
        self.shown: list[str] = []
        self._process = process
        self._hang_up = hang_up
        self._reading = asyncio.create_task(self._read())

    def command(self, line: str) -> None:
        """Type a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n".encode())

    def hang_up(self) -> None:
        """Put the receiver down."""
        self.command(self._hang_up)

    async def says(self, part: str, seconds: float = 20) -> None:
        """Wait until the phone printed ``part``."""
        with contextlib.suppress(TimeoutError):
            await until(lambda: any(part in line for line in self.shown), seconds)
        assert any(part in line for line in self.shown), (
            f"the phone never printed {part!r}: {''.join(self.shown[-30:])}"
        )

    def heard(self) -> bytes:
        """What came out of the loudspeaker so far, as PCM at 8 kHz."""
        blob = self.speaker.read_bytes() if self.speaker.exists() else b""
        return sound.of_wav(blob) if len(blob) > _WAV_HEAD_BYTES and blob.startswith(b"RIFF") else b""

    async def close(self, quit_command: str) -> None:
        """End the program and wait for its files."""
        if self._process.returncode is None:
            with contextlib.suppress(ConnectionError):
                self.command(quit_command)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await self._process.wait()
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        await self._reading

    async def _read(self) -> None:
        assert self._process.stdout is not None
        with contextlib.suppress(ValueError):
            while line := await self._process.stdout.readline():
                self.shown.append(line.decode(errors="replace"))


async def _program(name: str, *arguments: str, home: Path) -> asyncio.subprocess.Process:
    executable = shutil.which(name)
    assert executable is not None
    return await asyncio.create_subprocess_exec(
        executable,
        *arguments,
        env={**os.environ, "HOME": str(home)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        limit=1 << 20,
    )


@asynccontextmanager
async def linphone(
    folder: Path,
    port: int,
    media: int,
    microphone: bytes,
    *,
    answers: bool = False,
    secure: Certificates | None = None,
    account: Account | None = None,
) -> AsyncIterator[Softphone]:
    """linphonec on ``port``. It takes sound from ``microphone`` (PCM) from the start of the call. ``secure``: it speaks TLS on the port
    above and encrypts all sound. ``account``: it registers."""
    _configure_linphone(folder, port, media, microphone, secure, account)
    more = ("-a",) if answers else ()
    process = await _program("linphonec", "-c", str(folder / "linphonerc"), *more, home=folder)
    phone = Softphone(folder, port, media, process, "terminate")
    try:
        await until(lambda: is_bound(port), 20)
        for line in ("soundcard use files", f"play {folder / 'microphone.wav'}", f"record {phone.speaker}"):
            phone.command(line)
            await asyncio.sleep(0.2)
        yield phone
    finally:
        await phone.close("quit")


@asynccontextmanager
async def baresip(
    folder: Path,
    port: int,
    media: int,
    microphone: bytes,
    *,
    answers: bool = False,
    secure: Certificates | None = None,
    encryption: str = "srtp-mand",
    account: Account | None = None,
) -> AsyncIterator[Softphone]:
    """Debian's baresip on ``port``. It takes sound from ``microphone`` (PCM) from the start of the call. ``secure``: it speaks TLS on the
    port above, with ``encryption`` of its sound. ``account``: it registers."""
    mode = ";answermode=auto" if answers else ""
    mode += f";mediaenc={encryption}" if secure and encryption else ""
    _configure_baresip(folder, port, media, microphone, secure, _baresip_account(port, secure, account) + mode)
    process = await _program("baresip", "-f", str(folder), home=folder)
    phone = Softphone(folder, port, media, process, "/hangup")
    try:
        await until(lambda: is_bound(port) and (secure is None or is_bound(port + 1, "tcp")), 20)
        yield phone
    finally:
        await phone.close("/quit")


def _configure_linphone(
    folder: Path, port: int, media: int, microphone: bytes, secure: Certificates | None, account: Account | None
) -> None:
    (folder / ".local/share/linphone").mkdir(parents=True)
    security = f"root_ca={secure.authority}\nmedia_encryption=srtp\n" if secure else ""
    config = _LINPHONE_CONFIG.format(port=port, media=media, tls_port=port + 1 if secure else 0, security=security)
    if account is not None:
        config += _LINPHONE_ACCOUNT.format(registrar=account.registrar, user=account.user, password=account.password)
    (folder / "linphonerc").write_text(config)
    (folder / "microphone.wav").write_bytes(sound.microphone(microphone))


def _configure_baresip(
    folder: Path,
    port: int,
    media: int,
    microphone: bytes,
    secure: Certificates | None,
    account: str,
) -> None:
    folder.mkdir(parents=True)
    (folder / "microphone.wav").write_bytes(sound.microphone(microphone))
    files = {"mic": folder / "microphone.wav", "speaker": folder / "speaker.wav", "alert": folder / "alert.wav"}
    tls = {"certificate": secure.ours if secure else "", "authority": secure.authority if secure else ""}
    config = _BARESIP_CONFIG.format(modules=_modules(), port=port, media=media, media_end=media + 7, **files, **tls)
    (folder / "config").write_text(config)
    (folder / "accounts").write_text(f"{account};audio_codecs=PCMU/8000/1;catchall=yes\n")
    (folder / "contacts").write_text("")


def _baresip_account(port: int, secure: Certificates | None, account: Account | None) -> str:
    if account is not None:
        return (
            f"<sip:{account.user}@{account.registrar};transport={account.transport}>"
            f";auth_pass={account.password};regint=600"
        )
    return f"<sip:baresip@{IP}:{port}{';transport=tls' if secure else ''}>;regint=0"


def _modules() -> str:
    for pattern in _BARESIP_MODULES:
        found = sorted(Path("/").glob(pattern.lstrip("/")))
        if found:
            return str(found[0])
    raise AssertionError("the modules of baresip are not where the Debian package puts them")
