"""Speech of an agent's fixed sentences: made once, kept on disk, and played again at no cost.

Fixed are sentences that are the same in every call: the welcome, questions in a silence, goodbyes, apologies, what is said while a tool
works, fillers, and answers that the agent gives its model word for word. A sentence with variables is not kept: it may hold a name. What is
kept belongs to one account, one voice and its settings.

A file is written beside its place and then moved there, and its content is checked when it is read. So a process that dies in the middle
leaves nothing that would be played.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass
from pathlib import Path

from callwright.conversation.clauses import clauses_of
from callwright.conversation.interjections import back_channels_in, fillers_in
from callwright.conversation.plan import CallPlan
from callwright.domain.limits import MAX_KEPT_SPEECH_BYTES, MAX_KEPT_SPEECH_BYTES_OF_ONE
from callwright.domain.variables import names_in
from callwright.ports.speech import VoiceSettings

_LOG = logging.getLogger(__name__)

_SUFFIX = ".speech"
_PART = ".part"
_SLACK = 16
"""A folder is looked through when this part of its bound has been written since the last time. By so much it may be larger meanwhile."""


@dataclass(frozen=True, slots=True)
class KeptClause:
    """A clause as mu-law, with its words as (text, start_ms, end_ms)."""

    mulaw: bytes
    words: tuple[tuple[str, int, int], ...] = ()
    estimated: bool = True


@dataclass(frozen=True, slots=True)
class _Head:
    """The first line of a file."""

    digest: str
    words: tuple[tuple[str, int, int], ...]
    estimated: bool


class SpeechFolder:
    """Kept clauses of a process: a folder per account, a file per clause. Every method blocks, and one thread calls them.

    The bounds are MAX_KEPT_SPEECH_BYTES in all and MAX_KEPT_SPEECH_BYTES_OF_ONE per account; the files that were used longest ago go first.
    """

    def __init__(
        self, folder: Path, most_bytes: int = MAX_KEPT_SPEECH_BYTES, most_of_one: int = MAX_KEPT_SPEECH_BYTES_OF_ONE
    ) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._most_of_one = most_of_one
        self._written: dict[Path, int] = {}

    def read(self, tenant_id: str, key: str) -> KeptClause | None:
        """The clause, None where it is not kept or not whole."""
        path = self._path(tenant_id, key)
        try:
            head_line, _, mulaw = path.read_bytes().partition(b"\n")
            head = _Head(**json.loads(head_line))
            if head.digest != hashlib.sha256(mulaw).hexdigest():
                raise ValueError("its content is another one")
            os.utime(path)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            _LOG.warning("kept speech is not whole and is made again: %s", error)
            path.unlink(missing_ok=True)
            return None
        return KeptClause(mulaw, tuple((str(word), int(a), int(b)) for word, a, b in head.words), head.estimated)

    def write(self, tenant_id: str, key: str, clause: KeptClause) -> None:
        """Keep a clause. Raises OSError."""
        path = self._path(tenant_id, key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = _Head(hashlib.sha256(clause.mulaw).hexdigest(), clause.words, clause.estimated)
        part = path.with_suffix(f".{os.getpid()}{_PART}")
        content = json.dumps(asdict(head)).encode() + b"\n" + clause.mulaw
        part.write_bytes(content)
        part.replace(path)
        if self._is_due(self._folder, len(content), self._most_bytes):
            self._written = {self._folder: 0}
            self._shrink(self._folder.glob("*/*"), self._most_bytes)
        if self._is_due(path.parent, len(content), self._most_of_one):
            self._written[path.parent] = 0
            self._shrink(path.parent.iterdir(), self._most_of_one)

    def _is_due(self, folder: Path, size: int, most_bytes: int) -> bool:
        """Whether so much has been written that the folder is to be looked through, or it never was."""
        if folder not in self._written:
            return True
        self._written[folder] += size
        return self._written[folder] > most_bytes // _SLACK

    def _path(self, tenant_id: str, key: str) -> Path:
        # A digest, as the key is: whatever an id holds is no path.
        return self._folder / hashlib.sha256(tenant_id.encode()).hexdigest()[:32] / f"{key}{_SUFFIX}"

    @staticmethod
    def _shrink(paths: Iterable[Path], most_bytes: int) -> None:
        found = []
        for path in paths:
            try:
                state = path.stat()
            except FileNotFoundError:
                continue
            found.append((state.st_mtime_ns, state.st_size, path))
        over = sum(size for _, size, _ in found) - most_bytes
        for _, size, path in sorted(found):
            if over <= 0:
                break
            path.unlink(missing_ok=True)
            over -= size


class FixedSpeech:
    """The fixed clauses of one call. ``account``: whose they are; ``provider`` and ``settings``: the voice that speaks them; ``plan`` and
    ``variables``: what is fixed, with the fixed ``answers`` of the model.

    Most are kept when the agent is saved (``unkept``), else when the voice first speaks them. Those of the messages for a failure are made
    ahead in a call (``missing``): when they are wanted, there may be no voice.
    """

    def __init__(
        self,
        folder: SpeechFolder,
        disk: Executor,
        account: str,
        voice: tuple[str, VoiceSettings],
        plan: CallPlan,
        variables: Mapping[str, str],
        answers: Sequence[str] = (),
    ) -> None:
        self._folder = folder
        self._disk = disk
        self._account = account
        provider, one = voice
        self._voice = [provider, one.voice, one.model, one.language, sorted(one.options.items()), *one.access.addresses]
        self._keys = {text: self._key(text) for text in fixed_texts(plan, variables, answers)}
        self._parting = clauses_of(plan.failure_message)
        self._ahead = [*self._parting, *clauses_of(plan.apology_message)]
        self._kept: dict[str, KeptClause] = {}
        self._loading = disk.submit(self._load)

    def clause(self, text: str) -> KeptClause | None:
        """The clause, if it is kept."""
        return self._kept.get(text)

    def is_fixed(self, text: str) -> bool:
        """Whether the clause is to be kept."""
        return text in self._keys

    def made(self, text: str, clause: KeptClause) -> None:
        """The voice has spoken a fixed clause."""
        if text not in self._kept:
            self._kept[text] = clause
            self._disk.submit(self._store, self._keys[text], clause)

    async def loaded(self) -> None:
        """Wait until what is kept is in memory."""
        await asyncio.wrap_future(self._loading)

    async def stored(self) -> None:
        """Wait until what was made is on disk."""
        await asyncio.wrap_future(self._disk.submit(_nothing))

    async def unkept(self) -> list[str]:
        """All clauses that are not kept, the welcome first."""
        await self.loaded()
        return [text for text in self._keys if text not in self._kept]

    async def missing(self) -> list[str]:
        """The clauses to be made ahead in a call that are not kept."""
        await self.loaded()
        return [text for text in dict.fromkeys(self._ahead) if text in self._keys and text not in self._kept]

    def parting(self) -> list[tuple[str, KeptClause]]:
        """The clauses, each with its text, of what is said when the agent has lost its voice; empty where one is not kept."""
        kept = [(text, self._kept[text]) for text in self._parting if text in self._kept]
        return kept if len(kept) == len(self._parting) else []

    def _load(self) -> None:
        for text, key in self._keys.items():
            found = self._folder.read(self._account, key)
            if found is not None:
                self._kept.setdefault(text, found)

    def _store(self, key: str, clause: KeptClause) -> None:
        try:
            self._folder.write(self._account, key, clause)
        except OSError as error:
            _LOG.warning("speech cannot be kept: %s", error)

    def _key(self, text: str) -> str:
        return hashlib.sha256(json.dumps([text, *self._voice], default=repr, ensure_ascii=False).encode()).hexdigest()


def _nothing() -> None:
    """Runs after what the one thread had to do before."""


def fixed_texts(plan: CallPlan, variables: Mapping[str, str], answers: Sequence[str] = ()) -> tuple[str, ...]:
    """The clauses that are the same in every call of the agent, the welcome first. ``answers``: those of its model."""
    messages = (
        "" if plan.welcome_by_model else plan.welcome_message,
        plan.user_online_message,
        plan.hangup_message,
        plan.apology_message,
        plan.failure_message,
        plan.opt_out_message,
        plan.voicemail_message,
        *(words.message for words in plan.tool_words),
        *plan.waiting_messages,
        *answers,
    )
    fixed = (message for message in messages if not names_in(message, variables))
    clauses = (clause for message in fixed for clause in clauses_of(message))
    return tuple(dict.fromkeys([*clauses, *_sayings(plan)]))


def _sayings(plan: CallPlan) -> list[str]:
    """What is said beside replies, which is not cut into clauses."""
    fillers = fillers_in(plan.language) if plan.fillers else ()
    return [*fillers, *(back_channels_in(plan.language) if plan.backchannels else ())]
