"""The statements of the revision that follows the first, by subject."""
