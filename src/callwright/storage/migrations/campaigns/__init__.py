"""The statements of the second revision, by subject: campaigns with retries, hours, pace and money, and events."""
