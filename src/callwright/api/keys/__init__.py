"""API keys of the organisation: `/v1/callwright/keys`."""
