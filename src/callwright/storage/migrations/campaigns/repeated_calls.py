"""Finding a call that came in by the carrier's id of it: a carrier's request may be sent again, also to another life of the server."""

STATEMENTS = [
    "create index execution_came_in on execution (provider_call_id) where direction = 'inbound'",
]
