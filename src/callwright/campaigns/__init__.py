"""Many calls from one list: which contact is released next, and the release itself."""
