"""Chats: an agent answers in writing."""
