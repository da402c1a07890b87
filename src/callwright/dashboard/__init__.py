"""The pages of the dashboard: built files, and the link that opens a session."""
