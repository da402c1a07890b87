"""The statements of the fourth revision, by subject: what providers cost and how they do."""
