"""Pace: how many calls an organisation makes at once and per second, which of them goes next, and when a batch pauses by itself."""
