"""The conversation: a pure function from events with a time to effects. Opens nothing, reads no clock, draws no randomness."""
