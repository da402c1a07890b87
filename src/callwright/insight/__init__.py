"""Views of a call's log: pure functions from the log to transcript, raw log, waterfall, usage, cost and record."""
