"""Reading a form (multipart/form-data, or urlencoded where there is no file): in pieces as it arrives, and bounded before it is kept.

    rules = FormRules({"file": FileRule(MAX_CSV_BYTES)})
    async with read_form(request, rules) as form:
        agent_id = form.text("agent_id")
        file = form.file("file")

A file lies in memory or, from ``MAX_FORM_MEMORY_BYTES`` on, in a temporary file without a name; both are gone when the block ends.
Fields nobody asked for are kept like any other; files nobody asked for are read and thrown away. Routes take a form with
``callwright.api.reading.form_body``, validated by the model that describes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING
from urllib.parse import parse_qsl

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from callwright.api.bodies import read_bytes
from callwright.domain.errors import BadInputError, CallwrightError, InvalidFormError, TooLargeError
from callwright.domain.fields import named
from callwright.domain.limits import (
    MAX_BODY_BYTES,
    MAX_DISCARDED_BYTES,
    MAX_FILE_NAME_CHARACTERS,
    MAX_FORM_FIELD_BYTES,
    MAX_FORM_HEADER_BYTES,
    MAX_FORM_MEMORY_BYTES,
    MAX_FORM_NAME_CHARACTERS,
    MAX_FORM_PART_HEADERS,
    MAX_FORM_PARTS,
)

if TYPE_CHECKING:
    from starlette.requests import Request

_MULTIPART = b"multipart/form-data"
_URLENCODED = b"application/x-www-form-urlencoded"
_PLAIN_ENCODINGS = (b"", b"7bit", b"8bit", b"binary")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class FileRule:
    """What may come under a file's field: so many files of so many bytes each."""

    most_bytes: int
    most: int = 1


@dataclass(frozen=True, slots=True)
class FormRules:
    """The files a route takes, by the name of their field."""

    files: Mapping[str, FileRule] = field(default_factory=dict)

    @property
    def most_bytes(self) -> int:
        """Largest whole body: the files, the text fields, and as much again for headers and boundaries."""
        return 2 * MAX_BODY_BYTES + sum(rule.most * rule.most_bytes for rule in self.files.values())


@dataclass(slots=True)
class FormFile:
    """An uploaded file, to be read from its beginning while the form is open. Reading ``content`` may touch the disk: do it on a thread."""

    name: str
    """The name of its field."""
    file_name: str
    """Its own name, without folders and control characters; empty when it came without."""
    content_type: str
    content: IO[bytes]
    size_bytes: int = 0
    sha256: str = ""

    async def read(self) -> bytes:
        """All of it."""
        return await asyncio.to_thread(self.content.read)


class Form:
    """The fields and files of a body, in the order they came."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._files: dict[str, list[FormFile]] = {}

    def add_text(self, name: str, value: str) -> None:
        """One more value of a field."""
        self._texts.setdefault(name, []).append(value)

    def add_file(self, file: FormFile) -> None:
        """One more file of a field."""
        self._files.setdefault(file.name, []).append(file)

    @property
    def names(self) -> list[str]:
        """The names of all fields and files."""
        return [*self._texts, *self._files]

    def texts(self, name: str) -> list[str]:
        """Every value of a field that may be repeated; none when it did not come. ``name[]``, as some clients write it, is the same."""
        return [*self._texts.get(name, ()), *self._texts.get(f"{name}[]", ())]

    def text(self, name: str) -> str | None:
        """The value of a field, None when it did not come. Raises BadInputError when it came more than once."""
        found = self.texts(name)
        if len(found) > 1:
            raise BadInputError(f"{name} came {len(found)} times; send it once", field=name)
        return found[0] if found else None

    def files(self, name: str) -> list[FormFile]:
        """Every file of a field."""
        return list(self._files.get(name, ()))

    def file(self, name: str) -> FormFile:
        """The file of a field. Raises BadInputError when there is none."""
        found = self.files(name)
        if not found:
            raise BadInputError(f"{name} is required: send a file as the form field {name}", field=name)
        return found[0]

    def close(self) -> None:
        """Forget the files."""
        for files in self._files.values():
            for file in files:
                file.content.close()


@asynccontextmanager
async def read_form(request: Request, rules: FormRules | None = None) -> AsyncIterator[Form]:
    """The form of a request, within the block. Raises InvalidFormError saying what is wrong with it, or TooLargeError.

    Of a form that is refused, up to MAX_DISCARDED_BYTES more are read and thrown away, so that its sender gets to read the answer.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    form = Form()
    try:
        if kind == _URLENCODED:
            form = urlencoded_form(await read_bytes(request))
        elif kind == _MULTIPART:
            await _read_multipart(request, options.get(b"boundary", b""), form, rules or FormRules())
        else:
            named = kind.decode("latin-1") or "nothing"
            raise InvalidFormError(f"the body must be multipart/form-data; Content-Type says {named[:100]}")
        yield form
    finally:
        form.close()


