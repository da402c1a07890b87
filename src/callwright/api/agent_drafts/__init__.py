"""Chats and calls with an agent that was not saved: `/v1/callwright/agents/{agent_id}/drafts`."""
