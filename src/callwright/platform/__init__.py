"""The subjects of the platform: one folder each."""
