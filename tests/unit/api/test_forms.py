"""Forms: read in pieces whatever the pieces are, bounded, and refused with the reason."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import pytest
from pydantic import Field
from starlette.requests import Request
from starlette.types import Message

from callwright.api.forms import FileRule, Form, FormRules, read_form
from callwright.api.reading import AskedForm, FormBody, UploadedFile, reads
from callwright.domain.errors import BadInputError, CallwrightError, InvalidFormError, TooLargeError
from callwright.domain.limits import (
    MAX_BODY_BYTES,
    MAX_DISCARDED_BYTES,
    MAX_FORM_FIELD_BYTES,
    MAX_FORM_MEMORY_BYTES,
    MAX_FORM_NAME_CHARACTERS,
    MAX_FORM_PART_HEADERS,
    MAX_FORM_PARTS,
)
from callwright.domain.settings.kinds import phone_numbers, text, whole

MULTIPART = "multipart/form-data; boundary=xyz"
URLENCODED = "application/x-www-form-urlencoded"
LIST = FormRules({"file": FileRule(5_000_000)})


class Upload:
    """A request whose body comes in given pieces."""

    def __init__(self, pieces: Sequence[bytes], content_type: str = MULTIPART, **headers: str) -> None:
        self._pieces = list(pieces)
        self.taken_bytes = 0
        given = {"content-type": content_type, **headers}
        raw = [(name.encode(), value.encode()) for name, value in given.items()]
        self.request = Request({"type": "http", "method": "POST", "headers": raw}, self._receive)

    async def _receive(self) -> Message:
        piece = self._pieces.pop(0) if self._pieces else b""
        self.taken_bytes += len(piece)
        return {"type": "http.request", "body": piece, "more_body": bool(self._pieces)}


def part(name: str, value: bytes, more: str = "", headers: str = "") -> bytes:
    return f'--xyz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n{headers}\r\n'.encode() + value + b"\r\n"


def file(value: bytes, file_name: str = "list.csv", name: str = "file") -> bytes:
    return part(name, value, f'; filename="{file_name}"', "Content-Type: text/csv\r\n")


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + b"--xyz--\r\n"


async def refused(
    body: bytes, content_type: str = MULTIPART, rules: FormRules = LIST, **headers: str
) -> CallwrightError:
    with pytest.raises(CallwrightError) as raised:
        async with read_form(Upload([body], content_type, **headers).request, rules):
            pass
    return raised.value


@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
async def test_fields_and_files_are_whole_however_the_body_is_cut(size: int) -> None:
    body = form(
        part("agent_id", b"a-1"),
        part("from_phone_numbers", b"+15550001"),
        file(b"contact_number\r\n--xy\r\n+1555\r\n"),
        part("from_phone_numbers", "+1555 ünï".encode()),
    )
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    async with read_form(Upload(pieces).request, LIST) as read:
        assert read.names == ["agent_id", "from_phone_numbers", "file"]
        assert read.text("agent_id") == "a-1"
        assert read.texts("from_phone_numbers") == ["+15550001", "+1555 ünï"]
        csv = read.file("file")
        assert (csv.file_name, csv.content_type) == ("list.csv", "text/csv")
        content = await csv.read()
        assert content == b"contact_number\r\n--xy\r\n+1555\r\n"
        assert (csv.size_bytes, csv.sha256) == (len(content), hashlib.sha256(content).hexdigest())
    assert csv.content.closed


async def test_a_large_file_passes_through_and_is_gone_afterwards() -> None:
    content = bytes(range(256)) * (2 * MAX_FORM_MEMORY_BYTES // 256)
    body = form(file(content))
    pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
    async with read_form(Upload(pieces).request, LIST) as read:
        assert await read.file("file").read() == content
    assert read.file("file").content.closed


async def fail_with(upload: Upload, kept: list[Form]) -> None:
    async with read_form(upload.request, LIST) as read:
        kept.append(read)
        raise RuntimeError


async def test_a_file_is_forgotten_when_its_reader_fails() -> None:
    kept: list[Form] = []
    with pytest.raises(RuntimeError):
        await fail_with(Upload([form(file(b"a"))]), kept)
    assert kept[0].file("file").content.closed


async def test_a_file_without_a_name_of_its_own_is_a_file() -> None:
    async with read_form(Upload([form(part("file", b"a,b"))]).request, LIST) as read:
        assert (read.file("file").file_name, await read.file("file").read()) == ("", b"a,b")


async def test_a_file_nobody_asked_for_is_thrown_away() -> None:
    body = form(file(b"x" * 200_000, name="photo"), part("agent_id", b"a-1"))
    async with read_form(Upload([body]).request, LIST) as read:
        assert read.names == ["agent_id"]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\fakepath\\list.csv", "list.csv"),
        ("../../etc/passwd", "passwd"),
        ("a\tb.csv", "ab.csv"),
        ("liste-für-übermorgen.csv", "liste-für-übermorgen.csv"),
        ("x" * 300, "x" * 255),
        ("", ""),
    ],
)
async def test_a_file_name_keeps_no_folder_and_no_control_character(given: str, kept: str) -> None:
    async with read_form(Upload([form(file(b"", given))]).request, LIST) as read:
        assert read.file("file").file_name == kept


async def test_brackets_after_a_repeated_name_are_the_same_name() -> None:
    async with read_form(Upload([form(part("n", b"1"), part("n[]", b"2"))]).request) as read:
        assert read.texts("n") == ["1", "2"]


async def test_several_files_come_where_a_rule_allows_them() -> None:
    rules = FormRules({"file": FileRule(10, most=2)})
    async with read_form(Upload([form(file(b"1"), file(b"2"))]).request, rules) as read:
        assert [await one.read() for one in read.files("file")] == [b"1", b"2"]
    assert "at most 2 times" in (await refused(form(file(b"1"), file(b"2"), file(b"3")), rules=rules)).message


async def test_an_urlencoded_form_is_a_form() -> None:
    body = b"scheduled_at=2026-09-14T05%3A02%3A00%2B00%3A00&bypass_call_guardrails=&x=a+b"
    async with read_form(Upload([body], URLENCODED + "; charset=utf-8").request) as read:
        assert read.text("scheduled_at") == "2026-09-14T05:02:00+00:00"
        assert read.text("bypass_call_guardrails") == ""
        assert read.text("x") == "a b"
        assert read.text("other") is None


async def test_a_missing_file_and_a_repeated_field_say_so() -> None:
    async with read_form(Upload([form(part("n", b"1"), part("n", b"2"))]).request, LIST) as read:
        with pytest.raises(BadInputError, match="file is required"):
            read.file("file")
        with pytest.raises(BadInputError, match="n came 2 times"):
            read.text("n")


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"{}", "application/json", "must be multipart/form-data; Content-Type says application/json"),
        (b"", "", "Content-Type says nothing"),
        (b"x", "multipart/form-data", "without a boundary"),
        (b"x", "multipart/form-data; boundary=" + "b" * 300, "cannot be read"),
        (b"", MULTIPART, "cut off on the way"),
        (b"hello", MULTIPART, "cannot be read"),
        (form(file(b"abc"))[:-6], MULTIPART, "cut off on the way"),
        (b"--xyz\r\nX-Nothing: 1\r\n\r\na\r\n--xyz--", MULTIPART, "part 1 has no Content-Disposition"),
        (form(part("", b"a")), MULTIPART, "has no name"),
        (form(part("n" * (MAX_FORM_NAME_CHARACTERS + 1), b"a")), MULTIPART, "the name of a field is longer"),
        (form(part("n", b"a\x00b")), MULTIPART, "n holds a NUL"),
        (form(part("n", b"\xff")), MULTIPART, "n is not UTF-8"),
        (form(part("n\x01", b"a")), MULTIPART, "control character"),
        (
            form(part("n", b"YQ==", headers="Content-Transfer-Encoding: base64\r\n")),
            MULTIPART,
            "send its bytes as they are",
        ),
        (form(part("n", b"a", headers="X: y\r\n" * MAX_FORM_PART_HEADERS)), MULTIPART, "Maximum header count"),
        (form(file(b"1"), file(b"2")), MULTIPART, "the file file can come once"),
        (b"a=%FF", URLENCODED, "not urlencoded UTF-8"),
        ("a=ü".encode(), URLENCODED, "not urlencoded UTF-8"),
        (b"a=%00", URLENCODED, "a holds a NUL"),
        (b"=1", URLENCODED, "has no name"),
        (b"%01=1", URLENCODED, "control character"),
    ],
)
async def test_what_is_not_a_form_is_refused_with_the_reason(body: bytes, content_type: str, message: str) -> None:
    error = await refused(body, content_type)
    assert (type(error), error.http_status) == (InvalidFormError, 400)
    assert message in error.message


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (form(file(b"x" * 5_000_001)), MULTIPART, "the file file is larger than 5000000 bytes"),
        (form(part("n", b"x" * (MAX_FORM_FIELD_BYTES + 1))), MULTIPART, f"n is longer than {MAX_FORM_FIELD_BYTES}"),
        (
            form(*[part("n", b"x" * MAX_FORM_FIELD_BYTES)] * 17),
            MULTIPART,
            f"longer than {MAX_BODY_BYTES} bytes together",
        ),
        (form(*[part("n", b"")] * (MAX_FORM_PARTS + 1)), MULTIPART, f"more than {MAX_FORM_PARTS} fields"),
        (form(file(b"x" * 8_000_000, name="photo")), MULTIPART, "the form is larger than"),
        (b"&".join([b"a=1"] * (MAX_FORM_PARTS + 1)), URLENCODED, f"more than {MAX_FORM_PARTS} fields"),
        (b"n=" + b"x" * (MAX_FORM_FIELD_BYTES + 1), URLENCODED, f"n is longer than {MAX_FORM_FIELD_BYTES}"),
        (b"n=" + b"x" * MAX_BODY_BYTES, URLENCODED, "the body is larger than"),
    ],
)
async def test_what_is_over_a_limit_is_too_large(body: bytes, content_type: str, message: str) -> None:
    error = await refused(body, content_type)
    assert (type(error), error.http_status) == (TooLargeError, 413)
    assert message in error.message


async def test_every_limit_itself_is_allowed() -> None:
    body = form(
        file(b"x" * 5_000_000),
        *[part("n" * MAX_FORM_NAME_CHARACTERS, b"x" * MAX_FORM_FIELD_BYTES)] * 16,
        *[part("m", b"")] * (MAX_FORM_PARTS - 17),
    )
    async with read_form(Upload([body]).request, LIST) as read:
        assert len(read.texts("m")) == MAX_FORM_PARTS - 17


async def test_a_form_declared_too_large_is_refused_at_once_where_the_sender_waits_for_our_word() -> None:
    upload = Upload([form(part("n", b"1"))], **{"content-length": "99999999", "expect": "100-continue"})
    with pytest.raises(TooLargeError):
        async with read_form(upload.request, LIST):
            pass
    assert upload.taken_bytes == 0


async def test_of_a_refused_form_only_so_much_is_read_on() -> None:
    piece = b"x" * 65_536
    upload = Upload([b"--xyz\r\nnonsense", *[piece] * 1_000], **{"content-length": "99999999"})
    with pytest.raises(TooLargeError):
        async with read_form(upload.request, LIST):
            pass
    assert upload.taken_bytes <= MAX_DISCARDED_BYTES + 2 * len(piece)


class Order(AskedForm):
    name: Annotated[str, reads(text())]
    count: Annotated[int, reads(whole(1, 9))] = 2
    numbers: Annotated[list[str], reads(phone_numbers(3))] = Field(default_factory=list)


class FiledOrder(Order):
    file: UploadedFile
    cover: UploadedFile | None = None


FILED = FormBody(FiledOrder, {}, rules=FormRules({"file": FileRule(100), "cover": FileRule(100)}))


async def test_a_form_is_validated_by_its_model_while_its_files_are_open() -> None:
    body = form(part("name", b" Ada "), part("count", b" "), part("numbers", b"1"), part("numbers", b"2"), file(b"x"))
    async with asynccontextmanager(FILED)(Upload([body]).request) as order:
        assert (order.name, order.count, order.numbers, order.cover) == ("Ada", 2, ["1", "2"], None)
        assert await order.file.read() == b"x"
    assert order.file.content.closed


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "name is required"),
        ([part("name", b"Ada")], "file is required: send a file as the form field file"),
        ([part("name", b"Ada"), part("name", b"Bo")], "name came 2 times; send it once"),
        (
            [part("name", b"Ada"), part("count", b"12"), file(b"x")],
            'count must be a whole number from 1 to 9, not "12"',
        ),
    ],
)
async def test_a_form_that_its_model_refuses_names_the_field(parts: list[bytes], message: str) -> None:
    with pytest.raises(BadInputError) as raised:
        async with asynccontextmanager(FILED)(Upload([form(*parts)]).request):
            pass
    assert raised.value.message == message


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"name=Ada&count=3", URLENCODED), (b'{"name": "Ada", "count": 3}', "application/json; charset=utf-8")],
)
async def test_a_form_without_files_may_come_in_other_ways(body: bytes, content_type: str) -> None:
    async with asynccontextmanager(FormBody(Order, {}))(Upload([body], content_type).request) as order:
        assert (order.name, order.count) == ("Ada", 3)


async def test_a_form_with_files_is_no_json() -> None:
    with pytest.raises(InvalidFormError, match="multipart/form-data"):
        async with asynccontextmanager(FILED)(Upload([b"{}"], "application/json").request):
            pass
