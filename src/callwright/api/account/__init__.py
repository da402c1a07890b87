"""The account of a key: `/user/me`."""
