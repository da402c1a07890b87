"""Sessions of the dashboard: `/v1/callwright/session` and `/v1/callwright/sessions`."""