def urlencoded_form(body: bytes) -> Form:
    """The form of an urlencoded body. Raises InvalidFormError or TooLargeError."""
    form = Form()
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FORM_PARTS)
    except UnicodeDecodeError:
        raise InvalidFormError("the form is not urlencoded UTF-8") from None
    except ValueError:
        raise TooLargeError(f"the form has more than {MAX_FORM_PARTS} fields") from None
    for name, value in pairs:
        _check_name(name)
        if len(value.encode()) > MAX_FORM_FIELD_BYTES:
            raise _too_long(name)
        form.add_text(name, _stored(name, value))
    return form


async def _read_multipart(request: Request, boundary: bytes, form: Form, rules: FormRules) -> None:
    if not boundary:
        raise InvalidFormError("Content-Type is multipart/form-data without a boundary; let your client set the header")
    most = rules.most_bytes
    declared = request.headers.get("content-length", "")
    over = declared.isascii() and declared.isdigit() and int(declared[:20]) > most
    if over and "expect" in request.headers:
        raise _too_large(most)
    parts = _Parts(form, rules)
    seen = 0
    async with aclosing(request.stream()) as stream:
        try:
            if over:
                raise _too_large(most)
            parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": parts.begin,
                    "on_header_field": parts.header_name,
                    "on_header_value": parts.header_value,
                    "on_header_end": parts.header_end,
                    "on_headers_finished": parts.headers_end,
                    "on_part_data": parts.data,
                    "on_part_end": parts.end,
                    "on_end": parts.all,
                },
                max_header_count=MAX_FORM_PART_HEADERS,
                max_header_size=MAX_FORM_HEADER_BYTES,
            )
            async for chunk in stream:
                seen += len(chunk)
                if seen > most:
                    raise _too_large(most)
                parser.write(chunk)
                await parts.spool()
            parts.check_whole()
        except (FormParserError, CallwrightError) as error:
            discarded = 0
            async for chunk in stream:
                discarded += len(chunk)
                if discarded > MAX_DISCARDED_BYTES:
                    break
            if isinstance(error, CallwrightError):
                raise
            raise InvalidFormError(f"the form cannot be read: {error}") from None


def _too_large(most: int) -> TooLargeError:
    return TooLargeError(f"the form is larger than {most} bytes")


def _too_long(name: str) -> TooLargeError:
    return TooLargeError(f"{named(name)} is longer than {MAX_FORM_FIELD_BYTES} bytes", field=named(name))


def _check_name(name: str) -> None:
    if not name:
        raise InvalidFormError("a field of the form has no name")
    if len(name) > MAX_FORM_NAME_CHARACTERS:
        raise InvalidFormError(f"the name of a field is longer than {MAX_FORM_NAME_CHARACTERS} characters")
    if _CONTROL.search(name):
        raise InvalidFormError("the name of a field holds a control character; remove it")


def _stored(name: str, value: str) -> str:
    if "\x00" in value:
        raise InvalidFormError(f"{named(name)} holds a NUL; remove it", field=named(name))
    return value


