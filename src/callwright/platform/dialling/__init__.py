"""The decision whether a call may be dialled, and why."""
