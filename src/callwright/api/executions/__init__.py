"""Executions, their logs, lists and live events."""
