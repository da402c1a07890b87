"""A real Asterisk on loopback, in a folder with Debian sid: its configuration, its start and its end.

The folder is that of CALLWRIGHT_ASTERISK_FOLDER, else build/asterisk, which ``make asterisk`` makes. Each start has a folder of its own in
the tmp of that one, and is ended by its process id.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("CALLWRIGHT_ASTERISK_FOLDER") or ROOT / "build/asterisk")
USER, PASSWORD, APP = "callwright", "pbx-password-4711", "callwright"
_ETC = Path(__file__).parent / "asterisk_etc"
_START_S = 30.0
_ENDPOINT = """
[{name}]
type=endpoint
transport=udp
context=in
disallow=all
allow=ulaw
direct_media=no
rtp_symmetric=yes
dtmf_mode=rfc4733
aors={name}
[{name}]
type=aor
contact=sip:127.0.0.1:{port}
"""
_PJSIP = """
[udp]
type=transport
protocol=udp
bind=127.0.0.1:{port}
[trunk]
type=identify
endpoint=trunk
match=127.0.0.1
"""
_ASTERISK = """
[directories]
astetcdir => {base}/etc
astmoddir => {modules}
astvarlibdir => {base}/lib
astdbdir => {base}/lib
astkeydir => {base}/lib
astdatadir => /usr/share/asterisk
astagidir => {base}/agi
astspooldir => {base}/spool
astrundir => {base}/run
astlogdir => {base}/log
astsbindir => /usr/sbin
[options]
transmit_silence = yes
"""
_FILES = {
    "ari.conf": f"[general]\nenabled=yes\n[{USER}]\ntype=user\npassword={PASSWORD}\n",
    "amd.conf": "[general]\n",
    "extensions.conf": f"[in]\nexten => _[+0-9a-z].,1,Stasis({APP})\n same => n,Hangup()\n",
    "logger.conf": "[general]\n[logfiles]\nconsole => notice,warning,error\n",
    "rtp.conf": "[general]\nrtpstart=42000\nrtpend=42999\nstrictrtp=no\n",
}


def number_of(port: int) -> str:
    """The number of the phone at a SIP port."""
    return f"+15551{port:05}"


class RealAsterisk:
    """``phones``: SIP ports at which phones may be called by their numbers; ``trunk``: the one behind its trunk. ``json``: how media
    websockets write their control messages."""

    def __init__(self, phones: Sequence[int], trunk: int, *, json: bool = False) -> None:
        self.sip_port, self.http_port = _free(socket.SOCK_DGRAM), _free(socket.SOCK_STREAM)
        self._base = Path(tempfile.mkdtemp(prefix="callwright-", dir=FOLDER / "tmp"))
        self._process: subprocess.Popen[bytes] | None = None
        modules = next((FOLDER / "usr/lib").glob("*/asterisk/modules"))
        inside = f"/{self._base.relative_to(FOLDER)}"
        for name in ("etc", "lib", "agi", "spool", "run", "log"):
            (self._base / name).mkdir()
        ends = [_ENDPOINT.format(name=number_of(port), port=port) for port in phones]
        files = {
            **_FILES,
            "asterisk.conf": _ASTERISK.format(base=inside, modules=f"/{modules.relative_to(FOLDER)}"),
            "http.conf": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={self.http_port}\nsessionlimit=1000\n",
            "modules.conf": (_ETC / "modules.conf").read_text(),
            "pjsip.conf": "".join(
                (*ends, _ENDPOINT.format(name="trunk", port=trunk), _PJSIP.format(port=self.sip_port))
            ),
            **({"chan_websocket.conf": "[global]\ncontrol_message_format = json\n"} if json else {}),
        }
        for name, text in files.items():
            (self._base / "etc" / name).write_text(text)
        self._config = f"{inside}/etc/asterisk.conf"

    @property
    def url(self) -> str:
        """Of its HTTP server."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self._base / "console").read_text(errors="replace")

    def start(self) -> None:
        """Start it, and wait until it listens."""
        with (self._base / "console").open("wb") as console:
            self._process = subprocess.Popen(
                ["chroot", str(FOLDER), "/usr/sbin/asterisk", "-f", "-C", self._config],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        ends_at_s = time.monotonic() + _START_S
        while "Asterisk Ready" not in self.log or not _listens(self.http_port):
            assert self._process.poll() is None, self.log[-2_000:]
            assert time.monotonic() < ends_at_s, self.log[-2_000:]
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def remove(self) -> None:
        """End it and delete its files."""
        self.kill()
        shutil.rmtree(self._base, ignore_errors=True)


def _free(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
