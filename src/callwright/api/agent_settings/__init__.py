"""The settings of agents as data: `/v1/callwright/agent-settings`."""
