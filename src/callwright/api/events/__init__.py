"""Events with a cursor: `/v1/callwright/events`."""
