"""Webhooks after the fact: `/v1/callwright/webhooks`."""
