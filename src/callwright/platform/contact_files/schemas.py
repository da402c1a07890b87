"""Shapes of files of contacts for the API description."""

from __future__ import annotations

from callwright.api.schemas import Open, Timestamp, example


class ContactFileView(Open):
    """A file: an agent with `ingest_source_config` `{"source_type": "csv", "source_name": "<name>"}` looks its callers up in it."""

    model_config = example(
        {
            "name": "customers",
            "columns": ["contact_number", "customer_name"],
            "contacts": 1,
            "created_at": "2026-11-24T16:31:07.193399+00:00",
            "updated_at": "2026-11-24T16:31:07.193399+00:00",
        }
    )

    name: str
    columns: list[str]
    contacts: int
    created_at: Timestamp
    updated_at: Timestamp


EXAMPLE = "contact_number,customer_name\n+15550123,Ann\n"
