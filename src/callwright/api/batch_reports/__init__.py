"""Reports of batches as CSV."""
