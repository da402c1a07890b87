"""Ambient sounds, knowledge bases and violations over the API, and the operator's side of violations."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api_world import ApiWorld, create, place
from tests.database import fetch, make_data_folder
from tests.unit.media.test_sound_file import mp3, tone
from tests.waiting import until

from callwright.cli import main
from callwright.domain.limits import (
    MAX_CONTACT_FILE_BYTES,
    MAX_DISCARDED_BYTES,
    MAX_KNOWLEDGE_BASE_BYTES,
    MAX_KNOWLEDGE_BASES,
    MAX_OWN_TRACKS,
    MAX_UPLOADED_SOUND_BYTES,
    MAX_UPLOADS_OF_ONE,
    MAX_VIOLATION_FILE_BYTES,
)
from callwright.media.wav import write_wav
from callwright.platform.accounts.rules import DEFAULT_TENANT_ID
from callwright.platform.violations.actions import decide, put_before

WAV = write_wav(tone(0.5), rate_hz=44_100)
PDF = b"%PDF-1.4\ntrailer<</Root 1 0 R>>\n%%EOF\n"


async def upload(
    client: httpx.AsyncClient, content: bytes = WAV, file_name: str = "rain.wav", **more: str
) -> httpx.Response:
    return await client.post("/ambient-sounds/custom", files={"file": (file_name, content)}, data=more)


# Ambient sounds


async def test_a_sound_is_uploaded_listed_after_the_presets_and_deleted(world: ApiWorld) -> None:
    async with world.client() as client:
        for content, name in ((WAV, "rain.wav"), (mp3(1), "storm.mp3")):
            made = (await upload(client, content, name)).json()
            assert (made["name"], made["type"]) == (name.partition(".")[0], "custom")
        listed = (await client.get("/ambient-sounds")).json()
        assert {one["id"] for one in listed if one["type"] == "preset"} >= {
            "coffee-shop",
            "office-ambience",
            "call-center",
        }
        assert [one["name"] for one in listed if one["type"] == "custom"] == ["rain", "storm"]
        assert (await client.delete(f"/ambient-sounds/{made['id']}")).json() == {
            "message": "success",
            "state": "deleted",
        }
        assert (await client.delete(f"/ambient-sounds/{made['id']}")).status_code == 404
        # By its id only: a name could be another's id tomorrow.
        assert (await client.delete("/ambient-sounds/rain")).status_code == 404
        assert (await client.delete("/ambient-sounds/coffee-shop")).status_code == 400
    trail = await fetch(world.dsn, "select action from audit where object_type = 'ambient_sound' order by id")
    assert [row["action"] for row in trail] == ["ambient_sound.created"] * 2 + ["ambient_sound.deleted"]


@pytest.mark.parametrize(
    ("content", "name", "more", "status", "field"),
    [
        (b"no sound", "rain.wav", {}, 400, "file"),
        (b"", "rain.wav", {}, 400, "file"),
        (write_wav(bytes(16_000)), "silence.wav", {}, 400, "file"),
        (b"ID3" + bytes(500), "rain.mp3", {}, 400, "file"),
        (WAV, "rain.wav", {"name": "coffee-shop"}, 400, "name"),
        (WAV, "rain.wav", {"name": "x" * 201}, 400, "name"),
        (WAV + bytes(MAX_UPLOADED_SOUND_BYTES), "rain.wav", {}, 413, "file"),
    ],
)
async def test_what_is_no_track_is_refused(
    world: ApiWorld, content: bytes, name: str, more: dict[str, str], status: int, field: str
) -> None:
    async with world.client() as client:
        answer = await upload(client, content, name, **more)
        assert (answer.status_code, answer.json()["field"]) == (status, field)
        assert [one for one in (await client.get("/ambient-sounds")).json() if one["type"] == "custom"] == []


async def test_a_name_is_one_accounts_own_once_and_there_is_an_end(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.other_key) as others:
        for number in range(MAX_OWN_TRACKS):
            assert (await upload(client, file_name=f"{number}.wav")).status_code == 200
        assert (await upload(client, file_name="0.wav")).status_code == 409
        assert (await upload(client, file_name="one-more.wav")).status_code == 409
        assert (await upload(others, file_name="0.wav")).status_code == 200
        assert len([one for one in (await others.get("/ambient-sounds")).json() if one["type"] == "custom"]) == 1


async def test_an_upload_under_an_idempotency_key_is_done_once(world: ApiWorld) -> None:
    async with world.client() as client:
        headers = {"Idempotency-Key": "once"}
        one = await client.post("/ambient-sounds/custom", files={"file": ("a.wav", WAV)}, headers=headers)
        two = await client.post("/ambient-sounds/custom", files={"file": ("a.wav", WAV)}, headers=headers)
        assert one.json() == two.json()
        other = await client.post("/ambient-sounds/custom", files={"file": ("a.wav", WAV + b"\0\0")}, headers=headers)
        assert other.status_code == 409


# Knowledge bases


async def test_a_knowledge_base_is_kept_and_says_that_it_is_not_processed(world: ApiWorld) -> None:
    async with world.client() as client:
        made = await client.post("/knowledgebase", files={"file": ("facts.pdf", PDF)}, data={"chunk_size": "256"})
        assert made.status_code == 200
        created = made.json()
        assert (created["file_name"], created["source_type"], created["status"]) == ("facts.pdf", "pdf", "error")
        assert "not processed yet" in created["reason"]
        address = await client.post("/knowledgebase", data={"url": "https://example.org/prices"})
        assert address.status_code == 200
        read = (await client.get(f"/knowledgebase/{created['rag_id']}")).json()
        assert (read["chunk_size"], read["similarity_top_k"], read["overlapping"]) == (256, 15, 128)
        assert read["humanized_created_at"] == "just now"
        listed = (await client.get("/knowledgebase/all")).json()
        assert [one["source_type"] for one in listed] == ["url", "pdf"]
        assert len({one["vector_id"] for one in listed}) == 2
        assert (await client.delete(f"/knowledgebase/{created['rag_id']}")).json()["state"] == "deleted"
        assert (await client.get(f"/knowledgebase/{created['rag_id']}")).status_code == 404
    kept = await fetch(world.dsn, "select source_type, content from knowledge_base")
    assert [(row["source_type"], row["content"]) for row in kept] == [("url", None)]


@pytest.mark.parametrize(
    ("files", "data", "status", "field"),
    [
        ({}, {"chunk_size": "512"}, 400, "file"),
        ({"file": ("a.pdf", PDF)}, {"url": "https://example.org"}, 400, "file"),
        ({"file": ("a.pdf", b"PK\x03\x04")}, {}, 400, "file"),
        ({"file": ("a.pdf", b"")}, {}, 400, "file"),
        ({"file": ("a.pdf", PDF)}, {"chunk_size": "0"}, 400, "chunk_size"),
        ({"file": ("a.pdf", PDF)}, {"language_support": "klingon"}, 400, "language_support"),
        ({"file": ("a.pdf", PDF + bytes(MAX_KNOWLEDGE_BASE_BYTES))}, {}, 413, "file"),
        ({}, {"url": "file:///etc/passwd"}, 400, None),
        ({}, {"url": "http://169.254.169.254/latest"}, 400, "url"),
        ({}, {"url": "http://localhost/x"}, 400, "url"),
        ({}, {"url": "http://[::1]/x"}, 400, "url"),
    ],
)
async def test_what_is_no_knowledge_base_is_refused(
    world: ApiWorld, files: dict[str, Any], data: dict[str, str], status: int, field: str | None
) -> None:
    async with world.client() as client:
        answer = await client.post("/knowledgebase", files=files or None, data=data)
        assert (answer.status_code, answer.json().get("field")) == (status, field)
        assert (await client.get("/knowledgebase/all")).json() == []


async def test_a_private_address_is_taken_where_the_server_allows_them(world: ApiWorld) -> None:
    actions = replace(world.services.actions, allow_private_urls=True)
    async with replace(world, services=replace(world.services, actions=actions)).client() as client:
        for url in ("http://localhost/x", "http://[::1]/x", "http://192.168.1.7:8080/prices"):
            assert (await client.post("/knowledgebase", data={"url": url})).status_code == 200, url
        closed = await client.post("/knowledgebase", data={"url": "http://169.254.169.254/latest"})
        assert "CALLWRIGHT_ALLOW_PRIVATE_URLS" not in closed.json()["hint"]
        assert (closed.status_code, closed.json()["field"]) == (400, "url")


async def test_no_more_knowledge_bases_are_kept_than_allowed(world: ApiWorld) -> None:
    async with world.client() as client:
        for _ in range(MAX_KNOWLEDGE_BASES):
            assert (await client.post("/knowledgebase", data={"url": "https://example.org"})).status_code == 200
        assert (await client.post("/knowledgebase", data={"url": "https://example.org"})).status_code == 409


# Violations


async def test_a_violation_is_put_before_the_calls_account_answered_and_decided(world: ApiWorld) -> None:
    async with world.client() as client, world.client(world.other_key) as others:
        execution_id = await place(client, await create(client))
        made = await put_before(world.services.actions, "", execution_id, "no consent on file")
        page = (await client.get("/violations/list")).json()
        assert (page["total"], page["limit"], page["offset"], page["has_more"]) == (1, 20, 0, False)
        (row,) = page["data"]
        assert (row["id"], row["status"], row["execution_id"]) == (made.id, "pending", execution_id)
        assert (row["to_phone_number"], row["user_id"], row["image_url"]) == ("loopback:demo", DEFAULT_TENANT_ID, None)
        assert (await others.get("/violations/list")).json()["data"] == []

        proof = {"violation_file": ("consent <b>.html", b"<script>1</script>", "text/html")}
        stolen = await others.post("/violations/submit", files=proof, data={"violation_id": made.id})
        assert stolen.status_code == 404
        answer = await client.post("/violations/submit", files=proof, data={"violation_id": made.id})
        assert (answer.status_code, answer.json()) == (200, {"message": "success", "state": "submitted"})
        (row,) = (await client.get("/violations/list", params={"status": "submitted"})).json()["data"]
        file = await client.get(row["image_url"])
        assert file.content == b"<script>1</script>"
        assert file.headers["content-type"] == "application/octet-stream"
        assert file.headers["content-disposition"].startswith("attachment;")
        assert (await others.get(f"/v1/callwright/violations/{made.id}/file")).status_code == 404

        await decide(world.services.actions, made.id, "accepted")
        late = await client.post("/violations/submit", files=proof, data={"violation_id": made.id})
        assert (late.status_code, late.json()["code"]) == (400, "wrong_state")
        assert (await client.get("/violations/list", params={"status": "pending"})).json()["total"] == 0
        assert (await client.get("/violations/list?status=")).json()["total"] == 1
        wrong = (await client.get("/violations/list", params={"status": "open"})).json()["message"]
        assert wrong.startswith("status must be one of accepted, pending, rejected, submitted")
    trail = await fetch(world.dsn, "select action from audit where object_type = 'violation' order by id")
    assert [row["action"] for row in trail] == ["violation.created", "violation.answered", "violation.accepted"]


@pytest.mark.parametrize(
    ("files", "data", "status"),
    [
        ({}, {"violation_id": "x"}, 400),
        ({"violation_file": ("a", b"x")}, {}, 400),
        ({"violation_file": ("a", b"x")}, {"violation_id": "nobody"}, 404),
        ({"violation_file": ("a", bytes(MAX_VIOLATION_FILE_BYTES + 1))}, {"violation_id": "x"}, 413),
    ],
)
async def test_an_answer_to_nothing_is_refused(
    world: ApiWorld, files: dict[str, Any], data: dict[str, str], status: int
) -> None:
    async with world.client() as client:
        answer = await client.post("/violations/submit", files=files or None, data=data)
    assert answer.status_code == status


def test_the_operator_works_at_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    make_data_folder(tmp_path / "data")
    data = ["--data", str(tmp_path / "data")]
    assert main(["violations", "create", "--note", "too many calls", *data]) == 0
    violation_id = capsys.readouterr().out.strip()
    assert main(["violations", "list", *data]) == 0
    assert re.match(rf"{violation_id}  pending   .*too many calls", capsys.readouterr().out)
    assert main(["violations", "file", violation_id, str(tmp_path / "answer"), *data]) == 1
    assert "there is no such file" in capsys.readouterr().err
    assert main(["violations", "reject", violation_id, *data]) == 0
    assert main(["violations", "accept", violation_id, *data]) == 1
    assert "the violation is rejected" in capsys.readouterr().err


# How much may be stored, and received at once


def with_quota(world: ApiWorld, quota: int) -> ApiWorld:
    actions = replace(world.services.actions, upload_quota_bytes=quota)
    return replace(world, services=replace(world.services, actions=actions))


def pdf(size: int) -> bytes:
    """A file of exactly ``size`` bytes that passes for a PDF."""
    return PDF[:-6] + b" " * (size - len(PDF)) + PDF[-6:]


async def test_an_organisation_stores_as_much_as_its_quota_and_not_a_byte_more(world: ApiWorld) -> None:
    limited = with_quota(world, 30_000)
    async with (
        limited.client() as client,
        limited.client(world.sub_key) as branch,
        limited.client(world.other_key) as others,
    ):
        first = await client.post("/knowledgebase", files={"file": ("a.pdf", pdf(10_000))})
        assert first.status_code == 200
        # What a sub-account stores is its organisation's, and every kind of file counts.
        contacts = b"contact_number,name\n+15550100," + b"x" * 9_970
        assert len(contacts) == 10_000
        assert (await branch.put("/v1/callwright/contact-files/vip", content=contacts)).status_code == 201
        refused = await client.post("/knowledgebase", files={"file": ("b.pdf", pdf(10_001))})
        assert (refused.status_code, refused.json()["code"]) == (413, "quota_exceeded")
        assert len((await client.get("/knowledgebase/all")).json()) == 1, "nothing of it is kept"
        assert (await client.post("/knowledgebase", files={"file": ("b.pdf", pdf(10_000))})).status_code == 200
        assert (await upload(client)).status_code == 413
        # Another one in its place does not count twice; what others store does not count.
        assert (await branch.put("/v1/callwright/contact-files/vip", content=contacts)).status_code == 200
        assert (await branch.put("/v1/callwright/contact-files/vip", content=contacts + b"x")).status_code == 413
        assert (await others.post("/knowledgebase", files={"file": ("a.pdf", pdf(30_000))})).status_code == 200
        assert (await client.delete(f"/knowledgebase/{first.json()['rag_id']}")).status_code == 200
        assert (await client.post("/knowledgebase", files={"file": ("c.pdf", pdf(10_000))})).status_code == 200


async def test_above_a_quota_that_was_lowered_a_file_may_be_replaced_by_a_smaller_one_and_nothing_may_grow(
    world: ApiWorld,
) -> None:
    made = await put_before(world.services.actions, DEFAULT_TENANT_ID, "", "")
    url = "/v1/callwright/contact-files/"

    def contacts(size: int) -> bytes:
        return (b"contact_number,name\n+15550100,").ljust(size, b"x")

    async def answered(client: httpx.AsyncClient, size: int) -> int:
        files, data = {"violation_file": ("a.txt", b"x" * size)}, {"violation_id": made.id}
        return (await client.post("/violations/submit", files=files, data=data)).status_code

    async with world.client() as client:
        assert (await client.put(url + "vip", content=contacts(9_000))).status_code == 201
        assert await answered(client, 9_000) == 200
    async with with_quota(world, 5_000).client() as client:
        sizes = (9_001, 8_000, 8_001, 8_000, 7_000)
        assert [(await client.put(url + "vip", content=contacts(size))).status_code for size in sizes] == [
            413,
            200,
            413,
            200,
            200,
        ]
        assert [await answered(client, size) for size in (9_001, 1_000, 1_001)] == [413, 200, 413]
        assert (await client.put(url + "new", content=contacts(100))).status_code == 413
        assert (await client.put(url + "vip", content=contacts(4_000))).status_code == 200
        assert (await client.put(url + "vip", content=contacts(4_001))).status_code == 413


async def test_uploads_at_the_same_moment_do_not_pass_the_quota_together(world: ApiWorld) -> None:
    limited = with_quota(world, 25_000)
    async with limited.client() as client:
        uploads = [client.post("/knowledgebase", files={"file": ("a.pdf", pdf(10_000))}) for _ in range(4)]
        statuses = sorted(answer.status_code for answer in await asyncio.gather(*uploads))
        assert statuses == [200, 200, 413, 413]


async def test_the_answer_to_a_violation_counts_too(world: ApiWorld) -> None:
    made = await put_before(world.services.actions, DEFAULT_TENANT_ID, "", "")
    async with with_quota(world, 1_000).client() as client:

        async def answered(size: int) -> int:
            files, data = {"violation_file": ("a.txt", b"x" * size)}, {"violation_id": made.id}
            return (await client.post("/violations/submit", files=files, data=data)).status_code

        assert [await answered(1_001), await answered(1_000), await answered(900)] == [413, 200, 200]


async def test_an_organisation_that_sends_many_files_at_once_is_told_to_wait(world: ApiWorld) -> None:
    go, begun = asyncio.Event(), 0
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n' + PDF

    async def slowly() -> AsyncIterator[bytes]:
        nonlocal begun
        yield head
        begun += 1
        await go.wait()
        yield b"\r\n--x--\r\n"

    async with world.client() as client, world.client(world.other_key) as others:
        kind = {"Content-Type": "multipart/form-data; boundary=x"}
        slow = [
            asyncio.create_task(client.post("/knowledgebase", content=slowly(), headers=kind))
            for _ in range(MAX_UPLOADS_OF_ONE)
        ]
        await until(lambda: begun == MAX_UPLOADS_OF_ONE)
        for refused in (
            await client.post("/knowledgebase", files={"file": ("a.pdf", PDF)}),
            await client.put("/v1/callwright/contact-files/vip", content=b"contact_number\n"),
        ):
            assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
            assert refused.headers["retry-after"]
        assert (await others.post("/knowledgebase", files={"file": ("a.pdf", PDF)})).status_code == 200
        go.set()
        assert {answer.status_code for answer in await asyncio.gather(*slow)} == {200}
        assert (await client.post("/knowledgebase", files={"file": ("a.pdf", PDF)})).status_code == 200


async def test_a_large_file_of_contacts_is_kept_whole(world: ApiWorld) -> None:
    """Larger than what is read and thrown away of a body that is refused."""
    rows = [f"+1555{number:07},{'x' * 80}" for number in range(98_000)]
    csv = "\n".join(["contact_number,note", *rows]).encode()
    assert MAX_DISCARDED_BYTES < len(csv) <= MAX_CONTACT_FILE_BYTES
    async with world.client() as client:
        kept = await client.put("/v1/callwright/contact-files/many", content=csv)
        assert (kept.status_code, kept.json()["contacts"]) == (201, 98_000)
        too_large = csv + b"\n" * (MAX_CONTACT_FILE_BYTES + 1 - len(csv))
        assert (await client.put("/v1/callwright/contact-files/more", content=too_large)).status_code == 413
        assert (await client.put("/v1/callwright/contact-files/more", content=too_large[:-1])).status_code == 201
