"""Which encoding an uploaded text is in, and which texts are refused because nobody can tell."""

from __future__ import annotations

import pytest

from callwright.domain.errors import BadInputError, TooLargeError
from callwright.platform.batches.rules.contact_csv import CsvRules
from callwright.platform.batches.rules.text_encoding import (
    ENCODINGS,
    UTF_8,
    UTF_16,
    WINDOWS_1252,
    encoding_of,
    lines_of,
)

RULES = CsvRules(10)


def found(raw: bytes, piece: int = 3, given: str | None = None) -> str:
    return encoding_of(lambda: [raw[at : at + piece] for at in range(0, len(raw), piece)], RULES, given=given)


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (b"", UTF_8),
        (b"plain\n", UTF_8),
        ("Zoë – 5 €\n".encode(), UTF_8),
        ("\ufeffZoë\n".encode(), UTF_8),
        ("Иван, 李明, نور\n".encode(), UTF_8),
        ("Zoë\nИван\n".encode("utf-16"), UTF_16),
        (b"\xfe\xff" + "Zoë\n".encode("utf-16-be"), UTF_16),
        ("Zoë – 5 €\n".encode("cp1252"), WINDOWS_1252),
        ("„Spaß“ für Müller & Söhne\n".encode("cp1252"), WINDOWS_1252),
        ("«CAFÉ» à Saint-Étienne, créée\n".encode("cp1252"), WINDOWS_1252),
        ("——— é…” ———\n".encode("cp1252"), WINDOWS_1252),
        ("¿Qué? Año, São João\n".encode("latin-1"), WINDOWS_1252),
    ],
)
def test_an_encoding_that_can_be_told_is(raw: bytes, encoding: str) -> None:
    assert found(raw) == encoding
    assert found(raw, 1_000) == encoding


@pytest.mark.parametrize(
    ("raw", "line", "why"),
    [
        (b"a\nb\x81\n", 2, "bytes that are nothing in Windows-1252"),
        ("Zoë\n".encode() + "Zoë\n".encode("cp1252"), 2, "other parts of it are UTF-8"),
        ("Zoë".encode() + b"\xff\n", 1, "other parts of it are UTF-8"),
        ("ab\n\nИван\n".encode("cp1251"), 3, "an alphabet that Windows-1252 does not have"),
        ("Γιώργος\n".encode("cp1253"), 1, "an alphabet that"),
        ("李明\n".encode("gb18030"), 1, "an alphabet that"),
        ("田中さん\n".encode("shift_jis"), 1, "an alphabet that"),
        ("\ufeffa\n".encode() + b"\xe4\n", 2, "this is not UTF-8"),
        (b"\xff\xfea\x00\n\x00\x00\xd8a\x00", 2, "this is not UTF-16"),
        ("a\n".encode("utf-32"), 1, "the file is UTF-32"),
        (b"PK\x03\x04\x14\x00xl/workbook.xml", 1, "the file is a spreadsheet; save it as CSV"),
    ],
)
def test_a_text_that_may_be_read_wrongly_is_refused_with_its_line(raw: bytes, line: int, why: str) -> None:
    for piece in (1, 3, 1_000):
        with pytest.raises(BadInputError) as refused:
            found(raw, piece)
        assert refused.value.message.startswith(f"line {line}: ")
        assert why in refused.value.message


@pytest.mark.parametrize(
    ("text", "codec", "given"),
    [
        ("Łukasz\n", "cp1250", "windows-1250"),
        ("Юля\n", "cp1251", "windows-1251"),
        ("Ğül\n", "cp1254", "windows-1254"),
        ("Łukasz\n", "iso-8859-2", "iso-8859-2"),
        ("Žofie\n", "iso-8859-15", "iso-8859-15"),
        # Whoever says Latin-1 of a file from Windows means what Windows writes.
        ("Zoë – 5 €\n", "cp1252", "iso-8859-1"),
        ("Zoë\n", "latin-1", "iso-8859-1"),
        ("Zoë – œuf\n", "mac_roman", "mac_roman"),
        ("髙橋\n", "cp932", "shift_jis"),
        ("李\n", "gbk", "gbk"),
        ("王小明\n", "big5", "big5"),
        ("홍길동\n", "cp949", "euc-kr"),
        ("Zoë\n", "utf-16", "utf-16"),
        ("\ufeffZoë\n", "utf-8", "utf-8"),
    ],
)
def test_a_text_is_read_in_the_encoding_that_is_given(text: str, codec: str, given: str) -> None:
    raw = text.encode(codec)
    for piece in (1, 1_000):
        assert found(raw, piece, given) == given
    assert list(lines_of([raw[:1], raw[1:]], given, RULES, 100)) == [text.removeprefix("\ufeff")]


