"""Calls that a request places, stops or tells of an event."""
