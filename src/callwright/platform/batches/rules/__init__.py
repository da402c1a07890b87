"""Pure rules of batches."""