@pytest.mark.parametrize(
    ("names", "given"),
    [
        ("Müller Søren José Ángel Öz Ñandú Zoë Þór Ã¡", "windows-1252"),
        ("Łukasz Žofie Šimon Őze Ţepeş", "windows-1250"),
        ("Алёна Её Юля Пётр Щёкин", "windows-1251"),
        ("Алёна Пётр Щёкин", "koi8-r"),
        ("王小明 李娜 张伟 蔡依林", "gbk"),
        ("王小明 林志玲", "big5"),
        ("田中 ﾀﾅｶ 髙橋", "shift_jis"),
        ("홍길동 최철수", "euc-kr"),
    ],
)
def test_names_in_the_encoding_that_is_given_are_not_taken_for_utf_8(names: str, given: str) -> None:
    raw = names.replace(" ", "\n").encode("cp932" if given == "shift_jis" else given)
    assert found(raw, 1_000, given) == given


@pytest.mark.parametrize("given", ENCODINGS)
def test_lines_are_counted_in_every_encoding_that_may_be_given(given: str) -> None:
    raw = "a\nb\n".encode(given)
    assert found(raw, 1, given) == given
    assert list(lines_of([raw], given, RULES, 100)) == ["a\n", "b\n"]


@pytest.mark.parametrize(
    ("raw", "given", "why"),
    [
        (b"a\nb\x83\n", "windows-1250", "line 2: this is not windows-1250"),
        ("a\nŁukasz\n".encode("cp1250"), "utf-8", "line 2: this is not utf-8"),
        (b"a\n\x85\n", "shift_jis", "line 2: this is not shift_jis"),
        ("\ufeffa\n".encode(), "windows-1250", "line 1: the file begins as utf-8 and not as windows-1250"),
        ("a\n".encode("utf-16"), "gbk", "line 1: the file begins as utf-16 and not as gbk"),
        ("a\n".encode("utf-16-le"), "utf-16", "line 1: the file has no byte order mark of UTF-16"),
        (b"PK\x03\x04", "gbk", "line 1: the file is a spreadsheet"),
        (
            "a\nŠimon\n".encode("cp1250"),
            "iso-8859-2",
            "line 2: it has bytes that are no letters in iso-8859-2; give windows-1250",
        ),
        (
            "a\n5 €\n".encode("cp1252"),
            "iso-8859-15",
            "line 2: it has bytes that are no letters in iso-8859-15; give windows-1252",
        ),
        (b"a\n\x81\n", "iso-8859-1", "line 2: this is not iso-8859-1"),
        *(
            ("name\nZoë\n".encode(), given, f"line 2: the file is utf-8 and not {given}; leave out encoding")
            for given in ENCODINGS
            if given not in (UTF_8, UTF_16)
        ),
        ("李明\n".encode(), "gbk", "line 1: the file is utf-8 and not gbk"),
    ],
)
def test_a_text_that_is_not_in_the_given_encoding_is_refused(raw: bytes, given: str, why: str) -> None:
    for piece in (1, 1_000):
        with pytest.raises(BadInputError) as refused:
            found(raw, piece, given)
        assert refused.value.message.startswith(why)


def test_lines_keep_their_ends_and_have_a_longest() -> None:
    raw = "Zoë\r\n\nИван".encode("utf-16")
    assert list(lines_of([raw[:5], raw[5:9], raw[9:]], UTF_16, RULES, 100)) == ["Zoë\r\n", "\n", "Иван"]
    assert list(lines_of([b"\xef\xbb", b"\xbfab\n"], UTF_8, RULES, 3)) == ["ab\n"]
    for raw in (b"a\nabc\n", b"a\nabcd", "a\nüä".encode()):
        with pytest.raises(TooLargeError, match="line 2: the line is longer than 3 bytes"):
            list(lines_of([raw], UTF_8, RULES, 3))