class _Parts:
    """What the parser tells about the parts, in the order it tells it."""

    def __init__(self, form: Form, rules: FormRules) -> None:
        self._form = form
        self._rules = rules
        self._count = 0
        self._text_bytes = 0
        self._whole = False
        self._header = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._open: _OpenPart | None = None
        self._waiting: list[tuple[FormFile, bytes]] = []

    def begin(self) -> None:
        self._count += 1
        if self._count > MAX_FORM_PARTS:
            raise TooLargeError(f"the form has more than {MAX_FORM_PARTS} fields and files")
        self._headers = {}

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0].extend(data[start:end])

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1].extend(data[start:end])

    def header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def headers_end(self) -> None:
        kind, options = parse_options_header(self._headers.get(b"content-disposition"))
        if kind != b"form-data":
            raise InvalidFormError(f"part {self._count} has no Content-Disposition: form-data")
        name = _decoded(options.get(b"name", b""), "the name of a field")
        _check_name(name)
        if self._headers.get(b"content-transfer-encoding", b"").strip().lower() not in _PLAIN_ENCODINGS:
            raise InvalidFormError(
                f"{named(name)} comes in a Content-Transfer-Encoding; send its bytes as they are", field=named(name)
            )
        rule = self._rules.files.get(name)
        if rule is not None:
            self._open = self._file(name, rule, options.get(b"filename", b""))
        elif b"filename" in options:
            self._open = None
        else:
            self._open = _OpenPart(name)

    def _file(self, name: str, rule: FileRule, file_name: bytes) -> _OpenPart:
        if len(self._form.files(name)) >= rule.most:
            times = "once" if rule.most == 1 else f"at most {rule.most} times"
            raise InvalidFormError(f"the file {name} can come {times}", field=name)
        kept = file_name.decode("utf-8", "replace").replace("\\", "/").rpartition("/")[2]
        content_type = self._headers.get(b"content-type", b"").decode("latin-1")
        # Closed with the form. SpooledTemporaryFile has no name, so a killed process leaves nothing.
        content = tempfile.SpooledTemporaryFile(MAX_FORM_MEMORY_BYTES)  # noqa: SIM115
        file = FormFile(name, _CONTROL.sub("", kept)[:MAX_FILE_NAME_CHARACTERS], content_type, content)
        self._form.add_file(file)
        return _OpenPart(name, file, rule.most_bytes)

    def data(self, data: bytes, start: int, end: int) -> None:
        part = self._open
        if part is None:
            return
        length = end - start
        if part.file is None:
            self._text_bytes += length
            if len(part.text) + length > MAX_FORM_FIELD_BYTES:
                raise _too_long(part.name)
            if self._text_bytes > MAX_BODY_BYTES:
                raise TooLargeError(f"the text fields of the form are longer than {MAX_BODY_BYTES} bytes together")
            part.text.extend(data[start:end])
            return
        part.file.size_bytes += length
        if part.file.size_bytes > part.most_bytes:
            raise TooLargeError(f"the file {part.name} is larger than {part.most_bytes} bytes", field=part.name)
        piece = data[start:end]
        part.digest.update(piece)
        self._waiting.append((part.file, piece))

    def end(self) -> None:
        part = self._open
        self._open = None
        if part is None:
            return
        if part.file is None:
            self._form.add_text(part.name, _stored(part.name, _decoded(bytes(part.text), part.name)))
        else:
            part.file.sha256 = part.digest.hexdigest()

    def all(self) -> None:
        self._whole = True

    async def spool(self) -> None:
        """Write what came of files; on a thread, once the file is no longer in memory."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        if waiting[-1][0].size_bytes > MAX_FORM_MEMORY_BYTES:
            await asyncio.to_thread(_write, waiting)
        else:
            _write(waiting)

    def check_whole(self) -> None:
        """Raise unless the closing boundary came, and put every file to its beginning."""
        if not self._whole:
            raise InvalidFormError("the form ends before its closing boundary; it was cut off on the way")
        for name in self._rules.files:
            for file in self._form.files(name):
                file.content.seek(0)


class _OpenPart:
    """The part whose bytes are coming."""

    def __init__(self, name: str, file: FormFile | None = None, most_bytes: int = 0) -> None:
        self.name = name
        self.file = file
        self.most_bytes = most_bytes
        self.text = bytearray()
        self.digest = hashlib.sha256()


def _write(waiting: list[tuple[FormFile, bytes]]) -> None:
    for file, piece in waiting:
        file.content.write(piece)


def _decoded(value: bytes, what: str) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise InvalidFormError(f"{what} is not UTF-8") from None
