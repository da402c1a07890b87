"""Routes of the reports of batches: CSV, sent in pieces as it is read."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from pathlib import PurePath
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from callwright.api.reading import AskedQuery, reads
from callwright.api.schemas import STREAMED, errors
from callwright.api.services import principal_of, services_of
from callwright.api.standing import StandingStream
from callwright.domain.settings.kinds import SWITCH, choice
from callwright.insight.batch_table import ResultTable, refused_header, refused_row
from callwright.insight.csv_table import BYTE_ORDER_MARK, CsvStyle, csv_bytes
from callwright.platform.batch_reports import actions as batch_reports
from callwright.platform.batches.actions.batches import executions_of_batch
from callwright.platform.batches.rules.batch import Batch

router = APIRouter(tags=["batches"])

_DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_NAME = 60

_CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "The table.", "content": {"text/csv": {"schema": {"type": "string"}}}},
    **errors(400, 404),
}


class ReportQuery(AskedQuery):
    """How a report is written."""

    delimiter: Annotated[str, reads(choice(tuple(_DELIMITERS)))] = Field(
        default="comma", description="As your spreadsheet expects it: `semicolon` in many countries of Europe."
    )
    spreadsheet: Annotated[bool, reads(SWITCH)] = Field(
        default=False,
        description="For opening by a double click: a byte order mark, and an apostrophe in front of phone numbers keeps their plus.",
    )

    @property
    def style(self) -> CsvStyle:
        """What it asks for."""
        return CsvStyle(_DELIMITERS[self.delimiter], self.spreadsheet)


class ResultQuery(ReportQuery):
    """The same of results."""

    transcript: Annotated[bool, reads(SWITCH)] = Field(default=False, description="Adds a column with the transcript.")


@router.get(
    "/v1/callwright/batches/{batch_id}/results.csv",
    summary="Read the results of a batch as CSV",
    response_class=Response,
    responses=_CSV,
    openapi_extra={STREAMED: True},
)
async def results(request: Request, batch_id: str, query: Annotated[ResultQuery, Query()]) -> Response:
    """One row for each accepted contact, in the order of the file: the columns of the list as they were, then status, retries, duration,
    cost, hang-up, summary and extracted data in columns that begin with `callwright_`. A cell that a spreadsheet would take for a formula
    has an apostrophe in front; phone numbers in E.164 form do not need it. Contacts that wait have their rows too."""
    services = services_of(request).actions
    batch = await batch_reports.reported_batch(services, principal_of(request), batch_id)

    async def pieces() -> AsyncIterator[Iterable[Iterable[Any]]]:
        extracted = await batch_reports.extracted_paths(services, batch)
        table = ResultTable(batch.list_format, extracted, transcript=query.transcript)
        yield [table.header]
        async for page in executions_of_batch(services, principal_of(request), batch.id):
            yield map(table.row, page)

    return _report(request, batch, "results", pieces(), query.style)


@router.get(
    "/batches/{batch_id}/download",
    summary="Download the results of a batch",
    response_class=Response,
    responses=_CSV,
    openapi_extra={STREAMED: True},
)
async def download(request: Request, batch_id: str, query: Annotated[ResultQuery, Query()]) -> Response:
    """The same as `GET /v1/callwright/batches/{batch_id}/results.csv`, under a name that programs for the hosted service try."""
    return await results(request, batch_id, query)


@router.get(
    "/v1/callwright/batches/{batch_id}/refused.csv",
    summary="Read the refused rows of a batch as CSV",
    response_class=Response,
    responses=_CSV,
    openapi_extra={STREAMED: True},
)
async def refused(request: Request, batch_id: str, query: Annotated[ReportQuery, Query()]) -> Response:
    """Every row that is not called, as it came, then its line, the reason and what can be done. Correct the rows and upload the file as a
    new list: the columns that begin with `callwright_` are ignored there."""
    services = services_of(request).actions
    batch = await batch_reports.reported_batch(services, principal_of(request), batch_id)

    async def pieces() -> AsyncIterator[Iterable[Iterable[Any]]]:
        yield [refused_header(batch.list_format)]
        async for page in batch_reports.refused_rows(services, batch):
            yield (refused_row(batch.list_format, row) for row in page)

    return _report(request, batch, "refused", pieces(), query.style)


def _report(
    request: Request, batch: Batch, kind: str, pieces: AsyncIterator[Iterable[Iterable[Any]]], style: CsvStyle
) -> Response:
    async def body() -> AsyncIterator[bytes]:
        if style.spreadsheet:
            yield BYTE_ORDER_MARK
        async for rows in pieces:
            yield csv_bytes(rows, style)
            # Long lists must not keep calls of this process waiting.
            await asyncio.sleep(0)

    # Nothing of an uploaded file's name that a header or a file system could take for something else.
    stem = _UNSAFE.sub("-", PurePath(batch.file_name).stem).strip("-")[:_LONGEST_NAME] or "batch"
    headers = {"Content-Disposition": f'attachment; filename="{stem}-{kind}.csv"'}
    return StandingStream(request, body(), "text/csv; charset=utf-8", headers)
