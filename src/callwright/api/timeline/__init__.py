"""The timeline of a call, its log entries and its sound."""
