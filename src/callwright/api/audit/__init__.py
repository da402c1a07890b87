"""The audit trail: `/v1/callwright/audit`."""
