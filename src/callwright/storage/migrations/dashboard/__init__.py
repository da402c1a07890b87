"""The statements of the third revision, by subject: what the dashboard needs."""
